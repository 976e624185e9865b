/*
 * Source energy_share: who caused the energy that RAPL measured of all CPU packages. From one
 * sampling to the next a process is charged with that, times its CPU time by the CPU time of all:
 * so idle cores, caches and memory controllers are paid for by those that work.
 *
 * The meters are read by the first row that is read in a tick. That is done in the fast lane: it
 * asks a register of each package by an interrupt, under the lock that CPUs come and go by, and
 * takes microseconds; there is no firmware and no bus in it.
 *
 * The CPU time of all is the kernel's account by timer ticks, /proc/stat, or the sum of the exact
 * clocks where that is more: what is given out is never more than what was measured. A row needs
 * nothing but memory, so that it is read in each tick, whether it ran or not: what it used then
 * belongs to just the energy since the tick before.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../power/meter.h"
#include "../power/rapl.h"
#include "../sysfs.h"
#include "alloc.h"
#include "process.h"

enum { PACKAGES_MAX = 64 };

struct package {
	char *path; /* of energy_uj */
	uint64_t range;
	struct meter meter;
};

/* Where a row stands. */
struct share {
	bool begun, told;  /* it was read, it has a value */
	uint64_t period;   /* of energy_shares, in which it was read */
	uint64_t clock_ns; /* its CPU time when that was last added to the sum */
	uint64_t cpu_ns;   /* its CPU time, and the sums, when it was last charged */
	uint64_t energy_uj, busy_ns;
	double charged_nj;
};

struct energy_shares {
	uint64_t tick_ns;
	int state;       /* of this tick's reading */
	uint64_t period; /* counts the gaps in what was measured: nobody is charged for those */
	struct package packages[PACKAGES_MAX];
	uint32_t package_count;
	uint64_t energy_uj, busy_ns; /* sums, since the beginning */
	uint64_t account_ns;         /* of /proc/stat, as last read */
	/* The growth of all clocks, since the latest list of all rows and as a sum; and what
	 * busy_ns was then. */
	uint64_t clocks_ns, clocks_then_ns, busy_then_ns;
	struct share *rows; /* by slot */
	uint32_t capacity;
};

/* --------------------------------------------------------------------------- meters */

static void take_package(void *context, const struct rapl_zone *zone)
{
	struct energy_shares *shares = context;

	if (!zone->package || shares->package_count == PACKAGES_MAX)
		return;
	shares->packages[shares->package_count++] = (struct package){
		.path = xasprintf("%s/energy_uj", zone->path), .range = zone->range};
}

static struct energy_shares *shares_get(struct processes *self)
{
	if (!self->shares) {
		self->shares = xcalloc(1, sizeof *self->shares);
		rapl_scan(self->host, take_package, self->shares);
	}
	return self->shares;
}

/* Returns a state. Counters go on, so that what cannot be read now is in the next reading; but one
 * that may have wrapped around unseen leaves a gap. */
static int add_counters(struct energy_shares *shares, const int64_t *counters, uint64_t now_ns)
{
	int result = STATE_OK;

	for (uint32_t i = 0; i < shares->package_count; i++) {
		struct package *package = &shares->packages[i];
		bool first = package->meter.read_ns == 0;
		uint64_t before = package->meter.total;
		int error = meter_add(
			&package->meter, (uint64_t)counters[i], package->range, now_ns);
		shares->period += error == -ERANGE;
		if (error)
			result = STATE_FAILED;
		if (!first)
			shares->energy_uj += package->meter.total - before;
	}
	return result;
}

static int read_meters(struct energy_shares *shares, uint64_t now_ns)
{
	int64_t counters[PACKAGES_MAX];

	for (uint32_t i = 0; i < shares->package_count; i++) {
		int error = sysfs_number(AT_FDCWD, shares->packages[i].path, &counters[i]);
		if (error || counters[i] < 0)
			return error == -EACCES || error == -EPERM ? STATE_DENIED
								   : STATE_FAILED;
	}
	return add_counters(shares, counters, now_ns);
}

/* ------------------------------------------------------------------- the time of all */

/* user, nice and system of the first line, in clock ticks: interrupts are nobody's. */
static bool read_account(const struct processes *self, uint64_t *ret_ns)
{
	char bytes[256];
	ssize_t length = read_file(self->procfs, "stat", bytes, sizeof bytes);
	struct scan scan = {bytes, bytes + (length > 0 ? length : 0)};
	int64_t ticks = 0, sum = 0;

	if (length < 4 || memcmp(bytes, "cpu ", 4) != 0)
		return false;
	scan.at += 4;
	for (int i = 0; i < 3; i++) {
		if (!scan_number(&scan, &ticks) || ticks < 0)
			return false;
		sum += ticks;
	}
	*ret_ns = saturating_multiply((uint64_t)sum, self->host->tick_ns);
	return true;
}

/* Adds what the clocks of all rows grew by. */
static void add_clocks(const struct processes *self, struct energy_shares *shares)
{
	for (uint32_t slot = 0; slot < shares->capacity; slot++) {
		struct share *row = &shares->rows[slot];
		uint64_t clock_ns = self->clocks[slot];
		if (!row->begun || !(self->flags[slot] & ROW_CLOCKED) ||
			clock_ns <= row->clock_ns)
			continue;
		shares->clocks_ns += clock_ns - row->clock_ns;
		row->clock_ns = clock_ns;
	}
}

/* The clocks of rows that are not listed stand still meanwhile, so the sum of all is only held
 * against the account since they were listed before. */
