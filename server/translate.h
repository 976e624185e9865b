/*
 * Translate: a Request as it came from a client, checked against every limit, into the
 * core's terms; and the core's errors into what the client is told.
 */
#ifndef SERVER_TRANSLATE_H
#define SERVER_TRANSLATE_H

#include "limit.h"
#include "subscription.h"
#include "wire.h"

/* Why a client does not get what it asked for. */
struct refusal {
	Procmon__ErrorCode code;
	char text[256];
};

struct translation {
	struct request request; /* points into the arrays below */
	uint16_t attributes[REQUEST_ATTRIBUTES_MAX];
	uint64_t pids[REQUEST_PIDS_MAX];
};

/* -EINVAL: *ret_refusal says what is wrong. */
int translate_request(
	const Procmon__Request *message, struct translation *ret, struct refusal *ret_refusal);

/* What sampler_subscribe() answered to that request. */
void translate_error(int error, const struct request *request, struct refusal *ret);

/* What ended a request that was running. */
void translate_end(int error, struct refusal *ret);

#endif
