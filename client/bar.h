/* A ratio as a bar, for the eye: "[####      ]". The number beside it is exact. */
#ifndef CLIENT_BAR_H
#define CLIENT_BAR_H

#include <stdbool.h>

#include "procmon.h"

enum {
	BAR_CELLS = 10,               /* where there is room */
	BAR_CELLS_FEW = 5,            /* where there is little */
	BAR_FRAME = 2,                /* columns around them */
	BAR_SIZE = 3 * BAR_CELLS + 3, /* bytes, at most, with the NUL */
};

/* Is it a number from 0 to 1? */
bool bar_fits(const struct procmon_attribute *attribute);

/* In `cells`, BAR_CELLS at most. With `utf8` it has a resolution of an eighth of a cell. What is below 0 is empty, what is above 1
 * is full. */
void bar_draw(char out[BAR_SIZE], double ratio, int cells, bool utf8);

#endif
