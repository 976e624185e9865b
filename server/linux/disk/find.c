/*
 * Which block devices there are: the lines of /proc/diskstats. What they are is in /sys/block,
 * which has a directory for each whole device; partitions have theirs inside, and their lines
 * follow that of their disk.
 *
 * Lines that are as they were are taken for the same devices without a look at sysfs, but
 * every LOOK_NS, or when counters began again: then another disk under the same name shows by its
 * sequence number.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "disk.h"

#define LOOK_NS UINT64_C(2000000000)

/* What sysfs said of a line. */
struct disk_look {
	char name[DISK_NAME_SIZE];
	char place[2 * DISK_NAME_SIZE];
	uint32_t major, minor;
	bool whole, left_out;
	uint64_t sequence; /* the kernel's number of this disk in this boot; 0: before 5.15 */
	uint64_t sectors;
	uint64_t reads, writes; /* so far */
};

enum { WRITES = offsetof(struct linux_disk_io, writes) / sizeof(uint64_t) };

/* One find. */
struct search {
	struct disks *disks;
	int block;                     /* /sys/block; -1: there is none, -2: not opened yet */
	bool look;                     /* at all of them */
	const struct disk_look *whole; /* the latest whole device */
	bool whole_is_new;             /* so that its partitions may be */
};

/* ------------------------------------------------------------------------- a look */

/* NAME/FILE below /sys/block. */
static const char *below(char path[256], const char *place, const char *file)
{
	snprintf(path, 256, "%s/%s", place, file);
	return path;
}

static bool has(const struct search *self, const char *place, const char *file)
{
	char path[256];

	return faccessat(self->block, below(path, place, file), F_OK, 0) == 0;
}

static bool has_sectors(const struct search *self, struct disk_look *look)
{
	char path[256];

	look->sectors = ABSENT_U64(STATE_NONE);
	if (self->block >= 0)
		look->sectors = sysfs_natural(self->block, below(path, look->place, "size"));
	return look->sectors != ABSENT_U64(STATE_NONE);
}

