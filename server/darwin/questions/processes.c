/* Questions about processes: of process 1, and of our own. */
#include <errno.h>
#include <libproc.h>
#include <string.h>
#include <sys/resource.h>

#include "../ledger.h"
#include "../memory/walk.h"
#include "../private/coalition.h"
#include "../private/libproc.h"
#include "../task.h"
#include "questions.h"

void ask_ledgers(const struct asking *self)
{
	struct ledger_list list = {0};
	int error = ledger_list_read(&list, 1);

	if (error)
		tell(self, "process 1: error %d", -error);
	else
		tell(self, "process 1: %u entries", list.count);
	ledger_list_finish(&list);
	error = ledger_list_read(&list, self->pid);
	tell(self, "our own: %s, %u entries", error ? "error" : "allowed",
		error ? 0 : list.count);
	ledger_list_finish(&list);
}

void ask_name_port(const struct asking *self)
{
	struct task_words words = task_words_of(self->host->darwin, self->host->is_translated);
	struct task_vm vm = {0};
	struct task_power power = {0};
	int error = task_read_vm((uint32_t)self->pid, &words, &vm);

	tell(self, "TASK_VM_INFO of our own: error %d, %u words, compressed %llu", -error,
		words.vm, (unsigned long long)vm.compressed);
	error = task_read_power((uint32_t)self->pid, &words, &power);
	tell(self, "TASK_POWER_INFO_V2 of our own: error %d, %u words", -error, words.power);
	tell(self, "TASK_VM_INFO of process 1: error %d", -task_read_vm(1, &words, &vm));
}

/* --------------------------------------------------------------------------- rusage */

static int read_usage(int pid, int flavor, struct rusage_info_named *usage)
{
	memset(usage, 0, sizeof *usage);
	return proc_pid_rusage(pid, flavor, (rusage_info_t *)(void *)usage) == 0 ? 0 : errno;
}

/* So that there is energy to be counted. */
static void be_busy(void)
{
	static volatile uint64_t sink;
	uint64_t steps = UINT64_C(50000000);

	while (steps--)
		sink = sink * 31 + steps;
}

void ask_rusage(const struct asking *self)
{
	static const int flavors[] = {RUSAGE_INFO_V6, RUSAGE_INFO_V5, RUSAGE_INFO_V4};
	struct rusage_info_named before, after;
	int error = 0;

	for (size_t i = 0; i < sizeof flavors / sizeof *flavors; i++) {
		error = read_usage(self->pid, flavors[i], &before);
		tell(self, "version %d of our own: error %d", flavors[i], error);
	}
	if (read_usage(self->pid, RUSAGE_INFO_V6, &before))
		return;
	be_busy();
	read_usage(self->pid, RUSAGE_INFO_V6, &after);
	tell(self, "while busy: %llu ticks of user time, %llu nJ, %llu instructions",
		(unsigned long long)(after.v5.ri_user_time - before.v5.ri_user_time),
		(unsigned long long)(after.ri_energy_nj - before.ri_energy_nj),
		(unsigned long long)(after.v5.ri_instructions - before.v5.ri_instructions));
	tell(self, "version 4 of process 1: error %d", read_usage(1, RUSAGE_INFO_V4, &before));
}

/* ------------------------------------------------------------------------ coalitions */

/* Which words there are, and what stands where macOS 15 has the footprint (the 41st). */
static void tell_words(const struct asking *self, uint64_t id)
{
	union {
		uint64_t words[64];
		struct coalition_resource_usage usage;
	} room;
	int error, last = -1;

	memset(&room, 0, sizeof room);
	error = coalition_info_resource_usage(id, &room.usage, sizeof room) ? errno : 0;
	for (int i = 0; i < 64; i++)
		if (room.words[i])
			last = i;
	tell(self, "resources: error %d, the last word that is not 0 is %d", error, last);
	tell(self, "words 38 to 43: %llu %llu %llu %llu %llu %llu",
		(unsigned long long)room.words[38], (unsigned long long)room.words[39],
		(unsigned long long)room.words[40], (unsigned long long)room.words[41],
		(unsigned long long)room.words[42], (unsigned long long)room.words[43]);
}

void ask_coalition(const struct asking *self)
{
	struct proc_pidcoalitioninfo info;
	int size = proc_pidinfo(self->pid, PROC_PIDCOALITIONINFO, 0, &info, sizeof info);

	if (size != (int)sizeof info) {
		tell(self, "our own: error %d, %d bytes", errno, size);
		return;
	}
	tell(self, "our own: %llu and %llu", (unsigned long long)info.coalition_id[0],
		(unsigned long long)info.coalition_id[1]);
	tell_words(self, info.coalition_id[0]);
}

/* ------------------------------------------------------------------------- footprint */

struct total {
	uint64_t regions, resident, dirty, unknown;
};

static bool add_region(void *context, const struct walk_region *region)
{
	struct total *total = context;

	total->regions++;
	if (region->pages.dirty >= ABSENT_U64(STATE_END) ||
		region->pages.resident >= ABSENT_U64(STATE_END)) {
		total->unknown++;
		return true;
	}
	total->resident += region->pages.resident;
	total->dirty += region->pages.dirty;
	return true;
}

static void add_up(const struct asking *self, bool by_footprint)
{
	struct walk walk = {0};
	struct total total = {0};
	int error = walk_begin(&walk, self->host, self->pid, by_footprint);

	if (!error)
		error = walk_run(&walk, add_region, &total);
	tell(self,
		"%s: error %d, %llu regions, resident %llu, dirty %llu, without numbers %llu",
		by_footprint ? "by footprint" : "by pages", -error,
		(unsigned long long)total.regions, (unsigned long long)total.resident,
		(unsigned long long)total.dirty, (unsigned long long)total.unknown);
}

void ask_footprint(const struct asking *self)
{
	struct rusage_info_named usage;
	int error;

	add_up(self, false);
	if (walk_by_footprint())
		add_up(self, true);
	else
		tell(self, "by footprint: the kernel cannot");
	error = read_usage(self->pid, RUSAGE_INFO_V4, &usage);
	tell(self, "ri_phys_footprint: error %d, %llu", error,
		(unsigned long long)usage.v5.ri_phys_footprint);
}

void ask_ports(const struct asking *self)
{
	struct proc_ipctableinfo info = {0, 0};
	int size = proc_pidinfo(self->pid, PROC_PIDIPCTABLEINFO, 0, &info, sizeof info);

	tell(self, "our own: %d bytes, table of %u, free %u", size, info.table_size,
		info.table_free);
}
