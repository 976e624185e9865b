/* The server against any client: the input is what the client sends, byte for byte. Behind
 * the session is the real core with the scripted platform. */
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "fake.h"
#include "log.h"
#include "session.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static struct event_base *base;
static struct sampler *sampler;

static uint64_t no_time(void *context)
{
	(void)context;
	return 0;
}

static uint64_t same_time(void *context, uint64_t now_ns)
{
	(void)context;
	return now_ns;
}

static void start(void)
{
	const struct platform_config platform_config = {"/proc", "/sys", NULL};
	struct sampler_config config = {.realtime = same_time, .thread_cpu = no_time};
	const char *error;

	signal(SIGPIPE, SIG_IGN);
	log_set_level(LOG_LEVEL_ERROR);
	if (platform_create(&platform_config, &config.platform, &error) < 0)
		abort();
	for (uint64_t pid = 1; pid <= 20; pid++)
		fake_add(pid);
	base = event_base_new();
	sampler = sampler_create(&config);
	if (!base || !sampler)
		abort();
}

/* Lets the server do all that it can do now; throws away what it says. */
static void serve(int fd)
{
	static uint8_t answer[64 * 1024];
	uint64_t now = clock_now_ns();

	for (int i = 0; i < 3; i++) {
		event_base_loop(base, EVLOOP_NONBLOCK);
		if (sampler_next_due(sampler) <= now)
			sampler_tick(sampler, now);
		while (read(fd, answer, sizeof answer) > 0)
			;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct sessions sessions;
	int ends[2];

	if (!base)
		start();
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) < 0)
		abort();
	sessions_init(&sessions, base, sampler, "fake");
	sessions_add(&sessions, ends[0], getuid(), 1);
	while (size > 0 && sessions.count > 0) {
		/* In pieces of odd sizes: a message may be cut anywhere. */
		size_t piece = size < 509 ? size : 509;
		ssize_t sent = write(ends[1], bytes, piece);

		if (sent <= 0)
			break;
		bytes += sent;
		size -= (size_t)sent;
		serve(ends[1]);
	}
	close(ends[1]);
	sessions_finish(&sessions);
	if (sampler_next_due(sampler) != NEVER)
		abort(); /* nobody watches, so nothing is due */
	return 0;
}
