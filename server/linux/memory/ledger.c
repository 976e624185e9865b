/*
 * Table LEDGER: the accounts that the kernel keeps of a process and of its cgroup; accounts.c has
 * the list. Each has a row whatever the process is, with the reason where nothing can be said.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../coalition/coalition.h"
#include "../parse.h"
#include "../process/process.h"
#include "accounts.h"
#include "alloc.h"
#include "hash.h"
#include "memory.h"

enum place { PROCESS, SHARED, CGROUP_MEMORY, CGROUP_TASKS, PLACES };

/* SHARED: what its threads have in common, from one that lives. Numbers times `factor`; 0: clock
 * ticks. */
static const struct {
	const char *name, *older;
	enum place place;
	uint64_t factor;
} files[ACCOUNT_FILES] = {
	[ACCOUNTS_STAT] = {"stat", NULL, PROCESS, 0},
	[ACCOUNTS_IO] = {"io", NULL, PROCESS, 1},
	[ACCOUNTS_STATUS] = {"status", NULL, SHARED, 1024},
	[ACCOUNTS_ROLLUP] = {"smaps_rollup", NULL, SHARED, 1024},
	[ACCOUNTS_CGROUP_USAGE] = {"memory.current", "memory.usage_in_bytes", CGROUP_MEMORY, 1},
	[ACCOUNTS_CGROUP_MEMORY] = {"memory.stat", "memory.stat", CGROUP_MEMORY, 1},
	[ACCOUNTS_CGROUP_SWAP] = {"memory.swap.current", "memory.stat", CGROUP_MEMORY, 1},
	[ACCOUNTS_CGROUP_TASKS] = {"pids.current", "pids.current", CGROUP_TASKS, 1},
};

/* Where the files of a place are in its cgroup. */
struct cgroup_directory {
	enum cell_state state; /* STATE_OK: there */
	bool older;
	char path[PATH_MAX];
};

struct ledger_job {
	struct memory_job job;
	uint64_t tick_ns;
	bool has_rollup;
	struct cgroup_directory cgroups[PLACES];
	int64_t balances[ACCOUNTS];
};

struct ledger {
	struct memory_table table;
	struct hierarchies hierarchies;
	int64_t balances[ACCOUNTS];
};

struct ledger_row {
	uint32_t index; /* of its account */
};

static struct ledger *ledger_of(struct devices *devices)
{
	return (struct ledger *)(void *)devices;
}

/* ------------------------------------------------------------------------- the cgroup */

/* An older hierarchy that has the controller is the one; cgroups(7). */
static void locate(struct cgroup_directory *self, const struct hierarchies *hierarchies,
	enum controller controller, const char *bytes, ssize_t length)
{
	const struct cgroup_mount *mount = &hierarchies->older[controller];
	const char *path;
	size_t path_length;

	self->older = mount->point != NULL;
	if (!self->older && hierarchies_unified(hierarchies))
		mount = &hierarchies->meant;
	self->state = STATE_UNSUPPORTED;
	if (length < 0 || !mount->point)
		return;
	path = cgroup_mount_path(mount, bytes, (size_t)length, &path_length);
	if (path &&
		cgroup_mount_directory(mount, path, path_length, self->path, sizeof self->path))
		self->state = STATE_OK;
}

static void find_cgroup(const struct ledger *self, struct ledger_job *job)
{
	char *bytes;
	ssize_t length = read_file_text(self->table.directory, "cgroup", &bytes);

	locate(&job->cgroups[CGROUP_MEMORY], &self->hierarchies, CONTROLLER_MEMORY, bytes,
		length);
	locate(&job->cgroups[CGROUP_TASKS], &self->hierarchies, CONTROLLER_PIDS, bytes, length);
	free(bytes);
}

static int open_table(struct devices *devices, const struct target *target)
{
	int result = memory_table_open(devices, target);

	if (!result)
		hierarchies_find(&ledger_of(devices)->hierarchies, devices->host);
	return result;
}

