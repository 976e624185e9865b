/*
 * Cores: which channel of IOReport is which core. Pure arithmetic.
 *
 * Channels have names (ECPU0, PCPU110, DIE_1_PCPU1_CPU3, MCPU0_2), logical cores have numbers, and
 * nothing says which is which but this: both are in the same order among those of their kind. Kinds
 * are told by letters, which the two sides do not use in the same way on all chips (M5
 * Max: PCPU is what the device tree may call S), but both can be put in order by speed.
 */
#ifndef DARWIN_CORES_H
#define DARWIN_CORES_H

#include <stdbool.h>
#include <stdint.h>

enum { CORES_MAX = 128, TIERS_MAX = 4 };

/* 0 is the fastest kind: S(uper), P(erformance), M(iddle), E(fficiency); other letters are last. */
uint32_t core_speed(char letter);

struct core_name {
	char letter;
	uint32_t die, cluster, core;
};
/* False: it is not the channel of a core. */
bool core_name_parse(const char *name, struct core_name *ret_name);
/* Their order: by speed, then by place. */
int core_name_compare(const struct core_name *a, const struct core_name *b);

#endif
