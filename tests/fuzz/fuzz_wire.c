/* Framing and decoding alone, in both directions. The input is a stream of messages; each is decoded
 * as if it came from a client and as if it came from a server, and all of it is read. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "translate.h"
#include "wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static uint64_t sum; /* of all that was read: so that it is */

static void look_at_message(const ProtobufCMessage *message);

static void look_at_value(const ProtobufCFieldDescriptor *field, const void *value)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_MESSAGE:
		if (*(ProtobufCMessage *const *)value)
			look_at_message(*(ProtobufCMessage *const *)value);
		break;
	case PROTOBUF_C_TYPE_STRING:
		sum += strlen(*(char *const *)value);
		break;
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		sum += *(const uint64_t *)value;
		break;
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_ENUM:
	case PROTOBUF_C_TYPE_BOOL: /* an int, as protobuf-c has it */
		sum += *(const uint32_t *)value;
		break;
	default:
		abort(); /* a type that the schema had not: say here how it is read */
	}
}

static size_t size_of(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_ENUM:
		return sizeof(uint32_t);
	case PROTOBUF_C_TYPE_MESSAGE:
	case PROTOBUF_C_TYPE_STRING:
		return sizeof(void *);
	default:
		return sizeof(uint64_t);
	}
}

static void look_at_message(const ProtobufCMessage *message)
{
	const ProtobufCMessageDescriptor *type = message->descriptor;

	for (unsigned i = 0; i < type->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &type->fields[i];
		const char *at = (const char *)message + field->offset;
		uint32_t quantifier;

		memcpy(&quantifier, (const char *)message + field->quantifier_offset,
			sizeof quantifier);
		if (field->label == PROTOBUF_C_LABEL_REPEATED) {
			size_t count = *(const size_t *)((const char *)message +
							 field->quantifier_offset);
			const char *values = *(char *const *)at;
			for (size_t j = 0; j < count; j++)
				look_at_value(field, values + j * size_of(field->type));
		} else if (!(field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) ||
			   quantifier == field->id) {
			look_at_value(field, at);
		}
	}
}

/* As the server does it. */
static void take_request(const Procmon__Request *request)
{
	static struct translation translation;
	struct refusal refusal = {0};

	if (translate_request(request, &translation, &refusal) == 0) {
		if (translation.request.attribute_count > REQUEST_ATTRIBUTES_MAX ||
			translation.request.pid_count > REQUEST_PIDS_MAX)
			abort();
	} else if (!refusal.text[0]) {
		abort(); /* who is refused is told why */
	}
}

static void decode(const ProtobufCMessageDescriptor *type, struct wire_arena *arena,
	const uint8_t *bytes, size_t size)
{
	ProtobufCMessage *message =
		protobuf_c_message_unpack(type, &arena->allocator, size, bytes);

	if (arena->used_bytes > arena->limit_bytes)
		abort();
	if (message) {
		look_at_message(message);
		if (type == &procmon__client_message__descriptor) {
			Procmon__ClientMessage *said = (Procmon__ClientMessage *)message;
			if (said->body_case == PROCMON__CLIENT_MESSAGE__BODY_REQUEST)
				take_request(said->request);
		}
	}
	wire_arena_reset(arena);
}

/* What is cut short wants more, or is refused already. */
static void check_cut(const uint8_t *bytes, size_t size, size_t max_size, int whole)
{
	const uint8_t *message;
	size_t cut = size ? size - 1 : 0, message_size;
	int result = wire_next(bytes, cut, max_size, &message, &message_size);

	if (result > 0 || (result < 0 && whole >= 0))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct wire_arena to_server, to_client;
	const uint8_t *message;
	size_t message_size;
	int result;

	if (!to_server.allocator.alloc) {
		wire_arena_init(&to_server, WIRE_REQUEST_ARENA);
		wire_arena_init(&to_client, WIRE_FRAME_ARENA);
	}
	while ((result = wire_next(bytes, size, WIRE_FRAME_MAX, &message, &message_size)) > 0) {
		size_t taken = (size_t)(message - bytes) + message_size;

		if (message < bytes || taken > size || message_size > WIRE_FRAME_MAX)
			abort();
		check_cut(bytes, taken, WIRE_FRAME_MAX, result);
		if (message_size <= WIRE_REQUEST_MAX)
			decode(&procmon__client_message__descriptor, &to_server, message,
				message_size);
		decode(&procmon__server_message__descriptor, &to_client, message, message_size);
		bytes += taken;
		size -= taken;
	}
	if (result < 0 && result != -EMSGSIZE && result != -EBADMSG)
		abort();
	check_cut(bytes, size, WIRE_FRAME_MAX, result);
	return 0;
}
