/*
 * Memory that several processes map: shared memory and files. What the kernel tells are amounts of
 * each mapping; here they become amounts of each object, in which every page counts once.
 */
#ifndef CLIENT_MEMORY_SHARING_H
#define CLIENT_MEMORY_SHARING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An object in one mapping of a process. */
struct sharing_use {
	size_t process;     /* its number, or another id */
	const char *device; /* "254:0"; borrowed, as the name is */
	uint64_t inode;
	const char *name;
	bool is_memory;                         /* else it is a file: clean pages */
	uint64_t start, end;                    /* the part of the object */
	uint64_t resident, pss, unique, common; /* pages of this part that the process maps */
	uint64_t swap;                          /* pages of this part, whoever maps them */
};

struct sharing_object {
	const struct sharing_use *uses; /* in the order of processes */
	size_t use_count, process_count;
	uint64_t once; /* pages in RAM and swapped that any of the processes maps */
	uint64_t swap; /* the part that is swapped */
	uint64_t sum;  /* what the processes have one by one */
};

struct sharing {
	struct sharing_use *uses; /* owned */
	struct sharing_object *objects;
	size_t count;
};

/*
 * Takes the array of uses. How many pages of an object are mapped by any of the processes is
 * between two bounds that are known: at least those that one has for itself, of all, and the most
 * that one has in common with others; at most the size of the part. The sum of the shares (PSS) is
 * the number where nobody else maps them, and too low where others do.
 */
void sharing_init(struct sharing *self, struct sharing_use *uses, size_t count);
void sharing_finish(struct sharing *self);

/* All shared memory, or all of files, each page once. */
uint64_t sharing_sum_once(const struct sharing *self, bool is_memory);

#endif
