#include "map.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../parse.h"
#include "../read.h"
#include "alloc.h"
#include "category.h"
#include "mounts.h"

/* Nothing that is loaded as a program or a library has so many parts; and who maps one file in a
 * million of pieces shall not cost the memory for them. */
enum { HELD_MAX = 64 };

/* A mapping that waits for its neighbours, with what its texts point to. */
struct held {
	struct mapping mapping;
	char *text, *flags;
	size_t text_room, flags_room;
};

struct walk {
	map_visit *visit;
	void *context;
	bool with_pages, enough;
	int directory; /* for its mountinfo; or -1 */
	uint64_t visited;
	/* Mappings of one file that follow each other, or a single one: the latest of them. */
	struct held *held;
	uint32_t held_count, held_room;
	bool has_code; /* one of the same file before these was executable */
	/* The one that was visited last. */
	struct held before;
	bool has_before;
	struct page_lines lines; /* of the last mapping */
	bool mounts_known;
	struct memory_mounts mounts;
};

/* ------------------------------------------------------------------------ what it is on */

bool mapping_begins(const struct mapping *mapping, const char *start)
{
	size_t length = strlen(start);

	return mapping->text_length >= length && memcmp(mapping->text, start, length) == 0;
}

static bool begins_with_one(
	const struct mapping *mapping, const char *const *starts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (mapping_begins(mapping, starts[i]))
			return true;
	return false;
}

/* The kernel's own are mounted nowhere; they are known by what it calls their files. Mounts are
 * read when the first mapping needs them: most processes map nothing of such a device. */
static void tell_memory(struct walk *self, struct mapping *mapping)
{
	static const char *const files[] = {
		"/memfd:", "/SYSV", "/dev/zero", "/drm mm object", "/i915"};
	const struct memory_device *device;

	mapping->is_huge = mapping_begins(mapping, "/anon_hugepage");
	mapping->is_memory = mapping->is_huge ||
			     begins_with_one(mapping, files, sizeof files / sizeof *files);
	if (mapping->is_memory || mapping->device_major != 0)
		return;
	if (!self->mounts_known && self->directory >= 0)
		memory_mounts_read(&self->mounts, self->directory);
	self->mounts_known = true;
	device =
		memory_mounts_find(&self->mounts, mapping->device_major, mapping->device_minor);
	mapping->is_memory = device != NULL;
	mapping->is_huge = device && device->is_huge;
}

/* ------------------------------------------------------------------------------ visiting */

static void destroy_held(struct held *self)
{
	free(self->text);
	free(self->flags);
}

static void swap_held(struct held *a, struct held *b)
{
	struct held c = *a;

	*a = *b;
	*b = c;
}

/* All that is held is of one file, or is a single one; `after` comes next. */
static void visit_held(struct walk *self, const struct mapping *after)
{
	for (uint32_t i = 0; i < self->held_count; i++)
		self->has_code |= self->held[i].mapping.executable;
	for (uint32_t i = 0; i < self->held_count; i++) {
		struct held *held = &self->held[i];
		const struct mapping *next =
			i + 1 < self->held_count ? &self->held[i + 1].mapping : after;
		category_of(&held->mapping, self->has_code,
			self->has_before ? &self->before.mapping : NULL, next);
		if (!self->enough)
			self->enough = !self->visit(self->context, &held->mapping);
		self->visited++;
		swap_held(held, &self->before);
		self->has_before = true;
	}
	self->held_count = 0;
}

static bool is_of_same_file(const struct mapping *a, const struct mapping *b)
{
	return a->is_file && b->is_file && a->inode == b->inode &&
	       a->device_major == b->device_major && a->device_minor == b->device_minor;
}

static void keep_text(char **text, size_t *room, const char *bytes, size_t length)
{
	if (length + 1 > *room) {
		*room = length + 1 + *room;
		*text = xreallocarray(*text, *room, 1);
	}
	memcpy(*text, bytes, length);
	(*text)[length] = '\0';
}

/* The one that the walk is at. */
static void hold(struct walk *self, const struct mapping *mapping)
{
	struct held *held;

	if (self->held_count == self->held_room) {
		uint32_t room = self->held_room ? self->held_room * 2 : 8;
		self->held = xreallocarray(self->held, room, sizeof *self->held);
		memset(self->held + self->held_room, 0,
			(room - self->held_room) * sizeof *self->held);
		self->held_room = room;
	}
	held = &self->held[self->held_count++];
	keep_text(&held->text, &held->text_room, mapping->text, mapping->text_length);
	held->mapping = *mapping;
	held->mapping.text = held->text;
}

/* ------------------------------------------------------------------------------- parsing */

static bool scan_hex(struct scan *self, uint64_t *ret_number)
{
	const char *start = self->at;
	uint64_t number = 0;

	for (; self->at < self->end; self->at++) {
		char c = *self->at;
		if (c >= '0' && c <= '9')
			number = number << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			number = number << 4 | (uint64_t)(c - 'a' + 10);
		else
			break;
	}
	*ret_number = number;
	return self->at > start && self->at - start <= 16;
}

