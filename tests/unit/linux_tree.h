/* Tree: a substitute procfs and sysfs of plain files, for the tests of the Linux platform. */
#ifndef TESTS_UNIT_LINUX_TREE_H
#define TESTS_UNIT_LINUX_TREE_H

#include <sys/stat.h>

#include "linux_watch.h"

static char tree_root[] = "/tmp/procmon-tree-XXXXXX";
static char tree_procfs[64], tree_sysfs[64];

/* Makes the directories that a path below the root needs; returns the whole path. */
static inline const char *tree_path(const char *path)
{
	static char full[512];

	snprintf(full, sizeof full, "%s/%s", tree_root, path);
	for (char *slash = full + strlen(tree_root) + 1; (slash = strchr(slash, '/'));
		slash++) {
		*slash = '\0';
		CHECK(mkdir(full, 0755) == 0 || errno == EEXIST);
		*slash = '/';
	}
	return full;
}

static inline void tree_put(const char *path, const char *text)
{
	size_t length = strlen(text);
	int file = open(tree_path(path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	CHECK(file >= 0);
	CHECK(write(file, text, length) == (ssize_t)length);
	close(file);
}

/* In place of what was there. */
static inline void tree_link(const char *path, const char *target)
{
	const char *full = tree_path(path);

	unlink(full);
	CHECK(symlink(target, full) == 0);
}

static inline void tree_remove(const char *path)
{
	char command[600];

	snprintf(command, sizeof command, "rm -rf '%s/%s'", tree_root, path);
	CHECK_INT(system(command), 0);
}

static inline void tree_end(void)
{
	tree_remove("");
}

static inline void tree_begin(void)
{
	CHECK(mkdtemp(tree_root));
	atexit(tree_end);
	snprintf(tree_procfs, sizeof tree_procfs, "%s/proc", tree_root);
	snprintf(tree_sysfs, sizeof tree_sysfs, "%s/sys", tree_root);
	CHECK(mkdir(tree_procfs, 0755) == 0 && mkdir(tree_sysfs, 0755) == 0);
	tree_put("proc/uptime", "1 1\n");
	tree_put("proc/stat", "cpu 1 2 3\nprocesses 100\n");
	tree_put("proc/loadavg", "0 0 0 1/10 100\n");
}

/* Root may read everything. */
static inline void become_nobody(void)
{
	char command[600];

	if (geteuid() != 0)
		return;
	snprintf(command, sizeof command, "chown -R 65534 '%s'", tree_root);
	CHECK_INT(system(command), 0);
	CHECK_INT(setresuid(65534, 65534, 65534), 0);
}

/* A process that started at that clock tick. */
static inline void tree_put_process(int pid, const char *state, int start)
{
	char path[64], text[512];

	snprintf(path, sizeof path, "proc/%d/stat", pid);
	snprintf(text, sizeof text,
		"%d (x) %s 1 %d %d 0 -1 0 10 0 1 0 300 100 0 0 20 0 1 0 %d 1000 10 0 0 0 0 0 "
		"0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
		pid, state, pid, pid, start);
	tree_put(path, text);
}

#endif
