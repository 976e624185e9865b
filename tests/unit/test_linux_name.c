/* What a process is called, and where its links point to. */
#include <sys/stat.h>

#include "linux/process/process.h"
#include "linux_watch.h"

enum { NOBODY = 65534 };

static struct watch *open_and_tick(void)
{
	struct watch *watch = watch_open(getenv("PROCMON_WITHOUT"), NULL, NULL);

	watch_tick(watch);
	return watch;
}

static const char *name_of(struct watch *watch, pid_t pid)
{
	struct linux_name sample;

	watch_sample(watch, pid, SOURCE_name, &sample);
	return watch_text(&sample.text);
}

/* ----------------------------------------------------------------------------- parsers */

static const char *by_path(const char *path)
{
	struct sample_text name = name_of_path(path, strlen(path));

	return watch_text(&name);
}

TEST(name_by_path)
{
	CHECK_TEXT(by_path("/usr/bin/python3.11"), "python3.11");
	CHECK_TEXT(by_path("/usr/bin/old (deleted)"), "old");
	CHECK_TEXT(by_path("/memfd:runtime (deleted)"), "memfd:runtime");
	CHECK_TEXT(by_path("/a b/c d"), "c d");
	CHECK_TEXT(by_path(" (deleted)"), " (deleted)");
	CHECK_TEXT(by_path("/"), "");
	CHECK_TEXT(by_path(""), "");
}

/* With a short name, as the kernel would have it; arguments end in NUL each. */
static const char *by_arguments(const char *arguments, size_t size, const char *comm)
{
	struct sample_text name = name_of_arguments(
		arguments, size - 1, (struct sample_text){comm, (uint32_t)strlen(comm), 0});

	return watch_text(&name);
}
#define BY_ARGUMENTS(arguments, comm) by_arguments(arguments, sizeof arguments, comm)

TEST(name_by_first_argument)
{
	CHECK_TEXT(BY_ARGUMENTS("/usr/sbin/sshd\0-D\0", "sshd"), "sshd");
	CHECK_TEXT(BY_ARGUMENTS("/usr/sbin/cron\0", "cron"), "cron");
	CHECK_TEXT(BY_ARGUMENTS("sleep\0005\0", "sleep"), "sleep");
	CHECK_TEXT(BY_ARGUMENTS("-bash\0", "bash"), "bash");
	CHECK_TEXT(BY_ARGUMENTS("(sd-pam)\0", "(sd-pam)"), "(sd-pam)");
	/* Only a rewritten title stands alone and has blanks: here they are part of the path. */
	CHECK_TEXT(BY_ARGUMENTS("/opt/My Program/the app\0-x\0", "other"), "the app");
	CHECK_TEXT(BY_ARGUMENTS("/usr/bin/python3\0/home/x/y.py\0", "y"), "python3");
	CHECK_TEXT(BY_ARGUMENTS("no nul", "no nul"), "no nul");
	CHECK_TEXT(BY_ARGUMENTS("/usr/lib/a-name-that-is-longer\0", "a-name-that-is-"),
		"a-name-that-is-longer");
}

TEST(name_by_rewritten_title)
{
	CHECK_TEXT(BY_ARGUMENTS("nginx: master process /usr/sbin/nginx\0", "nginx"), "nginx");
	CHECK_TEXT(BY_ARGUMENTS("nginx: worker process\0\0\0\0", "nginx"), "nginx");
	CHECK_TEXT(BY_ARGUMENTS("sshd: root@pts/0\0", "sshd"), "sshd");
	CHECK_TEXT(BY_ARGUMENTS("/opt/x/browser --type=gpu --cache=/tmp/y\0", "browser"),
		"browser");
	CHECK_TEXT(BY_ARGUMENTS("/x/a-name-that-is-longer --y=/z\0", "a-name-that-is-"),
		"a-name-that-is-longer");
	/* Whole, for the kernel has the same. */
	CHECK_TEXT(BY_ARGUMENTS("/opt/My Program/the app\0", "the app"), "the app");
	/* Neither reading is confirmed. */
	CHECK_TEXT(BY_ARGUMENTS("/opt/My Program/app --x=/y\0", "app"), "app");
	CHECK_TEXT(BY_ARGUMENTS("idle in transaction\0", "python3"), "python3");
}

TEST(name_by_nothing)
{
	CHECK_TEXT(BY_ARGUMENTS("", "kworker/0:1"), "kworker/0:1");
	CHECK_TEXT(BY_ARGUMENTS("\0\0", "x"), "x");
	CHECK_TEXT(BY_ARGUMENTS("-", "x"), "x");
	CHECK_TEXT(BY_ARGUMENTS("/usr/\0x\0", "x"), "x");
	CHECK_TEXT(BY_ARGUMENTS(" ", "x"), "x");
	CHECK_TEXT(BY_ARGUMENTS(":", "x"), ":");
	CHECK_TEXT(BY_ARGUMENTS(" :", ""), "");
	CHECK_TEXT(BY_ARGUMENTS("", ""), "");
}

/* ------------------------------------------------------------------------ live processes */

static char self_path[PATH_SIZE];

static const char *own_name(void)
{
	ssize_t length = readlink("/proc/self/exe", self_path, sizeof self_path - 1);

	CHECK(length > 0);
	self_path[length] = '\0';
	return strrchr(self_path, '/') + 1;
}

static void rename_itself(void)
{
	prctl(PR_SET_NAME, "something else");
}

TEST(name_is_the_file_of_the_program)
{
	pid_t child = child_start(rename_itself);
	struct watch *watch = open_and_tick();

	CHECK_TEXT(name_of(watch, child), own_name());
	child_end(child);
	watch_close(watch);
}

