#include "loop.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/util.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach.h"
#include "command.h"
#include "screen.h"

enum {
	RETRY_FIRST_MS = 200,
	RETRY_LONGEST_MS = 5000,
	RETRIES = 12, /* about 40 s: a server that is being replaced is back by then */
};

static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

void loop_end(struct loop *self, int code)
{
	self->code = code;
	event_base_loopbreak(self->base);
}

static void on_io(evutil_socket_t fd, short events, void *context);

/* The library wants to write only now and then: POLLOUT comes and goes. */
static void watch(struct loop *self)
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

static void disconnect(struct loop *self)
{
	if (self->io)
		event_free(self->io);
	self->io = NULL;
	if (self->connection)
		self->happened(LOOP_LOST, self->context);
	procmon_release(self->connection);
	self->connection = NULL;
}

/* Many clients lose the same server at once: they come back at different moments. */
static void retry_later(struct loop *self)
{
	unsigned delay_ms = RETRY_FIRST_MS << (self->attempts < 5 ? self->attempts : 5);
	unsigned char random = 0;

	if (delay_ms > RETRY_LONGEST_MS)
		delay_ms = RETRY_LONGEST_MS;
	evutil_secure_rng_get_bytes(&random, sizeof random);
	delay_ms = delay_ms / 2 + delay_ms * random / 510;
	struct timeval delay = {
		.tv_sec = delay_ms / 1000, .tv_usec = (int)(delay_ms % 1000) * 1000};
	self->attempts++;
	evtimer_add(self->retry, &delay);
}

static void on_gone(struct loop *self, int error)
{
	bool goodbye = error == -ESHUTDOWN;

	disconnect(self);
	if (self->live)
		screen_leave();
	if (!goodbye) {
		complain("the server is gone: %s", strerror(-error));
		loop_end(self, attach_exit_code(error));
		return;
	}
	complain("the server has ended; waiting for another one");
	retry_later(self);
}

static void on_io(evutil_socket_t fd, short events, void *context)
{
	struct loop *self = context;
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

static void start(struct loop *self)
{
	int code = self->connected(self->connection, self->context);

	if (code != EXIT_DONE)
		loop_end(self, code);
	else
		watch(self);
}

static void on_retry(evutil_socket_t fd, short events, void *context)
{
	struct loop *self = context;
	char *text = NULL;
	/* A server that was stopped is not started again by those who were watching. */
	int error =
		procmon_connect(self->options->socket, "procctl", 0, &self->connection, &text);

	(void)fd;
	(void)events;
	if (error == 0) {
		self->attempts = 0;
		if (self->live) {
			screen_enter();
			self->happened(LOOP_RESIZED, self->context);
		}
		start(self);
	} else if (self->attempts < RETRIES)
		retry_later(self);
	else {
		complain("%s", text ? text : strerror(-error));
		loop_end(self, attach_exit_code(error));
	}
	free(text);
}

static void on_signal(evutil_socket_t number, short events, void *context)
{
	struct loop *self = context;

	(void)events;
	if (number == SIGTSTP) {
		screen_leave();
		raise(SIGSTOP); /* and here it goes on */
		screen_enter();
	}
	if (number == SIGTSTP || number == SIGWINCH) {
		self->happened(LOOP_RESIZED, self->context);
		return;
	}
	self->signal = (int)number;
	loop_end(self, EXIT_DONE);
}

static void on_key(evutil_socket_t fd, short events, void *context)
{
	struct loop *self = context;
	char key = 0;

	(void)events;
	ssize_t length = read(fd, &key, 1);
	if (length == 1 && (key == 'q' || key == 'Q'))
		loop_end(self, EXIT_DONE);
	else if (length <= 0 && errno != EAGAIN && errno != EINTR)
		event_del(self->key); /* the keyboard is gone; the screen may go on */
}

static void watch_signals(struct loop *self)
{
	size_t count = 0;

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		self->signals[count++] = evsignal_new(self->base, ends[i], on_signal, self);
	if (self->live) {
		self->signals[count++] = evsignal_new(self->base, SIGTSTP, on_signal, self);
		self->signals[count++] = evsignal_new(self->base, SIGWINCH, on_signal, self);
	}
	for (size_t i = 0; i < count; i++)
		evsignal_add(self->signals[i], NULL);
	if (self->live && isatty(STDIN_FILENO)) {
		self->key =
			event_new(self->base, STDIN_FILENO, EV_READ | EV_PERSIST, on_key, self);
		event_add(self->key, NULL);
	}
}

static void finish(struct loop *self)
{
	disconnect(self);
	for (size_t i = 0; i < sizeof self->signals / sizeof *self->signals; i++)
		if (self->signals[i])
			event_free(self->signals[i]);
	if (self->key)
		event_free(self->key);
	if (self->retry)
		event_free(self->retry);
	event_base_free(self->base);
}

int loop_run(struct loop *self)
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
