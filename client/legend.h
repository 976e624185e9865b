/* Why cells are empty: the lines under a table. */
#ifndef CLIENT_LEGEND_H
#define CLIENT_LEGEND_H

#include <stddef.h>

#include "sheet.h"

/*
 * One line a reason, like "gpu.*: unsupported: no GPU found on this host" and
 * "mem.pss, mem.unique: denied for 12 of 35 processes". States none and pending need no
 * line. Returns the number of lines; the array and each line are to be freed.
 */
size_t legend_make(const struct sheet *sheet, char ***ret_lines);
void legend_free(char **lines, size_t count);

/* The part of a name before the dot, as a length; 0 without a dot. */
size_t legend_group_length(const char *name);
/* Whether two names are of the same group; a name without a dot is of none. */
bool legend_same_group(const char *a, const char *b);

#endif