static void open_block(struct search *self)
{
	char path[4096];

	if (self->block != -2)
		return;
	snprintf(path, sizeof path, "%s/block", self->disks->devices.host->sysfs);
	self->block = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* In sysfs a name has ! for /. */
static void spell(char *name, char from, char to)
{
	while ((name = strchr(name, from)))
		*name++ = to;
}

static bool is_numbered(const char *name, const char *prefix)
{
	size_t length = strlen(prefix);

	return strncmp(name, prefix, length) == 0 && name[length] >= '0' && name[length] <= '9';
}

static bool did_nothing(const struct disk_line *line)
{
	for (int i = 0; i < DISK_COUNTS; i++)
		if (line->counts[i] && line->counts[i] < ABSENT_U64(STATE_END))
			return false;
	return true;
}

/* What nothing was made of yet: every host has a few. */
static bool is_idle(
	const struct search *self, const struct disk_look *look, const struct disk_line *line)
{
	if (*look->place)
		return look->whole && look->sectors == 0 && !has(self, look->place, "device");
	return (is_numbered(line->name, "loop") || is_numbered(line->name, "ram")) &&
	       did_nothing(line);
}

static void look_at(struct search *self, struct disk_look *look, const struct disk_line *line)
{
	char name[DISK_NAME_SIZE], path[256];

	*look = (struct disk_look){.major = line->major, .minor = line->minor};
	snprintf(look->name, sizeof look->name, "%s", line->name);
	snprintf(name, sizeof name, "%s", line->name);
	spell(name, '/', '!');
	open_block(self);
	snprintf(look->place, sizeof look->place, "%s", name);
	look->whole = has_sectors(self, look);
	if (look->whole) {
		int64_t sequence = 0;
		sysfs_number(self->block, below(path, name, "diskseq"), &sequence);
		look->sequence = (uint64_t)sequence;
	} else if (self->whole) {
		look->sequence = self->whole->sequence;
		below(path, self->whole->place, name);
		snprintf(look->place, sizeof look->place, "%.*s", (int)sizeof look->place - 1,
			path);
	}
	if (!look->whole && !has_sectors(self, look))
		*look->place = '\0';
	look->left_out = is_idle(self, look, line);
}

static bool is_same(const struct disk_look *look, const struct disk_line *line)
{
	if (line->counts[0] < look->reads || line->counts[WRITES] < look->writes)
		return false;
	return look->major == line->major && look->minor == line->minor &&
	       strcmp(look->name, line->name) == 0;
}

/* ------------------------------------------------------------------------- the rows */

static enum disk_kind kind_of(const struct search *self, const struct disk_look *look)
{
	int64_t hidden = 0;
	char path[256];

	if (!*look->place)
		return DISK_UNKNOWN;
	if (!look->whole)
		return DISK_PARTITION;
	if (has(self, look->place, "md"))
		return DISK_RAID;
	if (has(self, look->place, "dm"))
		return DISK_MAPPED;
	if (is_numbered(look->name, "loop"))
		return DISK_LOOP;
	if (is_numbered(look->name, "ram") || is_numbered(look->name, "zram"))
		return DISK_MEMORY;
	if (is_numbered(look->name, "sr"))
		return DISK_OPTICAL;
	if (is_numbered(look->name, "fd"))
		return DISK_FLOPPY;
	sysfs_number(self->block, below(path, look->place, "hidden"), &hidden);
	return hidden == 1 ? DISK_PATH : DISK_WHOLE;
}

/*
 * What has hardware behind it and nothing below it: whatever goes through the others is counted
 * there, or is of no disk. A path carries what the disk that it leads to has counted. The totals of
 * table SYSTEM follow the same rule.
 */
static uint64_t is_counted(const struct search *self, const struct disk *row)
{
	if (row->kind == DISK_UNKNOWN)
		return ABSENT_U64(STATE_NONE);
	if (row->kind == DISK_PARTITION || row->kind == DISK_PATH)
		return 0;
	return *row->lower == '\0' && has(self, row->place, "device");
}

/* What is stacked may be stacked on something else later. */
static void look_below(
	const struct search *self, struct disk *row, const struct disk_look *look)
{
	char path[256];

	if (row->kind == DISK_PARTITION)
		snprintf(row->lower, sizeof row->lower, "%.*s", (int)strcspn(row->place, "/"),
			row->place);
	else if (row->kind != DISK_UNKNOWN)
		sysfs_names(self->block, below(path, look->place, "slaves"), "", row->lower,
			sizeof row->lower);
	spell(row->lower, '!', '/');
	row->counted = is_counted(self, row);
}

static void look_for_alias(const struct search *self, struct disk *row)
{
	char path[256], name[DISK_NAME_SIZE];

	if (row->kind == DISK_MAPPED &&
		sysfs_text(self->block, below(path, row->place, "dm/name"), name, sizeof name) >
			0)
		snprintf(row->alias, sizeof row->alias, "mapper/%s", name);
}

static void describe(struct search *self, struct disk *row, const struct disk_look *look)
{
	open_block(self);
	snprintf(row->name, sizeof row->name, "%s", look->name);
	snprintf(row->place, sizeof row->place, "%s", look->place);
	snprintf(row->number, sizeof row->number, "%u:%u", look->major, look->minor);
	row->major = look->major;
	row->minor = look->minor;
	row->kind = kind_of(self, look);
	row->has_errors = *row->place && has(self, row->place, "device/ioerr_cnt");
	look_for_alias(self, row);
	look_below(self, row, look);
}

/* The place of a count among the others, as a bit. */
#define COUNT_BIT(field)                                                                       \
	(UINT32_C(1) << (offsetof(struct linux_disk_io, field) -                               \
				offsetof(struct linux_disk_io, reads)) /                       \
				sizeof(uint64_t))

/* The times have 32 bits on every kernel, the rest where its words have. */
static void count(struct disk *row, const struct disk_line *line)
{
	static const uint32_t times = COUNT_BIT(read_ms) | COUNT_BIT(write_ms) |
				      COUNT_BIT(busy_ms) | COUNT_BIT(queue_ms) |
				      COUNT_BIT(discard_ms) | COUNT_BIT(flush_ms);
	uint32_t short_ones = (LONGS_ARE_SHORT ? UINT32_MAX : times) & ~COUNT_BIT(in_flight);

	for (int i = 0; i < DISK_COUNTS; i++) {
		row->counts[i] = line->counts[i];
		if (short_ones >> i & 1 && row->counts[i] < ABSENT_U64(STATE_END))
			row->counts[i] = unwrap_count(&row->unwrap[i], row->counts[i]);
	}
}

static void found(struct search *self, const struct disk_look *look,
	const struct disk_line *line, bool looked)
{
	char key[DISK_NAME_SIZE + 64];
	struct disk *row;
	bool is_new;

	snprintf(key, sizeof key, "%s %u:%u %llu", look->name, look->major, look->minor,
		(unsigned long long)look->sequence);
	row = devices_found(&self->disks->devices, key, &is_new);
	if (!row)
		return;
	if (is_new)
		describe(self, row, look);
	else if (looked && (row->kind == DISK_RAID || row->kind == DISK_MAPPED))
		look_below(self, row, look);
	row->sectors = look->sectors;
	count(row, line);
}

static void take_line(struct search *self, uint32_t at, const struct disk_line *line)
{
	struct disk_look *look = &self->disks->looks[at];
	bool looks = self->look || !is_same(look, line) || (!look->whole && self->whole_is_new);

	if (looks)
		look_at(self, look, line);
	look->reads = line->counts[0];
	look->writes = line->counts[WRITES];
	if (look->whole) {
		self->whole = look;
		self->whole_is_new = looks;
	}
	if (!look->left_out)
		found(self, look, line, looks);
}

/* Before any line: what points to a look must stay good. */
static void make_room(struct disks *self)
{
	const char *at = self->stats.bytes, *end = at + self->stats.length;
	uint32_t lines = 1, before = self->look_capacity;

	while (at < end && (at = memchr(at, '\n', (size_t)(end - at)))) {
		lines++;
		at++;
	}
	if (lines <= before)
		return;
	self->look_capacity = lines * 2;
	self->looks = xreallocarray(self->looks, self->look_capacity, sizeof *self->looks);
	memset(self->looks + before, 0, (self->look_capacity - before) * sizeof *self->looks);
}

int disk_find(struct devices *devices)
{
	struct disks *self = (struct disks *)devices;
	struct search search = {.disks = self, .block = -2};
	int error = whole_file_read(&self->stats, devices->host->procfs, "diskstats");
	struct disk_line line;
	struct scan scan, text;

	if (error < 0)
		return error == -ENOENT ? 0 : error; /* a kernel without block devices */
	make_room(self);
	search.look = !self->looked_ns || devices->now_ns - self->looked_ns >= LOOK_NS;
	if (search.look)
		self->looked_ns = devices->now_ns;
	scan = (struct scan){self->stats.bytes, self->stats.bytes + self->stats.length};
	for (uint32_t at = 0; scan_line(&scan, &text);)
		if (disk_line_parse(text, &line))
			take_line(&search, at++, &line);
	if (search.block >= 0)
		close(search.block);
	return 0;
}
