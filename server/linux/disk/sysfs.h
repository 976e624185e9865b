/* Sysfs: one value a file; and the files that tell of all devices at once. */
#ifndef LINUX_SYSFS_H
#define LINUX_SYSFS_H

#include "../devices.h"

/* What a cell is whose file gave this errno: what is not there is none. */
enum cell_state sysfs_state(int error);

/* All of these: 0 or a negative errno, -EBADMSG for what is no such value. */
int sysfs_number(int directory, const char *path, int64_t *ret_number);
/* The first line, without blanks around it; its length. */
int sysfs_text(int directory, const char *path, char *text, size_t size);

/* The same as a field of a sample. A negative number is a failure. */
uint64_t sysfs_u64(int directory, const char *path);
/* `text` must live as long as the sample; the first of the files that says something. */
struct sample_text sysfs_sample_text(
	int directory, const char *const *paths, char *text, size_t size);

/*
 * The names in a directory that begin with `prefix`, without it, in alphabetical order and with
 * commas; those for which there is no room become "...". "" if there are none.
 */
void sysfs_names(int directory, const char *path, const char *prefix, char *text, size_t size);

/* A file of any length; zeroed to begin with. */
struct whole_file {
	char *bytes;
	size_t size, length;
};

/* Reads it anew. 0 or a negative errno. */
int whole_file_read(struct whole_file *self, const char *directory, const char *name);
void whole_file_finish(struct whole_file *self);

/* What a kernel counts in 32 bits, counted on in 64. Only a step back by more than half of
 * them is a wrap: a smaller one is a counter that was reset. */
struct unwrap {
	uint64_t last, high;
};

uint64_t unwrap_count(struct unwrap *self, uint64_t count);

/* Then "unsigned long" of the kernel has 32 bits too, most likely. */
enum { LONGS_ARE_SHORT = sizeof(long) == 4 };

#endif
