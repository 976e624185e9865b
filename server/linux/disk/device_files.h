/* Device files: what the tables of disks and of networks need of sysfs besides single numbers, and
 * the files that tell of all devices at once. */
#ifndef LINUX_DEVICE_FILES_H
#define LINUX_DEVICE_FILES_H

#include "../host.h"
#include "../sysfs.h"
#include "devices.h"

/* The first of the files that says something, without blanks around it. `text` must live as long
 * as the sample. */
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
