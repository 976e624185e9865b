/* Numbers from the command line. strtoul and friends take signs, spaces, hexadecimal and
 * "inf" too; here a number is digits and nothing else. */
#include "parse.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "limit.h"

static const uint64_t step_ns = REQUEST_INTERVAL_MIN_MS * UINT64_C(1000000),
		      second_ns = 1000000000;

/* Digits at *text to a number of at most `max`; moves *text behind them. */
static bool take_number(const char **text, uint64_t max, uint64_t *ret_number)
{
	const char *at = *text;
	uint64_t number = 0;

	for (; *at >= '0' && *at <= '9'; at++) {
		uint64_t digit = (uint64_t)(*at - '0');
		if (number > (max - digit) / 10)
			return false;
		number = number * 10 + digit;
	}
	bool any = at != *text;
	*text = at;
	*ret_number = number;
	return any;
}

/* 500ms, 2s, 1.5s, 1m or a number of seconds, to ns; false: it is none, or more than an interval of
 * `most` units may be. */
static bool parse_time(const char *text, uint64_t most, uint64_t *ret_ns)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {{"", 1000000000}, {"s", 1000000000}, {"ms", 1000000}, {"m", 60000000000},
		{"min", 60000000000}};
	const char *at = text, *fraction = NULL;
	uint64_t whole = 0;
	size_t digits = 0;
	bool valid = take_number(&at, most, &whole);

	if (valid && *at == '.') {
		fraction = ++at;
		digits = strspn(at, "0123456789");
		at += digits;
		valid = digits > 0;
	}
	for (size_t i = 0; valid && i < sizeof units / sizeof *units; i++) {
		if (strcmp(at, units[i].name) != 0)
			continue;
		uint64_t place = units[i].ns;
		*ret_ns = whole * place;
		for (size_t j = 0; j < digits; j++)
			*ret_ns += (place /= 10) * (uint64_t)(fraction[j] - '0');
		return true;
	}
	return false;
}

int parse_interval(const char *text, uint64_t *ret_ns, char **ret_error)
{
	uint64_t ns = 0;

	if (!parse_time(text, 1000 * INTERVAL_OPTION_MAX_S, &ns) || ns == 0 ||
		ns > INTERVAL_OPTION_MAX_S * second_ns) {
		*ret_error = xasprintf("\"%s\" is no interval: use 500ms, 2s, 1.5s or 1m, "
				       "from %dms to %dm",
			text, REQUEST_INTERVAL_MIN_MS, INTERVAL_OPTION_MAX_S / 60);
		return -EINVAL;
	}
	*ret_ns = (ns + step_ns - 1) / step_ns * step_ns;
	return 0;
}

int parse_duration(const char *text, uint64_t *ret_ns, char **ret_error)
{
	uint64_t ns = 0;

	if (!parse_time(text, 100000000, &ns)) {
		*ret_error = xasprintf(
			"\"%s\" is no duration: use 500ms, 2s, 1.5s or 1m; 0 has no end", text);
		return -EINVAL;
	}
	*ret_ns = ns;
	return 0;
}

int parse_count(const char *text, uint32_t *ret_count, char **ret_error)
{
	const char *at = text;
	uint64_t number = 0;

	if (!take_number(&at, UINT32_MAX, &number) || *at != '\0' || number == 0) {
		*ret_error = xasprintf("\"%s\" is no count: use a number from 1", text);
		return -EINVAL;
	}
	*ret_count = (uint32_t)number;
	return 0;
}

int parse_size(const char *text, uint64_t *ret_bytes, char **ret_error)
{
	static const char prefixes[] = "KMGT";
	const char *at = text, *prefix;
	uint64_t number = 0, unit = 1;
	bool valid = take_number(&at, UINT64_MAX, &number);

	if (valid && *at && (prefix = strchr(prefixes, *at)) != NULL) {
		unit = UINT64_C(1) << 10 * (prefix - prefixes + 1);
		at++;
	}
	if (!valid || *at || number > SIZE_MAX / unit || number * unit < 2 << 20) {
		*ret_error = xasprintf("\"%s\" is no size: use 64M, 1G or a number of bytes, "
				       "from 2M",
			text);
		return -EINVAL;
	}
	*ret_bytes = number * unit;
	return 0;
}

/* Hexadecimal digits and nothing else, of 64 bits. */
static bool take_hexadecimal(const char *text, uint64_t *ret_number)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	uint64_t number = 0;

	for (const char *at = text; *at; at++) {
		const char *digit = strchr(digits, *at);
		if (!digit || number >> 60)
			return false;
		uint64_t value = (uint64_t)(digit - digits);
		number = number << 4 | (value < 16 ? value : value - 6);
	}
	*ret_number = number;
	return *text != '\0';
}

int parse_address(const char *text, struct parsed_address *ret_address, char **ret_error)
{
	struct parsed_address address = {.text = text};
	bool is_marked = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	bool is_hexadecimal = take_hexadecimal(is_marked ? text + 2 : text, &address.number);
	const char *at = text;
	bool is_decimal =
		!is_marked && take_number(&at, UINT64_MAX, &address.decimal) && *at == '\0';

	if (!is_hexadecimal && !is_decimal) {
		*ret_error = xasprintf("\"%s\" is no address: use 0x7fff1000, as a table "
				       "prints it, or a decimal number",
			text);
		return -EINVAL;
	}
	address.is_either = is_hexadecimal && is_decimal;
	if (!is_hexadecimal)
		address.number = address.decimal;
	*ret_address = address;
	return 0;
}

/* Adds it unless it is there; false when there is no room. */
static bool add_pid(uint32_t *pids, size_t *count, uint32_t pid)
{
	for (size_t i = 0; i < *count; i++)
		if (pids[i] == pid)
			return true;
	if (*count == REQUEST_PIDS_MAX)
		return false;
	pids[(*count)++] = pid;
	return true;
}

int parse_pids(const char *text, uint32_t **ret_pids, size_t *ret_count, char **ret_error)
{
	uint32_t *pids = xcalloc(REQUEST_PIDS_MAX, sizeof *pids);
	const char *at = text;
	size_t count = 0;
	uint64_t pid = 0;
	bool valid, fits = true;

	for (;;) {
		valid = take_number(&at, INT32_MAX, &pid) && pid != 0;
		if (valid)
			fits = add_pid(pids, &count, (uint32_t)pid);
		if (!valid || !fits || *at != ',')
			break;
		at++;
	}
	if (valid && fits && *at == '\0') {
		*ret_pids = pids;
		*ret_count = count;
		return 0;
	}
	free(pids);
	*ret_error =
		fits ? xasprintf("\"%s\" is no list of process ids: use 123 or 123,456", text)
		     : xasprintf("more than %d process ids", REQUEST_PIDS_MAX);
	return -EINVAL;
}
