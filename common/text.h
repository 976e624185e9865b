/* Text from outside: made harmless before it is stored, sent or printed. */
#ifndef COMMON_TEXT_H
#define COMMON_TEXT_H

#include <stddef.h>

/*
 * Copies `length` bytes to `out` as valid UTF-8 without control characters (C0, DEL, C1),
 * bidi controls, line and paragraph separators and other invisible format characters that
 * a terminal or a viewer may act on. Each bad byte or character becomes "?". Stops before
 * a character that does not fit; always terminates with NUL. Returns the length written.
 * Clean text is returned byte for byte.
 */
size_t text_sanitise(char *out, size_t out_size, const char *bytes, size_t length);

/* The number of terminal columns of a sanitised text (wide characters count 2). */
size_t text_width(const char *text);

/* The longest prefix of a sanitised text that fits into `columns`, in bytes. */
size_t text_prefix(const char *text, size_t columns);

/* Edit distance of two names, for "did you mean": at most `limit` + 1. */
size_t text_distance(const char *a, const char *b, size_t limit);

#endif
