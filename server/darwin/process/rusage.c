/*
 * Source rusage: what the kernel adds up of a process, memory included.
 *
 * A kernel that does not know a field, or a machine that has no counter for it, leaves 0 there:
 * such a field is unsupported, and what tells it is said below.
 */
#include "process.h"

/* Of all versions. */
static void fill_basic(const struct rusage_info_v5 *usage, struct darwin_rusage *sample)
{
	sample->cpu_user = usage->ri_user_time;
	sample->cpu_system = usage->ri_system_time;
	sample->cpu_total = usage->ri_user_time + usage->ri_system_time;
	sample->children_user = usage->ri_child_user_time;
	sample->children_system = usage->ri_child_system_time;
	sample->children_elapsed = usage->ri_child_elapsed_abstime;
	sample->children_idle = usage->ri_child_pkg_idle_wkups;
	sample->children_interrupt = usage->ri_child_interrupt_wkups;
	sample->children_page_ins = usage->ri_child_pageins;
	sample->wakeups_idle = usage->ri_pkg_idle_wkups;
	sample->wakeups_interrupt = usage->ri_interrupt_wkups;
	sample->footprint = usage->ri_phys_footprint;
	sample->resident = usage->ri_resident_size;
	sample->wired = usage->ri_wired_size;
	sample->page_ins = usage->ri_pageins;
	sample->disk_read = usage->ri_diskio_bytesread;
	sample->disk_written = usage->ri_diskio_byteswritten;
	sample->start = usage->ri_proc_start_abstime;
}

static void fill_qos(const struct rusage_info_v5 *usage, struct darwin_rusage *sample)
{
	sample->qos_default = usage->ri_cpu_time_qos_default;
	sample->qos_maintenance = usage->ri_cpu_time_qos_maintenance;
	sample->qos_background = usage->ri_cpu_time_qos_background;
	sample->qos_utility = usage->ri_cpu_time_qos_utility;
	sample->qos_legacy = usage->ri_cpu_time_qos_legacy;
	sample->qos_user_initiated = usage->ri_cpu_time_qos_user_initiated;
	sample->qos_user_interactive = usage->ri_cpu_time_qos_user_interactive;
	sample->billed_system = usage->ri_billed_system_time;
	sample->serviced_system = usage->ri_serviced_system_time;
}

/* What every process has that ran at all: 0 says that nobody counts it. */
static uint64_t counted(uint64_t value, uint64_t evidence)
{
	return value || !evidence ? value : ABSENT_U64(STATE_UNSUPPORTED);
}

/* Virtual machines have no counters of instructions and cycles. */
static void fill_version_4(const struct rusage_info_v5 *usage, struct darwin_rusage *sample)
{
	uint64_t ran = sample->cpu_total;

	sample->logical_written = usage->ri_logical_writes;
	sample->footprint_peak =
		counted(usage->ri_lifetime_max_phys_footprint, sample->footprint);
	sample->footprint_interval_peak =
		counted(usage->ri_interval_max_phys_footprint, sample->footprint);
	sample->instructions = counted(usage->ri_instructions, ran);
	sample->cycles = counted(usage->ri_cycles, ran);
	sample->billed_nj = usage->ri_billed_energy;
	sample->serviced_nj = usage->ri_serviced_energy;
	sample->runnable = counted(usage->ri_runnable_time, ran);
}

/*
 * Only machines of Apple Silicon measure the energy of threads (CONFIG_PERVASIVE_ENERGY in xnu), and
 * virtual machines need not: a process there that ran and has none tells nothing. On one that does
 * measure it, 0 is what a process has that ran too little. Only where cores are of several kinds
 * there is a part of one kind.
 */
static void fill_version_6(const struct host *host, const struct rusage_info_named *usage,
	struct darwin_rusage *sample)
{
	uint64_t ran = host->is_virtual ? sample->cpu_total : 0;
	uint64_t none = ABSENT_U64(STATE_UNSUPPORTED);

	if (host->is_arm)
		sample->energy_nj = counted(usage->ri_energy_nj, ran);
	if (host->core_kinds > 1) {
		sample->performance_user = usage->ri_user_ptime;
		sample->performance_system = usage->ri_system_ptime;
		sample->performance_instructions =
			sample->instructions == none ? none : usage->ri_pinstructions;
		sample->performance_cycles = sample->cycles == none ? none : usage->ri_pcycles;
		sample->performance_energy_nj =
			sample->energy_nj == none ? none : usage->ri_penergy_nj;
	}
	if (host->darwin >= DARWIN_14_3 && host->is_arm)
		sample->secure = usage->ri_secure_time_in_system;
	if (host->darwin < DARWIN_15_0 || !host->is_arm)
		return;
	sample->neural = usage->ri_neural_footprint;
	sample->neural_peak = usage->ri_lifetime_max_neural_footprint;
	sample->neural_interval_peak = usage->ri_interval_max_neural_footprint;
}

/* Of others' processes, if we may. */
static int by_ledger(struct processes *self, uint32_t slot, struct darwin_rusage *sample)
{
	int result = row_accounts(self, slot);

	if (result != STATE_OK)
		return result == SAMPLE_GONE ? result : STATE_DENIED;
	for (size_t i = 0; i < sizeof *sample / sizeof(uint64_t); i++)
		((uint64_t *)sample)[i] = ABSENT_U64(STATE_DENIED);
	sample->cpu_total = account_total(self, ACCOUNT_CPU);
	sample->wakeups_idle = account_total(self, ACCOUNT_WAKEUPS_IDLE);
	sample->wakeups_interrupt = account_total(self, ACCOUNT_WAKEUPS_INTERRUPT);
	sample->footprint = account_amount(self, ACCOUNT_FOOTPRINT);
	sample->resident = account_amount(self, ACCOUNT_RESIDENT);
	sample->wired = account_amount(self, ACCOUNT_WIRED);
	return STATE_OK;
}

/* Of a zombie the kernel tells what it had. */
static void leave_memory_out(struct darwin_rusage *sample)
{
	sample->footprint = sample->resident = sample->wired = ABSENT_U64(STATE_NONE);
	sample->neural = ABSENT_U64(STATE_NONE);
}

static int rusage_read(struct processes *self, uint32_t slot, void *memory)
{
	struct darwin_rusage *sample = memory;
	const struct rusage_info_named *usage;
	int result = row_usage(self, slot);

	if (result == STATE_DENIED)
		return by_ledger(self, slot, sample);
	if (result != STATE_OK)
		return result;
	usage = &self->usages[slot];
	for (size_t i = 0; i < sizeof *sample / sizeof(uint64_t); i++)
		((uint64_t *)memory)[i] = ABSENT_U64(STATE_UNSUPPORTED);
	fill_basic(&usage->v5, sample);
	if (self->usage_flavor >= RUSAGE_INFO_V4) {
		fill_qos(&usage->v5, sample);
		fill_version_4(&usage->v5, sample);
	}
	if (self->usage_flavor >= RUSAGE_INFO_V6)
		fill_version_6(self->host, usage, sample);
	if (self->rows[slot].flags & ROW_ZOMBIE)
		leave_memory_out(sample);
	return STATE_OK;
}

const struct process_source rusage_source = {
	.source = {.name = "rusage",
		.sample_size = sizeof(struct darwin_rusage),
		.lane = LANE_FAST,
		.last = true,
		.remedy = REMEDY_OTHERS},
	.read = rusage_read,
};
