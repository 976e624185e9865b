/*
 * Source ended: the CPU time of processes that are no more, which belongs to nobody that could
 * be listed: the time that all tasks ever ran, less the clocks of the living.
 *
 * What all ran is read first. Who ends after that is not among the living, and its time is in
 * the sum; what the living run until their clocks are read is not, so that the difference is
 * never more than the truth. It may be less by what runs at the moment; the core keeps a
 * counter from stepping back.
 *
 * The sum is that of the root of cgroup v1's cpuacct, which adds up the very same times as the
 * clocks, where it is mounted; else /proc/schedstat's, which counts an interrupt for the task
 * that it broke in on.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "../process/process.h"
#include "system.h"

enum { SCHEDSTAT_RUN = 7 }; /* of the numbers after cpuN, from 1 */

int schedstat_sum(const char *bytes, size_t length, uint64_t *ret_ns)
{
	struct scan scan = {bytes, bytes + length}, line;
	bool found = false;

	*ret_ns = 0;
	while (scan_line(&scan, &line)) {
		int64_t number = 0;
		if (line.end - line.at < 4 || memcmp(line.at, "cpu", 3) != 0)
			continue;
		line.at += 3;
		for (int field = 0; field <= SCHEDSTAT_RUN; field++)
			if (!scan_number(&line, &number) || number < 0)
				return -EBADMSG;
		*ret_ns += (uint64_t)number;
		found = true;
	}
	return found ? 0 : -EBADMSG;
}

/* The root's directory: a file there tells it from those of other cgroups, which a container
 * may have in its place. */
static int open_cpuacct(const struct host *host)
{
	static const char *const places[] = {"cpuacct", "cpu,cpuacct"};
	struct statfs filesystem;
	char path[4096];

	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof path, "%s/fs/cgroup/%s/cgroup.sane_behavior", host->sysfs,
			places[i]);
		if (statfs(path, &filesystem) < 0 || filesystem.f_type != CGROUP_SUPER_MAGIC)
			continue;
		snprintf(path, sizeof path, "%s/fs/cgroup/%s/cpuacct.usage", host->sysfs,
			places[i]);
		return open(path, O_RDONLY | O_CLOEXEC);
	}
	return -1;
}

static int open_schedstat(const struct host *host)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/schedstat", host->procfs);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static ssize_t read_and_close(int file, char *bytes, size_t size)
{
	ssize_t length = file < 0 ? -EBADF : read_fully(file, bytes, size);

	if (file >= 0)
		close(file);
	return length;
}

/* What all tasks ran since boot. */
static int read_sum(const struct host *host, uint64_t *ret_ns)
{
	enum { SIZE = 4 << 20 }; /* schedstat has some 2 KiB for each core */
	char number[32];
	ssize_t length = read_and_close(open_cpuacct(host), number, sizeof number - 1);
	int result;

	if (length > 0) {
		number[length] = '\0';
		*ret_ns = strtoull(number, NULL, 10);
		return 0;
	}
	char *bytes = malloc(SIZE);
	if (!bytes)
		return -ENOMEM;
	length = read_and_close(open_schedstat(host), bytes, SIZE);
	result = length < 0 ? (int)length : schedstat_sum(bytes, (size_t)length, ret_ns);
	free(bytes);
	return result;
}

/* The clocks of all processes. Threads are no entries of the directory. */
static int read_living(const struct host *host, uint64_t *ret_ns)
{
	DIR *directory = opendir(host->procfs);
	const struct dirent *entry;
	uint64_t clock_ns;
	int result;

	if (!directory)
		return -errno;
	*ret_ns = 0;
	errno = 0;
	while ((entry = readdir(directory))) {
		uint32_t pid = parse_pid(entry->d_name);
		if (pid && process_clock(pid, &clock_ns))
			*ret_ns += clock_ns;
		errno = 0;
	}
	/* Whom half a list lacks would count as ended, and a counter keeps what it had. */
	result = -errno;
	closedir(directory);
	return result;
}

static int ended_read(struct devices *self, void *row, void *memory)
{
	struct linux_ended *sample = memory;
	uint64_t sum_ns = 0, living_ns = 0;

	(void)row;
	if (read_sum(self->host, &sum_ns) < 0 || read_living(self->host, &living_ns) < 0)
		return STATE_FAILED;
	/* The sum of the cgroup can be set back, by root. */
	if (sum_ns < living_ns)
		return STATE_FAILED;
	sample->cpu_ns = sum_ns - living_ns;
	return STATE_OK;
}

static const char *ended_unsupported(const struct host *host, enum cell_state *ret_state)
{
	char path[4096];
	int file;

	if (!host_is_first_namespace(host) || !host_has(host, FEATURE_CLOCK))
		return "the processes of the whole machine and their CPU clocks are needed, "
		       "which "
		       "a container does not see";
	snprintf(path, sizeof path, "%s/1", host->procfs);
	if (access(path, F_OK) < 0) {
		*ret_state = STATE_DENIED;
		return "/proc hides the processes of others (mount option hidepid): run "
		       "procmond "
		       "as root, or let its group see them (mount -o remount,gid=GROUP /proc)";
	}
	file = open_cpuacct(host);
	if (file < 0)
		file = open_schedstat(host);
	if (file < 0)
		return "the kernel tells what all processes ran in /proc/schedstat (built with "
		       "CONFIG_SCHEDSTATS) or in cgroup v1's cpuacct, and here there is "
		       "neither";
	close(file);
	return NULL;
}

const struct device_source ended_source = {
	.source = {.name = "ended",
		.sample_size = sizeof(struct linux_ended),
		.lane = LANE_FAST},
	.unsupported = ended_unsupported,
	.read = ended_read,
};
