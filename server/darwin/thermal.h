/*
 * Thermal pressure: how much the system slows itself down because it is hot, by libkern's
 * OSThermalNotification.h: 0 nominal, 1 moderate, 2 heavy, 3 trapping, 4 sleeping. Everyone may read
 * it. It asks another process, and belongs to workers.
 */
#ifndef DARWIN_THERMAL_H
#define DARWIN_THERMAL_H

#include <stdint.h>

#include "attribute.h"

enum { THERMAL_LEVEL_MAX = 4 };

struct thermal {
	int token;
};

enum cell_state thermal_open(struct thermal *self);
void thermal_close(struct thermal *self);
/* STATE_FAILED as well for a level that there is not. */
enum cell_state thermal_level(const struct thermal *self, uint64_t *ret_level);
/* "nominal". */
const char *thermal_word(uint64_t level);

#endif
