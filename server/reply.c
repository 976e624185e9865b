#include "reply.h"

#include <stdlib.h>
#include <unistd.h>

#include "alloc.h"

static void send_message(struct output *output, const Procmon__ServerMessage *message)
{
	size_t size = procmon__server_message__get_packed_size(message);
	uint8_t *bytes = xcalloc(1, WIRE_PREFIX_MAX + size);
	size_t prefix = wire_put_prefix(bytes, size);

	procmon__server_message__pack(message, bytes + prefix);
	output_send(output, bytes, prefix + size);
	free(bytes);
}

/* The casts: protobuf-c's members are not const. */

void reply_welcome(struct output *output, uint32_t session, const char *platform)
{
	Procmon__ServerMessage message = PROCMON__SERVER_MESSAGE__INIT;
	Procmon__Welcome welcome = PROCMON__WELCOME__INIT;

	welcome.protocol = WIRE_PROTOCOL;
	welcome.server_version = (char *)PROCMON_VERSION;
	welcome.platform = (char *)platform;
	welcome.pid = (uint32_t)getpid();
	welcome.session = session;
	message.body_case = PROCMON__SERVER_MESSAGE__BODY_WELCOME;
	message.welcome = &welcome;
	send_message(output, &message);
}

void reply_error(
	struct output *output, uint32_t request, Procmon__ErrorCode code, const char *text)
{
	Procmon__ServerMessage message = PROCMON__SERVER_MESSAGE__INIT;
	Procmon__Error error = PROCMON__ERROR__INIT;

	error.code = code;
	error.text = (char *)text;
	message.request = request;
	message.body_case = PROCMON__SERVER_MESSAGE__BODY_ERROR;
	message.error = &error;
	send_message(output, &message);
}

void reply_goodbye(struct output *output, uint64_t return_ns)
{
	Procmon__ServerMessage message = PROCMON__SERVER_MESSAGE__INIT;
	Procmon__Goodbye goodbye = PROCMON__GOODBYE__INIT;

	goodbye.reason = return_ns ? PROCMON__GOODBYE_REASON__RESTARTING
				   : PROCMON__GOODBYE_REASON__STOPPED;
	goodbye.retry_after_ns = return_ns;
	message.body_case = PROCMON__SERVER_MESSAGE__BODY_GOODBYE;
	message.goodbye = &goodbye;
	send_message(output, &message);
}
