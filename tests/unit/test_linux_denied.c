/*
 * What the kernel refuses is denied, and the remedy that a source names is one: each is tried
 * here. And what a host cannot have says why.
 */
#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include "linux/process/process.h"
#include "linux_watch.h"

enum { NOBODY = 65534 };

static pid_t target; /* of root */

static void need_root(void)
{
	if (geteuid() != 0)
		test_skip("needs another user");
	target = child_start(NULL);
	wait_for_state(target, 'S');
	if (seteuid(NOBODY) < 0 || seteuid(0) < 0) /* in a user namespace */
		test_skip("there is no other user");
}

/* Becomes another user, who has only these capabilities; false: nobody here has them. */
static bool become(uint64_t capabilities)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2] = {0}, had[2];

	CHECK_INT(syscall(SYS_capget, &header, had), 0);
	for (int i = 0; i < 2; i++) {
		data[i].effective = data[i].permitted = (uint32_t)(capabilities >> 32 * i);
		if (data[i].permitted & ~had[i].permitted)
			return false;
	}
	CHECK_INT(prctl(PR_SET_KEEPCAPS, 1), 0);
	CHECK(setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
	CHECK_INT(syscall(SYS_capset, &header, data), 0);
	return true;
}

static int read_target(struct watch *watch, uint32_t source)
{
	_Alignas(16) static char sample[2048];

	CHECK(watch->provider->sources[source].sample_size <= sizeof sample);
	return watch_read(watch, target, source, sample);
}

static bool is_bound(const struct watch *watch, uint32_t source)
{
	enum cell_state state;

	return !watch->provider->unsupported(watch->provider->context, source, &state);
}

TEST(whatever_is_denied_has_a_remedy)
{
	static const uint32_t denied[] = {SOURCE_io, SOURCE_smaps, SOURCE_exe, SOURCE_links};
	struct watch *watch;
	uint32_t mask = 0;

	need_root();
	become(0);
	watch = watch_open(NULL, NULL, NULL);
	watch_tick(watch);
	for (uint32_t i = 0; i < SOURCE_COUNT; i++) {
		if (!is_bound(watch, i) || read_target(watch, i) != STATE_DENIED)
			continue;
		CHECK(watch->provider->sources[i].remedy);
		mask |= UINT32_C(1) << i;
	}
	for (size_t i = 0; i < sizeof denied / sizeof *denied; i++)
		CHECK(mask >> denied[i] & 1);
	watch_close(watch);
}

/* These need nobody's leave. */
TEST(of_others_much_can_be_read)
{
	static const uint32_t open_to_all[] = {SOURCE_stat, SOURCE_status, SOURCE_control,
		SOURCE_limits, SOURCE_ioprio, SOURCE_parent, SOURCE_coalition,
		SOURCE_schedstat};
	struct watch *watch;

	need_root();
	become(0);
	watch = watch_open(NULL, NULL, NULL);
	watch_tick(watch);
	for (size_t i = 0; i < sizeof open_to_all / sizeof *open_to_all; i++)
		if (is_bound(watch, open_to_all[i]))
			CHECK_INT(read_target(watch, open_to_all[i]), STATE_OK);
	watch_close(watch);
}

/* --------------------------------------------------------------------- capabilities */

#define CAPABILITY(name) (UINT64_C(1) << (name))

static const struct remedy {
	uint32_t source;
	uint64_t capabilities;
	const char *word; /* of the remedy */
	unsigned major, minor;
} remedies[] = {
	{SOURCE_exe, CAPABILITY(CAP_SYS_PTRACE), "cap_sys_ptrace=ep", 5, 10},
	{SOURCE_links, CAPABILITY(CAP_SYS_PTRACE), "cap_sys_ptrace=ep", 5, 10},
	{SOURCE_smaps, CAPABILITY(CAP_SYS_PTRACE), "CAP_SYS_PTRACE", 5, 10},
	{SOURCE_smaps, CAPABILITY(CAP_PERFMON), "CAP_PERFMON", 6, 15},
	{SOURCE_io, CAPABILITY(CAP_SYS_PTRACE) | CAPABILITY(CAP_DAC_READ_SEARCH),
		"cap_sys_ptrace,cap_dac_read_search=ep", 5, 10},
};

static bool kernel_is(unsigned major, unsigned minor)
{
	struct utsname system;
	unsigned own_major, own_minor;

	CHECK(uname(&system) == 0 &&
		sscanf(system.release, "%u.%u", &own_major, &own_minor) == 2);
	return own_major > major || (own_major == major && own_minor >= minor);
}

static int try(const struct remedy *remedy)
{
	struct watch *watch;
	int result;

	if (!become(remedy->capabilities))
		return STATE_OK;
	watch = watch_open(NULL, NULL, NULL);
	watch_tick(watch);
	result = read_target(watch, remedy->source);
	CHECK(strstr(watch->provider->sources[remedy->source].remedy, remedy->word));
	watch_close(watch);
	return result;
}

TEST(the_capabilities_are_what_it_takes)
{
	enum { COUNT = sizeof remedies / sizeof *remedies };

	need_root();
	for (int i = 0; i < COUNT; i++) {
		int status;
		pid_t child;
		if (!kernel_is(remedies[i].major, remedies[i].minor))
			continue;
		child = fork(); /* who has given them up cannot get them back */
		if (child == 0)
			_exit(try(&remedies[i]));
		CHECK_INT(waitpid(child, &status, 0), child);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != STATE_OK)
			test_fail(__FILE__, __LINE__, "remedy %d: %x", i, (unsigned)status);
	}
	child_end(target);
}