/* A program that is run by path: itself if nothing else says so. */
static pid_t run(const char *path, const char *first)
{
	pid_t child = fork();

	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl(path, first, "60", NULL);
		_exit(127);
	}
	CHECK(child > 0);
	for (int i = 0; i < 1000 && proc_text(child, "cmdline", self_path, 64) >= 0 &&
			strcmp(self_path, first) != 0;
		i++)
		pause_ms(5);
	CHECK_TEXT(self_path, first);
	return child;
}

TEST(name_of_a_deleted_program)
{
	char directory[] = "/var/tmp/procmon-name-XXXXXX", path[64], command[128];
	struct watch *watch;
	pid_t child;

	CHECK(mkdtemp(directory));
	snprintf(path, sizeof path, "%s/a b", directory);
	snprintf(command, sizeof command, "cp /bin/sleep '%s'", path);
	CHECK_INT(system(command), 0);
	child = run(path, "first");
	CHECK_INT(unlink(path), 0);
	CHECK_INT(rmdir(directory), 0);
	watch = open_and_tick();
	CHECK_TEXT(name_of(watch, child), "a b");
	child_end(child);
	watch_close(watch);
}

static void leave(void)
{
	_exit(0);
}

TEST(name_of_a_zombie)
{
	pid_t child = fork();
	struct watch *watch;
	char comm[64];

	if (child == 0)
		leave();
	wait_for_state(child, 'Z');
	watch = open_and_tick();
	CHECK(proc_text(child, "comm", comm, sizeof comm) > 0);
	comm[strcspn(comm, "\n")] = '\0';
	CHECK_TEXT(name_of(watch, child), comm);
	CHECK_INT(waitpid(child, NULL, 0), child);
	watch_close(watch);
}

TEST(name_of_a_kernel_thread)
{
	struct watch *watch = open_and_tick();

	if (watch_find(watch, 2) == NO_ROW || proc_number(2, "comm", "kthreadd") < 0)
		test_skip("no kernel threads are to be seen here");
	CHECK_TEXT(name_of(watch, 2), "kthreadd");
	watch_close(watch);
}

/* Its exe is not ours to read, its arguments are. */
TEST(name_of_the_process_of_another_user)
{
	struct watch *watch;
	struct linux_links links;
	struct linux_exe exe;
	pid_t child;

	if (geteuid() != 0)
		test_skip("it takes root to become another user");
	child = run("/bin/sleep", "/some/where/other: y");
	CHECK_INT(setresuid(NOBODY, NOBODY, NOBODY), 0);
	watch = open_and_tick();
	CHECK_TEXT(name_of(watch, child), "other: y");
	CHECK_INT(watch_read(watch, child, SOURCE_exe, &exe), STATE_DENIED);
	CHECK_INT(watch_read(watch, child, SOURCE_links, &links), STATE_DENIED);
	watch_close(watch);
}

/* --------------------------------------------------------------------------------- links */

static char directory[] = "/tmp/procmon-links-XXXXXX";

static void change_directory(void)
{
	CHECK_INT(chdir(directory), 0);
}

static void change_root(void)
{
	CHECK_INT(chroot(directory), 0);
	CHECK_INT(chdir("/"), 0);
}

static struct linux_links links_of(struct watch *watch, pid_t pid)
{
	struct linux_links sample;

	watch_sample(watch, pid, SOURCE_links, &sample);
	return sample;
}

TEST(working_directory)
{
	struct linux_links links;
	struct watch *watch;
	char expected[64];
	pid_t child;

	CHECK(mkdtemp(directory));
	child = child_start(change_directory);
	watch = open_and_tick();
	links = links_of(watch, child);
	CHECK_TEXT(watch_text(&links.cwd), directory);
	CHECK_TEXT(watch_text(&links.root), "/");
	CHECK_INT(rmdir(directory), 0);
	links = links_of(watch, child);
	snprintf(expected, sizeof expected, "%s (deleted)", directory);
	CHECK_TEXT(watch_text(&links.cwd), expected);
	child_end(child);
	watch_close(watch);
}

TEST(root_directory)
{
	struct linux_links links;
	struct watch *watch;
	pid_t child;

	if (geteuid() != 0)
		test_skip("it takes root to change the root directory");
	CHECK(mkdtemp(directory));
	child = child_start(change_root);
	watch = open_and_tick();
	links = links_of(watch, child);
	CHECK_TEXT(watch_text(&links.root), directory);
	CHECK_TEXT(watch_text(&links.cwd), directory);
	child_end(child);
	CHECK_INT(rmdir(directory), 0);
	watch_close(watch);
}

TEST(links_of_a_zombie)
{
	pid_t child = fork();
	struct watch *watch;
	struct linux_links links;
	struct linux_exe exe;

	if (child == 0)
		leave();
	wait_for_state(child, 'Z');
	watch = open_and_tick();
	CHECK_INT(watch_read(watch, child, SOURCE_links, &links), STATE_NONE);
	CHECK_INT(watch_read(watch, child, SOURCE_exe, &exe), STATE_NONE);
	CHECK_INT(waitpid(child, NULL, 0), child);
	CHECK_INT(watch_read(watch, child, SOURCE_links, &links), SAMPLE_GONE);
	watch_close(watch);
}

/* clang-format off */
TESTS(
	CASE(name_by_path),
	CASE(name_by_first_argument),
	CASE(name_by_rewritten_title),
	CASE(name_by_nothing),
	CASE(name_is_the_file_of_the_program),
	CASE(name_of_a_deleted_program),
	CASE(name_of_a_zombie),
	CASE(name_of_a_kernel_thread),
	CASE(name_of_the_process_of_another_user),
	CASE(working_directory),
	CASE(root_directory),
	CASE(links_of_a_zombie)
)
