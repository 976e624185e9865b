/* What experiments have found, as it is printed. */
#ifndef CLIENT_MEMORY_EXPERIMENT_SHEET_H
#define CLIENT_MEMORY_EXPERIMENT_SHEET_H

#include <stdbool.h>
#include <stddef.h>

#include "allocation.h"
#include "options.h"
#include "reading.h"

struct experiment_case {
	enum allocation_kind kind;
	enum allocation_action action;
	struct memory_reading before, after;
};

struct experiment {
	size_t size;
	uint64_t available; /* bytes of memory of the machine */
	char *kernel;
	bool is_whole; /* all cases, as one table */
	struct experiment_case cases[ALLOCATION_KINDS * ALLOCATION_ACTIONS];
	size_t case_count;
};

/* Prints it. Returns the exit code. */
int experiment_write(const struct experiment *self, const struct options *options);

#endif
