#include "parse.h"

#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool scan_number(struct scan *self, int64_t *ret_number)
{
	const char *at = self->at;
	int64_t number = 0;
	bool negative;

	while (at < self->end && is_blank(*at))
		at++;
	negative = at < self->end && *at == '-';
	at += negative;
	if (at == self->end || !is_digit(*at))
		return false;
	for (; at < self->end && is_digit(*at); at++)
		number = number < NUMBER_LIMIT / 10 ? number * 10 + (*at - '0') : NUMBER_LIMIT;
	self->at = at;
	*ret_number = negative ? -number : number;
	return true;
}

struct scan scan_word(struct scan *self)
{
	struct scan word;

	while (self->at < self->end && is_blank(*self->at))
		self->at++;
	word.at = self->at;
	while (self->at < self->end && !is_blank(*self->at))
		self->at++;
	word.end = self->at;
	return word;
}

bool scan_count(struct scan word, uint64_t *ret_count)
{
	int64_t number;

	if (!scan_number(&word, &number) || word.at != word.end || number < 0)
		return false;
	*ret_count = (uint64_t)number;
	return true;
}

bool scan_line(struct scan *self, struct scan *ret_line)
{
	const char *newline;

	if (self->at == self->end)
		return false;
	newline = memchr(self->at, '\n', (size_t)(self->end - self->at));
	ret_line->at = self->at;
	ret_line->end = newline ? newline : self->end;
	self->at = newline ? newline + 1 : self->end;
	return true;
}

/* One bit of 64 for the first two characters of a key. */
static uint64_t hint_of(const char *key)
{
	return UINT64_C(1) << (((unsigned char)key[0] * 5U ^ (unsigned char)key[1]) & 63);
}

static bool has_key(const struct scan *line, const struct pair *pair)
{
	return line->end - line->at >= pair->length && line->at[0] == pair->key[0] &&
	       line->at[1] == pair->key[1] && memcmp(line->at, pair->key, pair->length) == 0;
}

/* All of them, or the line counts for nothing. */
static bool add_numbers(struct scan *line, const struct pair *pair, int64_t *values)
{
	int64_t numbers[4];

	line->at += pair->length;
	for (uint32_t i = 0; i < pair->count; i++)
		if (!scan_number(line, &numbers[i]))
			return false;
	for (uint32_t i = 0; i < pair->count; i++) {
		int64_t *value = &values[pair->first + i];
		*value += numbers[i];
		if (*value > NUMBER_LIMIT)
			*value = NUMBER_LIMIT;
		if (*value < -NUMBER_LIMIT)
			*value = -NUMBER_LIMIT;
	}
	return true;
}

/* The kernel writes the keys in a fixed order, so the next one is looked for first; and most
 * lines that are not wanted show it by their first two characters. */
uint32_t scan_pairs(
	struct scan *self, const struct pair *pairs, uint32_t pair_count, int64_t *values)
{
	uint32_t all = (uint32_t)((UINT64_C(1) << pair_count) - 1), seen = 0, next = 0;
	uint64_t hints = 0;
	struct scan line;

	for (uint32_t i = 0; i < pair_count; i++)
		hints |= hint_of(pairs[i].key);
	while (seen != all && scan_line(self, &line)) {
		if (line.end - line.at < 2 || !(hint_of(line.at) & hints))
			continue;
		for (uint32_t i = 0, k = next; i < pair_count; i++) {
			if (has_key(&line, &pairs[k])) {
				if (add_numbers(&line, &pairs[k], values))
					seen |= UINT32_C(1) << k;
				next = k + 1 < pair_count ? k + 1 : 0;
				break;
			}
			k = k + 1 < pair_count ? k + 1 : 0;
		}
	}
	return seen;
}

uint32_t parse_pid(const char *name)
{
	uint64_t pid = 0;

	if (*name == '0')
		return 0;
	for (; is_digit(*name); name++) {
		pid = pid * 10 + (uint64_t)(*name - '0');
		if (pid > INT32_MAX)
			return 0;
	}
	return *name ? 0 : (uint32_t)pid;
}

uint64_t saturating_multiply(uint64_t a, uint64_t b)
{
	uint64_t product;

	return __builtin_mul_overflow(a, b, &product) || product > INT64_MAX ? INT64_MAX
									     : product;
}
