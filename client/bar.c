#include "bar.h"

#include <string.h>

/* Appends text and returns the new end. */
static char *put(char *out, const char *text)
{
	size_t length = strlen(text);

	memcpy(out, text, length + 1);
	return out + length;
}

/* Block elements: U+2588 is full, U+258F is an eighth from the left. */
static char *put_block(char *out, int eighths)
{
	const char block[] = {'\342', '\226', (char)('\210' + 8 - eighths), '\0'};

	return put(out, block);
}

bool bar_fits(const struct procmon_attribute *attribute)
{
	return attribute->unit == PROCMON_RATIO && attribute->type != PROCMON_TEXT &&
	       attribute->state == PROCMON_OK;
}

void bar_draw(char out[BAR_SIZE], double ratio, int cells, bool utf8)
{
	int parts = utf8 ? 8 : 1;
	double clamped = ratio > 1 ? 1 : ratio > 0 ? ratio : 0;
	int filled = (int)(clamped * cells * parts + 0.5);

	out = put(out, "[");
	for (int cell = 0; cell < cells; cell++) {
		int here = filled - cell * parts;
		if (here <= 0)
			out = put(out, " ");
		else if (utf8)
			out = put_block(out, here < 8 ? here : 8);
		else
			out = put(out, "#");
	}
	put(out, "]");
}
