/* GPU words: the texts of a row are lists of words. */
#include <string.h>

#include "gpu.h"

static bool has_word(const struct gpu_words *self, const char *word, size_t length)
{
	for (uint32_t at = 0; at < self->length;) {
		const char *end = memchr(self->text + at, ',', self->length - at);
		size_t size = end ? (size_t)(end - self->text) - at : self->length - at;
		if (size == length && memcmp(self->text + at, word, length) == 0)
			return true;
		at += (uint32_t)size + 1;
	}
	return false;
}

void gpu_words_add(struct gpu_words *self, const char *words)
{
	while (*words) {
		size_t length = strcspn(words, ",");
		if (length && !has_word(self, words, length) &&
			self->length + length + 1 < self->size) {
			if (self->length)
				self->text[self->length++] = ',';
			memcpy(self->text + self->length, words, length);
			self->length += (uint32_t)length;
		}
		words += length + (words[length] == ',');
	}
}

struct sample_text gpu_words_get(const struct gpu_words *self)
{
	if (!self->length)
		return (struct sample_text){.state = STATE_NONE};
	return (struct sample_text){.bytes = self->text, .length = self->length};
}
