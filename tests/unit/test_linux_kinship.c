/* Whom a process belongs to: its parent and its cgroup, by all the ways to find out. */
#include <sys/stat.h>

#include "linux/process/process.h"
#include "linux_watch.h"

static struct watch *open_and_tick(const char *without)
{
	struct watch *watch = watch_open(without, NULL, NULL);

	watch_tick(watch);
	return watch;
}

/* --------------------------------------------------------------------------- parent */

static const char *const kernels[] = {NULL, "pidfd-info", "pidfd-ino,pidfd-info",
	"pidfd,pidfd-ino,pidfd-info", "pidfd,clock"};
enum { KERNELS = sizeof kernels / sizeof *kernels };

static uint64_t identity_of(struct watch *watch, pid_t pid)
{
	struct linux_identity identity;

	watch_sample(watch, pid, SOURCE_identity, &identity);
	return identity.unique_id;
}

TEST(the_parent_has_its_own_identity)
{
	pid_t child = child_start(NULL);

	for (int i = 0; i < KERNELS; i++) {
		struct watch *all = open_and_tick(kernels[i]), *one;
		struct linux_parent parent;
		uint64_t pid = (uint64_t)child;
		watch_sample(all, child, SOURCE_parent, &parent);
		CHECK(parent.unique_id == identity_of(all, getpid()));
		CHECK(parent.unique_id != identity_of(all, child));
		/* Also when the parent is no row. */
		one = watch_open(kernels[i], NULL, NULL);
		watch_list_pids(one, &pid, 1);
		watch_gate(one);
		CHECK(watch_find(one, getpid()) == NO_ROW);
		watch_sample(one, child, SOURCE_parent, &parent);
		CHECK(parent.unique_id == identity_of(all, getpid()));
		watch_close(one);
		watch_close(all);
	}
	child_end(child);
}

static int report[2];

static void have_a_child(void)
{
	pid_t grandchild = fork();

	if (grandchild == 0) {
		prctl(PR_SET_PDEATHSIG, 0);
		for (;;)
			pause();
	}
	CHECK(write(report[1], &grandchild, sizeof grandchild) == sizeof grandchild);
}

/* Without its source stat: the row must be found among the orphans all the same. */
TEST(an_orphan_gets_another_parent)
{
	for (int i = 0; i < KERNELS; i++) {
		struct linux_parent parent;
		struct watch *watch;
		pid_t child, grandchild;
		prctl(PR_SET_CHILD_SUBREAPER, 1);
		CHECK(pipe(report) == 0);
		child = child_start(have_a_child);
		CHECK(read(report[0], &grandchild, sizeof grandchild) == sizeof grandchild);
		watch = open_and_tick(kernels[i]);
		watch_sample(watch, grandchild, SOURCE_parent, &parent);
		CHECK(parent.unique_id == identity_of(watch, child));
		child_end(child);
		watch_tick(watch);
		CHECK(watch->rows[watch_find(watch, grandchild)].touched);
		watch_sample(watch, grandchild, SOURCE_parent, &parent);
		CHECK(parent.unique_id == identity_of(watch, getpid()));
		child_end(grandchild);
		watch_close(watch);
		close(report[0]);
		close(report[1]);
	}
}

TEST(the_first_process_has_no_parent)
{
	for (int i = 0; i < KERNELS; i++) {
		struct watch *watch = open_and_tick(kernels[i]);
		struct linux_parent parent;
		if (watch_find(watch, 1) == NO_ROW)
			test_skip("the first process is not to be seen");
		CHECK_INT(watch_read(watch, 1, SOURCE_parent, &parent), STATE_NONE);
		watch_close(watch);
	}
}

/* --------------------------------------------------------------------------- cgroup */

/* A cgroup of our own in the hierarchy whose path attribute cgroup shows. */
static bool make_cgroup(const struct cgroup_mount *mount, char *directory, size_t size)
{
	if (!mount->point || strcmp(mount->root, "/") != 0)
		return false;
	snprintf(directory, size, "%s/procmon test %d", mount->point, (int)getpid());
	return mkdir(directory, 0755) == 0;
}

static bool enter_cgroup(const char *directory, pid_t pid)
{
	char path[512], text[16];
	int file, length = snprintf(text, sizeof text, "%d", (int)pid);
	bool entered;

	snprintf(path, sizeof path, "%s/cgroup.procs", directory);
	file = open(path, O_WRONLY | O_CLOEXEC);
	entered = file >= 0 && write(file, text, (size_t)length) == length;
	if (file >= 0)
		close(file);
	return entered;
}

