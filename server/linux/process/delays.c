/*
 * Source delays: how long living threads waited for block devices, field 42 of their stat.
 *
 * The kernel counts it only while it is told to, and only for threads that started since; for
 * others it says 0. It does not tell since when. But a thread with more than 0 proves that
 * those which started after it are counted: they may say 0, and mean it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "process.h"

/* The number that is all of a file of the procfs, or a negative one. */
static int64_t read_number(const struct host *host, const char *name)
{
	char path[4096], bytes[32];
	int64_t number = -1;
	ssize_t length;

	snprintf(path, sizeof path, "%s/%s", host->procfs, name);
	length = read_file(AT_FDCWD, path, bytes, sizeof bytes);
	if (length < 0 || number_parse(bytes, (size_t)length, &number) < 0)
		return -1;
	return number;
}

/* The first process has waited for a disk, if anything is counted since boot. Returns when it
 * started, UINT64_MAX if there is no such proof. */
static uint64_t proof_of_init(const struct host *host)
{
	char path[4096];
	struct task_stat stat;
	uint64_t start = UINT64_MAX;
	int tasks;

	snprintf(path, sizeof path, "%s/1/task", host->procfs);
	tasks = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (tasks < 0)
		return start;
	if (task_stat(tasks, 1, &stat) == 0 && stat.io_delay)
		start = stat.start;
	close(tasks);
	return start;
}

const char *delays_unsupported(const struct host *host, enum cell_state *ret_state)
{
	int64_t on = read_number(host, "sys/kernel/task_delayacct");

	*ret_state = STATE_UNSUPPORTED;
	if (on == 0)
		return "the kernel is told not to count delays; from \"sysctl "
		       "kernel.task_delayacct=1\" on it counts those of new processes";
	/* Before Linux 5.14 it counts from boot on, unless told otherwise, and has no such file. */
	if (on < 0 && proof_of_init(host) == UINT64_MAX)
		return "the kernel does not count delays: it was built without "
		       "CONFIG_TASK_DELAY_ACCT or started with \"nodelayacct\"";
	return NULL;
}

/* Threads that start from now on are counted, for it was found to be switched on. */
uint64_t delays_first_since(const struct host *host)
{
	uint64_t since = proof_of_init(host), now;
	struct timespec time;

	if (!host->real)
		return since;
	clock_gettime(CLOCK_BOOTTIME, &time);
	now = ((uint64_t)time.tv_sec * SECOND_NS + (uint64_t)time.tv_nsec) / host->tick_ns + 2;
	return since < now ? since : now;
}

struct sums {
	uint64_t delay;
	uint64_t oldest_counted, oldest_zero; /* when the oldest thread of that kind started */
};

static void add_thread(void *context, const struct task_stat *stat)
{
	struct sums *sums = context;
	uint64_t *oldest = stat->io_delay ? &sums->oldest_counted : &sums->oldest_zero;

	if (stat->start < *oldest)
		*oldest = stat->start;
	sums->delay += stat->io_delay;
}

static int delays_read(struct processes *self, uint32_t slot, void *memory)
{
	struct linux_delays *sample = memory;
	struct sums sums = {0, UINT64_MAX, UINT64_MAX};
	int result = row_add_tasks(self, slot, add_thread, &sums);

	if (result != STATE_OK)
		return result;
	if (!self->delays_since)
		self->delays_since = delays_first_since(self->host);
	if (sums.oldest_counted < self->delays_since)
		self->delays_since = sums.oldest_counted;
	sample->io_delay = sums.delay;
	return sums.oldest_zero < self->delays_since ? STATE_UNSUPPORTED : STATE_OK;
}

const struct process_source delays_source = {
	.source = {.name = "delays",
		.sample_size = sizeof(struct linux_delays),
		.lane = LANE_FAST,
		.gated = true,
		.remedy = REMEDY_HIDDEN},
	.unsupported = delays_unsupported,
	.read = delays_read,
};
