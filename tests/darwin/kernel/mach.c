/*
 * Mach: clocks and host.
 *
 *	[mach]
 *	timebase = 125/3          ns for ticks of mach_absolute_time()
 *	frequency = 24000000      its ticks per second; 1000000000 without
 *	page_size = 16384         of the kernel; 4096 without, where a tick is a nanosecond
 *	boot_ns = N               what the clock showed when the text was loaded; a day without
 */
#include <mach/mach.h>
#include <mach/mach_time.h>
#include <sched.h>
#include <stdlib.h>

#include "store.h"
#include "task.h"

uint64_t mach_absolute_time(void)
{
	const struct sim_section *mach = sim_section("mach", "");
	uint64_t ns = sim_u64(mach, "boot_ns", UINT64_C(86400000000000)) + sim_now_ns();
	uint64_t frequency = sim_u64(mach, "frequency", 1000000000);

	/* a day's ns times 24 million do not fit */
	return ns / 1000000000 * frequency + ns % 1000000000 * frequency / 1000000000;
}

/* A clock that stands goes on at once. */
kern_return_t mach_wait_until(uint64_t deadline)
{
	const struct sim_section *mach = sim_section("mach", "");
	uint64_t frequency = sim_u64(mach, "frequency", 1000000000), before_ns = sim_now_ns();
	uint64_t now = mach_absolute_time();

	if (sim_enter("mach_wait_until", 0, -1))
		return KERN_ABORTED;
	while (now < deadline) {
		sched_yield();
		if (sim_now_ns() == before_ns)
			sim_advance((deadline - now) * 1000000000 / frequency);
		now = mach_absolute_time();
	}
	return KERN_SUCCESS;
}

kern_return_t mach_timebase_info(mach_timebase_info_t info)
{
	const char *text = sim_text(sim_section("mach", ""), "timebase", "1/1");
	char *end;

	info->numer = (uint32_t)strtoul(text, &end, 10);
	info->denom = (uint32_t)strtoul(end + 1, NULL, 10);
	return KERN_SUCCESS;
}

mach_port_t mach_task_self_ = 0x103;

enum { HOST_NAME_PORT = 0x203 };

/* Each call gives a right of its own; the backend keeps one while it runs, so it is not counted as
 * held: see how often it is called. */
mach_port_t mach_host_self(void)
{
	sim_enter("mach_host_self", 0, -1);
	return HOST_NAME_PORT;
}

kern_return_t host_page_size(host_t host, vm_size_t *ret_size)
{
	const struct sim_section *mach = sim_section("mach", "");
	int is_arm = sim_u64(mach, "frequency", 1000000000) != 1000000000;

	(void)host;
	*ret_size = (vm_size_t)sim_u64(mach, "page_size", is_arm ? 16384 : 4096);
	return KERN_SUCCESS;
}

kern_return_t mach_port_deallocate(ipc_space_t space, mach_port_name_t name)
{
	(void)space;
	if (sim_enter("mach_port_deallocate", 0, -1))
		return KERN_INVALID_NAME;
	if (!sim_task_port_release(name) && name >= 0x1000)
		sim_hold(-1); /* one that was made for somebody */
	return KERN_SUCCESS;
}
