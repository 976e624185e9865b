#include "json.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "format.h"
#include "text.h"

/* Sanitised text has no control characters left, so two escapes are enough. */
void json_put_string(FILE *file, const char *text)
{
	size_t size = strlen(text) + 1;
	char *clean = xcalloc(size, 1);

	text_sanitise(clean, size, text, size - 1);
	fputc('"', file);
	for (const char *at = clean; *at; at++) {
		if (*at == '"' || *at == '\\')
			fputc('\\', file);
		fputc(*at, file);
	}
	fputc('"', file);
	free(clean);
}

void json_put_key(FILE *file, const char *key)
{
	json_put_string(file, key);
	fputc(':', file);
}

void json_put_value(FILE *file, const struct procmon_value *value)
{
	char number[FORMAT_MAX];

	if (format_exact(number, value))
		fputs(number, file);
	else if (value->state == PROCMON_OK)
		json_put_string(file, value->text);
	else
		fputs("null", file);
}
