#include "task.h"

#include <errno.h>
#include <mach/mach.h>
#include <mach/task_info.h>
#include <stddef.h>
#include <string.h>

#include "host.h"
#include "source.h"

/* Section by section as the kernel grew: osfmk/mach/task_info.h. */
_Static_assert(TASK_VM_INFO_REV0_COUNT == 36 && TASK_VM_INFO_REV3_COUNT == 84, "revisions");
_Static_assert(TASK_VM_INFO_REV5_COUNT == 87 && TASK_VM_INFO_COUNT == 89, "revisions");
_Static_assert(offsetof(struct task_vm_info, ledger_swapins) == 348, "packed to 4 bytes");
_Static_assert(offsetof(struct task_power_info_v2, gpu_energy) == 48, "power");

/*
 * macOS 12.3 counts what was fetched from swap; those before it lack nothing else. What 15 has
 * besides (memory of the neural engine) is in rusage, too.
 *
 * Of power a kernel for Apple Silicon has a field more (the energy), before the last two: a program
 * that was compiled for Intel would take another one for the switches. It asks for no more than older
 * kernels had, which is without them.
 */
struct task_words task_words_of(uint32_t darwin, bool is_translated)
{
	enum { DARWIN_12_3 = 2104, POWER_WITHOUT_ENERGY = 22 };

	return (struct task_words){
		.vm = darwin >= DARWIN_12_3 ? TASK_VM_INFO_COUNT : TASK_VM_INFO_REV5_COUNT,
		.power = is_translated ? POWER_WITHOUT_ENERGY : TASK_POWER_INFO_V2_COUNT,
	};
}

static int read_port(mach_port_t port, task_flavor_t flavor, void *info, uint32_t *words)
{
	mach_msg_type_number_t count = *words;
	kern_return_t result = task_info(port, flavor, info, &count);

	*words = count;
	/* The flavor is known and there is room: it is the task that is there no more. */
	return result == KERN_SUCCESS ? 0 : result == KERN_NOT_SUPPORTED ? -EINVAL : -ESRCH;
}

/* *words: room when it goes in, what was filled when it comes out. */
static int read_task(uint32_t pid, task_flavor_t flavor, void *info, uint32_t *words)
{
	mach_port_t port = MACH_PORT_NULL;
	int result;

	if (task_name_for_pid(mach_task_self(), (int)pid, &port) != KERN_SUCCESS)
		return -EPERM;
	result = read_port(port, flavor, info, words);
	mach_port_deallocate(mach_task_self(), port);
	return result;
}

/* ---------------------------------------------------------------------------- memory */

/* The kernel's accounts may be below 0 for a moment. */
static uint64_t plus(int64_t resident, int64_t compressed)
{
	if (resident < 0 || compressed < 0)
		return ABSENT_U64(STATE_FAILED);
	return (uint64_t)resident + (uint64_t)compressed;
}

static void take_accounts(const struct task_vm_info *from, struct task_vm *to)
{
	to->purgeable_used = plus(from->ledger_purgeable_nonvolatile,
		from->ledger_purgeable_novolatile_compressed);
	to->purgeable_volatile = plus(
		from->ledger_purgeable_volatile, from->ledger_purgeable_volatile_compressed);
	to->network = plus(from->ledger_tag_network_nonvolatile,
		from->ledger_tag_network_nonvolatile_compressed);
	to->network_other = plus(from->ledger_tag_network_volatile,
		from->ledger_tag_network_volatile_compressed);
	to->media = plus(
		from->ledger_tag_media_footprint, from->ledger_tag_media_footprint_compressed);
	to->media_other = plus(from->ledger_tag_media_nofootprint,
		from->ledger_tag_media_nofootprint_compressed);
	to->graphics = plus(from->ledger_tag_graphics_footprint,
		from->ledger_tag_graphics_footprint_compressed);
	to->graphics_other = plus(from->ledger_tag_graphics_nofootprint,
		from->ledger_tag_graphics_nofootprint_compressed);
	to->neural = plus(from->ledger_tag_neural_footprint,
		from->ledger_tag_neural_footprint_compressed);
	to->neural_other = plus(from->ledger_tag_neural_nofootprint,
		from->ledger_tag_neural_nofootprint_compressed);
}

