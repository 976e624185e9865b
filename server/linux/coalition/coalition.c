/*
 * The rows: which cgroups there are.
 *
 * A directory of cgroups has as many links as directories in it, and 2 (as tmpfs and ext4 have
 * it). So it is enough to stat() what was there: if all of its known children are, and they
 * are as many as its links say, nothing was made in it, and it need not be listed.
 */
#include "coalition.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "alloc.h"

static const struct device_source *const sources[COALITION_SOURCE_COUNT] = {
	[SOURCE_coalition_identity] = &coalition_identity_source,
	[SOURCE_coalition_state] = &coalition_state_source,
	[SOURCE_coalition_processes] = &coalition_processes_source,
	[SOURCE_coalition_tasks] = &coalition_tasks_source,
	[SOURCE_coalition_cpu] = &coalition_cpu_source,
	[SOURCE_coalition_usage] = &coalition_usage_source,
	[SOURCE_coalition_memory] = &coalition_memory_source,
	[SOURCE_coalition_peaks] = &coalition_peaks_source,
	[SOURCE_coalition_failures] = &coalition_failures_source,
	[SOURCE_coalition_io] = &coalition_io_source,
	[SOURCE_coalition_pressure_cpu] = &coalition_pressure_cpu_source,
	[SOURCE_coalition_pressure_memory] = &coalition_pressure_memory_source,
	[SOURCE_coalition_pressure_io] = &coalition_pressure_io_source,
	[SOURCE_coalition_limits] = &coalition_limits_source,
	[SOURCE_coalition_container] = &coalition_container_source,
};

/* ------------------------------------------------------------------------ begin and end */

/* The machine's own root has no cgroup.events; of an older hierarchy it alone has the other. */
static bool is_namespaced(const struct coalitions *self)
{
	return hierarchies_unified(&self->hierarchies)
		       ? faccessat(self->root, "cgroup.events", F_OK, 0) == 0
		       : faccessat(self->root, "cgroup.sane_behavior", F_OK, 0) < 0;
}

static bool is_cgroups(int directory)
{
	struct statfs filesystem;

	return fstatfs(directory, &filesystem) == 0 &&
	       (filesystem.f_type == CGROUP_SUPER_MAGIC ||
		       filesystem.f_type == CGROUP2_SUPER_MAGIC);
}

