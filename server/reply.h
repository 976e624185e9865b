/* Reply: the short messages of the server, packed and sent. */
#ifndef SERVER_REPLY_H
#define SERVER_REPLY_H

#include "output.h"
#include "wire.h"

void reply_welcome(struct output *output, uint32_t session, const char *platform);

/* request 0: the error is about the session. */
void reply_error(
	struct output *output, uint32_t request, Procmon__ErrorCode code, const char *text);

/* When the client is welcome again; 0: never by itself. */
void reply_goodbye(struct output *output, uint64_t return_ns);

#endif
