/*
 * The Linux platform: puts the providers together, and makes the bindings from the Linux
 * column of common/attributes.def.
 */
#include "platform.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "alloc.h"
#include "coalition/coalition.h"
#include "cpu/cpu.h"
#include "devices.h"
#include "disk/disk.h"
#include "gpu/gpus.h"
#include "host.h"
#include "memory/memory.h"
#include "namespace.h"
#include "network/network.h"
#include "power/power.h"
#include "process/process.h"
#include "sensor/sensor.h"
#include "system/system.h"
#include "thread/thread.h"

enum {
	SCALE_ONE,
	SCALE_KIB,
	SCALE_KILOHERTZ,
	SCALE_MEGABIT,
	SCALE_MICROSECOND,
	SCALE_MICROWATT,
	SCALE_MILLISECOND,
	SCALE_PAGE,
	SCALE_SECOND,
	SCALE_SECTOR,
	SCALE_TICK,
	SCALES
};

/* ---------------------------------------------------------------------------- bindings */

#define BOUND(source_, field_, scale_, drifts_)                                                \
	{                                                                                      \
		.bound = true, .drifts = drifts_, .source = SOURCE_##source_,                  \
		.offset = offsetof(struct linux_##source_, field_), .scale = SCALE_##scale_    \
	}
#define LINUX(source, field, scale)  BOUND(source, field, scale, false)
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
#define NOT_YET NOT("not measured on Linux yet")
#define CORE(source, field)                                                                    \
	{                                                                                      \
		.unsupported = NULL                                                            \
	}
#define ATTRIBUTE(table, id, symbol, name, type, unit, kind, cost, linux, darwin, sentence)    \
	[ATTRIBUTE_##table##_##symbol] = linux,
#define DERIVED(...)

static const struct binding bindings[ATTRIBUTE_COUNT] = {
#include "attributes.def"
};

#undef LINUX
#undef DRIFTS
#undef SUM
#undef NOT
#undef NOT_YET
#undef CORE
#undef ATTRIBUTE

/* The core copies a field by its attribute's type, so their sizes must be equal. */
#define LINUX(source, field, scale)  sizeof(((struct linux_##source *)0)->field)
#define DRIFTS(source, field, scale) LINUX(source, field, scale)
#define SUM(...)                     0
#define NOT(reason)                  0
#define NOT_YET                      0
#define CORE(source, field)          0
#define SIZE_OF_U64                  sizeof(uint64_t)
#define SIZE_OF_I64                  sizeof(int64_t)
#define SIZE_OF_F64                  sizeof(double)
#define SIZE_OF_TEXT                 sizeof(struct sample_text)
#define ATTRIBUTE(table, id, symbol, name, type, unit, kind, cost, linux, darwin, sentence)    \
	_Static_assert((linux) == 0 || (linux) == SIZE_OF_##type, #table "." #symbol);
#include "attributes.def"
_Static_assert(sizeof(struct sample_text) != sizeof(uint64_t), "sizes tell texts from numbers");

/* ---------------------------------------------------------------------------- platform */

/* All but PROCESS, in the order of their ids. */
static const struct device_table *const device_tables[] = {
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

enum { DEVICE_TABLES = sizeof device_tables / sizeof *device_tables };

struct linux_platform {
	struct platform platform;
	struct host host;
	struct scale scales[SCALES];
	struct source process_sources[SOURCE_COUNT];
	struct provider process;
	struct devices_provider devices[DEVICE_TABLES];
	const struct provider *providers[1 + DEVICE_TABLES];
};

static void init_scales(struct linux_platform *self)
{
	long page = sysconf(_SC_PAGESIZE);

	self->scales[SCALE_ONE] = (struct scale){1, 1};
	self->scales[SCALE_KIB] = (struct scale){1024, 1};
	self->scales[SCALE_KILOHERTZ] = (struct scale){1000, 1};
	self->scales[SCALE_MEGABIT] = (struct scale){125000, 1}; /* in bytes */
	self->scales[SCALE_MICROSECOND] = (struct scale){1000, 1};
	self->scales[SCALE_MICROWATT] = (struct scale){1, 1000};
	self->scales[SCALE_MILLISECOND] = (struct scale){1000000, 1};
	self->scales[SCALE_PAGE] = (struct scale){page > 0 ? (uint64_t)page : 4096, 1};
	self->scales[SCALE_SECOND] = (struct scale){1000000000, 1};
	self->scales[SCALE_SECTOR] = (struct scale){512, 1}; /* whatever the disk's are */
	self->scales[SCALE_TICK] = (struct scale){self->host.tick_ns, 1};
}

static void init_providers(struct linux_platform *self)
{
	for (int i = 0; i < SOURCE_COUNT; i++)
		self->process_sources[i] = process_sources[i]->source;
	self->process = process_provider;
	self->process.sources = self->process_sources;
	self->process.context = &self->host;
	self->providers[0] = &self->process;
	for (int i = 0; i < DEVICE_TABLES; i++) {
		devices_provider_init(&self->devices[i], device_tables[i], &self->host);
		self->providers[1 + i] = &self->devices[i].provider;
	}
}

/* Whether the kernel cannot tell has been found out before, so that a failure now is no excuse. */
static int is_stranger(const struct platform *platform, int fd)
{
	const struct host *host = platform->context;

	return host_has(host, FEATURE_PEER_PIDFD) ? namespace_of_peer_differs(fd, host->depth)
						  : 0;
}

int platform_create(const struct platform_config *config, struct platform **ret_platform,
	const char **ret_error)
{
	struct linux_platform *self = xcalloc(1, sizeof *self);
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
		.name = "linux",
		.providers = self->providers,
		.provider_count = 1 + DEVICE_TABLES,
		.bindings = bindings,
		.scales = self->scales,
		.context = &self->host,
		.is_stranger = is_stranger,
	};
	*ret_platform = &self->platform;
	return 0;
}

void platform_destroy(struct platform *platform)
{
	struct linux_platform *self = (struct linux_platform *)(void *)platform;

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