static uint64_t coalition_of(struct watch *watch, pid_t pid)
{
	struct linux_coalition coalition;

	watch_tick(watch);
	watch_sample(watch, pid, SOURCE_coalition, &coalition);
	return coalition.id;
}

TEST(the_coalition_is_the_inode_of_the_cgroup)
{
	struct watch *told = watch_open(NULL, NULL, NULL);
	struct watch *looked_up = watch_open("pidfd-info", NULL, NULL);
	const struct host *host = told->provider->context;
	pid_t child = child_start(NULL);
	char directory[256];
	struct stat inode;
	uint64_t before;

	if (!make_cgroup(&host->cgroups, directory, sizeof directory))
		test_skip("no cgroup can be made here");
	before = coalition_of(told, child);
	CHECK(before == coalition_of(looked_up, child));
	CHECK(enter_cgroup(directory, child)); /* it sleeps */
	CHECK_INT(stat(directory, &inode), 0);
	CHECK(inode.st_ino != before);
	CHECK(coalition_of(told, child) == inode.st_ino);
	CHECK(coalition_of(looked_up, child) == inode.st_ino);
	child_end(child);
	CHECK_INT(rmdir(directory), 0);
	watch_close(told);
	watch_close(looked_up);
}

TEST(every_process_has_a_coalition)
{
	struct watch *told = open_and_tick(NULL), *looked_up = open_and_tick("pidfd-info");
	struct linux_coalition one, other;
	enum cell_state state;

	if (told->provider->unsupported(told->provider->context, SOURCE_coalition, &state) ||
		told->provider->unsupported(
			looked_up->platform->context, SOURCE_coalition, &state))
		test_skip("no cgroups here");
	/* A kernel thread's parent is outside our namespace, so that its pidfd says nothing. */
	for (pid_t pid = 1; pid <= 2; pid++) {
		if (watch_find(told, pid) == NO_ROW)
			continue;
		watch_sample(told, pid, SOURCE_coalition, &one);
		watch_sample(looked_up, pid, SOURCE_coalition, &other);
		CHECK(one.id && one.id == other.id);
	}
	watch_close(told);
	watch_close(looked_up);
}

/* A line "ID:CONTROLLERS:PATH" of an older hierarchy that we are in; "" if there is none. */
static void find_older_hierarchy(char *controllers, size_t size)
{
	char text[8192];

	controllers[0] = '\0';
	if (proc_text(getpid(), "cgroup", text, sizeof text) < 0)
		return;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		const char *from = strchr(line, ':') + 1;
		if (*from != ':')
			snprintf(controllers, size, "%.*s", (int)strcspn(from, ":"), from);
	}
}

/* Where there is no unified hierarchy it is the first of the others; here any of them. */
TEST(the_coalition_in_an_older_hierarchy)
{
	struct watch *watch = open_and_tick(NULL);
	struct host *host = watch->provider->context;
	char controllers[256], path[4096], text[65536], directory[8192];
	const char *own;
	struct stat inode;
	size_t length;

	find_older_hierarchy(controllers, sizeof controllers);
	if (!*controllers)
		test_skip("there is only the unified hierarchy");
	cgroup_mount_finish(&host->cgroups);
	host->cgroups = (struct cgroup_mount){.controllers = strdup(controllers)};
	CHECK(proc_text(getpid(), "mountinfo", text, sizeof text) > 0);
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		cgroup_mount_take(&host->cgroups, line, strlen(line));
	if (!host->cgroups.point)
		test_skip("it is not mounted");
	CHECK(proc_text(getpid(), "cgroup", path, sizeof path) > 0);
	own = cgroup_mount_path(&host->cgroups, path, strlen(path), &length);
	CHECK(own);
	snprintf(directory, sizeof directory, "%s%.*s", host->cgroups.point, (int)length, own);
	CHECK_INT(stat(directory, &inode), 0);
	CHECK(coalition_of(watch, getpid()) == inode.st_ino);
	watch_close(watch);
}

TESTS(CASE(the_parent_has_its_own_identity), CASE(an_orphan_gets_another_parent),
	CASE(the_first_process_has_no_parent), CASE(the_coalition_is_the_inode_of_the_cgroup),
	CASE(every_process_has_a_coalition), CASE(the_coalition_in_an_older_hierarchy))
