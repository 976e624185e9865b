#include "flat.h"

#include <math.h>
#include <string.h>

#include "source.h"

static bool is_key(const struct scan *line, const char *key)
{
	size_t length = strlen(key);

	return (size_t)(line->end - line->at) > length && line->at[length] == ' ' &&
	       memcmp(line->at, key, length) == 0;
}

/* The rest of a line. */
static uint64_t only_number(struct scan *rest)
{
	int64_t number;

	if (!scan_number(rest, &number) || number < 0 || rest->at != rest->end)
		return ABSENT_U64(STATE_FAILED);
	return (uint64_t)number;
}

void flat_read(const char *bytes, size_t length, const char *const *keys, uint32_t count,
	uint64_t *values)
{
	struct scan scan = {bytes, bytes + length}, line;
	uint32_t next = 0, left = count;

	while (left && scan_line(&scan, &line))
		for (uint32_t i = 0, key = next; i < count;
			i++, key = key + 1 < count ? key + 1 : 0)
			if (is_key(&line, keys[key])) {
				line.at += strlen(keys[key]);
				values[key] = only_number(&line);
				next = key + 1 < count ? key + 1 : 0;
				left--;
				break;
			}
}

uint64_t flat_number(const char *bytes, size_t length)
{
	struct scan scan = {bytes, bytes + length}, line;
	uint64_t number;

	if (!scan_line(&scan, &line))
		return ABSENT_U64(STATE_FAILED);
	if (line.end - line.at == 3 && memcmp(line.at, "max", 3) == 0)
		return ABSENT_U64(STATE_NONE);
	number = only_number(&line);
	return number == NUMBER_LIMIT ? ABSENT_U64(STATE_NONE) : number;
}

double flat_cores(const char *bytes, size_t length)
{
	struct scan scan = {bytes, bytes + length};
	int64_t quota, period;

	if (!scan_number(&scan, &quota) || !scan_number(&scan, &period) || quota <= 0 ||
		period <= 0)
		return NAN;
	return (double)quota / (double)period;
}

/* ---------------------------------------------------------------------------- pressure */

/* The value of "KEY=VALUE"; false: there is none. */
static bool find_value(const struct scan *line, const char *key, struct scan *ret_value)
{
	const char *found = memmem(line->at, (size_t)(line->end - line->at), key, strlen(key));

	if (!found)
		return false;
	*ret_value = (struct scan){found + strlen(key), line->end};
	return true;
}

/* "12.34" of a hundred, with two digits always, as a ratio; NaN: it is none. */
static double percent(struct scan scan)
{
	int64_t whole, cents;

	if (!scan_number(&scan, &whole) || scan.end - scan.at < 3 || *scan.at != '.')
		return NAN;
	scan.at++;
	if (!scan_number(&scan, &cents) || whole < 0 || cents < 0 || cents > 99 ||
		whole * 100 + cents > 10000)
		return NAN;
	return (double)(whole * 100 + cents) / 10000;
}

void flat_pressure(const char *bytes, size_t length, const char *key, uint64_t *ret_total_us,
	double *ret_10s)
{
	struct scan scan = {bytes, bytes + length}, line, value;

	*ret_total_us = ABSENT_U64(STATE_NONE);
	*ret_10s = NAN;
	while (scan_line(&scan, &line)) {
		if (!is_key(&line, key))
			continue;
		*ret_total_us = find_value(&line, " total=", &value) ? only_number(&value)
								     : ABSENT_U64(STATE_FAILED);
		if (find_value(&line, " avg10=", &value))
			*ret_10s = percent(value);
		return;
	}
}

/* ----------------------------------------------------------------------------- io.stat */

void io_reader_init(struct io_reader *self, const char *bytes, size_t length)
{
	*self = (struct io_reader){.rest = {bytes, bytes + length}};
}

void io_reader_init_older(
	struct io_reader *self, const char *bytes, size_t length, bool operations)
{
	*self = (struct io_reader){
		.rest = {bytes, bytes + length}, .older = true, .operations = operations};
}

/* The next word, whatever is between words. */
static bool next_word(struct scan *rest, struct scan *ret_word)
{
	while (rest->at < rest->end && (*rest->at == ' ' || *rest->at == '\n'))
		rest->at++;
	ret_word->at = rest->at;
	while (rest->at < rest->end && *rest->at != ' ' && *rest->at != '\n')
		rest->at++;
	ret_word->end = rest->at;
	return ret_word->at < ret_word->end;
}

/* "8:0" */
static bool is_device(struct scan word, uint64_t *ret_device)
{
	int64_t major, minor;

	if (!scan_number(&word, &major) || word.end - word.at < 2 || *word.at != ':')
		return false;
	word.at++;
	if (!scan_number(&word, &minor) || word.at != word.end || major < 0 || minor < 0 ||
		major > UINT32_MAX || minor > UINT32_MAX)
		return false;
	*ret_device = (uint64_t)major << 32 | (uint64_t)minor;
	return true;
}

static bool take_word(struct scan *word, const char *text)
{
	size_t length = strlen(text);

	if ((size_t)(word->end - word->at) < length || memcmp(word->at, text, length) != 0)
		return false;
	word->at += length;
	return true;
}

/* "rbytes=1" */
static bool is_value(struct io_reader *self, struct scan word)
{
	static const char *const keys[IO_VALUES] = {[IO_READ] = "rbytes=",
		[IO_WRITTEN] = "wbytes=",
		[IO_READS] = "rios=",
		[IO_WRITES] = "wios=",
		[IO_DISCARDED] = "dbytes=",
		[IO_DISCARDS] = "dios="};

	for (int i = 0; i < IO_VALUES; i++)
		if (take_word(&word, keys[i])) {
			self->value = (enum io_value)i;
			self->number = only_number(&word);
			return true;
		}
	return false;
}

/* "Read 1", of which the number is taken from the rest. */
static bool is_older_value(struct io_reader *self, struct scan word)
{
	static const struct {
		const char *key;
		enum io_value bytes, operations;
	} keys[] = {{"Read", IO_READ, IO_READS}, {"Write", IO_WRITTEN, IO_WRITES},
		{"Discard", IO_DISCARDED, IO_DISCARDS}};
	struct scan number;

	for (int i = 0; i < 3; i++)
		if ((size_t)(word.end - word.at) == strlen(keys[i].key) &&
			take_word(&word, keys[i].key)) {
			next_word(&self->rest, &number);
			self->value = self->operations ? keys[i].operations : keys[i].bytes;
			self->number = only_number(&number);
			return true;
		}
	return false;
}

/*
 * Word by word, for before Linux 5.16 a device that had done nothing was written without a
 * newline: "8:16 8:0 rbytes=..".
 */
bool io_reader_next(struct io_reader *self)
{
	struct scan word;

	while (next_word(&self->rest, &word)) {
		if (is_device(word, &self->device)) {
			self->known = true;
			continue;
		}
		if (!(self->older ? is_older_value(self, word) : is_value(self, word)))
			continue;
		if (self->known && self->number != ABSENT_U64(STATE_FAILED))
			return true;
		self->broken |= UINT32_C(1) << self->value;
	}
	return false;
}