static void close_table(struct devices *devices)
{
	hierarchies_release(&ledger_of(devices)->hierarchies);
	memory_table_close(devices);
}

/* ------------------------------------------------------------------------------ reading */

static void set_state(struct ledger_job *self, enum account_file file, enum cell_state state)
{
	for (uint32_t i = 0; i < ACCOUNTS; i++)
		if (accounts[i].file == file)
			self->balances[i] = ABSENT_I64(state);
}

static void take_text(struct ledger_job *self, enum account_file file, bool older,
	const char *bytes, size_t length)
{
	uint64_t factor = files[file].factor ? files[file].factor : self->tick_ns;

	for (uint32_t i = 0; i < ACCOUNTS; i++) {
		const struct account *account = &accounts[i];
		if (account->file != file)
			continue;
		self->balances[i] =
			older && !account->older_key
				? ABSENT_I64(STATE_UNSUPPORTED)
				: account_balance(account, older ? account->older_key : NULL,
					  bytes, length, factor);
	}
}

/* The older hierarchies have no file of swap. Elsewhere such a file is missing where the controller
 * is not enabled for the cgroup, and in the uppermost one. */
static void read_cgroup(struct ledger_job *self, enum account_file file)
{
	const struct cgroup_directory *directory = &self->cgroups[files[file].place];
	char path[PATH_MAX + 64], *bytes;
	ssize_t length;

	if (directory->state != STATE_OK) {
		set_state(self, file, directory->state);
		return;
	}
	snprintf(path, sizeof path, "%s/%s", directory->path,
		directory->older ? files[file].older : files[file].name);
	length = read_file_text(AT_FDCWD, path, &bytes);
	if (length < 0)
		set_state(self, file, coalition_state_of(length));
	else
		take_text(self, file, directory->older, bytes, (size_t)length);
	free(bytes);
}

static enum cell_state state_of(ssize_t error)
{
	switch (-error) {
	case EACCES:
	case EPERM:
		return STATE_DENIED;
	case ENOENT:
		return STATE_UNSUPPORTED;
	case ESRCH:
		return STATE_NONE;
	default:
		return STATE_FAILED;
	}
}

/* The fields of stat as lines with a key each. */
static ssize_t split_stat(char *bytes, ssize_t length, char text[128])
{
	struct stat_line line;

	if (length < 0)
		return length;
	if (stat_parse(bytes, (size_t)length, &line) < 0)
		return -EBADMSG;
	return snprintf(text, 128, "14 %lld\n15 %lld\n", (long long)line.field[14],
		(long long)line.field[15]);
}

static void read_own(struct ledger_job *self, enum account_file file)
{
	char *bytes, text[128];
	ssize_t length = read_file_text(self->job.directory, files[file].name, &bytes);
	const char *lines = bytes;

	if (file == ACCOUNTS_STAT) {
		length = split_stat(bytes, length, text);
		lines = text;
	}
	if (length < 0)
		set_state(self, file, state_of(length));
	else
		take_text(self, file, false, lines, (size_t)length);
	free(bytes);
}

/* -ESRCH: there is no memory behind this directory. */
static int read_status(struct ledger_job *self, int directory)
{
	char *bytes;
	ssize_t length = read_file_text(directory, "status", &bytes);
	int result = length < 0 ? (int)length : 0;

	if (!result && !memmem(bytes, (size_t)length, "\nVmRSS:", 7))
		result = -ESRCH;
	if (!result)
		take_text(self, ACCOUNTS_STATUS, false, bytes, (size_t)length);
	free(bytes);
	return result == -ENOENT ? -ESRCH : result;
}

/* It may be denied while status is not. */
static int read_rollup(struct ledger_job *self, int directory)
{
	char *bytes;
	ssize_t length;

	if (!self->has_rollup) {
		set_state(self, ACCOUNTS_ROLLUP, STATE_UNSUPPORTED);
		return 0;
	}
	length = read_file_text(directory, "smaps_rollup", &bytes);
	if (length >= 0)
		take_text(self, ACCOUNTS_ROLLUP, false, bytes, (size_t)length);
	else
		set_state(self, ACCOUNTS_ROLLUP, state_of(length));
	free(bytes);
	return length == -ESRCH ? -ESRCH : 0;
}

