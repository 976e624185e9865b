/*
 * The host: what Mach says of the machine as a whole.
 *
 *	[host]
 *	FIELD = NUMBER           each of struct vm_statistics64, by its name there; 0 without
 *	vm_count = 38            how many words the kernel's struct has: 38, 40, 62 or 104
 *	rate = 8                 so many calls a second are answered anew, of all programs
 *	tasks threads = NUMBER
 *
 *	[processor NUMBER]
 *	user system idle nice = TICKS
 *
 * host_statistics64() is limited as osfmk/kern/host.c does it: beyond the rate the answer is the
 * latest one, which is there in full; who has no room for that is told so if the struct has 104 words.
 */
#include <mach/mach.h>
#include <mach/mach_host.h>
#include <mach/processor_set.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"

enum { ARRAY_TOO_LARGE = -307 };

static const struct vm_field {
	const char *name;
	unsigned offset, size;
} vm_fields[] = {
#define FIELD(name)                                                                            \
	{                                                                                      \
#name, offsetof(struct vm_statistics64, name),                                 \
			sizeof(((struct vm_statistics64 *)0)->name)                            \
	}
	FIELD(free_count),
	FIELD(active_count),
	FIELD(inactive_count),
	FIELD(wire_count),
	FIELD(zero_fill_count),
	FIELD(reactivations),
	FIELD(pageins),
	FIELD(pageouts),
	FIELD(faults),
	FIELD(cow_faults),
	FIELD(lookups),
	FIELD(hits),
	FIELD(purges),
	FIELD(purgeable_count),
	FIELD(speculative_count),
	FIELD(decompressions),
	FIELD(compressions),
	FIELD(swapins),
	FIELD(swapouts),
	FIELD(compressor_page_count),
	FIELD(throttled_count),
	FIELD(external_page_count),
	FIELD(internal_page_count),
	FIELD(total_uncompressed_pages_in_compressor),
#undef FIELD
};
enum { VM_FIELDS = sizeof vm_fields / sizeof *vm_fields };

/* The kernel's own memory of its latest answer is a section too, which the next text takes away. */
static void remember(void)
{
	const struct sim_section *host = sim_section("host", "");

	for (int i = 0; i < VM_FIELDS; i++)
		sim_set_u64("host latest", "", vm_fields[i].name,
			sim_u64(host, vm_fields[i].name, 0));
}

/* True: it is answered from memory. */
static int is_limited(void)
{
	const struct sim_section *latest = sim_section("host latest", "");
	uint64_t second = sim_now_ns() / 1000000000;
	uint64_t calls = sim_u64(latest, "calls", 0);

	if (!latest || sim_u64(latest, "second", 0) != second)
		calls = 0;
	sim_set_u64("host latest", "", "second", second);
	sim_set_u64("host latest", "", "calls", calls + 1);
	return calls >= sim_u64(sim_section("host", ""), "rate", 8);
}

static uint32_t known_count(uint32_t room, uint32_t full)
{
	static const uint32_t counts[] = {104, 62, 40, 38};
	uint32_t i = 0;

	while (counts[i] > room || counts[i] > full)
		i++;
	return counts[i];
}

kern_return_t host_statistics64(
	host_t host, host_flavor_t flavor, host_info64_t out, mach_msg_type_number_t *count)
{
	int error = sim_enter("host_statistics64", flavor, -1);
	uint32_t full = (uint32_t)sim_u64(sim_section("host", ""), "vm_count", 38);
	int limited;

	(void)host;
	if (error)
		return error;
	if (flavor != HOST_VM_INFO64)
		return KERN_INVALID_ARGUMENT;
	if (*count < 38)
		return KERN_FAILURE;
	limited = is_limited();
	if (!limited)
		remember();
	if (limited && full == 104 && *count < full) {
		*count = full;
		return ARRAY_TOO_LARGE;
	}
	*count = known_count(*count, full);
	memset(out, 0, *count * sizeof *out);
	for (int i = 0; i < VM_FIELDS; i++) {
		uint64_t value = sim_u64(sim_section("host latest", ""), vm_fields[i].name, 0);
		memcpy((char *)out + vm_fields[i].offset, &value, vm_fields[i].size);
	}
	return KERN_SUCCESS;
}

/* ------------------------------------------------------------------------ processors */

kern_return_t host_processor_info(host_t host, processor_flavor_t flavor, natural_t *cores,
	processor_info_array_t *out, mach_msg_type_number_t *count)
{
	static const char *const states[] = {"user", "system", "idle", "nice"};
	int error = sim_enter("host_processor_info", flavor, -1);
	uint32_t *ticks;

	(void)host;
	if (error)
		return error;
	if (flavor != PROCESSOR_CPU_LOAD_INFO)
		return KERN_INVALID_ARGUMENT;
	for (*cores = 0; sim_numbered("processor", *cores);)
		++*cores;
	*count = *cores * CPU_STATE_MAX;
	ticks = calloc(*count + 1, sizeof *ticks);
	for (uint32_t i = 0; i < *count; i++)
		ticks[i] = (uint32_t)sim_u64(sim_numbered("processor", i / CPU_STATE_MAX),
			states[i % CPU_STATE_MAX], 0);
	sim_hold(1);
	*out = (processor_info_array_t)ticks;
	return KERN_SUCCESS;
}

kern_return_t vm_deallocate(vm_map_t map, vm_address_t address, vm_size_t size)
{
	(void)map, (void)size;
	if (sim_enter("vm_deallocate", 0, -1))
		return KERN_INVALID_ARGUMENT;
	free((void *)address);
	sim_hold(-1);
	return KERN_SUCCESS;
}

/* --------------------------------------------------------------------- processor sets */

enum { SET_PORT = 0x1f03 };

kern_return_t processor_set_default(host_t host, processor_set_name_t *ret_set)
{
	int error = sim_enter("processor_set_default", 0, -1);

	(void)host;
	if (error)
		return error;
	sim_hold(1);
	*ret_set = SET_PORT;
	return KERN_SUCCESS;
}

kern_return_t processor_set_statistics(processor_set_name_t set, processor_set_flavor_t flavor,
	processor_set_info_t out, mach_msg_type_number_t *count)
{
	const struct sim_section *host = sim_section("host", "");
	struct processor_set_load_info info = {
		.task_count = (int)sim_u64(host, "tasks", 0),
		.thread_count = (int)sim_u64(host, "threads", 0),
	};
	int error = sim_enter("processor_set_statistics", flavor, -1);

	if (error)
		return error;
	if (set != SET_PORT || flavor != PROCESSOR_SET_LOAD_INFO)
		return KERN_INVALID_ARGUMENT;
	if (*count < PROCESSOR_SET_LOAD_INFO_COUNT)
		return KERN_FAILURE;
	memcpy(out, &info, sizeof info);
	*count = PROCESSOR_SET_LOAD_INFO_COUNT;
	return KERN_SUCCESS;
}