static bool scan_char(struct scan *self, char wanted)
{
	if (self->at >= self->end || *self->at != wanted)
		return false;
	self->at++;
	return true;
}

static bool scan_rights(struct scan *self, struct mapping *mapping)
{
	if (self->end - self->at < 4)
		return false;
	mapping->readable = self->at[0] == 'r';
	mapping->writable = self->at[1] == 'w';
	mapping->executable = self->at[2] == 'x';
	mapping->is_shared = self->at[3] == 's';
	self->at += 4;
	return true;
}

static bool ends(struct scan text, const char *end)
{
	size_t length = strlen(end);

	return (size_t)(text.end - text.at) >= length &&
	       memcmp(text.end - length, end, length) == 0;
}

static void take_text(struct mapping *mapping, struct scan text)
{
	mapping->text = text.at;
	mapping->text_length = (uint32_t)(text.end - text.at);
}

/* "[heap]", "[anon:NAME]", "[anon_shmem:NAME]", or "anon_inode:[NAME]": no file that has a path.
 * An old kernel says "[stack:TID]". */
static void name_memory(struct scan text, struct mapping *mapping)
{
	static const char anonymous[] = "[anon:", shared[] = "[anon_shmem:";
	size_t start = 1;

	take_text(mapping, text);
	mapping->is_memory = mapping_begins(mapping, shared) ||
			     (mapping->is_shared && (text.at == text.end || *text.at == '['));
	if (text.at == text.end || *text.at != '[' || text.end[-1] != ']')
		return;
	if (mapping_begins(mapping, anonymous) || mapping_begins(mapping, shared)) {
		mapping->is_named = true;
		start = mapping_begins(mapping, shared) ? sizeof shared - 1
							: sizeof anonymous - 1;
	}
	/* glibc and Go begin their names with a blank. */
	for (text.at += start; mapping->is_named && *text.at == ' ';)
		text.at++;
	take_text(mapping, (struct scan){text.at, text.end - 1});
}

#ifndef RESOLVE_CACHED /* headers before Linux 5.12 */
#define RESOLVE_CACHED 0x20
#endif

/* A descriptor of that file, or negative. */
static int open_known(int root, const char *path)
{
	struct open_how how = {
		.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_CACHED | RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS,
	};

	return (int)syscall(SYS_openat2, root, path, &how, sizeof how);
}

/*
 * Is there such a file, as the process sees it? Then its very name ends like that. Only what the
 * kernel has in its caches is looked at, where a file that is mapped is: the file system may be
 * one that hangs, or that the process itself serves. Linux before 5.12 cannot do that.
 */
static bool has_path(const struct walk *self, struct scan path, uint64_t inode)
{
	enum { HOW = AT_EMPTY_PATH | AT_STATX_DONT_SYNC };
	char text[PATH_MAX];
	size_t length = (size_t)(path.end - path.at);
	int root = -1, file = -1;
	struct statx status;
	bool found = false;

	if (length >= sizeof text)
		return false;
	memcpy(text, path.at, length);
	text[length] = '\0';
	if (self->directory >= 0)
		root = openat(self->directory, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root >= 0)
		file = open_known(root, text);
	if (file >= 0)
		found = statx(file, "", HOW, STATX_INO, &status) == 0 &&
			status.stx_ino == inode;
	if (file >= 0)
		close(file);
	if (root >= 0)
		close(root);
	return found;
}

/* A path, with " (deleted)" behind it if it has none any more. */
static void name_file(struct walk *self, struct scan text, struct mapping *mapping)
{
	static const char deleted[] = " (deleted)";

	mapping->is_file = true;
	mapping->is_deleted = ends(text, deleted) && !has_path(self, text, mapping->inode);
	if (mapping->is_deleted)
		text.end -= sizeof deleted - 1;
	take_text(mapping, text);
	tell_memory(self, mapping);
}

/* A file system may have any number of 64 bits. */
static bool scan_inode(struct scan *self, uint64_t *ret_inode)
{
	const char *start;
	uint64_t inode = 0;
	bool overflow = false;

	while (scan_char(self, ' '))
		;
	for (start = self->at; self->at < self->end && *self->at >= '0' && *self->at <= '9';
		self->at++) {
		overflow |= __builtin_mul_overflow(inode, UINT64_C(10), &inode);
		overflow |= __builtin_add_overflow(inode, (uint64_t)(*self->at - '0'), &inode);
	}
	*ret_inode = inode;
	return self->at > start && !overflow;
}

/* "7f12a000-7f12b000 rw-p 00001000 08:01 1234      /path": hexadecimal but for the inode. */
static bool parse_head(struct walk *self, struct scan line, struct mapping *ret_mapping)
{
	struct mapping mapping = {0};
	uint64_t major, minor;

	if (!scan_hex(&line, &mapping.start) || !scan_char(&line, '-') ||
		!scan_hex(&line, &mapping.end) || !scan_char(&line, ' ') ||
		!scan_rights(&line, &mapping) || !scan_char(&line, ' ') ||
		!scan_hex(&line, &mapping.offset) || !scan_char(&line, ' ') ||
		!scan_hex(&line, &major) || !scan_char(&line, ':') ||
		!scan_hex(&line, &minor) || !scan_inode(&line, &mapping.inode) ||
		mapping.end <= mapping.start || major > UINT32_MAX || minor > UINT32_MAX)
		return false;
	mapping.device_major = (uint32_t)major;
	mapping.device_minor = (uint32_t)minor;
	while (scan_char(&line, ' '))
		;
	if (line.at < line.end && *line.at == '/')
		name_file(self, line, &mapping);
	else
		name_memory(line, &mapping);
	*ret_mapping = mapping;
	return true;
}

