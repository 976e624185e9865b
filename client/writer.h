/*
 * Writers: the same sheets as a table for people, as JSON, as JSON lines and as CSV. One
 * file a format; each ends in one `const struct format`.
 */
#ifndef CLIENT_WRITER_H
#define CLIENT_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "sheet.h"

/* What several sheets on one output are to each other. */
enum writer_shape {
	WRITER_SINGLE, /* one sheet */
	WRITER_SERIES, /* the same table again and again */
	WRITER_KEYED,  /* different ones, told apart by their names */
};

struct writer {
	const struct format *format;
	FILE *file; /* borrowed */
	enum writer_shape shape;
	bool states;    /* CSV: a column with the reasons of missing values */
	bool human;     /* values as people read them, instead of exact ones in base units */
	bool no_header; /* CSV and tables: rows and nothing else */

	/* Tables only. 0: no limit, what one wants in a pipe. */
	size_t width, height;
	bool time;     /* the moment of the sample before each row */
	bool wrap;     /* a text at the end of the line goes on below, instead of being cut */
	bool keep_end; /* what is cut at the end of the line is its beginning: of paths */
	bool bold;     /* the head, by escape sequences */
	bool utf8;     /* bars may have other characters than ASCII */

	/* Private to the formats. */
	size_t sheets;  /* written so far */
	size_t *widths; /* of the columns; they only grow, so that columns stay in place
			 */
	size_t width_count;
};

struct format {
	const char *name;
	void (*begin)(struct writer *self);
	void (*sheet)(struct writer *self, const struct sheet *sheet);
	void (*end)(struct writer *self);
};

extern const struct format format_table, format_json, format_jsonl, format_csv;

/* NULL: there is no format of this name. */
const struct format *writer_find_format(const char *name);

/* Begins it; a table is for people, the others are for programs. */
void writer_begin(
	struct writer *self, const struct format *format, FILE *file, enum writer_shape shape);
void writer_sheet(struct writer *self, const struct sheet *sheet);
/* What is open is closed: after it the output is a whole document. */
void writer_end(struct writer *self);

#endif
