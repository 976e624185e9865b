#include "allocation.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "alloc.h"
#include "room.h"

static const char *const kind_names[ALLOCATION_KINDS] = {
	[KIND_MALLOC] = "malloc",
	[KIND_ANON] = "anon",
	[KIND_FILE_PRIVATE] = "file-private",
	[KIND_FILE_SHARED] = "file-shared",
	[KIND_SHM] = "shm",
};

static const char *const action_names[ALLOCATION_ACTIONS] = {
	[ACTION_NOTHING] = "nothing",
	[ACTION_READ] = "read",
	[ACTION_WRITE] = "write",
	[ACTION_FREE] = "free",
};

static const char
	untouched[] = "it only is address space: pages come when it is used",
	zeros[] = "what was never written is the kernel's one page of zeros, mapped "
		  "again and again: only the page tables cost memory",
	own[] = "pages of its own are in all measures",
	cache[] = "these are pages of the kernel's cache of the file: in resident and pss, "
		  "in unique while no other maps them, and not in footprint",
	unmapped[] = "what is not mapped any more is counted no more";

static const char *const lessons[ALLOCATION_KINDS][ALLOCATION_ACTIONS] = {
	[KIND_MALLOC] = {untouched, zeros, own,
		"free() gives a piece as large as this back to the kernel at once; small "
		"pieces "
		"stay with malloc, and are counted as if they were in use"},
	[KIND_ANON] = {untouched, zeros, own,
		"MADV_FREE: the kernel takes these pages when memory is short, and until then "
		"counts them as before"},
	[KIND_FILE_PRIVATE] = {untouched, cache,
		"each page that is written becomes a copy for this process: it counts as if "
		"there "
		"were no file",
		unmapped},
	[KIND_FILE_SHARED] = {untouched, cache, cache, unmapped},
	[KIND_SHM] = {untouched,
		"reading is enough to make pages of shared memory: in resident, pss and "
		"unique, "
		"and not in footprint",
		"shared memory is in resident and pss, in unique while no other maps it, and "
		"not "
		"in footprint",
		unmapped},
};

const char *allocation_kind_name(enum allocation_kind kind)
{
	return kind_names[kind];
}

const char *allocation_action_name(enum allocation_action action)
{
	return action_names[action];
}

const char *allocation_lesson(enum allocation_kind kind, enum allocation_action action)
{
	return lessons[kind][action];
}

enum allocation_kind allocation_find_kind(const char *name)
{
	int kind = 0;

	while (kind < ALLOCATION_KINDS && strcmp(kind_names[kind], name) != 0)
		kind++;
	return (enum allocation_kind)kind;
}

/* ------------------------------------------------------------------------------- files */

/* Between the two calls no signal may end us. */
static int open_and_unlink(const char *directory)
{
	char *path = xasprintf("%s/procctl.XXXXXX", directory);
	sigset_t all, before;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	int file = mkstemp(path);
	if (file < 0)
		file = -errno;
	else
		unlink(path);
	sigprocmask(SIG_SETMASK, &before, NULL);
	free(path);
	return file;
}

/* A file that never has a name, where there is such a thing. */
static int open_nameless(const char *directory)
{
#ifdef O_TMPFILE
	int file = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (file >= 0)
		return file;
#endif
	return open_and_unlink(directory);
}

/* With room for all of it: what a write into a mapping finds no room for ends the program. */
static int map_file(struct allocation *self, const char *directory)
{
	int flags = self->kind == KIND_FILE_SHARED ? MAP_SHARED : MAP_PRIVATE;
	int file = open_nameless(directory);
	int error = file < 0 ? -file : -room_reserve(file, self->size);
	void *memory = MAP_FAILED;

	if (!error) {
		memory = mmap(NULL, self->size, PROT_READ | PROT_WRITE, flags, file, 0);
		error = memory == MAP_FAILED ? errno : 0;
	}
	if (file >= 0)
		close(file);
	if (!error)
		self->memory = memory;
	return -error;
}

/* ------------------------------------------------------------------------------- memory */

int allocation_make(
	struct allocation *self, enum allocation_kind kind, size_t size, const char *directory)
{
	int flags = MAP_ANONYMOUS | (kind == KIND_SHM ? MAP_SHARED : MAP_PRIVATE);

	*self = (struct allocation){.kind = kind, .size = size};
	if (kind == KIND_FILE_PRIVATE || kind == KIND_FILE_SHARED)
		return map_file(self, directory);
	if (kind == KIND_MALLOC) {
		self->memory = malloc(size);
		return self->memory ? 0 : -ENOMEM;
	}
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (memory == MAP_FAILED)
		return -errno;
	self->memory = memory;
	return 0;
}

static void touch(const struct allocation *self, bool writes)
{
	size_t step = (size_t)sysconf(_SC_PAGESIZE);

	for (size_t at = 0; at < self->size; at += step) {
		volatile char *byte = self->memory + at;
		if (writes)
			*byte = 1;
		else
			(void)*byte;
	}
}

int allocation_act(struct allocation *self, enum allocation_action action)
{
	if (action == ACTION_NOTHING)
		return 0;
	touch(self, action != ACTION_READ);
	if (action != ACTION_FREE)
		return 0;
	if (self->kind == KIND_ANON)
		return madvise(self->memory, self->size, MADV_FREE) < 0 ? -errno : 0;
	allocation_finish(self);
	return 0;
}

void allocation_finish(struct allocation *self)
{
	if (self->kind == KIND_MALLOC)
		free(self->memory);
	else if (self->memory)
		munmap(self->memory, self->size);
	self->memory = NULL;
}
