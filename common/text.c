/*
 * Text from outside. Names of processes, files and cgroups may hold any bytes: escapes
 * that drive a terminal, half characters that make a reader of the protocol reject a
 * whole frame, controls that turn the direction of writing. What passes here is plain
 * UTF-8 that shows as what it is.
 */
#include "text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct range {
	uint32_t first, last;
};

/* clang-format off */

/* Unicode's Default_Ignorable_Code_Point (nothing is drawn, but a renderer may act on
 * it), the line and paragraph separators and the interlinear annotations. */
static const struct range invisible[] = {
	{0x00AD, 0x00AD}, {0x034F, 0x034F}, {0x061C, 0x061C}, {0x115F, 0x1160},
	{0x17B4, 0x17B5}, {0x180B, 0x180F}, {0x200B, 0x200F}, {0x2028, 0x202E},
	{0x2060, 0x206F}, {0x3164, 0x3164}, {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF},
	{0xFFA0, 0xFFA0}, {0xFFF0, 0xFFFB}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A},
	{0xE0000, 0xE0FFF},
};

/* Marks that are drawn onto the character before them: the blocks that hold nothing else.
 * A mark that is missing here costs alignment, nothing more. */
static const struct range combining[] = {
	{0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x0610, 0x061A},
	{0x064B, 0x065F}, {0x06D6, 0x06DC}, {0x0E31, 0x0E31}, {0x0E34, 0x0E3A},
	{0x0E47, 0x0E4E}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x20D0, 0x20FF},
	{0x302A, 0x302D}, {0x3099, 0x309A}, {0xFE20, 0xFE2F},
};

/* East Asian Width W and F, by blocks. */
static const struct range wide[] = {
	{0x1100, 0x115E}, {0x231A, 0x231B}, {0x23E9, 0x23EC}, {0x2E80, 0x303E},
	{0x3041, 0x33FF}, {0x3400, 0x4DBF}, {0x4E00, 0xA4CF}, {0xA960, 0xA97C},
	{0xAC00, 0xD7A3}, {0xF900, 0xFAFF}, {0xFE30, 0xFE6F}, {0xFF01, 0xFF60},
	{0xFFE0, 0xFFE6}, {0x16FE0, 0x18CFF}, {0x1B000, 0x1B2FF}, {0x1F300, 0x1F64F},
	{0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x1FA70, 0x1FAFF}, {0x20000, 0x3FFFD},
};

/* clang-format on */

static bool range_has(const struct range *ranges, size_t count, uint32_t character)
{
	for (size_t i = 0; i < count && character >= ranges[i].first; i++)
		if (character <= ranges[i].last)
			return true;
	return false;
}

#define RANGE_HAS(ranges, character)                                                           \
	range_has(ranges, sizeof(ranges) / sizeof *(ranges), character)

/*
 * Decodes the character at the start of `bytes`. Returns its length, 0 if there is no
 * valid one: a stray or missing continuation, an overlong form, a surrogate, beyond
 * U+10FFFF.
 */
static size_t decode(const unsigned char *bytes, size_t length, uint32_t *ret_character)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char lead = bytes[0];
	size_t size = lead < 0x80 ? 1 : lead < 0xC0 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;

	if (size == 0 || size > length || lead > 0xF4)
		return 0;
	uint32_t character = size == 1 ? lead : lead & (0x7Fu >> size);
	for (size_t i = 1; i < size; i++) {
		if ((bytes[i] & 0xC0) != 0x80)
			return 0;
		character = character << 6 | (bytes[i] & 0x3F);
	}
	if (character < smallest[size] || character > 0x10FFFF ||
		(character >= 0xD800 && character <= 0xDFFF))
		return 0;
	*ret_character = character;
	return size;
}

static bool is_harmless(uint32_t character)
{
	if (character < 0x20 || (character >= 0x7F && character < 0xA0))
		return false;
	return !RANGE_HAS(invisible, character);
}

/* The length of the printable ASCII at the start, in whole words: the case of nearly
 * every name, eight bytes at a time. */
static size_t plain_prefix(const char *bytes, size_t length)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), high = ones * 0x80;
	size_t done = 0;

	for (; length - done >= sizeof(uint64_t); done += sizeof(uint64_t)) {
		uint64_t word;
		memcpy(&word, bytes + done, sizeof word);
		/* a byte below 0x20, above 0x7F, or 0x7F itself */
		if ((((word - ones * 0x20) & ~word) | word | (word + ones)) & high)
			break;
	}
	return done;
}

size_t text_sanitise(char *out, size_t out_size, const char *bytes, size_t length)
{
	size_t written = 0;

	if (out_size == 0)
		return 0;
	size_t room = out_size - 1;
	size_t done = plain_prefix(bytes, length < room ? length : room);
	memcpy(out, bytes, done);
	written = done;
	while (done < length && written < room) {
		uint32_t character = 0;
		size_t size =
			decode((const unsigned char *)bytes + done, length - done, &character);

		if (size == 0 || !is_harmless(character)) {
			out[written++] = '?';
			done += size ? size : 1;
			continue;
		}
		if (size > room - written)
			break;
		memcpy(out + written, bytes + done, size);
		written += size;
		done += size;
	}
	out[written] = '\0';
	return written;
}

/* The columns of the character at `text`, and its length in *ret_size. */
static size_t character_width(const char *text, size_t length, size_t *ret_size)
{
	uint32_t character = 0;
	size_t size = decode((const unsigned char *)text, length, &character);

	*ret_size = size ? size : 1;
	if (character < 0x300)
		return 1;
	if (RANGE_HAS(combining, character))
		return 0;
	return RANGE_HAS(wide, character) ? 2 : 1;
}

size_t text_width(const char *text)
{
	size_t length = strlen(text), columns = 0;

	for (size_t done = 0, size; done < length; done += size)
		columns += character_width(text + done, length - done, &size);
	return columns;
}

size_t text_prefix(const char *text, size_t columns)
{
	size_t length = strlen(text), done = 0, used = 0, size;

	for (; done < length; done += size) {
		used += character_width(text + done, length - done, &size);
		if (used > columns)
			break;
	}
	return done;
}

size_t text_distance(const char *a, const char *b, size_t limit)
{
	enum { LONGEST = 64 };
	size_t rows[3][LONGEST + 1];
	size_t *before = rows[0], *previous = rows[1], *current = rows[2];
	size_t a_length = strlen(a), b_length = strlen(b);

	if (a_length > LONGEST || b_length > LONGEST)
		return strcmp(a, b) == 0 ? 0 : limit + 1;
	for (size_t j = 0; j <= b_length; j++)
		previous[j] = j;
	for (size_t i = 1; i <= a_length; i++) {
		current[0] = i;
		for (size_t j = 1; j <= b_length; j++) {
			size_t best = previous[j - 1] + (a[i - 1] != b[j - 1]);
			if (previous[j] + 1 < best)
				best = previous[j] + 1;
			if (current[j - 1] + 1 < best)
				best = current[j - 1] + 1;
			/* two neighbours swapped: one slip of the fingers */
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
				before[j - 2] + 1 < best)
				best = before[j - 2] + 1;
			current[j] = best;
		}
		size_t *spare = before;
		before = previous;
		previous = current;
		current = spare;
	}
	return previous[b_length] <= limit ? previous[b_length] : limit + 1;
}