static struct held *last_held(struct walk *self)
{
	return self->held_count ? &self->held[self->held_count - 1] : NULL;
}

static void take_flags(struct held *held, struct scan line)
{
	while (line.at < line.end && *line.at == ' ')
		line.at++;
	while (line.end > line.at && line.end[-1] == ' ')
		line.end--;
	held->mapping.flags_length = (uint32_t)(line.end - line.at);
	keep_text(&held->flags, &held->flags_room, line.at, held->mapping.flags_length);
	held->mapping.flags = held->flags;
	held->mapping.is_huge |= strstr(held->flags, "ht") != NULL;
}

/* The mapping whose lines were read last has no more. */
static void finish_lines(struct walk *self)
{
	struct held *held = last_held(self);

	if (held && self->with_pages) {
		struct mapping *mapping = &held->mapping;
		page_lines_finish(&self->lines, mapping->is_memory, &mapping->pages);
		mapping->page_size = page_lines_size(&self->lines);
	}
	page_lines_begin(&self->lines);
}

/* A line of the file; false: it is garbage. */
static bool take_line(struct walk *self, struct scan line)
{
	static const char flags[] = "VmFlags:";
	struct held *held = last_held(self);
	struct mapping mapping;

	if (line.at < line.end && *line.at >= 'A' && *line.at <= 'Z') {
		if ((size_t)(line.end - line.at) >= sizeof flags - 1 && held &&
			memcmp(line.at, flags, sizeof flags - 1) == 0)
			take_flags(held, (struct scan){line.at + sizeof flags - 1, line.end});
		else
			page_lines_take(&self->lines, line);
		return true;
	}
	if (!parse_head(self, line, &mapping))
		return false;
	finish_lines(self);
	if (held && !is_of_same_file(&held->mapping, &mapping)) {
		visit_held(self, &mapping);
		self->has_code = false;
	} else if (self->held_count == HELD_MAX) {
		visit_held(self, &mapping);
	}
	hold(self, &mapping);
	return true;
}

static void walk_end(struct walk *self)
{
	finish_lines(self);
	visit_held(self, NULL);
	for (uint32_t i = 0; i < self->held_room; i++)
		destroy_held(&self->held[i]);
	destroy_held(&self->before);
	free(self->held);
	memory_mounts_finish(&self->mounts);
}

/* All whole lines; returns how many bytes they were. -EBADMSG. */
static ssize_t take_lines(struct walk *self, const char *bytes, size_t length)
{
	const char *at = bytes, *end = bytes + length, *newline;

	while (!self->enough && (newline = memchr(at, '\n', (size_t)(end - at)))) {
		if (!take_line(self, (struct scan){at, newline}))
			return -EBADMSG;
		at = newline + 1;
	}
	return at - bytes;
}

int map_parse(const char *bytes, size_t length, const char *mounts, size_t mounts_length,
	map_visit *visit, void *context)
{
	struct walk walk = {
		.visit = visit, .context = context, .with_pages = true, .directory = -1};
	ssize_t taken;

	memory_mounts_parse(&walk.mounts, mounts, mounts_length);
	taken = take_lines(&walk, bytes, length);
	walk_end(&walk);
	return taken < 0 ? (int)taken : walk.visited ? 0 : -ESRCH;
}

/* ------------------------------------------------------------------------------- reading */

static int walk_file(struct walk *self, int file)
{
	enum { SIZE = 64 * 1024 };
	char *bytes = xreallocarray(NULL, SIZE, 1);
	size_t kept = 0;
	int result = 0;

	while (!self->enough) {
		ssize_t got = read(file, bytes + kept, SIZE - kept);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			result = got < 0 ? -errno : kept ? -EBADMSG : 0;
			break;
		}
		ssize_t taken = take_lines(self, bytes, kept + (size_t)got);
		if (taken < 0 || (taken == 0 && kept + (size_t)got == SIZE)) {
			result = -EBADMSG;
			break;
		}
		kept = kept + (size_t)got - (size_t)taken;
		memmove(bytes, bytes + taken, kept);
	}
	free(bytes);
	return result;
}

int map_walk(int directory, bool with_pages, map_visit *visit, void *context)
{
	struct walk walk = {.visit = visit,
		.context = context,
		.with_pages = with_pages,
		.directory = directory};
	int result, file = openat(directory, with_pages ? "smaps" : "maps", READ_FLAGS);

	if (file < 0)
		return -errno;
	result = walk_file(&walk, file);
	close(file);
	walk_end(&walk);
	return result ? result : walk.visited ? 0 : -ESRCH;
}
