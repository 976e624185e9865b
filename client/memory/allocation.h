/* One large piece of memory of a kind, and what one can do with it: the subject of an experiment. */
#ifndef CLIENT_MEMORY_ALLOCATION_H
#define CLIENT_MEMORY_ALLOCATION_H

#include <stddef.h>

enum allocation_kind {
	KIND_MALLOC,
	KIND_ANON,         /* mmap, private, of no file */
	KIND_FILE_PRIVATE, /* mmap of a file; what is written is a copy */
	KIND_FILE_SHARED,  /* mmap of a file; what is written goes into it */
	KIND_SHM,          /* mmap, shared, of no file */
	ALLOCATION_KINDS,
};

enum allocation_action {
	ACTION_NOTHING,
	ACTION_READ,  /* a byte of each page */
	ACTION_WRITE, /* the same */
	ACTION_FREE, /* written first; then free(), MADV_FREE for KIND_ANON, munmap() for others */
	ALLOCATION_ACTIONS,
};

struct allocation {
	enum allocation_kind kind;
	char *memory; /* NULL: none */
	size_t size;
};

/* "file-private", "write". */
const char *allocation_kind_name(enum allocation_kind kind);
const char *allocation_action_name(enum allocation_action action);
/* Looks a name up; ALLOCATION_KINDS: there is no such kind. */
enum allocation_kind allocation_find_kind(const char *name);

/* What an action on this kind shows, in a sentence. */
const char *allocation_lesson(enum allocation_kind kind, enum allocation_action action);

/*
 * Takes the memory. A file is made in `directory`, and has no name any more when this returns, or
 * a signal ends the program. Returns 0, or a negative errno: -ENOSPC if the file does not fit.
 */
int allocation_make(
	struct allocation *self, enum allocation_kind kind, size_t size, const char *directory);
/* Returns 0 or a negative errno. */
int allocation_act(struct allocation *self, enum allocation_action action);
/* Gives back what is left of it. */
void allocation_finish(struct allocation *self);

#endif
