/*
 * Sources state, processes and tasks: how many are in it, and whether they may run.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "../read.h"
#include "coalition.h"

/* -------------------------------------------------------------------------------- state */

/* freezer.state has one word, by which "FREEZING" is not yet frozen. */
static uint64_t older_freezer(struct coalitions *table, const struct coalition *row)
{
	static const char *const words[] = {"THAWED", "FREEZING", "FROZEN"};
	ssize_t length = coalition_read_older(table, row, CONTROLLER_FREEZER, "freezer.state");

	if (length < 0)
		return ABSENT_U64(coalition_state_of(length));
	for (int i = 0; i < 3; i++)
		if ((size_t)length == strlen(words[i]) + 1 &&
			memcmp(table->buffer, words[i], (size_t)length - 1) == 0)
			return i == 2;
	return ABSENT_U64(STATE_FAILED);
}

static int state_read(struct devices *devices, void *memory, void *result)
{
	static const char *const keys[] = {"populated", "frozen"};
	struct coalitions *table = coalitions_of(devices);
	struct linux_coalition_state *sample = result;
	uint64_t values[] = {ABSENT_U64(STATE_NONE), ABSENT_U64(STATE_NONE)};
	ssize_t length = -ENOENT;

	if (hierarchies_unified(&table->hierarchies))
		length = coalition_read(table, memory, "cgroup.events", KEPT_STATE);
	if (length < 0 && length != -ENOENT)
		return coalition_state_of(length);
	if (length >= 0)
		flat_read(table->buffer, (size_t)length, keys, 2, values);
	sample->populated = values[0];
	sample->frozen = values[1];
	/* Where there are two freezers, either of them stops it. */
	if (sample->frozen != 1) {
		uint64_t frozen = older_freezer(table, memory);
		if (frozen == 1 || sample->frozen == ABSENT_U64(STATE_NONE))
			sample->frozen = frozen;
	}
	return STATE_OK;
}

const struct device_source coalition_state_source = {
	.source = {.name = "coalition_state",
		.sample_size = sizeof(struct linux_coalition_state),
		.lane = LANE_FAST,
		.remedy = REMEDY_CGROUP},
	.unsupported = coalition_unsupported,
	.read = state_read,
};

/* ---------------------------------------------------------------------------- processes */

/* The file may be of any length: the pids are not looked at, only counted. */
static ssize_t count_lines(struct coalitions *table, int file, uint64_t *ret_count)
{
	ssize_t length;

	*ret_count = 0;
	do {
		length = read(file, table->buffer, sizeof table->buffer);
		for (ssize_t i = 0; i < length; i++)
			*ret_count += table->buffer[i] == '\n';
	} while (length > 0 || (length < 0 && errno == EINTR));
	return length < 0 ? -errno : 0;
}

static int processes_read(struct devices *devices, void *memory, void *result)
{
	struct coalitions *table = coalitions_of(devices);
	struct linux_coalition_processes *sample = result;
	int directory = coalition_directory(table, memory), file;
	ssize_t error;

	if (directory < 0)
		return coalition_state_of(directory);
	file = openat(directory, "cgroup.procs", READ_FLAGS);
	if (file < 0)
		return coalition_state_of(-errno);
	error = count_lines(table, file, &sample->count);
	close(file);
	/* A threaded cgroup has threads, and no processes of its own. */
	if (error == -EOPNOTSUPP)
		return STATE_NONE;
	return error < 0 ? (int)coalition_state_of(error) : STATE_OK;
}

const struct device_source coalition_processes_source = {
	.source = {.name = "coalition_processes",
		.sample_size = sizeof(struct linux_coalition_processes),
		.lane = LANE_FAST,
		.remedy = REMEDY_CGROUP},
	.unsupported = coalition_unsupported,
	.read = processes_read,
};

/* -------------------------------------------------------------------------------- tasks */

static int tasks_read(struct devices *devices, void *memory, void *result)
{
	struct coalitions *table = coalitions_of(devices);
	struct linux_coalition_tasks *sample = result;

	sample->count =
		coalition_number(table, coalition_read_either(table, memory, "pids.current",
						KEPT_TASKS, CONTROLLER_PIDS, "pids.current"));
	return STATE_OK;
}

static const char *tasks_unsupported(const struct host *host, enum cell_state *ret_state)
{
	*ret_state = STATE_UNSUPPORTED;
	return controller_unsupported(host, "pids", CONTROLLER_PIDS);
}

const struct device_source coalition_tasks_source = {
	.source = {.name = "coalition_tasks",
		.sample_size = sizeof(struct linux_coalition_tasks),
		.lane = LANE_FAST,
		.remedy = REMEDY_CGROUP},
	.unsupported = tasks_unsupported,
	.read = tasks_read,
};
