/*
 * Build id: what the linker wrote into a program or a library to tell one build from another, in a
 * note of the ELF file, elf(5). The file is anybody's: nothing that it says about its own layout is
 * believed.
 */
#ifndef COMMON_BUILD_ID_H
#define COMMON_BUILD_ID_H

#include <stddef.h>
#include <stdint.h>

enum {
	BUILD_ID_MAX = 64, /* bytes; linkers write 8 to 20 */
	BUILD_ID_TEXT_MAX = 2 * BUILD_ID_MAX,
};

/* Opens a file to read its id: only a file proper, whatever else is there may block, or do something
 * when it is opened. `directory` as for openat(2). Returns a descriptor, -ENOEXEC, or another
 * negative errno. */
int build_id_open(int directory, const char *path);

/* Returns the length of the id of an open file; 0 when it has none; -ENOEXEC when it is no ELF file
 * of this machine, or not all there; or another negative errno. */
int build_id_read(int file, char id[BUILD_ID_MAX]);

/* In hexadecimal, without a 0 at the end; returns its length. */
uint32_t build_id_write(const char *id, uint32_t length, char text[BUILD_ID_TEXT_MAX]);

/* Among notes; points into the bytes. The length, 0 when there is none. */
uint32_t build_id_find(
	const char *bytes, size_t length, uint32_t alignment, const char **ret_id);

#endif
