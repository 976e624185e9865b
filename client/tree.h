/* A sheet of processes as a tree. */
#ifndef CLIENT_TREE_H
#define CLIENT_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sheet.h"

/* Adds to each process what its descendants have, in the columns where that makes sense:
 * counters, rates, bytes and counts. */
void tree_sum(struct sheet *sheet);

/* Puts children behind their parents; siblings stay in order. */
void tree_arrange(struct sheet *sheet);

/* Drops the rows but for those with these identities and all that is below them; 0 is none. */
void tree_keep(struct sheet *sheet, const uint64_t *identities, size_t count);

/* Names in the last column that are paths become what follows the path of the parent. */
void tree_shorten(struct sheet *sheet);

/* Draws the lines of an arranged tree before the texts of the last column; where there is no
 * text the short name of the process stands, in brackets. */
void tree_draw(struct sheet *sheet, bool utf8);

#endif
