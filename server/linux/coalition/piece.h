/* Piece: a part of a path, to be taken apart without a copy. */
#ifndef LINUX_PIECE_H
#define LINUX_PIECE_H

#include <stdbool.h>
#include <stddef.h>

struct piece {
	const char *at;
	size_t length;
};

struct piece piece_of(const char *text);
bool piece_is(struct piece self, const char *text);
/* Takes it off the beginning, or the end; false: there is something else, or that is all. */
bool piece_take_prefix(struct piece *self, const char *prefix);
bool piece_take_suffix(struct piece *self, const char *suffix);
/* Cuts it in two at the first such character, or the last; false: there is none. */
bool piece_split(
	struct piece self, char at, bool last, struct piece *ret_head, struct piece *ret_tail);
/* Is there something, and nothing but these characters? */
bool piece_is_of(struct piece self, const char *characters);
/* The id of a container: 64 digits in hexadecimal. */
bool piece_is_id(struct piece self);
/* As systemd-escape(1) does: "\x2d" is "-". What is no such thing stays as it is. */
char *piece_unescape(struct piece self);

#endif
