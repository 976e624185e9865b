/*
 * Parse: the text formats of procfs. All functions here and all parsers built from them are
 * pure: they look at (bytes, length) and nothing else, accept any garbage, and saturate
 * instead of overflowing.
 */
#ifndef LINUX_PARSE_H
#define LINUX_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Numbers are cut to +- this: no quantity comes near it, and sums of a few still fit. */
#define NUMBER_LIMIT (INT64_MAX / 8)

/* What is left to be read. */
struct scan {
	const char *at, *end;
};

/* The next number after blanks (space, tab); false when something else is there. */
bool scan_number(struct scan *self, int64_t *ret_number);
/* The next word: what stands between blanks; "" at the end. */
struct scan scan_word(struct scan *self);
/* Whether such a word is a number that is not below 0, and nothing else. */
bool scan_count(struct scan word, uint64_t *ret_count);
/* The next line, without its newline; false at the end. */
bool scan_line(struct scan *self, struct scan *ret_line);

/* A line "KEY: number number ...": its first `count` numbers (at most 4) go to
 * values[first ...]. */
struct pair {
	const char *key; /* with the colon */
	uint8_t length, first, count;
};

#define PAIR(key, first, count)                                                                \
	{                                                                                      \
		key ":", sizeof key, first, count                                              \
	}

/*
 * Adds the numbers of the lines that have one of these keys (at most 32) to `values`, and
 * stops behind the line that completes them. Returns a bit mask of the keys that were there.
 */
uint32_t scan_pairs(
	struct scan *self, const struct pair *pairs, uint32_t pair_count, int64_t *values);

/* A pid as a file name: 1 .. INT32_MAX and nothing else; 0 when it is none. */
uint32_t parse_pid(const char *name);

uint64_t saturating_multiply(uint64_t a, uint64_t b);

#endif
