/*
 * The macOS platform: puts the providers together, and makes the bindings from the darwin
 * column of common/attributes.def.
 */
#include "platform.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "alloc.h"
#include "coalition/coalition.h"
#include "cpu/cpu.h"
#include "devices.h"
#include "disk/disk.h"
#include "gpu/gpu.h"
#include "host.h"
#include "memory/memory.h"
#include "network/network.h"
#include "power/power.h"
#include "process/process.h"
#include "questions/questions.h"
#include "sensor/sensor.h"
#include "system/system.h"
#include "thread/thread.h"

enum {
	SCALE_ONE,
	SCALE_TICK, /* of the kernel's times */
	SCALE_PAGE,
	SCALE_BIT, /* of bytes */
	SCALE_MICROWATT,
	SCALES
};

/* ---------------------------------------------------------------------------- bindings */

#define BOUND(source_, field_, scale_, drifts_)                                                \
	{                                                                                      \
		.bound = true, .drifts = drifts_, .source = SOURCE_##source_,                  \
		.offset = offsetof(struct darwin_##source_, field_), .scale = SCALE_##scale_   \
	}
#define DARWIN(source, field, scale) BOUND(source, field, scale, false)
#define DRIFTS(source, field, scale) BOUND(source, field, scale, true)
#define NOT(reason)                                                                            \
	{                                                                                      \
		.unsupported = reason                                                          \
	}
#define SUM(table, of, by, own, up)                                                            \
	{                                                                                      \
		.sum = &(const struct summing)                                                 \
		{                                                                              \
			ATTRIBUTE_##table##_##of, ATTRIBUTE_##table##_##by,                    \
				ATTRIBUTE_##own##_##up                                         \
		}                                                                              \
	}
#define NOT_YET NOT("not measured on macOS yet")
#define CORE(source, field)                                                                    \
	{                                                                                      \
		.unsupported = NULL                                                            \
	}
#define ATTRIBUTE(table, id, symbol, name, type, unit, kind, cost, linux, darwin, sentence)    \
	[ATTRIBUTE_##table##_##symbol] = darwin,
#define DERIVED(...)

static const struct binding bindings[ATTRIBUTE_COUNT] = {
#include "attributes.def"
};

#undef DARWIN
#undef DRIFTS
#undef SUM
#undef NOT
#undef NOT_YET
#undef CORE
#undef ATTRIBUTE

/* The core copies a field by its attribute's type, so their sizes must be equal. */
#define DARWIN(source, field, scale) sizeof(((struct darwin_##source *)0)->field)
#define DRIFTS(source, field, scale) DARWIN(source, field, scale)
#define SUM(...)                     0
#define NOT(reason)                  0
#define NOT_YET                      0
#define CORE(source, field)          0
#define SIZE_OF_U64                  sizeof(uint64_t)
#define SIZE_OF_I64                  sizeof(int64_t)
#define SIZE_OF_F64                  sizeof(double)
#define SIZE_OF_TEXT                 sizeof(struct sample_text)
#define ATTRIBUTE(table, id, symbol, name, type, unit, kind, cost, linux, darwin, sentence)    \
	_Static_assert((darwin) == 0 || (darwin) == SIZE_OF_##type, #table "." #symbol);
#include "attributes.def"
_Static_assert(sizeof(struct sample_text) != sizeof(uint64_t), "sizes tell texts from numbers");

/* ---------------------------------------------------------------------------- platform */

/* All but PROCESS, in the order of their ids. */
static const struct device_table *const tables[] = {
	&system_table,
	&coalition_table,
	&thread_table,
	&ledger_table,
	&region_table,
	&footprint_table,
	&cpu_table,
	&gpu_table,
	&power_table,
	&sensor_table,
	&disk_table,
	&network_table,
};

enum { TABLES = sizeof tables / sizeof *tables };

struct darwin_platform {
	struct platform platform;
	struct host host;
	struct scale scales[SCALES];
	struct process_provider process;
	struct devices_provider devices[TABLES];
	const struct provider *providers[1 + TABLES];
};

static void init_scales(struct darwin_platform *self)
{
	self->scales[SCALE_ONE] = (struct scale){1, 1};
	self->scales[SCALE_TICK] = self->host.tick;
	self->scales[SCALE_BIT] = (struct scale){1, 8};
	self->scales[SCALE_MICROWATT] = (struct scale){1, 1000};
	self->scales[SCALE_PAGE] = (struct scale){self->host.page_size, 1};
}

static void init_providers(struct darwin_platform *self)
{
	process_provider_init(&self->process, &self->host);
	self->providers[0] = &self->process.provider;
	for (int i = 0; i < TABLES; i++) {
		devices_provider_init(&self->devices[i], tables[i], &self->host);
		self->providers[1 + i] = &self->devices[i].provider;
	}
}

int platform_create(const struct platform_config *config, struct platform **ret_platform,
	const char **ret_error)
{
	struct darwin_platform *self = xcalloc(1, sizeof *self);
	char error[1024] = "";
	int result = host_init(&self->host, config, error, sizeof error);

	if (result < 0) {
		*ret_error = xstrdup(error);
		free(self);
		return result;
	}
	init_scales(self);
	init_providers(self);
	self->platform = (struct platform){
		.name = "darwin",
		.providers = self->providers,
		.provider_count = 1 + TABLES,
		.bindings = bindings,
		.scales = self->scales,
		.context = &self->host,
		.ask = questions_ask,
	};
	*ret_platform = &self->platform;
	return 0;
}

void platform_destroy(struct platform *platform)
{
	struct darwin_platform *self = (struct darwin_platform *)(void *)platform;

	if (!self)
		return;
	host_finish(&self->host);
	free(self);
}

const char *platform_describe(const struct platform *platform)
{
	const struct host *host = platform->context;

	return host->description;
}
