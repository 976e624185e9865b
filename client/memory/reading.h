/* What the server tells of the memory of one process, as near in time as it can. */
#ifndef CLIENT_MEMORY_READING_H
#define CLIENT_MEMORY_READING_H

#include "account.h"

struct memory_reading {
	bool is_known; /* else all is 0 */
	struct account_process process;
	uint64_t realtime_ns, tick;
	uint64_t oldest_ns; /* when the oldest of these amounts was sampled: CLOCK_MONOTONIC */
};

/* Of a process only, not of its mappings. Returns EXIT_DONE, or an exit code after a complaint, as
 * the next does. */
int memory_read_process(struct procmon_connection *connection, uint32_t pid,
	struct memory_reading *ret_reading);

/*
 * Of a process with its mappings, as a closed account. Where the mappings are denied, or are not to
 * be had otherwise, the exit code says so, but the reading is known, and the account has what the
 * kernel tells everybody.
 */
int memory_read_account(struct procmon_connection *connection, uint32_t pid,
	struct memory_reading *ret_reading, struct account *ret_account);

#endif
