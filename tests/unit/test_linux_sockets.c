/* How many sockets and mappings a process has. */
#include <dirent.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "linux/process/process.h"
#include "linux_watch.h"

enum { NOBODY = 65534, MAPPINGS = 3000 };

static struct watch *open_and_tick(void)
{
	struct watch *watch = watch_open(getenv("PROCMON_WITHOUT"), NULL, NULL);

	watch_tick(watch);
	return watch;
}

/* ----------------------------------------------------------------------------- sockets */

TEST(names_of_protocols)
{
	static const char *const internet[] = {"TCP", "TCPv6", "UDP", "UDPv6", "RAW", "RAWv6",
		"PING", "PINGv6", "SCTP", "SCTPv6", "MPTCP", "MPTCPv6", "UDP-Lite", "UDPLITEv6",
		"DCCP", "DCCPv6", "L2TP/IP", "L2TP/IPv6"};
	static const char *const other[] = {"UNIX", "UNIX-STREAM", "NETLINK", "PACKET", "ALG",
		"XDP", "CAN_RAW", "AF_VSOCK", "", "v6", "TCPv", "TC", "TCPv6v6", "tcp"};

	for (size_t i = 0; i < sizeof internet / sizeof *internet; i++)
		if (!socket_is_internet(internet[i]))
			test_fail(__FILE__, __LINE__, "%s", internet[i]);
	for (size_t i = 0; i < sizeof other / sizeof *other; i++)
		if (socket_is_internet(other[i]))
			test_fail(__FILE__, __LINE__, "%s", other[i]);
}

static struct linux_sockets sockets_of(struct watch *watch, pid_t pid)
{
	struct linux_sockets sample;

	watch_sample(watch, pid, SOURCE_sockets, &sample);
	return sample;
}

/* What there is on this kernel; the expected numbers are ours. */
static struct linux_sockets expected;

static void open_socket(int family, int type, int protocol, bool internet)
{
	int fd = socket(family, type, protocol);

	expected.open += fd >= 0;
	expected.internet += fd >= 0 && internet;
}

/* Connected, so that there are an accepted one and a listener too. */
static void connect_loopback(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM, 0), client;

	if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) < 0 ||
		listen(listener, 1) < 0 ||
		getsockname(listener, (struct sockaddr *)&address, &size) < 0)
		test_skip("no loopback network here");
	client = socket(AF_INET, SOCK_STREAM, 0);
	CHECK(client >= 0 && connect(client, (struct sockaddr *)&address, size) == 0);
	CHECK(accept(listener, NULL, NULL) >= 0);
	expected.open += 3;
	expected.internet += 3;
}

static void open_all(void)
{
	int pair[2];

	connect_loopback();
	open_socket(AF_INET, SOCK_DGRAM, 0, true);
	open_socket(AF_INET6, SOCK_STREAM, 0, true);
	open_socket(AF_INET6, SOCK_DGRAM, 0, true);
	open_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP, true);
	open_socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP, true); /* ping, where it is allowed */
	open_socket(AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE, true);
	open_socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP, true);
	open_socket(AF_INET, SOCK_STREAM, 262 /* IPPROTO_MPTCP */, true);
	open_socket(AF_NETLINK, SOCK_RAW, 0, false);
	open_socket(AF_PACKET, SOCK_RAW, 0, false);
	CHECK_INT(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	expected.open += 2;
	CHECK_INT(pipe(pair), 0);
	CHECK(open("/dev/null", O_RDONLY) >= 0);
}

TEST(sockets_by_kind)
{
	struct watch *watch = open_and_tick();
	int queue[2];
	pid_t child;

	if (!host_has(watch->provider->context, FEATURE_SOCKET_NAMES))
		test_skip("the kernel does not tell protocols");
	CHECK_INT(sockets_of(watch, getpid()).open, 0);
	/* The child says what it could open. */
	CHECK_INT(pipe(queue), 0);
	child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		open_all();
		CHECK(write(queue[1], &expected, sizeof expected) == sizeof expected);
		for (;;)
			pause();
	}
	CHECK(read(queue[0], &expected, sizeof expected) == sizeof expected);
	close(queue[0]);
	close(queue[1]);
	watch_tick(watch);
	CHECK(expected.internet >= 4 && expected.open >= 8);
	CHECK_INT(sockets_of(watch, child).open, expected.open);
	CHECK_INT(sockets_of(watch, child).internet, expected.internet);
	child_end(child);
	watch_close(watch);
}

TEST(sockets_of_another_user)
{
	struct linux_sockets sockets;
	struct linux_regions regions;
	struct watch *watch;
	pid_t child;

	if (geteuid() != 0)
		test_skip("it takes root to become another user");
	child = child_start(NULL);
	CHECK_INT(setresuid(NOBODY, NOBODY, NOBODY), 0);
	watch = open_and_tick();
	CHECK_INT(watch_read(watch, child, SOURCE_sockets, &sockets), STATE_DENIED);
	CHECK_INT(watch_read(watch, child, SOURCE_regions, &regions), STATE_DENIED);
	watch_close(watch);
}

