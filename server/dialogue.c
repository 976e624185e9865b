/*
 * The core calls dialogue_send() and dialogue_ended() from within its tick, so a session
 * never ends there: what they leave undone is the loop's.
 */
#include "dialogue.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "catalog.h"
#include "clock.h"
#include "log.h"
#include "reply.h"
#include "session.h"
#include "text.h"
#include "translate.h"

#define CATALOG_NS (100 * UINT64_C(1000000)) /* so long a catalog is as good as a new one */

/* ---------------------------------------------------------------- what the core says */

static bool dialogue_drained(struct subscriber *subscriber)
{
	struct session *self = (struct session *)subscriber;

	return self->state == SESSION_OPEN && output_drained(&self->output);
}

static bool wait_for_reader(struct session *self)
{
	event_del(&self->readable);
	return event_add(&self->writable, NULL) == 0;
}

/* What goes wrong here the timer finds out. */
static void leave_rest_to_loop(struct session *self)
{
	if (self->output.error || (!output_drained(&self->output) && !wait_for_reader(self)))
		event_active(&self->timer, EV_TIMEOUT, 0);
}

static void dialogue_send(struct subscriber *subscriber, uint32_t request, struct frame *frame)
{
	struct session *self = (struct session *)subscriber;

	output_send_frame(&self->output, request, frame);
	if (output_held_bytes(&self->output) > 0)
		sessions_limit_held(self->all);
	leave_rest_to_loop(self);
}

static void dialogue_ended(struct subscriber *subscriber, uint32_t request, int error)
{
	struct session *self = (struct session *)subscriber;
	struct refusal refusal;

	assert(self->requests > 0);
	self->requests--;
	if (error == 0 || self->state != SESSION_OPEN)
		return; /* a one-shot: its frame was the answer */
	translate_end(error, &refusal);
	reply_error(&self->output, request, refusal.code, refusal.text);
	leave_rest_to_loop(self);
}

const struct subscriber_ops dialogue_ops = {
	.drained = dialogue_drained,
	.send = dialogue_send,
	.ended = dialogue_ended,
};

/* -------------------------------------------------------------- what the client says */

static void handle_hello(struct session *self, const Procmon__Hello *hello)
{
	text_sanitise(self->client, sizeof self->client, hello->client, strlen(hello->client));
	if (hello->protocol_min > WIRE_PROTOCOL || hello->protocol_max < WIRE_PROTOCOL) {
		session_close_with_error(self, PROCMON__ERROR_CODE__VERSION,
			"the server speaks protocol %d, the client %u to %u: upgrade the "
			"older one",
			WIRE_PROTOCOL, (unsigned)hello->protocol_min,
			(unsigned)hello->protocol_max);
		return;
	}
	self->state = SESSION_OPEN;
	self->said_hello = true;
	self->all->before_hello--;
	self->hello_deadline_ns = NEVER;
	sampler_add_session(self->all->sampler, &self->subscriber);
	log_debug("session %u: %s, pid %llu, uid %u", self->subscriber.session, self->client,
		(unsigned long long)self->subscriber.pid, self->subscriber.uid);
	reply_welcome(&self->output, self->subscriber.session, self->all->platform);
}

static int try_request(
	struct session *self, const Procmon__Request *message, struct refusal *refusal)
{
	struct translation translation;
	int result;

	if (self->requests == SESSION_REQUESTS_MAX) {
		refusal->code = PROCMON__ERROR_CODE__TOO_MANY;
		snprintf(refusal->text, sizeof refusal->text,
			"%d requests are alive, a session may have no more: cancel one",
			SESSION_REQUESTS_MAX);
		return -E2BIG;
	}
	result = translate_request(message, &translation, refusal);
	if (result < 0)
		return result;
	result = sampler_subscribe(
		self->all->sampler, clock_now_ns(), &self->subscriber, &translation.request);
	if (result < 0)
		translate_error(result, &translation.request, refusal);
	return result;
}

static void handle_request(struct session *self, const Procmon__Request *message)
{
	struct refusal refusal;

	if (try_request(self, message, &refusal) == 0)
		self->requests++;
	else
		reply_error(&self->output, message->request, refusal.code, refusal.text);
}

static void handle_cancel(struct session *self, const Procmon__Cancel *message)
{
	/* One that has just ended by itself is no error: the two may cross on the way. */
	if (sampler_cancel(self->all->sampler, &self->subscriber, message->request) < 0)
		return;
	self->requests--;
	/* Its request has paid for it: who tidies up is no slower than who does not. */
	self->paid_until_ns -= SESSION_MESSAGE_COST_NS;
}

/* It takes milliseconds to find out what this host has; that holds for a moment. */
static void refresh_catalog(struct sessions *self)
{
	uint64_t now_ns = clock_now_ns();

	if (self->catalog && now_ns - self->catalog_ns < CATALOG_NS)
		return;
	free(self->catalog);
	catalog_encode(self->sampler, &self->catalog, &self->catalog_size);
	self->catalog_ns = clock_now_ns();
}

static void handle_catalog_request(struct session *self)
{
	struct refusal refusal;

	if (alloc_has_room(0)) {
		refresh_catalog(self->all);
		output_send(&self->output, self->all->catalog, self->all->catalog_size);
	} else {
		translate_end(-ENOMEM, &refusal);
		reply_error(&self->output, 0, refusal.code, refusal.text);
	}
}

static void handle_message(struct session *self, const Procmon__ClientMessage *message)
{
	bool is_hello = message->body_case == PROCMON__CLIENT_MESSAGE__BODY_HELLO;

	if (is_hello != (self->state == SESSION_NEW)) {
		session_close_with_error(self, PROCMON__ERROR_CODE__PROTOCOL,
			is_hello ? "a second Hello" : "the first message was no Hello");
		return;
	}
	switch (message->body_case) {
	case PROCMON__CLIENT_MESSAGE__BODY_HELLO:
		handle_hello(self, message->hello);
		break;
	case PROCMON__CLIENT_MESSAGE__BODY_REQUEST:
		handle_request(self, message->request);
		break;
	case PROCMON__CLIENT_MESSAGE__BODY_CANCEL:
		handle_cancel(self, message->cancel);
		break;
	case PROCMON__CLIENT_MESSAGE__BODY_CATALOG_REQUEST:
		handle_catalog_request(self);
		break;
	default:
		break; /* a newer client's message: like any unknown field, ignored */
	}
}

void dialogue_take(struct session *self, const uint8_t *bytes, size_t size)
{
	struct wire_arena *arena = &self->all->arena;
	Procmon__ClientMessage *message;

	do {
		wire_arena_reset(arena);
		message = procmon__client_message__unpack(&arena->allocator, size, bytes);
	} while (!message && arena->out_of_memory && alloc_give_reserve());
	if (message)
		handle_message(self, message);
	else
		session_close_with_error(self, PROCMON__ERROR_CODE__PROTOCOL,
			"a message of %zu bytes cannot be decoded", size);
	wire_arena_reset(arena);
}
