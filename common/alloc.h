/* Allocation for programs: out of memory ends the program with a message. (The client
 * library does not use these: it returns -ENOMEM.) */
#ifndef COMMON_ALLOC_H
#define COMMON_ALLOC_H

#include <stddef.h>

void *xcalloc(size_t count, size_t size);
void *xreallocarray(void *old, size_t count, size_t size);
char *xstrdup(const char *text);
char *xstrndup(const char *text, size_t length);
/* printf into a new string. */
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
