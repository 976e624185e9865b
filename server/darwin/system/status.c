/* Sources loads, swap, memory_status and boot: a sysctl or two each. */
#include <errno.h>
#include <sys/sysctl.h>
#include <sys/time.h>

#include "system.h"

_Static_assert(sizeof(struct loadavg) == 24, "loadavg");
_Static_assert(offsetof(struct loadavg, fscale) == 16, "fscale");
_Static_assert(sizeof(struct xsw_usage) == 32, "xsw_usage");
_Static_assert(offsetof(struct xsw_usage, xsu_used) == 16, "xsu_used");
_Static_assert(sizeof(struct timeval) == 16, "timeval");

/* A struct by name: a state. */
static int read_struct(const char *name, void *value, size_t size)
{
	size_t length = size;

	if (sysctlbyname(name, value, &length, NULL, 0) != 0)
		return host_state_of(errno);
	return length == size ? STATE_OK : STATE_FAILED;
}

static int loads_read(struct devices *devices, void *row, void *out)
{
	struct loadavg loads;
	int state = read_struct("vm.loadavg", &loads, sizeof loads);
	double scale;

	(void)devices, (void)row;
	if (state != STATE_OK)
		return state;
	if (loads.fscale <= 0)
		return STATE_FAILED;
	scale = (double)loads.fscale;
	*(struct darwin_loads *)out = (struct darwin_loads){
		loads.ldavg[0] / scale, loads.ldavg[1] / scale, loads.ldavg[2] / scale};
	return STATE_OK;
}

static int swap_read(struct devices *devices, void *row, void *out)
{
	struct xsw_usage usage;
	int state = read_struct("vm.swapusage", &usage, sizeof usage);

	(void)devices, (void)row;
	if (state == STATE_OK)
		*(struct darwin_swap *)out =
			(struct darwin_swap){usage.xsu_total, usage.xsu_used};
	return state;
}

static const char *level_of(uint64_t number)
{
	switch (number) {
	case 1:
		return "normal";
	case 2:
		return "warning";
	case 4:
		return "critical";
	default:
		return NULL;
	}
}

/* Activity Monitor's graph of memory pressure is what is not free by the kernel's estimate. */
static int memory_status_read(struct devices *devices, void *row, void *out)
{
	struct darwin_memory_status *sample = out;
	uint64_t number;

	(void)devices, (void)row;
	sample->level = device_text(NULL);
	if (host_sysctl("kern.memorystatus_vm_pressure_level", &number))
		sample->level = device_text(level_of(number));
	sample->pressure = absent_f64(STATE_NONE);
	if (host_sysctl("kern.memorystatus_level", &number) && number <= 100)
		sample->pressure = (double)(100 - number) / 100;
	return STATE_OK;
}

static int boot_read(struct devices *devices, void *row, void *out)
{
	struct timeval time;
	int state = read_struct("kern.boottime", &time, sizeof time);

	(void)devices, (void)row;
	if (state != STATE_OK)
		return state;
	if (time.tv_sec <= 0)
		return STATE_NONE;
	((struct darwin_boot *)out)->time_ns =
		(uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_usec * 1000;
	return STATE_OK;
}

const struct device_source loads_source = {
	.source = {.name = "loads",
		.sample_size = sizeof(struct darwin_loads),
		.lane = LANE_FAST},
	.read = loads_read,
};
const struct device_source swap_source = {
	.source = {.name = "swap",
		.sample_size = sizeof(struct darwin_swap),
		.lane = LANE_FAST},
	.read = swap_read,
};
const struct device_source memory_status_source = {
	.source = {.name = "memory_status",
		.sample_size = sizeof(struct darwin_memory_status),
		.lane = LANE_FAST},
	.read = memory_status_read,
};
const struct device_source boot_source = {
	.source = {.name = "boot",
		.sample_size = sizeof(struct darwin_boot),
		.lane = LANE_FAST},
	.read = boot_read,
};
