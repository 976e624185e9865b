/*
 * A session waits for one thing at a time:
 *
 *	output waits       writable: write on; nothing is read
 *	too many messages  timer: the next one may be handled; nothing is read
 *	else               readable; and the timer, if a message or Hello is awaited
 */
#include "session.h"

#include <errno.h>
#include <event2/event.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "clock.h"
#include "dialogue.h"
#include "log.h"
#include "reply.h"

#define MS (SECOND_NS / 1000)

/* After the goodbye of a server that restarts: from then until the first client comes back, the next
 * server having started, and from the first until the last. */
enum { RETURN_MS = 400, RETURN_SPREAD_MS = 1400 };

static void start_closing(struct session *self, uint64_t patience_ns)
{
	self->state = SESSION_CLOSING;
	self->close_deadline_ns = clock_now_ns() + patience_ns;
	self->hello_deadline_ns = self->message_deadline_ns = NEVER;
}

void session_close_with_error(
	struct session *self, Procmon__ErrorCode code, const char *format, ...)
{
	char text[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	log_info("session %u (%s, pid %llu) closed: %s", self->subscriber.session,
		self->client[0] ? self->client : "no name",
		(unsigned long long)self->subscriber.pid, text);
	reply_error(&self->output, 0, code, text);
	start_closing(self, SESSION_CLOSE_S * SECOND_NS);
}

static size_t message_max(const struct session *self)
{
	return self->state == SESSION_NEW ? WIRE_HELLO_MAX : WIRE_REQUEST_MAX;
}

/* From when on the next message may be handled. */
static uint64_t allowed_at(const struct session *self)
{
	uint64_t credit_ns = (SESSION_MESSAGES_BURST - 1) * SESSION_MESSAGE_COST_NS;

	return self->paid_until_ns > credit_ns ? self->paid_until_ns - credit_ns : 0;
}

/* Nothing is taken from a client whose answers do not get away, so they never pile up. */
static bool may_handle(const struct session *self, uint64_t now)
{
	return self->state != SESSION_CLOSING && output_drained(&self->output) &&
	       allowed_at(self) <= now;
}

/* Takes the whole messages that have come. */
static void handle_input(struct session *self, uint64_t now)
{
	bool handled = false;
	const uint8_t *message;
	size_t size;
	int result = 0;

	while (may_handle(self, now)) {
		result = input_next(&self->input, message_max(self), &message, &size);
		if (result <= 0)
			break;
		handled = true;
		self->paid_until_ns = (self->paid_until_ns > now ? self->paid_until_ns : now) +
				      SESSION_MESSAGE_COST_NS;
		dialogue_take(self, message, size);
	}
	if (result < 0)
		session_close_with_error(self, PROCMON__ERROR_CODE__PROTOCOL,
			result == -EMSGSIZE ? "a message of more than %zu bytes"
					    : "no length where one was due (of at most %zu)",
			message_max(self));
	/* The clock of a message runs from its first byte on, and only while we read. */
	if (input_compact(&self->input) == 0 || !may_handle(self, now))
		self->message_deadline_ns = NEVER;
	else if (handled || self->message_deadline_ns == NEVER)
		self->message_deadline_ns = now + SESSION_MESSAGE_S * SECOND_NS;
}

/* ---------------------------------------------------------------- the loop's side */

static void session_destroy(struct session *self)
{
	if (self->said_hello)
		sampler_drop(self->all->sampler, &self->subscriber);
	else
		self->all->before_hello--;
	log_debug("session %u: closed", self->subscriber.session);
	event_del(&self->readable);
	event_del(&self->writable);
	event_del(&self->timer);
	output_finish(&self->output);
	input_finish(&self->input);
	close(self->fd);
	*self->link = self->next;
	if (self->next)
		self->next->link = self->link;
	self->all->count--;
	free(self);
}

/* False: the kernel has no room to remember it. */
static bool want(struct event *event, bool wanted)
{
	return (wanted ? event_add(event, NULL) : event_del(event)) == 0;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* After whatever happened: the session ends, or waits for what comes next. */
static void session_settle(struct session *self, uint64_t now)
{
	bool drained = output_drained(&self->output);
	uint64_t deadline;
	struct timeval rest;

	if (self->output.error || (self->state == SESSION_CLOSING && drained)) {
		session_destroy(self);
		return;
	}
	if (!want(&self->readable, may_handle(self, now)) || !want(&self->writable, !drained)) {
		log_error("session %u: the kernel cannot watch it: %s",
			self->subscriber.session, strerror(errno));
		session_destroy(self);
		return;
	}
	deadline = earlier(self->close_deadline_ns,
		earlier(self->hello_deadline_ns, self->message_deadline_ns));
	if (drained && allowed_at(self) > now)
		deadline = earlier(deadline, allowed_at(self));
	if (deadline == NEVER) {
		event_del(&self->timer);
		return;
	}
	rest = clock_until(deadline, now);
	event_add(&self->timer, &rest);
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
	struct session *self = context;
	uint64_t now = clock_now_ns();
	ssize_t size = input_read(&self->input, fd, message_max(self));

	(void)what;
	if (size == 0 || (size < 0 && size != -EAGAIN && size != -EINTR)) {
		session_destroy(self);
		return;
	}
	handle_input(self, now);
	session_settle(self, now);
}

/* The reader has taken what was under way: now it can have what it lost. */
static void make_good(struct session *self)
{
	uint32_t request = self->lost_request;

	self->lost_request = 0;
	if (request && sampler_lost(self->all->sampler, &self->subscriber, request) < 0)
		reply_error(&self->output, request, PROCMON__ERROR_CODE__TOO_MANY,
			"the table was given up, because slow readers held too much memory: "
			"ask again");
}

static void on_writable(evutil_socket_t fd, short what, void *context)
{
	struct session *self = context;
	uint64_t now = clock_now_ns();

	(void)fd;
	(void)what;
	output_flush(&self->output);
	if (dialogue_ops.drained(&self->subscriber)) {
		make_good(self);
		sampler_drained(self->all->sampler, &self->subscriber, now);
	}
	handle_input(self, now);
	session_settle(self, now);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
	struct session *self = context;
	uint64_t now = clock_now_ns();

	(void)fd;
	(void)what;
	if (self->close_deadline_ns <= now) {
		session_destroy(self);
		return;
	}
	/* Nothing is read while output waits: that the message is late is not the client's doing. */
	if (!output_drained(&self->output))
		self->message_deadline_ns = NEVER;
	if (self->hello_deadline_ns <= now)
		session_close_with_error(self, PROCMON__ERROR_CODE__PROTOCOL,
			"no Hello within %d s", SESSION_HELLO_S);
	else if (self->message_deadline_ns <= now)
		session_close_with_error(self, PROCMON__ERROR_CODE__PROTOCOL,
			"a message that was not complete after %d s", SESSION_MESSAGE_S);
	handle_input(self, now);
	session_settle(self, now);
}

/* -------------------------------------------------------------------- all of them */

void sessions_init(struct sessions *self, struct event_base *base, struct sampler *sampler,
	const char *platform)
{
	*self = (struct sessions){.base = base, .sampler = sampler, .platform = platform};
	wire_arena_init(&self->arena, WIRE_REQUEST_ARENA);
}

void sessions_finish(struct sessions *self)
{
	struct session *next;

	for (struct session *session = self->first; session; session = next) {
		next = session->next;
		session_destroy(session);
	}
	free(self->catalog);
	wire_arena_finish(&self->arena);
}

void sessions_say_goodbye(struct sessions *self, bool restarting)
{
	uint64_t now = clock_now_ns();
	uint64_t step_ns = RETURN_SPREAD_MS * MS / (self->count ? self->count : 1);
	uint64_t return_ns = RETURN_MS * MS;
	struct session *next;

	for (struct session *session = self->first; session; session = next) {
		next = session->next;
		if (session->state == SESSION_OPEN) {
			output_forget_parts(&session->output);
			reply_goodbye(&session->output, restarting ? return_ns : 0);
			return_ns += step_ns;
		}
		start_closing(session, SESSION_GOODBYE_MS * MS);
		session_settle(session, now);
	}
}

/* The list has the youngest first. */
static struct session *oldest_before_hello(const struct sessions *self)
{
	struct session *oldest = NULL;

	for (struct session *session = self->first; session; session = session->next) {
		if (session->state == SESSION_NEW)
			oldest = session;
	}
	return oldest;
}

bool sessions_have_room(struct sessions *self)
{
	uint64_t now = clock_now_ns();
	struct session *oldest;

	if (self->before_hello < SESSIONS_BEFORE_HELLO_MAX)
		return true;
	oldest = oldest_before_hello(self);
	/* It connected this long ago. */
	if (oldest && oldest->hello_deadline_ns <=
			      now + SESSION_HELLO_S * SECOND_NS - SESSION_PATIENCE_MS * MS) {
		session_close_with_error(oldest, PROCMON__ERROR_CODE__TOO_MANY,
			"%d sessions have not said hello, and others wait",
			SESSIONS_BEFORE_HELLO_MAX);
		session_settle(oldest, now);
	}
	return self->before_hello < SESSIONS_BEFORE_HELLO_MAX;
}

/* The one that holds most of what is not under way to it yet; NULL: there is none. */
static struct session *largest_holder(const struct sessions *self)
{
	struct session *largest = NULL;

	for (struct session *session = self->first; session; session = session->next)
		if (!largest || output_held_bytes(&session->output) >
					output_held_bytes(&largest->output))
			largest = session;
	return largest;
}

static void take_frame_from(struct session *self, const char *reason)
{
	log_info("session %u (%s, pid %llu) loses a frame: %s", self->subscriber.session,
		self->client, (unsigned long long)self->subscriber.pid, reason);
	if (output_forget_parts(&self->output))
		self->lost_request = self->output.request;
}

void sessions_limit_held(struct sessions *self)
{
	struct session *largest = largest_holder(self);
	unsigned long long held = 0;
	char reason[64];

	for (struct session *session = self->first; session; session = session->next)
		held += output_held_bytes(&session->output);
	if (!largest || held <= SESSIONS_HELD_MAX_BYTES)
		return;
	snprintf(reason, sizeof reason, "slow readers hold %llu MiB, it most", held >> 20);
	take_frame_from(largest, reason);
}

void sessions_save_memory(struct sessions *self)
{
	struct session *largest = largest_holder(self);

	free(self->catalog);
	self->catalog = NULL;
	if (alloc_has_room(0))
		return;
	if (largest && output_held_bytes(&largest->output) > 0) {
		take_frame_from(largest, "memory is short, and it holds most");
	} else {
		log_error("memory is short: the costliest requests are ended");
		sampler_end_costliest(self->sampler);
	}
}

static struct session *create_session(
	struct sessions *self, int fd, uint32_t uid, uint64_t pid, uint64_t now)
{
	struct session *session = xcalloc(1, sizeof *session);

	session->subscriber = (struct subscriber){
		.ops = &dialogue_ops,
		.session = ++self->last_number,
		.uid = uid,
		.pid = pid,
		.client = session->client,
	};
	session->all = self;
	session->fd = fd;
	session->hello_deadline_ns = now + SESSION_HELLO_S * SECOND_NS;
	session->message_deadline_ns = session->close_deadline_ns = NEVER;
	event_assign(
		&session->readable, self->base, fd, EV_READ | EV_PERSIST, on_readable, session);
	event_assign(&session->writable, self->base, fd, EV_WRITE | EV_PERSIST, on_writable,
		session);
	event_assign(&session->timer, self->base, -1, 0, on_timer, session);
	session->next = self->first;
	session->link = &self->first;
	if (self->first)
		self->first->link = &session->next;
	self->first = session;
	self->count++;
	self->before_hello++;
	if (output_init(&session->output, fd) < 0)
		session->output.error = -ENOMEM;
	return session;
}

void sessions_add(struct sessions *self, int fd, uint32_t uid, uint64_t pid)
{
	uint64_t now = clock_now_ns();
	struct session *session = create_session(self, fd, uid, pid, now);

	if (!session->output.error && self->count > SESSIONS_MAX)
		session_close_with_error(session, PROCMON__ERROR_CODE__TOO_MANY,
			"the server has %d sessions and takes no more", SESSIONS_MAX);
	session_settle(session, now);
}

void sessions_refuse_stranger(
	struct sessions *self, int fd, uint32_t uid, uint64_t pid, int result)
{
	uint64_t now = clock_now_ns();
	struct session *session = create_session(self, fd, uid, pid, now);

	if (!session->output.error && result < 0)
		session_close_with_error(session, PROCMON__ERROR_CODE__INTERNAL,
			"the kernel does not tell in which pid namespace this client is (%s): "
			"connect again",
			strerror(-result));
	else if (!session->output.error)
		session_close_with_error(session, PROCMON__ERROR_CODE__STRANGER,
			"the server tells only its own pid namespace, and this client is in "
			"another one, as in a container: start one there, or this one with "
			"--allow-other-ns");
	session_settle(session, now);
}
