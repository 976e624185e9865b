#include "fields.h"

#include <string.h>

enum { HINT_LENGTH = 6 };

/* One bit of 64 for the first characters of a key: most lines are not wanted, and show it. */
static uint64_t hint_of(const char *key, size_t length)
{
	unsigned hash = 0;

	for (size_t i = 0; i < length && i < HINT_LENGTH; i++)
		hash = hash * 31 + (unsigned char)key[i];
	return UINT64_C(1) << (hash & 63);
}

static bool is_zone(const char *text, size_t length)
{
	static const char *const zones[] = {
		"_dma", "_dma32", "_normal", "_high", "_movable", "_device"};

	for (size_t i = 0; i < sizeof zones / sizeof *zones; i++)
		if (strlen(zones[i]) == length && memcmp(text, zones[i], length) == 0)
			return true;
	return false;
}

static bool is_key(const struct field *field, const char *key, size_t length)
{
	if (length < field->length || memcmp(key, field->key, field->length) != 0)
		return false;
	return length == field->length ||
	       (field->zones && is_zone(key + field->length, length - field->length));
}

static void add(uint64_t *value, struct scan rest)
{
	int64_t number;

	if (rest.at < rest.end && *rest.at == ':')
		rest.at++;
	if (!scan_number(&rest, &number) || number < 0 || number >= NUMBER_LIMIT)
		*value = ABSENT_U64(STATE_FAILED);
	else if (!is_absent(*value))
		*value += (uint64_t)number;
	else if (*value == ABSENT_U64(STATE_NONE))
		*value = (uint64_t)number;
}

void fields_fill(const char *bytes, size_t length, const struct field *fields, uint32_t count,
	void *sample)
{
	struct scan scan = {bytes, bytes + length}, line;
	uint64_t hints = 0;

	for (uint32_t i = 0; i < count; i++)
		hints |= hint_of(fields[i].key, fields[i].length);
	while (scan_line(&scan, &line)) {
		const char *key = line.at;
		while (line.at < line.end && *line.at != ':' && *line.at != ' ')
			line.at++;
		size_t key_length = (size_t)(line.at - key);
		if (!(hint_of(key, key_length) & hints))
			continue;
		for (uint32_t i = 0; i < count; i++)
			if (is_key(&fields[i], key, key_length)) {
				add((uint64_t *)(void *)((char *)sample + fields[i].offset),
					line);
				break;
			}
	}
}

bool scan_hundredths(struct scan *self, int64_t *ret_hundredths)
{
	int64_t whole;

	if (!scan_number(self, &whole) || whole < 0 || whole > NUMBER_LIMIT / 100)
		return false;
	*ret_hundredths = whole * 100;
	if (self->at == self->end || *self->at != '.')
		return true;
	self->at++;
	for (int64_t place = 10; self->at < self->end && *self->at >= '0' && *self->at <= '9';
		self->at++, place /= 10)
		*ret_hundredths += place * (*self->at - '0');
	return true;
}

uint64_t number_plus(uint64_t a, uint64_t b)
{
	if (is_absent(a))
		return a;
	if (is_absent(b))
		return b;
	return a + b > INT64_MAX ? INT64_MAX : a + b;
}

uint64_t number_minus(uint64_t a, uint64_t b)
{
	if (is_absent(a))
		return a;
	if (is_absent(b))
		return b;
	return a > b ? a - b : 0;
}

uint64_t number_rest(uint64_t whole, uint64_t part)
{
	if (!is_absent(whole) && !is_absent(part) && part > whole)
		return ABSENT_U64(STATE_FAILED);
	return number_minus(whole, part);
}
