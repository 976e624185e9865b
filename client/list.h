/* A sheet of one row, turned on its side for people. */
#ifndef CLIENT_LIST_H
#define CLIENT_LIST_H

#include "sheet.h"
#include "writer.h"

/*
 * A new sheet with a line for each column that has a value or a reason to have none, a gap
 * between groups, and bars where the writer can show them. It borrows texts from `from`.
 */
void list_make(struct sheet *self, const struct sheet *from, const struct writer *writer);

#endif
