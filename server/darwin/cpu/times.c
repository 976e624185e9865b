/*
 * Source times: what the kernel spent the time of each core on, by host_processor_info(). Ticks of
 * 10 ms, 32 bits wide, so that they wrap around after 497 days. One call tells of all cores; it
 * is not limited as host_statistics() is.
 *
 * The first M1 Macs had cores whose ticks stood still altogether while they were idle. Of such a
 * core it is known that it did nothing, but not that it was counted as idle.
 */
#include <errno.h>
#include <mach/mach.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "cpu.h"

#define TICK_NS UINT64_C(10000000)
/* Longer than a tick can be late. */
#define STANDS_NS UINT64_C(50000000)

_Static_assert(CPU_STATE_MAX == CPU_TICKS && CPU_STATE_USER == 0 && CPU_STATE_SYSTEM == 1 &&
		       CPU_STATE_IDLE == 2 && CPU_STATE_NICE == 3,
	"mach/machine.h");

static void make_room(struct cpus *self, uint32_t count)
{
	if (count > self->capacity) {
		self->ticks = xreallocarray(self->ticks, count, sizeof *self->ticks);
		memset(self->ticks + self->capacity, 0,
			(count - self->capacity) * sizeof *self->ticks);
		self->capacity = count;
	}
	self->count = count;
}

/* What was counted before the first look counts as well. */
static void follow(struct cpu_ticks *self, const uint32_t *now, uint64_t now_ns)
{
	bool moved = false;

	for (int i = 0; i < CPU_TICKS; i++) {
		uint32_t growth = now[i] - self->last[i]; /* also if it has wrapped */
		self->total[i] += growth;
		self->last[i] = now[i];
		moved = moved || growth;
	}
	if (moved || !self->moved_ns)
		self->moved_ns = now_ns;
	self->stands = now_ns - self->moved_ns >= STANDS_NS;
}

int cpus_read_ticks(struct cpus *self)
{
	natural_t cores = 0;
	processor_info_array_t ticks = NULL;
	mach_msg_type_number_t count = 0;
	uint64_t now_ns = reports_now_ns();
	kern_return_t result = host_processor_info(
		self->devices.host->port, PROCESSOR_CPU_LOAD_INFO, &cores, &ticks, &count);

	if (result != KERN_SUCCESS)
		return -EIO;
	if (count / CPU_TICKS < cores)
		cores = count / CPU_TICKS;
	make_room(self, cores);
	for (uint32_t i = 0; i < cores; i++)
		follow(&self->ticks[i],
			(const uint32_t *)(const void *)ticks + (size_t)i * CPU_TICKS, now_ns);
	vm_deallocate(mach_task_self(), (vm_address_t)ticks, count * sizeof *ticks);
	return 0;
}

static int times_read(struct devices *devices, void *row, void *memory)
{
	const struct cpus *self = cpus_of(devices);
	const struct cpu *cpu = row;
	struct darwin_cpu_times *sample = memory;
	const struct cpu_ticks *ticks;

	if (cpu->number >= self->count)
		return STATE_NONE;
	ticks = &self->ticks[cpu->number];
	sample->user = ticks->total[CPU_STATE_USER] * TICK_NS;
	sample->system = ticks->total[CPU_STATE_SYSTEM] * TICK_NS;
	sample->nice = ticks->total[CPU_STATE_NICE] * TICK_NS;
	sample->busy = sample->user + sample->system + sample->nice;
	sample->idle =
		ticks->stands ? ABSENT_U64(STATE_NONE) : ticks->total[CPU_STATE_IDLE] * TICK_NS;
	return STATE_OK;
}

const struct device_source cpu_times_source = {
	.source = {.name = "cpu_times",
		.sample_size = sizeof(struct darwin_cpu_times),
		.lane = LANE_FAST},
	.read = times_read,
};
