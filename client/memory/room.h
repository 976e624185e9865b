#ifndef CLIENT_MEMORY_ROOM_H
#define CLIENT_MEMORY_ROOM_H

#include <stddef.h>

/*
 * Makes an empty file that large, with room for all of it on the disk. Nothing is written. Returns 0
 * or a negative errno.
 */
int room_reserve(int file, size_t size);

#endif
