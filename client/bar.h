/* A ratio as a bar, for the eye: "[####      ]". The number beside it is exact. */
#ifndef CLIENT_BAR_H
#define CLIENT_BAR_H

#include <stdbool.h>

#include "procmon.h"

enum {
	BAR_CELLS = 10,
	BAR_WIDTH = BAR_CELLS + 2,    /* columns */
	BAR_SIZE = 3 * BAR_CELLS + 3, /* bytes, at most, with the NUL */
};

/* Is it a number from 0 to 1? */
bool bar_fits(const struct procmon_attribute *attribute);

/* With `utf8` it has a resolution of an eighth of a cell. What is below 0 is empty, what is above 1
 * is full. */
void bar_draw(char out[BAR_SIZE], double ratio, bool utf8);

#endif
