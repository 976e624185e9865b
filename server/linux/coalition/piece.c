#include "piece.h"

#include <string.h>

#include "alloc.h"

enum { ID_LENGTH = 64 };

struct piece piece_of(const char *text)
{
	return (struct piece){text, strlen(text)};
}

bool piece_is(struct piece self, const char *text)
{
	return self.length == strlen(text) && memcmp(self.at, text, self.length) == 0;
}

bool piece_take_prefix(struct piece *self, const char *prefix)
{
	size_t length = strlen(prefix);

	if (self->length <= length || memcmp(self->at, prefix, length) != 0)
		return false;
	*self = (struct piece){self->at + length, self->length - length};
	return true;
}

bool piece_take_suffix(struct piece *self, const char *suffix)
{
	size_t length = strlen(suffix);

	if (self->length <= length ||
		memcmp(self->at + self->length - length, suffix, length) != 0)
		return false;
	self->length -= length;
	return true;
}

bool piece_split(
	struct piece self, char at, bool last, struct piece *ret_head, struct piece *ret_tail)
{
	const char *found =
		last ? memrchr(self.at, at, self.length) : memchr(self.at, at, self.length);

	if (!found)
		return false;
	*ret_head = (struct piece){self.at, (size_t)(found - self.at)};
	*ret_tail = (struct piece){found + 1, self.length - ret_head->length - 1};
	return true;
}

bool piece_is_of(struct piece self, const char *characters)
{
	for (size_t i = 0; i < self.length; i++)
		if (!self.at[i] || !strchr(characters, self.at[i]))
			return false;
	return self.length > 0;
}

bool piece_is_id(struct piece self)
{
	return self.length == ID_LENGTH && piece_is_of(self, "0123456789abcdef");
}

static int hexadecimal(char c)
{
	const char *digit = c ? strchr("0123456789abcdef", c) : NULL;

	return digit ? (int)(digit - "0123456789abcdef") : -1;
}

char *piece_unescape(struct piece self)
{
	char *text = xcalloc(1, self.length + 1), *out = text;

	for (size_t i = 0; i < self.length; i++) {
		if (self.length - i >= 4 && self.at[i] == '\\' && self.at[i + 1] == 'x') {
			int high = hexadecimal(self.at[i + 2]);
			int low = hexadecimal(self.at[i + 3]);
			if (high >= 0 && low >= 0 && high + low > 0) {
				*out++ = (char)(high << 4 | low);
				i += 3;
				continue;
			}
		}
		*out++ = self.at[i];
	}
	return text;
}
