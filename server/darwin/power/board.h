/*
 * Board: the rails of the board whose power the SMC tells. Which there are is asked for when the
 * table is opened: a few keys, each known by name.
 */
#ifndef DARWIN_POWER_BOARD_H
#define DARWIN_POWER_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../smc.h"

enum { BOARD_RAILS_MAX = 24 };

struct board_rail {
	const char *name;
	uint64_t in_total; /* 0 or ABSENT_U64(STATE_NONE) */
	struct smc_key key;
};

/* Shared by the table and by those who work for it. */
struct board {
	uint32_t references;
	struct smc smc;
	size_t count;
	struct board_rail rails[BOARD_RAILS_MAX];
};

/* NULL: there is no SMC, or it cannot be used. */
struct board *board_open(void);
struct board *board_retain(struct board *self);
/* NULL is nothing, here and below. */
void board_release(struct board *self);
/* In microwatts, of the rail of that key. A state. */
enum cell_state board_power(const struct board *self, uint32_t code, uint64_t *ret_microwatts);

/* What the adapter gives. */
#define BOARD_DC_INPUT SMC_CODE('P', 'D', 'T', 'R')

#endif
