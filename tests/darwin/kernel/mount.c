/*
 * Mounts: getfsstat(2) and statfs(2).
 *
 *	[mount POINT]
 *	from = /dev/disk3s1s1      type = apfs
 *	size free available = BYTES
 *	over = 1                   something is mounted over it: statfs(2) does not tell of it
 */
#include <errno.h>
#include <string.h>
#include <sys/mount.h>

#include "store.h"

enum { BLOCK = 4096 };

static void fill(const struct sim_section *section, struct statfs *out)
{
	memset(out, 0, sizeof *out);
	out->f_bsize = BLOCK;
	out->f_blocks = sim_u64(section, "size", 0) / BLOCK;
	out->f_bfree = sim_u64(section, "free", 0) / BLOCK;
	out->f_bavail = sim_u64(section, "available", sim_u64(section, "free", 0)) / BLOCK;
	strncpy(out->f_mntonname, sim_name(section), sizeof out->f_mntonname - 1);
	strncpy(out->f_mntfromname, sim_text(section, "from", ""),
		sizeof out->f_mntfromname - 1);
	strncpy(out->f_fstypename, sim_text(section, "type", "apfs"),
		sizeof out->f_fstypename - 1);
}

static int fail(int number)
{
	sim_set_errno(number);
	return -1;
}

/* How many there are, or how many fit. */
int getfsstat(struct statfs *list, int size, int flags)
{
	int error = sim_enter("getfsstat", flags, -1), count = 0;

	if (error)
		return fail(error);
	for (struct sim_section *i = sim_next("mount", NULL); i; i = sim_next("mount", i)) {
		if (list && (size_t)size < (size_t)(count + 1) * sizeof *list)
			break;
		if (list)
			fill(i, &list[count]);
		count++;
	}
	return count;
}

int statfs(const char *path, struct statfs *out)
{
	int error = sim_enter("statfs", 0, -1);
	const struct sim_section *section = sim_section("mount", path);

	if (error)
		return fail(error);
	if (!section)
		return fail(ENOENT);
	fill(section, out);
	if (sim_u64(section, "over", 0))
		strncpy(out->f_mntfromname, "/dev/disk99", sizeof out->f_mntfromname - 1);
	return 0;
}
