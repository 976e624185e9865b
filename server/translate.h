/*
 * Translate: a Request as it came from a client, checked against every limit, into the
 * core's terms; and the core's errors into what the client is told.
 */
#ifndef SERVER_TRANSLATE_H
#define SERVER_TRANSLATE_H

#include "subscription.h"
#include "wire.h"

enum {
	REQUEST_ATTRIBUTES_MAX = 256,
	REQUEST_PIDS_MAX = 1024,
};

/* The longest interval: a day. */
#define REQUEST_INTERVAL_MAX_NS (UINT64_C(24) * 60 * 60 * 1000000000)

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
