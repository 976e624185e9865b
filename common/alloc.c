#include "alloc.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	RESERVE = 1024 * 1024,
	SMALL = RESERVE / 8, /* the reserve has room for it */
};

static bool keeps_reserve;
static _Atomic(void *) reserve; /* workers allocate, too */

/* ------------------------------------------------------------------------- the reserve */

bool alloc_give_reserve(void)
{
	void *given = atomic_exchange(&reserve, NULL);

	free(given);
	return given != NULL;
}

static bool refill(void)
{
	void *none = NULL, *memory;

	if (!keeps_reserve || atomic_load(&reserve))
		return true;
	memory = malloc(RESERVE);
	if (!memory)
		return false;
	if (!atomic_compare_exchange_strong(&reserve, &none, memory))
		free(memory);
	return true;
}

void alloc_keep_reserve(void)
{
	keeps_reserve = true;
	refill();
}

bool alloc_has_room(size_t size)
{
	void *volatile probe; /* else the compiler knows that it is not used, and leaves it out */

	if (!refill())
		return false;
	if (size <= SMALL)
		return true;
	probe = malloc(size);
	if (!probe)
		return false;
	free(probe);
	return true;
}

/* -------------------------------------------------------------------------- allocation */

void *alloc_again(void *old, size_t size)
{
	void *memory = realloc(old, size ? size : 1);

	if (!memory && alloc_give_reserve()) {
		memory = realloc(old, size ? size : 1);
		refill();
	}
	return memory;
}

/* With other threads at work: those of a server are not waited for. */
static _Noreturn void end(void)
{
	fputs("out of memory\n", stderr);
	if (keeps_reserve)
		_exit(EXIT_FAILURE);
	exit(EXIT_FAILURE);
}

void *xcalloc(size_t count, size_t size)
{
	void *memory = calloc(count ? count : 1, size ? size : 1);

	if (!memory && alloc_give_reserve()) {
		memory = calloc(count ? count : 1, size ? size : 1);
		refill();
	}
	if (!memory)
		end();
	return memory;
}

void *xreallocarray(void *old, size_t count, size_t size)
{
	void *memory = NULL;

	if (!size || count <= SIZE_MAX / size)
		memory = alloc_again(old, count * size);
	if (!memory)
		end();
	return memory;
}

char *xstrndup(const char *text, size_t length)
{
	size_t size = strnlen(text, length);
	char *copy = xcalloc(size + 1, 1);

	memcpy(copy, text, size);
	return copy;
}

char *xstrdup(const char *text)
{
	return xstrndup(text, strlen(text));
}

char *xasprintf(const char *format, ...)
{
	va_list args;
	char *text;
	int length;

	va_start(args, format);
	length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (length < 0)
		end();
	text = xcalloc((size_t)length + 1, 1);
	va_start(args, format);
	vsnprintf(text, (size_t)length + 1, format, args);
	va_end(args);
	return text;
}