static int open_table(struct devices *devices, const struct target *target)
{
	struct coalitions *self = coalitions_of(devices);

	(void)target;
	self->root = self->lent = -1;
	self->kept_max = coalition_kept_max();
	hierarchies_find(&self->hierarchies, devices->host);
	if (!self->hierarchies.meant.point)
		return 0; /* there are no rows */
	self->root = open(self->hierarchies.meant.point, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* Something else may be mounted over it. */
	if (self->root >= 0 && devices->host->real && !is_cgroups(self->root)) {
		close(self->root);
		self->root = -1;
	}
	if (self->root >= 0)
		self->namespaced = is_namespaced(self);
	return 0;
}

static void close_table(struct devices *devices)
{
	struct coalitions *self = coalitions_of(devices);

	if (self->root >= 0)
		close(self->root);
	if (self->lent >= 0)
		close(self->lent);
	free(self->block_devices);
	hierarchies_release(&self->hierarchies);
}

static void forget(struct devices *devices, void *memory)
{
	struct coalition *row = memory;

	coalition_close_kept(coalitions_of(devices), row, 0);
	label_finish(&row->label);
	free(row->path);
	free(row->shares);
}

/* --------------------------------------------------------------------------------- rows */

/* A find: the slots of rows whose directories have to be listed. Rows move, slots do not. */
struct search {
	struct coalitions *table;
	uint32_t *slots;
	size_t count, capacity;
};

static struct coalition *row_at(struct search *self, uint32_t slot)
{
	return devices_row(&self->table->devices, slot);
}

static void list_later(struct search *self, uint32_t slot)
{
	if (self->count == self->capacity) {
		self->capacity = self->capacity ? self->capacity * 2 : 64;
		self->slots = xreallocarray(self->slots, self->capacity, sizeof *self->slots);
	}
	self->slots[self->count++] = slot;
}

static bool is_met(const struct search *self, const struct coalition *row)
{
	return row->met == self->table->devices.finding;
}

static uint32_t slot_of(const struct coalitions *table, const struct coalition *row)
{
	const unsigned char *at = (const unsigned char *)row;

	return (uint32_t)((size_t)(at - table->devices.rows) / sizeof *row);
}

/* A row that is new, or that is not where it was (directories of older hierarchies can be
 * renamed). Takes over the path. */
static void settle(struct search *self, struct coalition *row, const struct stat *inode,
	const struct coalition *parent, char *path)
{
	struct coalitions *table = self->table;
	const char *root = table->hierarchies.meant.root;

	free(row->path);
	label_finish(&row->label);
	row->id = inode->st_ino;
	row->slot = slot_of(table, row);
	row->parent = parent ? parent->id : 0;
	row->parent_slot = parent ? parent->slot : 0;
	row->path = path;
	row->below = strcmp(root, "/") == 0 ? 0 : (uint32_t)strlen(root);
	while (path[row->below] == '/')
		row->below++;
	if (parent)
		label_init(&row->label, path, &parent->label);
	else
		label_init_top(&row->label, path, table->namespaced);
	row->links = (uint32_t)inode->st_nlink;
	row->children = 0;
	row->met = table->devices.finding;
	list_later(self, row->slot);
}

static struct coalition *meet(struct coalitions *table, const struct stat *inode)
{
	bool is_new;

	return devices_found_number(&table->devices, inode->st_ino, 0, &is_new);
}

/* ------------------------------------------------------------------------------ finding */

static bool look_at(const struct coalitions *table, const char *below, struct stat *ret_inode)
{
	return fstatat(table->root, *below ? below : ".", ret_inode, AT_SYMLINK_NOFOLLOW) ==
		       0 &&
	       S_ISDIR(ret_inode->st_mode);
}

/* Those that are where they were. */
static void meet_known(struct search *self)
{
	struct coalition *row;
	struct stat inode;

	for (uint32_t slot = 0; (row = devices_next(&self->table->devices, &slot));) {
		row->children = 0;
		coalition_close_kept(self->table, row, self->table->devices.wanted);
		if (!look_at(self->table, row->path + row->below, &inode) ||
			inode.st_ino != row->id)
			continue;
		meet(self->table, &inode);
		row->links = (uint32_t)inode.st_nlink;
		row->met = self->table->devices.finding;
	}
}

/* Those in which there are others than the known ones. */
static void choose_changed(struct search *self)
{
	struct coalition *row;

	for (uint32_t slot = 0; (row = devices_next(&self->table->devices, &slot));)
		if (row->parent && is_met(self, row))
			row_at(self, row->parent_slot)->children++;
	for (uint32_t slot = 0; (row = devices_next(&self->table->devices, &slot));)
		if (is_met(self, row) && row->links != row->children + 2)
			list_later(self, row->slot);
}

static void meet_top(struct search *self)
{
	struct coalition *row;
	struct stat inode;

	if (!look_at(self->table, "", &inode))
		return;
	row = meet(self->table, &inode);
	if (row && !is_met(self, row))
		settle(self, row, &inode, NULL, xstrdup(self->table->hierarchies.meant.root));
}

static void meet_child(
	struct search *self, uint32_t parent_slot, int directory, const char *name)
{
	const struct coalition *parent;
	struct coalition *row;
	struct stat inode;

	if (fstatat(directory, name, &inode, AT_SYMLINK_NOFOLLOW) < 0 ||
		!S_ISDIR(inode.st_mode))
		return;
	row = meet(self->table, &inode);
	if (!row || is_met(self, row))
		return;
	parent = row_at(self, parent_slot);
	settle(self, row, &inode, parent,
		xasprintf("%s/%s", strcmp(parent->path, "/") == 0 ? "" : parent->path, name));
}

static void list_children(struct search *self, uint32_t slot)
{
	const struct coalition *row = row_at(self, slot);
	const char *below = row->path + row->below;
	int file = openat(self->table->root, *below ? below : ".",
		O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *directory = file < 0 ? NULL : fdopendir(file);
	const struct dirent *entry;

	if (!directory) {
		if (file >= 0)
			close(file);
		return;
	}
	while ((entry = readdir(directory)))
		if ((entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN) &&
			strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			meet_child(self, slot, dirfd(directory), entry->d_name);
	closedir(directory);
}

static int find(struct devices *devices)
{
	struct search search = {.table = coalitions_of(devices)};

	if (search.table->root < 0)
		return 0;
	/* What is lent may be another's by now. */
	search.table->lent_id = 0;
	meet_known(&search);
	choose_changed(&search);
	meet_top(&search);
	while (search.count)
		list_children(&search, search.slots[--search.count]);
	free(search.slots);
	return 0;
}

static uint64_t descriptors(struct devices *devices)
{
	const struct coalitions *self = coalitions_of(devices);

	return self->kept + (self->root >= 0);
}

const struct device_table coalition_table = {
	.id = TABLE_COALITION,
	.sources = sources,
	.source_count = COALITION_SOURCE_COUNT,
	.size = sizeof(struct coalitions),
	.row_size = sizeof(struct coalition),
	.open = open_table,
	.close = close_table,
	.find = find,
	.forget = forget,
	.descriptors = descriptors,
	.find_period_ns = 1000000000,
};
