/* What users type: strict, with a sentence that says what is wrong and what is right. */
#ifndef CLIENT_PARSE_H
#define CLIENT_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All return 0, or -EINVAL with a sentence in *ret_error, to be freed. */

/* 500ms, 2s, 1.5s, 1m, or a number of seconds; at most an hour. Rounded up to a multiple
 * of 100 ms, as the server would. */
int parse_interval(const char *text, uint64_t *ret_ns, char **ret_error);

/* The same, of any length, exactly; 0 is one, too. */
int parse_duration(const char *text, uint64_t *ret_ns, char **ret_error);

/* A number from 1 to 4294967295. */
int parse_count(const char *text, uint32_t *ret_count, char **ret_error);

/* 64M, 4096K, 1G or a number of bytes (powers of 1024), from 2 MiB on. */
int parse_size(const char *text, uint64_t *ret_bytes, char **ret_error);

/* An address in memory. */
struct parsed_address {
	const char *text; /* as it was typed; borrowed */
	uint64_t number;
	/* It has digits only and no 0x: if nothing is at `number`, which takes it as hexadecimal, it may
	 * be meant as decimal. */
	bool is_either;
	uint64_t decimal;
};

/* 0x7fff1000, 7fff1000, or a decimal number. */
int parse_address(const char *text, struct parsed_address *ret_address, char **ret_error);

/* A comma list of process ids, into a new array; at most 1024, and each once. */
int parse_pids(const char *text, uint32_t **ret_pids, size_t *ret_count, char **ret_error);

#endif
