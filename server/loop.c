/*
 * One thread does it all, but for the workers of the slow lane:
 *
 *	clients -> listener -> sessions -> sampler -> platform
 *	           `------- events --------'   `- ticks, when something is due
 */
#include "loop.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "clock.h"
#include "daemon.h"
#include "log.h"
#include "sampler.h"

/* --------------------------------------------------------------------------- clocks */

static uint64_t realtime_at(void *context, uint64_t monotonic_ns)
{
	(void)context;
	return clock_read_ns(CLOCK_REALTIME) - (clock_now_ns() - monotonic_ns);
}

static uint64_t thread_cpu(void *context)
{
	(void)context;
	return clock_read_ns(CLOCK_THREAD_CPUTIME_ID);
}

static void usage(void *context, uint64_t *ret_cpu_ns, uint64_t *ret_memory_bytes)
{
	(void)context;
	*ret_cpu_ns = clock_read_ns(CLOCK_PROCESS_CPUTIME_ID);
	daemon_peak_memory(ret_memory_bytes);
}

/* --------------------------------------------------------------------------- events */

/* On a worker's thread. A full pipe has woken the loop already. */
static void wake_loop(void *context)
{
	struct loop *self = context;
	char byte = 0;

	if (write(self->wake_fds[1], &byte, 1) < 0 && errno != EAGAIN)
		log_error("waking the loop: %s", strerror(errno));
}

static void on_wake(evutil_socket_t fd, short what, void *context)
{
	struct loop *self = context;
	char bytes[64];

	(void)what;
	while (read(fd, bytes, sizeof bytes) > 0)
		;
	self->woken = true;
}

static void on_tick(evutil_socket_t fd, short what, void *context)
{
	struct loop *self = context;

	(void)fd;
	(void)what;
	self->tick_due_ns = NEVER; /* the loop looks what is due */
}

static void on_stop(evutil_socket_t signal_number, short what, void *context)
{
	struct loop *self = context;

	(void)what;
	log_info("stopping: %s", strsignal(signal_number));
	self->stopping = true;
	self->restarting = signal_number == SIGUSR1;
}

static void on_toggle_debug(evutil_socket_t fd, short what, void *context)
{
	const struct loop *self = context;
	bool debugging = log_get_level() == LOG_LEVEL_DEBUG;
	int level = self->config.log_level;

	(void)fd;
	(void)what;
	if (level == LOG_LEVEL_DEBUG)
		level = LOG_LEVEL_INFO;
	log_set_level(debugging ? (enum log_level)level : LOG_LEVEL_DEBUG);
}

static void on_idle(evutil_socket_t fd, short what, void *context)
{
	struct loop *self = context;

	(void)fd;
	(void)what;
	self->idling = false;
	if (self->sessions.count > 0 || !listener_retire(self->config.listener))
		return;
	log_info("stopping: nobody was connected for %u s", (unsigned)self->config.idle_exit_s);
	self->stopping = true;
}

static void on_path_check(evutil_socket_t fd, short what, void *context)
{
	struct loop *self = context;

	(void)fd;
	(void)what;
	if (listener_check(self->config.listener) == -ESTALE && self->sessions.count == 0) {
		log_info("stopping: nobody can reach this server any more");
		self->stopping = true;
	}
}

/* ----------------------------------------------------------------------------- loop */

static void watch_idleness(struct loop *self)
{
	struct timeval delay = {.tv_sec = self->config.idle_exit_s};
	bool idle = self->sessions.count == 0 && self->config.idle_exit_s > 0;

	if (idle == self->idling)
		return;
	self->idling = idle;
	if (idle)
		event_add(&self->idle, &delay);
	else
		event_del(&self->idle);
}

static void arm_tick(struct loop *self)
{
	uint64_t due_ns = sampler_next_due(self->sampler);
	struct timeval delay;

	if (due_ns == self->tick_due_ns)
		return;
	self->tick_due_ns = due_ns;
	if (due_ns == NEVER) {
		event_del(&self->tick);
		return;
	}
	delay = clock_until(due_ns, clock_now_ns());
	event_add(&self->tick, &delay);
}

static void run_until_stopped(struct loop *self)
{
	while (!self->stopping) {
		uint64_t now_ns = clock_now_ns();

		if (self->woken || sampler_next_due(self->sampler) <= now_ns) {
			self->woken = false;
			sampler_tick(self->sampler, now_ns);
		}
		if (!alloc_has_room(0))
			sessions_save_memory(&self->sessions);
		arm_tick(self);
		watch_idleness(self);
		if (event_base_loop(self->base, EVLOOP_ONCE) < 0) {
			log_error("the event loop failed: %s", strerror(errno));
			return;
		}
	}
}

