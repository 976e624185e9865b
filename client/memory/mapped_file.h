/* The file behind a mapping of a process, read as the process sees it: for symbols. */
#ifndef CLIENT_MEMORY_MAPPED_FILE_H
#define CLIENT_MEMORY_MAPPED_FILE_H

#include <stdbool.h>
#include <stdint.h>

struct mapped_file {
	/* What it is. */
	uint32_t pid;
	uint64_t start, end, inode; /* inode 0: not known */
	const char *path;           /* as the process' root has it; borrowed */
	/* What was found; owned. */
	char *symbols; /* a file that can be opened here and has its symbols; NULL: there are none */
	char *build_id; /* NULL: it has none */
};

/*
 * Looks at the file. Returns 0; -ENOENT: it is not there any more, or another file is in its place;
 * -EACCES; or another negative errno.
 */
int mapped_file_read(struct mapped_file *self);
void mapped_file_finish(struct mapped_file *self);

#endif