static bool advance_busy(struct processes *self, struct energy_shares *shares)
{
	uint64_t account_ns, least_ns;

	if (!read_account(self, &account_ns))
		return false;
	if (account_ns > shares->account_ns) {
		if (shares->account_ns)
			shares->busy_ns += account_ns - shares->account_ns;
		shares->account_ns = account_ns;
	}
	add_clocks(self, shares);
	least_ns = shares->busy_then_ns + (shares->clocks_ns - shares->clocks_then_ns);
	if (shares->busy_ns < least_ns)
		shares->busy_ns = least_ns;
	if (self->listed_all) {
		shares->busy_then_ns = shares->busy_ns;
		shares->clocks_then_ns = shares->clocks_ns;
	}
	return true;
}

/* A tick begins. */
static void advance(struct processes *self, struct energy_shares *shares)
{
	shares->tick_ns = self->now_ns;
	shares->state = read_meters(shares, self->now_ns);
	if (!advance_busy(self, shares) && shares->state == STATE_OK)
		shares->state = STATE_FAILED;
}

/* ----------------------------------------------------------------------------- rows */

static struct share *share_of(
	struct processes *self, struct energy_shares *shares, uint32_t slot)
{
	if (slot >= shares->capacity) {
		shares->rows =
			xreallocarray(shares->rows, self->capacity, sizeof *shares->rows);
		memset(shares->rows + shares->capacity, 0,
			(self->capacity - shares->capacity) * sizeof *shares->rows);
		shares->capacity = self->capacity;
	}
	return &shares->rows[slot];
}

static int read_cpu(struct processes *self, uint32_t slot, uint64_t *ret_ns)
{
	uint64_t ticks;
	int result;

	if (self->flags[slot] & ROW_CLOCKED) {
		*ret_ns = self->clocks[slot];
		return STATE_OK;
	}
	result = stat_read_ticks(self, slot, &ticks);
	if (result == STATE_OK)
		*ret_ns = saturating_multiply(ticks, self->host->tick_ns);
	return result;
}

static void mark(struct share *row, const struct energy_shares *shares, uint64_t cpu_ns)
{
	if (!row->begun)
		row->clock_ns = cpu_ns;
	row->begun = true;
	row->period = shares->period;
	row->cpu_ns = cpu_ns;
	row->energy_uj = shares->energy_uj;
	row->busy_ns = shares->busy_ns;
}

/* As long as nobody worked there is nothing to share out: it waits for the next who does. */
static void charge(struct share *row, const struct energy_shares *shares, uint64_t cpu_ns)
{
	uint64_t busy_ns = shares->busy_ns - row->busy_ns;
	uint64_t used_ns = cpu_ns > row->cpu_ns ? cpu_ns - row->cpu_ns : 0;

	if (!busy_ns)
		return;
	if (used_ns > busy_ns)
		used_ns = busy_ns;
	row->charged_nj += (double)(shares->energy_uj - row->energy_uj) * 1000 *
			   (double)used_ns / (double)busy_ns;
	row->told = true;
	mark(row, shares, cpu_ns);
}

static int share_read(struct processes *self, uint32_t slot, void *memory)
{
	struct linux_energy_share *sample = memory;
	struct energy_shares *shares = shares_get(self);
	struct share *row;
	uint64_t cpu_ns = 0;
	int result;

	if (shares->tick_ns != self->now_ns)
		advance(self, shares);
	if (shares->state != STATE_OK)
		return shares->state;
	result = read_cpu(self, slot, &cpu_ns);
	if (result != STATE_OK)
		return result;
	row = share_of(self, shares, slot);
	if (row->begun && row->period == shares->period)
		charge(row, shares, cpu_ns);
	else
		mark(row, shares, cpu_ns);
	sample->total_nj = row->told ? (uint64_t)row->charged_nj : ABSENT_U64(STATE_PENDING);
	return STATE_OK;
}

/* --------------------------------------------------------------------------- source */

static void share_want(struct processes *self, bool wanted)
{
	if (wanted || !self->shares)
		return;
	for (uint32_t i = 0; i < self->shares->package_count; i++)
		free(self->shares->packages[i].path);
	free(self->shares->rows);
	free(self->shares);
	self->shares = NULL;
}

static void share_forget(struct processes *self, uint32_t slot)
{
	if (self->shares && slot < self->shares->capacity)
		self->shares->rows[slot] = (struct share){0};
}

struct permission {
	uint32_t packages, readable;
};

static void try_package(void *context, const struct rapl_zone *zone)
{
	struct permission *permission = context;
	char path[RAPL_PATH_SIZE + 16];

	if (!zone->package)
		return;
	snprintf(path, sizeof path, "%s/energy_uj", zone->path);
	permission->packages++;
	permission->readable += faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) == 0;
}

static const char *share_unsupported(const struct host *host, enum cell_state *ret_state)
{
	struct permission permission = {0};

	*ret_state = STATE_UNSUPPORTED;
	rapl_scan(host, try_package, &permission);
	if (!permission.packages)
		return "no meter of the energy of CPU packages found on this host (no RAPL "
		       "zone in class/powercap); energy.impact needs none";
	if (permission.readable == permission.packages)
		return NULL;
	*ret_state = STATE_DENIED;
	return "it takes the energy of CPU packages, and we may not read: " RAPL_REMEDY;
}

const struct process_source energy_share_source = {
	.source = {.name = "energy_share",
		.sample_size = sizeof(struct linux_energy_share),
		.lane = LANE_FAST,
		.remedy = RAPL_REMEDY},
	.unsupported = share_unsupported,
	.read = share_read,
	.want = share_want,
	.forget = share_forget,
};
