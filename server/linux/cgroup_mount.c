#include "cgroup_mount.h"

#include <linux/magic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>

#include "alloc.h"
#include "host.h"
#include "parse.h"

/* --------------------------------------------------------------- lines of /proc/PID/cgroup */

/* "ID:CONTROLLERS:PATH" */
struct membership {
	struct scan controllers, path;
	bool unified;
};

static bool take_apart(const struct scan *line, struct membership *ret_membership)
{
	const char *first = memchr(line->at, ':', (size_t)(line->end - line->at));
	const char *second =
		first ? memchr(first + 1, ':', (size_t)(line->end - first - 1)) : NULL;

	if (!second || second + 1 == line->end || second[1] != '/')
		return false;
	ret_membership->controllers = (struct scan){first + 1, second};
	ret_membership->path = (struct scan){second + 1, line->end};
	ret_membership->unified =
		first + 1 == second && first == line->at + 1 && *line->at == '0';
	return true;
}

/* The line of the hierarchy: the unified one, else the first; false: there is none. */
static bool choose_line(const char *bytes, size_t length, struct membership *ret_membership)
{
	struct scan scan = {bytes, bytes + length}, line;
	struct membership membership;
	bool found = false;

	while (!(found && ret_membership->unified) && scan_line(&scan, &line))
		if (take_apart(&line, &membership) && (!found || membership.unified)) {
			*ret_membership = membership;
			found = true;
		}
	return found;
}

static const char *text_of(const struct scan *scan, size_t *ret_length)
{
	*ret_length = (size_t)(scan->end - scan->at);
	return scan->at;
}

const char *cgroup_mount_choose(const char *bytes, size_t length, size_t *ret_length)
{
	struct membership membership;

	return choose_line(bytes, length, &membership)
		       ? text_of(&membership.controllers, ret_length)
		       : NULL;
}

const char *cgroup_mount_choose_path(const char *bytes, size_t length, size_t *ret_length)
{
	struct membership membership;

	return choose_line(bytes, length, &membership) ? text_of(&membership.path, ret_length)
						       : NULL;
}

static bool is_text(const struct scan *scan, const char *text)
{
	size_t length = strlen(text);

	return (size_t)(scan->end - scan->at) == length && memcmp(scan->at, text, length) == 0;
}

const char *cgroup_mount_path(
	const struct cgroup_mount *self, const char *bytes, size_t length, size_t *ret_length)
{
	struct scan scan = {bytes, bytes + length}, line;
	struct membership membership;

	while (scan_line(&scan, &line))
		if (take_apart(&line, &membership) &&
			is_text(&membership.controllers, self->controllers))
			return text_of(&membership.path, ret_length);
	return NULL;
}

/* --------------------------------------------------------------------------- the mount */

/* The next word up to a blank; empty at the end. */
static struct scan next_word(struct scan *line)
{
	struct scan word = {line->at, line->at};

	while (word.end < line->end && *word.end != ' ')
		word.end++;
	line->at = word.end < line->end ? word.end + 1 : word.end;
	return word;
}

/* Is every one of the controllers, with commas between, an option of the mount? */
static bool has_controllers(struct scan options, const char *controllers)
{
	for (size_t length; *controllers;
		controllers += length + (controllers[length] == ',')) {
		struct scan rest = options;
		bool found = false;
		length = strcspn(controllers, ",");
		while (!found && rest.at < rest.end) {
			const char *comma = memchr(rest.at, ',', (size_t)(rest.end - rest.at));
			const char *end = comma ? comma : rest.end;
			found = (size_t)(end - rest.at) == length &&
				memcmp(rest.at, controllers, length) == 0;
			rest.at = comma ? comma + 1 : rest.end;
		}
		if (!found)
			return false;
	}
	return true;
}

/* Blanks and the like are written as three octal digits, "\040". */
static char *unescape(const struct scan *word)
{
	char *text = xcalloc(1, (size_t)(word->end - word->at) + 1), *out = text;

	for (const char *at = word->at; at < word->end; at++) {
		unsigned code;
		if (*at == '\\' && word->end - at >= 4 && at[1] >= '0' && at[1] <= '3' &&
			sscanf(at + 1, "%3o", &code) == 1) {
			*out++ = (char)code;
			at += 3;
		} else {
			*out++ = *at;
		}
	}
	return text;
}