/* The files of root may be listed by root, though without a capability not looked at. */
TEST(sockets_that_can_only_be_listed)
{
	struct linux_sockets sockets;
	struct watch *watch;
	pid_t child;

	child = child_start(NULL);
	give_up_ptrace();
	watch = open_and_tick();
	CHECK_INT(watch_read(watch, child, SOURCE_sockets, &sockets), STATE_DENIED);
	child_end(child);
	watch_close(watch);
}

TEST(kernel_without_names_of_protocols)
{
	struct watch *watch = watch_open("socket-names", NULL, NULL);
	enum cell_state state = STATE_OK;

	CHECK(watch->provider->unsupported(watch->provider->context, SOURCE_sockets, &state));
	CHECK_INT(state, STATE_UNSUPPORTED);
	watch_close(watch);
}

/* ------------------------------------------------------------------------------ mappings */

static uint64_t regions_of(struct watch *watch, pid_t pid)
{
	struct linux_regions sample;

	watch_sample(watch, pid, SOURCE_regions, &sample);
	return sample.count;
}

static uint64_t count_lines(pid_t pid, const char *name)
{
	static char text[1 << 20];
	uint64_t lines = 0;

	CHECK(proc_text(pid, name, text, sizeof text) > 0);
	for (const char *at = text; (at = strchr(at, '\n')); at++)
		lines++;
	return lines;
}

TEST(mappings_are_counted)
{
	struct watch *watch = open_and_tick();
	uint64_t before, after;
	char *memory;

	before = regions_of(watch, getpid());
	CHECK_INT(before, count_lines(getpid(), "maps"));
	/* Pages of alternating protection cannot be one mapping. */
	memory = mmap(NULL, MAPPINGS * 4096L, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(memory != MAP_FAILED);
	for (int i = 0; i < MAPPINGS; i += 2)
		CHECK_INT(mprotect(memory + i * 4096L, 4096, PROT_NONE), 0);
	after = regions_of(watch, getpid());
	/* The allocator may have made one of its own, or a neighbour may have joined. */
	CHECK(after >= before + MAPPINGS - 2 && after <= before + MAPPINGS + 2);
	munmap(memory, MAPPINGS * 4096L);
	watch_close(watch);
}

static void *wait_for_ever(void *unused)
{
	(void)unused;
	for (;;)
		pause();
	return NULL;
}

TEST(mappings_of_a_process_without_its_first_thread)
{
	pid_t child = fork();
	struct watch *watch;
	char path[32];
	DIR *tasks;

	if (child == 0) {
		pthread_t thread;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pthread_create(&thread, NULL, wait_for_ever, NULL);
		pthread_exit(NULL);
	}
	wait_for_state(child, 'Z');
	watch = open_and_tick();
	snprintf(path, sizeof path, "/proc/%d/task", (int)child);
	CHECK((tasks = opendir(path)));
	for (const struct dirent *entry; (entry = readdir(tasks));) {
		snprintf(path, sizeof path, "task/%d/maps", atoi(entry->d_name));
		if (atoi(entry->d_name) > child)
			CHECK_INT(regions_of(watch, child), count_lines(child, path));
	}
	closedir(tasks);
	CHECK(regions_of(watch, child) > 5);
	child_end(child);
	watch_close(watch);
}

TEST(what_has_no_mappings)
{
	pid_t child = fork();
	struct linux_regions regions;
	struct linux_sockets sockets;
	struct watch *watch;

	if (child == 0)
		_exit(0);
	wait_for_state(child, 'Z');
	watch = open_and_tick();
	CHECK_INT(watch_read(watch, child, SOURCE_regions, &regions), STATE_NONE);
	if (host_has(watch->provider->context, FEATURE_SOCKET_NAMES) &&
		watch_read(watch, child, SOURCE_sockets, &sockets) == STATE_OK)
		CHECK_INT(sockets.open, 0);
	if (watch_find(watch, 2) != NO_ROW && proc_number(2, "comm", "kthreadd") >= 0 &&
		geteuid() == 0)
		CHECK_INT(watch_read(watch, 2, SOURCE_regions, &regions), STATE_NONE);
	CHECK_INT(waitpid(child, NULL, 0), child);
	CHECK_INT(watch_read(watch, child, SOURCE_regions, &regions), SAMPLE_GONE);
	watch_close(watch);
}

/* clang-format off */
TESTS(
	CASE(names_of_protocols),
	CASE(sockets_by_kind),
	CASE(sockets_of_another_user),
	CASE(sockets_that_can_only_be_listed),
	CASE(kernel_without_names_of_protocols),
	CASE(mappings_are_counted),
	CASE(mappings_of_a_process_without_its_first_thread),
	CASE(what_has_no_mappings)
)
