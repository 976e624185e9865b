/* A sheet of processes as a tree. */
#ifndef CLIENT_TREE_H
#define CLIENT_TREE_H

#include <stdbool.h>

#include "sheet.h"

/* Adds to each process what its descendants have, in the columns where that makes sense:
 * counters, rates, bytes and counts. */
void tree_sum(struct sheet *sheet);

/* Puts children behind their parents; siblings stay in order. */
void tree_arrange(struct sheet *sheet);

/* Draws the lines of an arranged tree before the texts of the last column; where there is no
 * text the short name of the process stands, in brackets. */
void tree_draw(struct sheet *sheet, bool utf8);

/* Does the locale say that the terminal can show other than ASCII? */
bool tree_can_utf8(void);

#endif
