/*
 * Source vm_statistics: host_statistics64(HOST_VM_INFO64), pages of the kernel.
 *
 * The struct has grown: 38 words up to macOS 15, 40 and 62 with macOS 26, 104 with 27. A call gives
 * the room that it has; the kernel fills what it can, but for this: once all programs together
 * have asked a few times in a second it answers from memory, for the rest of that second, and that answer
 * it has in full only. Who asks for less is told how long it is then (macOS 27), and must
 * ask with that size from then on. Not with more than that: the kernel complains in its log.
 * xnu: osfmk/kern/host.c, rate_limit_host_statistics().
 */
#include <mach/mach.h>
#include <mach/mach_host.h>
#include <string.h>

#include "system.h"

_Static_assert(sizeof(struct vm_statistics64) == 152, "vm_statistics64");
_Static_assert(offsetof(struct vm_statistics64, zero_fill_count) == 16, "zero_fill_count");
_Static_assert(offsetof(struct vm_statistics64, purgeable_count) == 88, "purgeable_count");
_Static_assert(offsetof(struct vm_statistics64, compressor_page_count) == 128, "compressor");
_Static_assert(offsetof(struct vm_statistics64, total_uncompressed_pages_in_compressor) == 144,
	"total");

enum { COUNT_FIRST = sizeof(struct vm_statistics64) / sizeof(natural_t) };
enum { ARRAY_TOO_LARGE = -307 }; /* MIG_ARRAY_TOO_LARGE */

static kern_return_t ask(struct system *self, struct vm_statistics64 *ret)
{
	union {
		natural_t words[VM_COUNTS_MAX];
		struct vm_statistics64 statistics;
	} room = {{0}};
	mach_msg_type_number_t count = self->vm_count ? self->vm_count : COUNT_FIRST;
	host_t port = self->devices.host->port;
	kern_return_t result =
		host_statistics64(port, HOST_VM_INFO64, (host_info64_t)room.words, &count);

	if (result == ARRAY_TOO_LARGE && count > COUNT_FIRST && count <= VM_COUNTS_MAX) {
		self->vm_count = count;
		result = host_statistics64(
			port, HOST_VM_INFO64, (host_info64_t)room.words, &count);
	}
	if (result == KERN_SUCCESS && count < COUNT_FIRST)
		return KERN_FAILURE;
	*ret = room.statistics;
	return result;
}

/* The counts are not of one moment, so that a difference may come out below 0. */
static uint64_t less(uint64_t whole, uint64_t part)
{
	return whole >= part ? whole - part : ABSENT_U64(STATE_FAILED);
}

static void take_now(const struct vm_statistics64 *vm, struct darwin_vm_statistics *sample)
{
	sample->free = less(vm->free_count, vm->speculative_count);
	sample->active = vm->active_count;
	sample->inactive = vm->inactive_count;
	sample->wired = vm->wire_count;
	sample->purgeable = vm->purgeable_count;
	sample->speculative = vm->speculative_count;
	sample->throttled = vm->throttled_count;
	sample->external = vm->external_page_count;
	sample->internal = vm->internal_page_count;
	sample->compressor = vm->compressor_page_count;
	sample->uncompressed = vm->total_uncompressed_pages_in_compressor;
	/* Activity Monitor's App Memory and Cached Files */
	sample->app = less(vm->internal_page_count, vm->purgeable_count);
	sample->cached = (uint64_t)vm->external_page_count + vm->purgeable_count;
}

static void take_sums(uint64_t total, struct darwin_vm_statistics *sample)
{
	bool known = total && sample->free < ABSENT_U64(STATE_END);

	sample->total = total ? total : ABSENT_U64(STATE_NONE);
	sample->size = total ? total + sample->uncompressed : ABSENT_U64(STATE_NONE);
	sample->available = known ? sample->free + sample->cached : ABSENT_U64(STATE_FAILED);
	sample->occupied = known ? less(total, sample->free) : ABSENT_U64(STATE_FAILED);
	sample->used = known ? less(total, sample->available) : ABSENT_U64(STATE_FAILED);
}

static void take_counters(const struct vm_statistics64 *vm, struct darwin_vm_statistics *sample)
{
	sample->zero_filled = vm->zero_fill_count;
	sample->reactivations = vm->reactivations;
	sample->page_ins = vm->pageins;
	sample->page_outs = vm->pageouts;
	sample->faults = vm->faults;
	sample->copies = vm->cow_faults;
	sample->lookups = vm->lookups;
	sample->hits = vm->hits;
	sample->purges = vm->purges;
	sample->decompressions = vm->decompressions;
	sample->compressions = vm->compressions;
	sample->swap_ins = vm->swapins;
	sample->swap_outs = vm->swapouts;
}

static int statistics_read(struct devices *devices, void *row, void *out)
{
	struct system *self = (struct system *)devices;
	struct darwin_vm_statistics *sample = out;
	struct vm_statistics64 vm;
	kern_return_t result = ask(self, &vm);

	(void)row;
	if (result != KERN_SUCCESS)
		return system_state(result);
	take_now(&vm, sample);
	take_sums(self->memory_size / devices->host->page_size, sample);
	take_counters(&vm, sample);
	return STATE_OK;
}

const struct device_source vm_statistics_source = {
	.source = {.name = "vm_statistics",
		.sample_size = sizeof(struct darwin_vm_statistics),
		.lane = LANE_FAST,
		.period_ns = UINT64_C(1000000000)},
	.read = statistics_read,
};
