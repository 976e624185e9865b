/*
 * fdinfo texts against any bytes, and times from one text after the other: the input is cut at
 * each NUL into the readings of one client, a second apart.
 */
#include <stdlib.h>
#include <string.h>

#include "linux/process/gpu/drm.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check_client(const struct drm_client *client)
{
	if (client->engine_count > DRM_ENGINES || !memchr(client->driver, 0, DRM_NAME_SIZE) ||
		!memchr(client->address, 0, DRM_NAME_SIZE))
		abort();
	for (uint32_t i = 0; i < client->engine_count; i++)
		if (!memchr(client->engines[i].name, 0, DRM_NAME_SIZE))
			abort();
	if (client->memory.shared > client->memory.device + client->memory.system)
		abort();
}

static void check_meter(const struct drm_meter *before, const struct drm_meter *after)
{
	for (int i = 0; i < GPU_CLASSES; i++)
		if (after->time_ns[i] < before->time_ns[i])
			abort();
	if (after->garbage < before->garbage || after->gauge_count > DRM_ENGINES)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const char *at = (const char *)bytes, *end = at + size;
	struct drm_meter meter = {0};
	struct drm_client client;

	for (uint64_t second = 1; at < end && second < 64; second++) {
		const char *next = memchr(at, '\0', (size_t)(end - at));
		size_t length = (size_t)((next ? next : end) - at);
		if (drm_parse(at, length, &client)) {
			struct drm_meter before = meter;
			check_client(&client);
			drm_meter_add(&meter, &client, second * UINT64_C(1000000000));
			check_meter(&before, &meter);
		}
		at += length + 1;
	}
	return 0;
}