void cgroup_mount_take(struct cgroup_mount *self, const char *bytes, size_t length)
{
	struct scan line = {bytes, bytes + length}, root, point, word, options;
	bool unified = !*self->controllers;

	for (int i = 0; i < 3; i++) /* its number, its parent's, the device's */
		next_word(&line);
	root = next_word(&line);
	point = next_word(&line);
	do
		word = next_word(&line);
	while (!is_text(&word, "-") && line.at < line.end);
	word = next_word(&line);
	next_word(&line); /* the source */
	options = next_word(&line);
	if (!is_text(&word, unified ? "cgroup2" : "cgroup") ||
		!has_controllers(options, self->controllers))
		return;
	/* "/.." is above the root of our cgroup namespace. */
	if (memmem(root.at, (size_t)(root.end - root.at), "/..", 3) ||
		(self->point && strcmp(self->root, "/") == 0) ||
		(self->point && !is_text(&root, "/")))
		return;
	free(self->point);
	free(self->root);
	self->root = unescape(&root);
	self->point = unescape(&point);
}

bool cgroup_mount_directory(const struct cgroup_mount *self, const char *path, size_t length,
	char *directory, size_t size)
{
	size_t root = strcmp(self->root, "/") == 0 ? 0 : strlen(self->root);
	int written;

	if (length > INT32_MAX || memmem(path, length, "/..", 3) || length < root ||
		memcmp(path, self->root, root) != 0 || (length > root && path[root] != '/'))
		return false;
	written = snprintf(
		directory, size, "%s%.*s", self->point, (int)(length - root), path + root);
	return written > 0 && (size_t)written < size;
}

/* ---------------------------------------------------------------------- begin and end */

FILE *cgroup_mount_open_self(const struct host *host, const char *name)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/self/%s", host->real ? "/proc" : host->procfs, name);
	return fopen(path, "re");
}

void cgroup_mount_choose_own(struct cgroup_mount *self, const struct host *host)
{
	FILE *file = cgroup_mount_open_self(host, "cgroup");
	char bytes[16384];
	size_t length = file ? fread(bytes, 1, sizeof bytes, file) : 0, chosen_length;
	const char *chosen = cgroup_mount_choose(bytes, length, &chosen_length);

	if (chosen)
		self->controllers = xstrndup(chosen, chosen_length);
	if (file)
		fclose(file);
}

void cgroup_mount_relocate(struct cgroup_mount *self, const struct host *host)
{
	char *point = self->point;

	if (!point || strcmp(host->sysfs, "/sys") == 0 || strncmp(point, "/sys/", 5) != 0)
		return;
	self->point = xasprintf("%s%s", host->sysfs, point + 4);
	free(point);
}

static bool is_cgroups(const char *point)
{
	struct statfs filesystem;

	return statfs(point, &filesystem) == 0 &&
	       (filesystem.f_type == CGROUP_SUPER_MAGIC ||
		       filesystem.f_type == CGROUP2_SUPER_MAGIC);
}

void cgroup_mount_init(struct cgroup_mount *self, const struct host *host)
{
	FILE *file;
	char *line = NULL;
	size_t size = 0;
	ssize_t length;

	*self = (struct cgroup_mount){0};
	cgroup_mount_choose_own(self, host);
	file = self->controllers ? cgroup_mount_open_self(host, "mountinfo") : NULL;
	if (!file)
		return;
	while ((length = getline(&line, &size, file)) > 0)
		cgroup_mount_take(self, line, (size_t)length - (line[length - 1] == '\n'));
	free(line);
	fclose(file);
	cgroup_mount_relocate(self, host);
	/* Something else may be mounted over it. */
	if (self->point && host->real && !is_cgroups(self->point)) {
		free(self->point);
		self->point = NULL;
	}
}

void cgroup_mount_finish(struct cgroup_mount *self)
{
	free(self->controllers);
	free(self->point);
	free(self->root);
}