/* Of kernel threads and zombies there is all but the memory. */
static int read_all(struct memory_job *job, int directory)
{
	struct ledger_job *self = (struct ledger_job *)(void *)job;
	int result;

	for (int file = 0; directory == job->directory && file < ACCOUNT_FILES; file++) {
		if (files[file].place == PROCESS)
			read_own(self, (enum account_file)file);
		else if (files[file].place != SHARED)
			read_cgroup(self, (enum account_file)file);
	}
	set_state(self, ACCOUNTS_STATUS, STATE_NONE);
	set_state(self, ACCOUNTS_ROLLUP, STATE_NONE);
	result = read_status(self, directory);
	return result ? result : read_rollup(self, directory);
}

static int prepare(struct devices *devices, void **ret_job)
{
	const struct ledger *self = ledger_of(devices);
	struct ledger_job *job;
	int state = memory_job_create(devices, sizeof(struct ledger_job), read_all, ret_job);

	if (state != STATE_OK)
		return state;
	job = *ret_job;
	job->tick_ns = devices->host->tick_ns;
	job->has_rollup = host_has(devices->host, FEATURE_SMAPS_ROLLUP);
	find_cgroup(self, job);
	for (int file = 0; file < ACCOUNT_FILES; file++)
		set_state(job, (enum account_file)file, STATE_NONE);
	return STATE_OK;
}

static void release(void *job)
{
	memory_job_destroy(job);
}

static void take(struct devices *devices, void *data)
{
	struct ledger *self = ledger_of(devices);
	const struct ledger_job *job = data;

	memcpy(self->balances, job->balances, sizeof self->balances);
}

static const struct device_listing listing = {
	.prepare = prepare,
	.run = memory_job_run,
	.release = release,
	.take = take,
};

/* -------------------------------------------------------------------------------- rows */

static int find(struct devices *devices)
{
	struct ledger *self = ledger_of(devices);

	for (uint32_t i = 0; i < ACCOUNTS; i++) {
		const char *name = accounts[i].name;
		uint64_t what = hash_bytes(name, strlen(name));
		bool is_new;
		struct ledger_row *row = devices_found_number(devices,
			memory_table_identify(&self->table, &what, 1), self->table.pid,
			&is_new);
		if (row)
			row->index = i;
	}
	return 0;
}

static int read_ledger(struct devices *devices, void *row, void *memory)
{
	uint32_t index = ((struct ledger_row *)row)->index;
	const struct account *account = &accounts[index];
	struct linux_ledger *sample = memory;

	*sample = (struct linux_ledger){
		.group = device_text(account->group),
		.name = device_text(account->name),
		.units = device_text(account_unit_name(account->unit)),
		.meaning = device_text(account->meaning),
		.balance = ledger_of(devices)->balances[index],
	};
	return STATE_OK;
}

static const struct device_source ledger_source = {
	.source = {.name = "ledger",
		.sample_size = sizeof(struct linux_ledger),
		.lane = LANE_LISTED,
		.remedy = REMEDY_OWNED},
	.read = read_ledger,
};

static const struct device_source *const sources[LEDGER_SOURCE_COUNT] = {
	[SOURCE_ledger] = &ledger_source,
};

const struct device_table ledger_table = {
	.id = TABLE_LEDGER,
	.listing = &listing,
	.sources = sources,
	.source_count = LEDGER_SOURCE_COUNT,
	.size = sizeof(struct ledger),
	.row_size = sizeof(struct ledger_row),
	.targeted = true,
	.open = open_table,
	.close = close_table,
	.has_target = memory_table_has_target,
	.descriptors = memory_table_descriptors,
	.find = find,
};
