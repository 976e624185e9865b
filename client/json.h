/* Pieces of JSON (RFC 8259). */
#ifndef CLIENT_JSON_H
#define CLIENT_JSON_H

#include <stdio.h>

#include "procmon.h"

/* A text in quotes, sanitised. */
void json_put_string(FILE *file, const char *text);
/* The same and a colon. */
void json_put_key(FILE *file, const char *key);
/* A number exactly, a text, or null where there is no value. */
void json_put_value(FILE *file, const struct procmon_value *value);

#endif
