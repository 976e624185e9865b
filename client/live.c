#include "live.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/util.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach.h"
#include "clock.h"
#include "command.h"
#include "screen.h"

enum {
	RETRY_FIRST_MS = 200,
	RETRY_LONGEST_MS = 5000,
	RETRIES = 12, /* most of a minute: a server that is being replaced is back by then */
};

static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

void live_end(struct live *self, int code)
{
	self->code = code;
	event_base_loopbreak(self->base);
}

void live_expect(struct live *self, uint64_t within_ns)
{
	struct timeval delay = clock_until(within_ns, 0);

	evtimer_add(self->silence, &delay);
}

static void on_silence(evutil_socket_t fd, short events, void *context)
{
	struct live *self = context;

	(void)fd;
	(void)events;
	self->happened(LIVE_SILENT, self->context);
}

static void on_io(evutil_socket_t fd, short events, void *context);

/* The library wants to write only now and then: POLLOUT comes and goes. */
static void watch(struct live *self)
{
	short wanted = EV_READ | EV_PERSIST;

	if (procmon_get_events(self->connection) & POLLOUT)
		wanted |= EV_WRITE;
	if (self->io && wanted == self->io_events)
		return;
	if (self->io)
		event_free(self->io);
	self->io = event_new(self->base, procmon_get_fd(self->connection), wanted, on_io, self);
	self->io_events = wanted;
	event_add(self->io, NULL);
}

static void disconnect(struct live *self)
{
	if (self->io)
		event_free(self->io);
	self->io = NULL;
	event_del(self->silence);
	if (self->connection)
		self->happened(LIVE_LOST, self->context);
	procmon_release(self->connection);
	self->connection = NULL;
}

/* Many clients lose the same server at once: they come back at different moments. */
static void retry_later(struct live *self)
{
	uint64_t delay_ms = self->delay_ms;
	unsigned char random = 0;

	evutil_secure_rng_get_bytes(&random, sizeof random);
	delay_ms += delay_ms * random / 512;
	struct timeval delay = {.tv_sec = (time_t)(delay_ms / 1000),
		.tv_usec = (suseconds_t)(delay_ms % 1000 * 1000)};
	self->attempts++;
	self->delay_ms *= 2;
	if (self->delay_ms > RETRY_LONGEST_MS)
		self->delay_ms = RETRY_LONGEST_MS;
	evtimer_add(self->retry, &delay);
}

static void on_gone(struct live *self, int error)
{
	uint64_t retry_ns = procmon_get_retry_ns(self->connection);

	disconnect(self);
	if (self->screen)
		screen_leave();
	if (error == -ESHUTDOWN && retry_ns > 0) {
		complain("the server restarts; waiting for it");
		self->attempts = 0;
		self->delay_ms = retry_ns / 1000000;
		if (self->delay_ms < RETRY_FIRST_MS)
			self->delay_ms = RETRY_FIRST_MS;
		retry_later(self);
		return;
	}
	complain(error == -ESHUTDOWN ? "the server was stopped" : "the server is gone");
	live_end(self, attach_exit_code(error));
}

static void on_io(evutil_socket_t fd, short events, void *context)
{
	struct live *self = context;
	int result = procmon_dispatch(self->connection, 0);

	(void)fd;
	(void)events;
	if (event_base_got_break(self->base))
		return;
	if (result < 0)
		on_gone(self, result);
	else
		watch(self);
}

static void start(struct live *self)
{
	int code = self->connected(self->connection, self->context);

	if (code != EXIT_DONE)
		live_end(self, code);
	else
		watch(self);
}

static void on_retry(evutil_socket_t fd, short events, void *context)
{
	struct live *self = context;
	char *text = NULL;
	/* A server that was stopped is not started again by those who were watching. */
	int error =
		procmon_connect(self->options->socket, "procctl", 0, &self->connection, &text);

	(void)fd;
	(void)events;
	if (error == 0) {
		self->attempts = 0;
		start(self);
	} else if (self->attempts < RETRIES)
		retry_later(self);
	else {
		complain("%s", text ? text : strerror(-error));
		live_end(self, attach_exit_code(error));
	}
	free(text);
}

static void on_signal(evutil_socket_t number, short events, void *context)
{
	struct live *self = context;

	(void)events;
	if (number == SIGTSTP) {
		screen_leave();
		raise(SIGSTOP); /* and here it goes on */
	}
	if (number == SIGTSTP || number == SIGWINCH) {
		self->happened(LIVE_RESIZED, self->context);
		return;
	}
	self->signal = (int)number;
	live_end(self, EXIT_DONE);
}

static void on_key(evutil_socket_t fd, short events, void *context)
{
	struct live *self = context;
	char key = 0;

	(void)events;
	ssize_t length = read(fd, &key, 1);
	if (length == 1 && (key == 'q' || key == 'Q'))
		live_end(self, EXIT_DONE);
	else if (length <= 0 && errno != EAGAIN && errno != EINTR)
		event_del(self->key); /* the keyboard is gone; the screen may go on */
}

static void watch_signals(struct live *self)
{
	size_t count = 0;

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		self->signals[count++] = evsignal_new(self->base, ends[i], on_signal, self);
	if (self->screen) {
		self->signals[count++] = evsignal_new(self->base, SIGTSTP, on_signal, self);
		self->signals[count++] = evsignal_new(self->base, SIGWINCH, on_signal, self);
	}
	for (size_t i = 0; i < count; i++)
		evsignal_add(self->signals[i], NULL);
	if (self->screen && isatty(STDIN_FILENO)) {
		self->key =
			event_new(self->base, STDIN_FILENO, EV_READ | EV_PERSIST, on_key, self);
		event_add(self->key, NULL);
	}
}

static void finish(struct live *self)
{
	disconnect(self);
	for (size_t i = 0; i < sizeof self->signals / sizeof *self->signals; i++)
		if (self->signals[i])
			event_free(self->signals[i]);
	if (self->key)
		event_free(self->key);
	event_free(self->retry);
	event_free(self->silence);
	event_base_free(self->base);
}

int live_run(struct live *self)
{
	int code = attach_server(self->options, attach_flags(self->options), &self->connection);

	if (code != EXIT_DONE)
		return code;
	self->base = event_base_new();
	if (!self->base) {
		complain("cannot make an event loop: %s", strerror(errno));
		procmon_release(self->connection);
		return EXIT_FAILED;
	}
	self->retry = evtimer_new(self->base, on_retry, self);
	self->silence = evtimer_new(self->base, on_silence, self);
	code = self->connected(self->connection, self->context);
	self->code = code;
	if (code == EXIT_DONE) {
		watch_signals(self);
		watch(self);
		event_base_dispatch(self->base);
	}
	finish(self);
	return self->code;
}
