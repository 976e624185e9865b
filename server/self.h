/*
 * Self: the server as a platform of its own, with the tables SERVER and SESSION. It measures
 * the sampler with the sampler's own means: to the core they are tables like any other.
 */
#ifndef SERVER_SELF_H
#define SERVER_SELF_H

#include "platform.h"

struct sampler;

void self_platform_init(struct platform *platform, struct sampler *sampler);

#endif
