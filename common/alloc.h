/*
 * Allocation for programs: out of memory ends the program with a message. (The client
 * library does not use these: it returns -ENOMEM.)
 *
 * A server has a reserve, which is given away when memory is short: what is under way is
 * brought to an end with it. Whoever is about to begin something asks alloc_has_room()
 * first, and does without if there is none; so the reserve is only for small things.
 */
#ifndef COMMON_ALLOC_H
#define COMMON_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

void *xcalloc(size_t count, size_t size);
void *xreallocarray(void *old, size_t count, size_t size);
char *xstrdup(const char *text);
char *xstrndup(const char *text, size_t length);
/* printf into a new string. */
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* From now on memory is kept back. */
void alloc_keep_reserve(void);
/* Is the reserve there, or to be had again, and beside it so much for one purpose? */
bool alloc_has_room(size_t size);
/* Gives the reserve away: true if that was something, and it is worth trying again. */
bool alloc_give_reserve(void);
/* realloc() for libraries: with the reserve if need be; NULL if that is not enough. */
void *alloc_again(void *old, size_t size);

#endif