static void take_basic(const struct task_vm_info *from, struct task_vm *to)
{
	to->regions = (uint64_t)from->region_count;
	to->page_size = (uint64_t)from->page_size;
	to->resident_peak = from->resident_size_peak;
	to->device = from->device;
	to->internal = from->internal;
	to->internal_peak = from->internal_peak;
	to->external = from->external;
	to->external_peak = from->external_peak;
	to->reusable = from->reusable;
	to->reusable_peak = from->reusable_peak;
	to->compressed = from->compressed;
	to->compressed_peak = from->compressed_peak;
	to->compressed_lifetime = from->compressed_lifetime;
}

static void make_absent(void *sample, size_t size)
{
	for (size_t i = 0; i < size / sizeof(uint64_t); i++)
		((uint64_t *)sample)[i] = ABSENT_U64(STATE_UNSUPPORTED);
}

int task_read_vm(uint32_t pid, struct task_words *words, struct task_vm *ret_vm)
{
	struct task_vm_info info;
	uint32_t room = words->vm;
	int result = read_task(pid, TASK_VM_INFO, &info, &room);

	if (result)
		return result;
	if (room < TASK_VM_INFO_REV0_COUNT)
		return -EINVAL;
	words->vm = room;
	make_absent(ret_vm, sizeof *ret_vm);
	take_basic(&info, ret_vm);
	if (room >= TASK_VM_INFO_REV3_COUNT)
		take_accounts(&info, ret_vm);
	if (room >= TASK_VM_INFO_REV5_COUNT)
		ret_vm->decompressions = (uint64_t)info.decompressions;
	if (room >= TASK_VM_INFO_COUNT)
		ret_vm->swapins = plus(info.ledger_swapins, 0);
	return 0;
}

/* All of it is in what the oldest kernels have. */
int task_read_purgeable(uint32_t pid, struct task_purgeable *ret_purgeable)
{
	struct task_vm_info info;
	uint32_t room = TASK_VM_INFO_REV0_COUNT;
	int result = read_task(pid, TASK_VM_INFO_PURGEABLE, &info, &room);
	uint64_t all;

	if (result)
		return result;
	if (room < TASK_VM_INFO_REV0_COUNT)
		return -EINVAL;
	all = info.internal + info.compressed;
	*ret_purgeable = (struct task_purgeable){
		.resident = info.purgeable_volatile_resident,
		.anonymous = all > info.purgeable_volatile_pmap
				     ? all - info.purgeable_volatile_pmap
				     : 0,
	};
	return 0;
}

/* ----------------------------------------------------------------------------- power */

/* Older kernels have a shorter one. */
int task_read_power(uint32_t pid, struct task_words *words, struct task_power *ret_power)
{
	struct task_power_info_v2 info;
	uint32_t room = words->power;
	int result = read_task(pid, TASK_POWER_INFO_V2, &info, &room);

	if (result)
		return result;
	if (room < TASK_POWER_INFO_V2_COUNT_OLD)
		return -EINVAL;
	words->power = room;
	*ret_power = (struct task_power){
		.timers_1 = info.cpu_energy.task_timer_wakeups_bin_1,
		.timers_2 = info.cpu_energy.task_timer_wakeups_bin_2,
		.cluster_switches = room >= TASK_POWER_INFO_V2_COUNT
					    ? info.task_pset_switches
					    : ABSENT_U64(STATE_UNSUPPORTED),
		.gpu_ns = info.gpu_energy.task_gpu_utilisation,
	};
	return 0;
}