/* ------------------------------------------------------------------- start and end */

static void log_from_libevent(int severity, const char *text)
{
	if (severity >= EVENT_LOG_WARN)
		log_error("libevent: %s", text);
}

static void *allocate(size_t size)
{
	return alloc_again(NULL, size);
}

static struct event_base *create_base(void)
{
	struct event_config *config;
	struct event_base *base = NULL;

	event_set_mem_functions(allocate, alloc_again, free);
	event_set_log_callback(log_from_libevent);
	config = event_config_new();
	/* The environment decides nothing here. Precise: a tick comes at its grid point, not up
	 * to 4 ms before or after it. */
	if (config && event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV) == 0 &&
		event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER) == 0 &&
		event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK) == 0)
		base = event_base_new_with_config(config);
	if (config)
		event_config_free(config);
	return base;
}

static int open_wake_pipe(struct loop *self)
{
	if (pipe(self->wake_fds) < 0)
		return -errno;
	for (int i = 0; i < 2; i++) {
		if (fcntl(self->wake_fds[i], F_SETFD, FD_CLOEXEC) < 0 ||
			fcntl(self->wake_fds[i], F_SETFL, O_NONBLOCK) < 0)
			return -errno;
	}
	return 0;
}

static int add_events(struct loop *self)
{
	static const int stop_signals[LOOP_STOP_SIGNALS] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};
	struct timeval delay = {.tv_sec = self->config.path_check_s};
	int result;

	for (int i = 0; i < LOOP_STOP_SIGNALS; i++)
		evsignal_assign(&self->stop[i], self->base, stop_signals[i], on_stop, self);
	evsignal_assign(&self->toggle_debug, self->base, SIGUSR2, on_toggle_debug, self);
	event_assign(&self->wake, self->base, self->wake_fds[0], EV_READ | EV_PERSIST, on_wake,
		self);
	event_assign(&self->path_check, self->base, -1, EV_PERSIST, on_path_check, self);
	event_assign(&self->tick, self->base, -1, 0, on_tick, self);
	event_assign(&self->idle, self->base, -1, 0, on_idle, self);
	result = event_add(&self->toggle_debug, NULL) | event_add(&self->wake, NULL) |
		 event_add(&self->path_check, &delay);
	for (int i = 0; i < LOOP_STOP_SIGNALS; i++)
		result |= event_add(&self->stop[i], NULL);
	return result;
}

static void remove_events(struct loop *self)
{
	for (int i = 0; i < LOOP_STOP_SIGNALS; i++)
		event_del(&self->stop[i]);
	event_del(&self->toggle_debug);
	event_del(&self->wake);
	event_del(&self->path_check);
	event_del(&self->tick);
	event_del(&self->idle);
}

int loop_init(struct loop *self, const struct loop_config *config)
{
	const struct sampler_config sampling = {
		.platform = config->platform,
		.workers = config->workers,
		.wake = wake_loop,
		.wake_context = self,
		.realtime = realtime_at,
		.thread_cpu = thread_cpu,
		.usage = usage,
		.budget_percent = config->budget_percent,
	};

	*self = (struct loop){.config = *config, .wake_fds = {-1, -1}, .tick_due_ns = NEVER};
	self->base = create_base();
	if (!self->base || open_wake_pipe(self) < 0) {
		log_error("no event loop: %s", strerror(errno));
		loop_finish(self);
		return -1;
	}
	self->sampler = sampler_create(&sampling);
	sessions_init(&self->sessions, self->base, self->sampler, config->platform->name);
	if (add_events(self) == 0)
		return 0;
	log_error("no event loop: %s", strerror(errno));
	sessions_finish(&self->sessions);
	loop_finish(self);
	return -1;
}

void loop_run(struct loop *self)
{
	listener_start(self->config.listener, self->base, &self->sessions,
		self->config.allow_strangers ? NULL : self->config.platform);
	run_until_stopped(self);
	/* The listener first: whoever comes now starts the next server. */
	listener_close(self->config.listener);
	sessions_say_goodbye(&self->sessions, self->restarting);
	while (self->sessions.count > 0 && event_base_loop(self->base, EVLOOP_ONCE) == 0)
		;
	sessions_finish(&self->sessions);
}

void loop_finish(struct loop *self)
{
	if (self->sampler) {
		remove_events(self);
		sampler_destroy(self->sampler); /* before the pipe that its workers write to */
	}
	for (int i = 0; i < 2; i++) {
		if (self->wake_fds[i] >= 0)
			close(self->wake_fds[i]);
	}
	if (self->base)
		event_base_free(self->base);
}
