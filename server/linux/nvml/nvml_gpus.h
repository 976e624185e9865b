/* Nvml GPUs: what a session asks of each GPU about itself. */
#ifndef LINUX_NVML_GPUS_H
#define LINUX_NVML_GPUS_H

#include "nvml_session.h"

/*
 * Asks all devices for the parts that the session is to sample; of the others they keep what
 * they had. Returns an enum nvml_code: what one device does not tell is no error.
 */
int nvml_gpus_sample(struct nvml_session *self);

/* Does any work, or has its memory in use changed since this was asked last? */
bool nvml_gpus_used(struct nvml_session *self);

#endif
