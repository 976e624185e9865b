/* Where the columns of a table stand, and which ones fit. */
#ifndef CLIENT_LAYOUT_H
#define CLIENT_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "sheet.h"

/* What stands in one column of the screen: one column of the sheet, or a whole group that
 * this host cannot measure. */
struct layout_column {
	size_t column; /* of the sheet; the first one of a whole group */
	bool is_group; /* "gpu.*" */
	bool left;     /* texts; numbers stand right */
	bool shown;
	size_t width;
	size_t bar; /* cells of a bar before its width; 0: it has none */
};

struct layout {
	const struct sheet *sheet;
	struct layout_column *columns;
	size_t count;
	bool grouped; /* labels are last parts; a line above them names the groups */
};

/*
 * The columns at the width of their labels. With `compact` they are made to share a line
 * of limited width: labels are short, and groups without any value are one column. With `bars`
 * ratios have one.
 */
void layout_init(struct layout *self, const struct sheet *sheet, bool compact, bool bars);
void layout_finish(struct layout *self);

/* The label over a column, into out[64]. */
void layout_label(const struct layout *self, size_t index, char out[64]);

/*
 * Chooses what to show in `width` columns. A text at the end of the line gets what is
 * left. When there is not enough room, bars shrink and go first, from the last one on. Then the group that shows the most columns gives up its
 * last one, again and again, so that every group that was asked for stays in sight.
 */
void layout_fit(struct layout *self, size_t width);

/* What a bar takes, with its frame and a gap. */
size_t layout_bar_width(const struct layout_column *column);

/* The last column that is shown. */
size_t layout_last(const struct layout *self);

/* Writes the line that names the groups, each over its columns: "mem ----------- cpu ----". */
void layout_write_groups(const struct layout *self, FILE *file, size_t indent);

#endif
