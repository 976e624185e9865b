/*
 * Chips: what differs from one of Apple's chips to the next, as tables in one file: the names of
 * the channels of energy, and under which keys the frequencies of cores and GPU are.
 */
#ifndef DARWIN_CHIPS_H
#define DARWIN_CHIPS_H

#include <stdint.h>

#include "rails.h"

/* ---------------------------------------------------------------------------- energy */

struct chip_rail {
	const char *pattern; /* see rail_name_is() */
	enum rail_kind kind;
	/* Of the channels of a kind only those of the lowest rank count: the others are the same
	 * energy once more. */
	uint8_t rank;
	/* NULL: the channel's own; of cores that of their cluster. */
	const char *name;
	bool of_core;
};

/* Ends with a pattern that is NULL. */
extern const struct chip_rail chip_rails[];

/* ----------------------------------------------------------------------- frequencies */

enum { CHIP_KEYS = 3, CHIP_TIERS = 3 };

/* The cores of one kind, by the letter before CPU in the names of their channels. */
struct chip_tier {
	char letter;
	/* Keys of pmgr, by cluster; clusters after the last one have that one. */
	const char *keys[CHIP_KEYS];
};

struct chip {
	const char *brand; /* how machdep.cpu.brand_string begins */
	struct chip_tier tiers[CHIP_TIERS];
	const char *gpu[CHIP_KEYS]; /* in the order in which they are tried */
};

/* Of an unknown one what holds for most. */
const struct chip *chip_find(const char *brand);
/* The key of a cluster's frequencies; NULL: nobody knows. */
const char *chip_key(const struct chip *self, char letter, uint32_t cluster);

#endif
