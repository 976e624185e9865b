#include "accounts.h"

#include <string.h>

/* osfmk/kern/task.c, init_task_ledgers(). */
static const struct meaning {
	const char *name, *sentence;
} meanings[] = {
	{"cpu_time", "CPU time of all its threads, ended ones included."},
	{"tkm_private", "Kernel memory that is held for it alone."},
	{"tkm_shared", "Kernel memory that is held for it and others."},
	{"phys_mem", "Pages in RAM that it maps: mem.resident."},
	{"wired_mem", "Pages that it has wired down: mem.wired."},
	{"conclave_mem", "Memory of its exclave."},
	{"internal", "Resident pages that belong to no file: mem.anonymous."},
	{"iokit_mapped", "Memory of drivers that is mapped into it."},
	{"alternate_accounting",
		"The part of internal that is counted elsewhere, mostly in iokit_mapped."},
	{"alternate_accounting_compressed",
		"The part of internal_compressed that is counted elsewhere."},
	{"page_table", "Page tables of the process."},
	{"phys_footprint", "Memory that would come back if the process ended: internal, "
			   "internal_compressed, "
			   "iokit_mapped, purgeable_nonvolatile and its compressed part, "
			   "page_table and what "
			   "ends in _footprint, less what is counted elsewhere."},
	{"internal_compressed", "Its own pages that are compressed or swapped out, at their "
				"full size: mem.swap."},
	{"reusable",
		"Pages that it has given back and that the kernel takes when memory is short."},
	{"external", "Resident pages of mapped files: mem.file."},
	{"purgeable_volatile", "Purgeable memory that may go at any time."},
	{"purgeable_nonvolatile", "Purgeable memory that is in use."},
	{"purgeable_volatile_compress", "The same of purgeable_volatile, compressed."},
	{"purgeable_nonvolatile_compress", "The same of purgeable_nonvolatile, compressed."},
	{"pages_grabbed", "Pages that it has taken from the kernel's free ones."},
	{"pages_grabbed_kern", "Pages that the kernel has taken for it."},
	{"pages_grabbed_iopl", "Pages that were taken for its input and output by drivers."},
	{"pages_grabbed_upl", "Pages that were taken for its input and output of files."},
	{"tagged_nofootprint", "Tagged memory that counts for nobody."},
	{"tagged_footprint", "Tagged memory that is in its footprint."},
	{"tagged_nofootprint_compressed", "The same of tagged_nofootprint, compressed."},
	{"tagged_footprint_compressed", "The same of tagged_footprint, compressed."},
	{"network_volatile", "Memory of the network that may go at any time."},
	{"network_nonvolatile", "Memory of the network that is in use."},
	{"network_volatile_compressed", "The same of network_volatile, compressed."},
	{"network_nonvolatile_compressed", "The same of network_nonvolatile, compressed."},
	{"media_nofootprint", "Memory of media that counts for nobody."},
	{"media_footprint", "Memory of media that is in its footprint."},
	{"media_nofootprint_compressed", "The same of media_nofootprint, compressed."},
	{"media_footprint_compressed", "The same of media_footprint, compressed."},
	{"graphics_nofootprint", "Memory of graphics that counts for nobody."},
	{"graphics_footprint", "Memory of graphics that is in its footprint."},
	{"graphics_nofootprint_compressed", "The same of graphics_nofootprint, compressed."},
	{"graphics_footprint_compressed", "The same of graphics_footprint, compressed."},
	{"neural_nofootprint", "Memory of the neural engine that counts for nobody."},
	{"neural_footprint", "Memory of the neural engine that is in its footprint."},
	{"neural_nofootprint_compressed", "The same of neural_nofootprint, compressed."},
	{"neural_footprint_compressed", "The same of neural_footprint, compressed."},
	{"neural_nofootprint_total",
		"All memory of the neural engine that it has and that counts for nobody."},
	{"platform_idle_wakeups", "Times that it woke the package from idle."},
	{"interrupt_wakeups", "Times that an interrupt woke one of its threads."},
	{"cpu_time_billed_to_me", "CPU time of others that is billed to it."},
	{"cpu_time_billed_to_others", "Its own CPU time that is billed to others."},
	{"physical_writes", "Bytes that were written to storage for it."},
	{"logical_writes", "Bytes of files that it made dirty."},
	{"logical_writes_to_external", "The same, of files on external disks."},
	{"fs_metadata_writes", "Bytes about files that file systems wrote for it."},
	{"energy_billed_to_me", "Energy of others that is billed to it."},
	{"energy_billed_to_others", "Its own energy that is billed to others."},
	{"memorystatus_dirty_time", "Time that it has been marked as dirty."},
	{"swapins", "Bytes that were fetched from swap for it."},
	{"frozen_to_swap", "Bytes of it that were frozen and put into swap."},
};

const char *account_meaning(const char *name)
{
	for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
		if (strcmp(meanings[i].name, name) == 0)
			return meanings[i].sentence;
	return NULL;
}

/*
 * Those of CPU time say ns, but are sums of thread timers, which count ticks (osfmk/kern/bsd_kern.c
 * gives them away as such); those of the classes of selective forced idle say so themselves.
 */
bool account_is_ticks(const struct ledger_template_info *entry)
{
	static const char *const names[] = {
		"cpu_time",
		"cpu_time_billed_to_me",
		"cpu_time_billed_to_others",
	};

	if (strcmp(entry->units, "MATUs") == 0)
		return true;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(entry->name, names[i]) == 0)
			return true;
	return false;
}

const char *account_units(const struct ledger_template_info *entry)
{
	if (account_is_ticks(entry))
		return "ns";
	return strcmp(entry->units, "nj") == 0 ? "nJ" : entry->units;
}
