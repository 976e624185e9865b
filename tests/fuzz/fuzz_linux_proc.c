/* The parsers of procfs against any bytes: each of them gets the input as its file. */
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "build_id.h"
#include "linux/cgroup_mount.h"
#include "linux/disk/disk.h"
#include "linux/network/network.h"
#include "linux/process/exit_listener.h"
#include "linux/process/samples.h"
#include "linux/system/system.h"

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

/* The input is /proc/diskstats, /proc/net/dev or mountinfo, or a text of sysfs. */
static void parse_devices(const char *input, size_t size)
{
	struct scan scan = {input, input + size}, line;
	struct mount_line mount;
	struct disk_line disk;
	struct net_line net;
	char text[64];
	uint64_t number;

	while (scan_line(&scan, &line)) {
		if (disk_line_parse(line, &disk) && !memchr(disk.name, 0, sizeof disk.name))
			abort();
		if (net_line_parse(line, &net) && !memchr(net.name, 0, sizeof net.name))
			abort();
		if (mount_line_parse(line, &mount)) {
			check_inside(mount.type.at, (size_t)(mount.type.end - mount.type.at),
				input, size);
			free(mount_unescape(mount.point));
		}
	}
	disk_hex_parse(input, size, &number);
	disk_vpd_parse(input, size, text, sizeof text);
	net_uevent_parse(input, size, "DEVTYPE", text, sizeof text);
	*text = '\0';
	net_addresses_parse(input, size, 2, text, sizeof text);
	if (!memchr(text, 0, sizeof text))
		abort();
}

/* The attributes of a message of the right family. */
static void parse_exits(const char *input, size_t size)
{
	enum { FAMILY = 30, HEADERS = NLMSG_HDRLEN + 4 };
	static struct exit_listener *listener;
	char bytes[4096] = {0};
	struct nlmsghdr header = {.nlmsg_type = FAMILY};
	struct exit_record record;
	int64_t status;

	exit_parse(input, size, &status);
	if (!listener)
		listener = exit_listener_create(FAMILY);
	exit_listener_take(listener, input, (uint32_t)size, &record);
	if (size > sizeof bytes - HEADERS)
		size = sizeof bytes - HEADERS;
	header.nlmsg_len = (uint32_t)(HEADERS + size);
	memcpy(bytes, &header, sizeof header);
	memcpy(bytes + HEADERS, input, size);
	if (exit_listener_take(listener, bytes, header.nlmsg_len, &record) &&
		memchr(record.comm, 0, sizeof record.comm) == NULL)
		abort();
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
	uint64_t sum_ns;

	status_parse(input, size, &status);
	for (int i = 0; i < 20; i++) { /* many threads: the sums must not overflow */
		switches_parse(input, size, &switches);
		schedstat_parse(input, size, &schedstat);
	}
	schedstat_sum(input, size, &sum_ns);
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

/* The first 15 bytes are the short name, or all of it is. */
static void parse_program_names(const char *input, size_t size)
{
	struct sample_text comm = comm_parse(input, size < 15 ? size : 15);
	struct sample_text name = name_of_path(input, size);

	check_inside(comm.bytes, comm.length, input, size);
	check_inside(name.bytes, name.length, input, size);
	name = name_of_arguments(input, size, comm);
	check_inside(name.bytes, name.length, input, size);
	name = name_of_arguments(input, size, comm_parse(input, size));
	check_inside(name.bytes, name.length, input, size);
}

static void parse_program(const char *input, size_t size)
{
	static int file = -1;
	char id[BUILD_ID_MAX];
	const char *found = NULL;
	uint32_t length = build_id_find(input, size, size & 1 ? 8 : 4, &found);

	check_inside(found, length, input, size);
	if (file < 0)
		file = memfd_create("program", MFD_CLOEXEC);
	if (file < 0 || ftruncate(file, 0) < 0 || pwrite(file, input, size, 0) != (ssize_t)size)
		abort();
	if (build_id_read(file, id) > BUILD_ID_MAX)
		abort();
}

static void parse_lists(const char *input, size_t size)
{
	char protocol[32] = "";
	bool inside = false, inside_pieces = false;
	uint64_t count = children_count(input, size, &inside);
	uint64_t pieces = children_count(input, size / 2, &inside_pieces);

	pieces += children_count(input + size / 2, size - size / 2, &inside_pieces);
	if (count != pieces || inside != inside_pieces)
		abort();
	memcpy(protocol, input, size < sizeof protocol - 1 ? size : sizeof protocol - 1);
	socket_is_internet(protocol);
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
	parse_program_names(input, size);
	parse_program(input, size);
	parse_lists(input, size);
	parse_exits(input, size);
	parse_devices(input, size);
	return 0;
}
