/* The parsers of procfs against any bytes: each of them gets the input as its file. */
#include <stdlib.h>
#include <string.h>

#include "linux/cgroup_mount.h"
#include "linux/samples.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* A text that a parser found must lie in what it was given. */
static void check_inside(const char *text, size_t length, const char *input, size_t size)
{
	if (text && (text < input || text + length > input + size))
		abort();
}

static void parse_texts(const char *input, size_t size)
{
	struct stat_line stat;
	struct sample_text path;
	struct linux_control control;

	if (stat_parse(input, size, &stat) == 0)
		check_inside(stat.comm, stat.comm_length, input, size);
	if (cgroup_parse(input, size, &path) == 0)
		check_inside(path.bytes, path.length, input, size);
	if (control_parse(input, size, &control) == 0)
		check_inside(control.affinity.bytes, control.affinity.length, input, size);
}

/* The input is a file of memberships, the path in one, and lines of mountinfo. */
static void parse_mounts(const char *input, size_t size)
{
	struct cgroup_mount mount = {.controllers = strdup(size & 1 ? "" : "cpu")};
	char directory[64];
	struct scan scan = {input, input + size}, line;
	size_t length = 0;
	const char *text = cgroup_mount_choose(input, size, &length);

	if (!mount.controllers)
		abort();
	check_inside(text, length, input, size);
	text = cgroup_mount_path(&mount, input, size, &length);
	check_inside(text, text ? length : 0, input, size);
	while (scan_line(&scan, &line))
		cgroup_mount_take(&mount, line.at, (size_t)(line.end - line.at));
	if (mount.point &&
		cgroup_mount_directory(&mount, input, size, directory, sizeof directory) &&
		strlen(directory) >= sizeof directory)
		abort();
	cgroup_mount_finish(&mount);
}

static void parse_numbers(const char *input, size_t size)
{
	struct linux_status status;
	struct linux_switches switches = {0};
	struct linux_io io;
	struct linux_limits limits;
	struct linux_ioprio ioprio;
	uint32_t priority = 0;
	struct linux_smaps smaps;
	struct smaps_sums sums = {0};
	struct linux_schedstat schedstat = {0};
	int64_t number;

	status_parse(input, size, &status);
	for (int i = 0; i < 20; i++) { /* many threads: the sums must not overflow */
		switches_parse(input, size, &switches);
		schedstat_parse(input, size, &schedstat);
	}
	io_parse(input, size, &io);
	limits_parse(input, size, &limits);
	schedstat_counts(input, size);
	memcpy(&priority, input, size < sizeof priority ? size : sizeof priority);
	ioprio_parse(priority, &ioprio);
	number_parse(input, size, &number);
	smaps_add(&sums, input, size);
	smaps_add(&sums, input, size);
	smaps_finish(&sums, &smaps);
}

static void parse_cmdline(const char *input, size_t size)
{
	char *copy = malloc(size + 1);

	if (!copy)
		abort();
	memcpy(copy, input, size);
	if (cmdline_parse(copy, size) > size)
		abort();
	free(copy);
}

static void parse_names(const char *input, size_t size)
{
	char name[32];
	uint64_t device = 0;

	memcpy(&device, input, size < sizeof device ? size : sizeof device);
	if (tty_parse(device, name) > sizeof name)
		abort();
	memset(name, 0, sizeof name);
	memcpy(name, input, size < sizeof name - 1 ? size : sizeof name - 1);
	if (parse_pid(name) > INT32_MAX)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const char *input = (const char *)bytes;

	parse_texts(input, size);
	parse_mounts(input, size);
	parse_numbers(input, size);
	parse_cmdline(input, size);
	parse_names(input, size);
	return 0;
}
