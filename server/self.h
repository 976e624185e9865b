/*
 * Self: the server as a platform of its own, with the tables SERVER and SESSION. It measures
 * the sampler with the sampler's own means: to the core they are tables like any other.
 */
#ifndef SERVER_SELF_H
#define SERVER_SELF_H

#include "platform.h"

struct sampler;

struct self_platform {
	struct platform platform;
	struct provider server, session;
	const struct provider *providers[2];
};

void self_platform_init(struct self_platform *self, struct sampler *sampler);

#endif
