/*
 * Fields: the files that tell of the machine in lines "KEY: NUMBER kB" (meminfo) or
 * "KEY NUMBER" (vmstat, stat), into the numbers of a sample. And numbers that may be absent.
 */
#ifndef LINUX_FIELDS_H
#define LINUX_FIELDS_H

#include <stddef.h>

#include "../parse.h"
#include "source.h"

/* The number of the line that begins with `key` goes to this uint64_t of the sample. */
struct field {
	const char *key;
	uint16_t length, offset;
	/* Also the lines KEY_dma, KEY_normal ..: old kernels counted by memory zone. */
	bool zones;
};

#define FIELD(source, key, member)                                                             \
	{                                                                                      \
		key, sizeof key - 1, offsetof(struct linux_##source, member), false            \
	}
#define ZONED(source, key, member)                                                             \
	{                                                                                      \
		key, sizeof key - 1, offsetof(struct linux_##source, member), true             \
	}

/*
 * Lines of one field are added up. Before, all numbers of the sample must be absent; those whose
 * lines are not there stay so, those whose line is garbage become STATE_FAILED.
 */
void fields_fill(const char *bytes, size_t length, const struct field *fields, uint32_t count,
	void *sample);

/* "1.16", as the kernel writes loads and percentages: 116. Never negative. */
bool scan_hundredths(struct scan *self, int64_t *ret_hundredths);

static inline bool is_absent(uint64_t number)
{
	return number > ABSENT_U64(STATE_END);
}

/* What is absent makes the result absent, for the same reason; a sum saturates at INT64_MAX. */
uint64_t number_plus(uint64_t a, uint64_t b);
/* As far as 0: the kernel does not add up its counters all at the same time. */
uint64_t number_minus(uint64_t a, uint64_t b);
/* A part that is larger than its whole is STATE_FAILED. */
uint64_t number_rest(uint64_t whole, uint64_t part);

#endif
