#include "writer.h"

#include <stdlib.h>
#include <string.h>

static const struct format *const formats[] = {
	&format_table, &format_json, &format_jsonl, &format_csv};

const struct format *writer_find_format(const char *name)
{
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
		if (strcmp(formats[i]->name, name) == 0)
			return formats[i];
	return NULL;
}

void writer_begin(
	struct writer *self, const struct format *format, FILE *file, enum writer_shape shape)
{
	*self = (struct writer){.format = format,
		.file = file,
		.shape = shape,
		.human = format == &format_table};
	if (format->begin)
		format->begin(self);
}

void writer_sheet(struct writer *self, const struct sheet *sheet)
{
	self->format->sheet(self, sheet);
	self->sheets++;
}

void writer_end(struct writer *self)
{
	if (self->format->end)
		self->format->end(self);
	free(self->widths);
	*self = (struct writer){0};
}