/* ------------------------------------------------------------------------- hidepid */

/* Over /proc, for this test alone: each has a process of its own. */
static void mount_procfs(const char *options)
{
	if (unshare(CLONE_NEWNS) < 0 || mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		mount("proc", "/proc", "proc", 0, options) < 0)
		test_skip("a procfs cannot be mounted here");
}

static bool is_remedied_by_group(const struct watch *watch, uint32_t source)
{
	const char *remedy = watch->provider->sources[source].remedy;

	return is_bound(watch, source) && remedy && strcmp(remedy, REMEDY_HIDDEN) == 0;
}

/* These have other ways while there are pidfds. */
static bool is_file_read(uint32_t source)
{
	return source != SOURCE_clock && source != SOURCE_coalition && source != SOURCE_parent;
}

static struct watch *open_hidden(int hidepid, int group)
{
	char options[64];
	struct watch *watch;

	snprintf(options, sizeof options, "hidepid=%d,gid=%d", hidepid, group);
	mount_procfs(options);
	become(0);
	watch = watch_open(NULL, NULL, NULL);
	watch_tick(watch);
	return watch;
}

/* As a user who is, or is not, in the group that may see all. */
static void look_at_hidden(bool member)
{
	struct watch *watch = open_hidden(1, member ? NOBODY : NOBODY - 1);

	for (uint32_t i = 0; i < SOURCE_COUNT; i++)
		if (is_remedied_by_group(watch, i)) {
			int state = read_target(watch, i);
			if (member ? state == STATE_DENIED
				   : is_file_read(i) && state != STATE_DENIED)
				test_fail(__FILE__, __LINE__, "source %s: %d",
					watch->provider->sources[i].name, state);
		}
	watch_close(watch);
}

TEST(hidden_processes_are_denied)
{
	need_root();
	look_at_hidden(false);
}

TEST(the_group_sees_hidden_processes)
{
	need_root();
	look_at_hidden(true);
}

TEST(a_hidden_parent_is_denied)
{
	struct watch *watch;
	struct linux_parent parent;
	struct linux_stat stat;

	need_root();
	watch = open_hidden(2, NOBODY - 1);
	CHECK(watch_find(watch, getppid()) == NO_ROW);
	watch_sample(watch, getpid(), SOURCE_stat, &stat);
	CHECK_INT(stat.ppid, getppid());
	CHECK_INT(watch_read(watch, getpid(), SOURCE_parent, &parent), STATE_DENIED);
	watch_close(watch);
}

/* ---------------------------------------------------------------------- unsupported */

static void check_reason(struct watch *watch, uint32_t source, const char *word)
{
	enum cell_state state = STATE_OK;
	const char *reason =
		watch->provider->unsupported(watch->provider->context, source, &state);

	CHECK(reason && strstr(reason, word));
	CHECK_INT(state, STATE_UNSUPPORTED);
}

TEST(a_substitute_procfs_has_no_io_priorities_and_no_coalitions)
{
	char empty[] = "/tmp/procmon-empty-XXXXXX";
	struct watch *watch;

	CHECK(mkdtemp(empty));
	watch = watch_open(NULL, empty, NULL);
	check_reason(watch, SOURCE_ioprio, "--procfs");
	check_reason(watch, SOURCE_coalition, "--procfs");
	CHECK(is_bound(watch, SOURCE_limits) && is_bound(watch, SOURCE_control));
	CHECK(is_bound(watch, SOURCE_io) && is_bound(watch, SOURCE_schedstat));
	watch_close(watch);
	CHECK_INT(rmdir(empty), 0);
}

TEST(without_cgroup_mount_only_the_kernel_tells_the_coalition)
{
	static const char *const lacks[] = {NULL, "pidfd-info"};

	for (int i = 0; i < 2; i++) {
		struct watch *watch = watch_open(lacks[i], NULL, NULL);
		struct host *host = watch->provider->context;
		bool told = host_has(host, FEATURE_PIDFD_INFO) && host->cgroups.controllers &&
			    !*host->cgroups.controllers;
		free(host->cgroups.point);
		host->cgroups.point = NULL;
		if (told)
			CHECK(is_bound(watch, SOURCE_coalition));
		else if (host->cgroups.controllers)
			check_reason(watch, SOURCE_coalition, "mount -t cgroup2");
		free(host->cgroups.controllers);
		host->cgroups.controllers = NULL;
		check_reason(watch, SOURCE_coalition, "CONFIG_CGROUPS");
		watch_close(watch);
	}
}

TESTS(CASE(whatever_is_denied_has_a_remedy), CASE(of_others_much_can_be_read),
	CASE(the_capabilities_are_what_it_takes), CASE(hidden_processes_are_denied),
	CASE(the_group_sees_hidden_processes), CASE(a_hidden_parent_is_denied),
	CASE(a_substitute_procfs_has_no_io_priorities_and_no_coalitions),
	CASE(without_cgroup_mount_only_the_kernel_tells_the_coalition))
