/*
 * Values as text. What people read is rounded to about three digits and carries its unit;
 * what programs read is exact and in base units, as the catalog says.
 */
#include "format.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "ending.h"

static const uint64_t second_ns = 1000000000, minute_ns = 60000000000;

static const char *const binary[] = {"B", "K", "M", "G", "T", "P", "E", NULL};
static const char *const metric[] = {"n", "u", "m", "", "k", "M", "G", "T", NULL};
/* where a number stands that counts n, m or whole units */
static const char *const *const nano = metric, *const *const milli = metric + 2,
				*const *const whole = metric + 3;

/* One decimal below 100, none above: moves to the next prefix before a fourth digit. */
static void format_scaled(
	char *out, double number, const char *const *prefixes, double step, const char *unit)
{
	bool fractional = number < 1e15 && number != (double)(uint64_t)number;

	for (; prefixes[1] && number >= step - 0.5; prefixes++) {
		number /= step;
		fractional = true;
	}
	snprintf(out, FORMAT_MAX, "%.*f%s%s", fractional && number < 99.95 ? 1 : 0, number,
		prefixes[0], unit);
}

void format_duration(char out[FORMAT_MAX], uint64_t ns)
{
	uint64_t seconds = ns / second_ns;

	if (ns == 0)
		snprintf(out, FORMAT_MAX, "0");
	else if (ns < second_ns - 500000) /* what rounds up to 1 s, or to 1 min, is that */
		format_scaled(out, (double)ns, nano, 1000, "s");
	else if (ns < minute_ns - 5000000)
		snprintf(out, FORMAT_MAX, "%.2fs", (double)ns / 1e9);
	else if (seconds < 3600) {
		uint64_t tenths = (ns + second_ns / 20) / (second_ns / 10);
		snprintf(out, FORMAT_MAX, "%" PRIu64 ":%02" PRIu64 ".%" PRIu64, tenths / 600,
			tenths / 10 % 60, tenths % 10);
	} else if (seconds < 86400)
		snprintf(out, FORMAT_MAX, "%" PRIu64 ":%02" PRIu64 ":%02" PRIu64,
			seconds / 3600, seconds / 60 % 60, seconds % 60);
	else
		snprintf(out, FORMAT_MAX, "%" PRIu64 "d%02" PRIu64 ":%02" PRIu64,
			seconds / 86400, seconds / 3600 % 24, seconds / 60 % 60);
}

void format_interval(char out[FORMAT_MAX], uint64_t ns)
{
	if (ns && ns % minute_ns == 0)
		snprintf(out, FORMAT_MAX, "%" PRIu64 "m", ns / minute_ns);
	else if (ns < second_ns)
		snprintf(out, FORMAT_MAX, "%gms", (double)ns / 1e6);
	else
		snprintf(out, FORMAT_MAX, "%gs", (double)ns / 1e9);
}

void format_local_time(char out[FORMAT_MAX], uint64_t realtime_ns)
{
	time_t seconds = (time_t)(realtime_ns / second_ns);
	struct tm parts;

	if (!localtime_r(&seconds, &parts) ||
		strftime(out, FORMAT_MAX, "%Y-%m-%d %H:%M:%S", &parts) == 0)
		snprintf(out, FORMAT_MAX, "%" PRIu64, realtime_ns);
}

void format_utc_time(char out[FORMAT_MAX], uint64_t realtime_ns)
{
	time_t seconds = (time_t)(realtime_ns / second_ns);
	struct tm parts;
	size_t length = 0;

	if (gmtime_r(&seconds, &parts))
		length = strftime(out, FORMAT_MAX, "%Y-%m-%dT%H:%M:%S", &parts);
	snprintf(out + length, FORMAT_MAX - length, ".%09" PRIu64 "Z", realtime_ns % second_ns);
}

void format_stamp(char out[FORMAT_MAX], uint64_t realtime_ns)
{
	time_t seconds = (time_t)(realtime_ns / second_ns);
	char date[32] = "", zone[16] = "";
	struct tm parts;

	if (localtime_r(&seconds, &parts)) {
		strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
		strftime(zone, sizeof zone, "%z", &parts);
	}
	snprintf(out, FORMAT_MAX, "%s.%03" PRIu64 "%.3s%s%s", date,
		realtime_ns % second_ns / 1000000, zone, *zone ? ":" : "",
		*zone ? zone + 3 : "");
}

double format_number(const struct procmon_value *value)
{
	if (value->type == PROCMON_F64)
		return value->f64;
	return value->type == PROCMON_I64 ? (double)value->i64 : (double)value->u64;
}

static void format_plain(char *out, const struct procmon_value *value)
{
	if (value->type == PROCMON_U64)
		snprintf(out, FORMAT_MAX, "%" PRIu64, value->u64);
	else if (value->type == PROCMON_I64)
		snprintf(out, FORMAT_MAX, "%" PRId64, value->i64);
	else
		snprintf(out, FORMAT_MAX, "%.4g", value->f64);
}

/* A number above 0 in its unit; false if there is none, or one that came after this
 * build. */
static bool format_united(char *out, enum procmon_unit unit, double number)
{
	switch (unit) {
	case PROCMON_BYTES:
		format_scaled(out, number, binary, 1024, "");
		return true;
	case PROCMON_BYTES_PER_SECOND:
		format_scaled(out, number, binary, 1024, "/s");
		return true;
	case PROCMON_NANOSECONDS:
	case PROCMON_NANOSECONDS_SINCE_BOOT:
		if (number < 1) /* a mean */
			format_scaled(out, number, nano, 1000, "s");
		else
			format_duration(out, number < 1.8e19 ? (uint64_t)number : UINT64_MAX);
		return true;
	case PROCMON_HERTZ:
		format_scaled(out, number, whole, 1000, "Hz");
		return true;
	case PROCMON_NANOJOULES:
		format_scaled(out, number, nano, 1000, "J");
		return true;
	case PROCMON_MILLIWATTS:
		format_scaled(out, number, milli, 1000, "W");
		return true;
	case PROCMON_MILLICELSIUS:
		snprintf(out, FORMAT_MAX, "%.1f\302\260C", number / 1000);
		return true;
	case PROCMON_CORES:
	case PROCMON_RATIO:
		snprintf(out, FORMAT_MAX, "%.1f%%", number * 100);
		return true;
	case PROCMON_PER_SECOND:
		if (number < 9999.5)
			snprintf(out, FORMAT_MAX, "%.*f/s", number < 999.95 ? 1 : 0, number);
		else
			format_scaled(out, number, whole, 1000, "/s");
		return true;
	case PROCMON_MILLIVOLTS:
		snprintf(out, FORMAT_MAX, "%.3fV", number / 1000);
		return true;
	case PROCMON_MILLIAMPERES:
		format_scaled(out, number, milli, 1000, "A");
		return true;
	case PROCMON_ROTATIONS_PER_MINUTE:
		snprintf(out, FORMAT_MAX, "%.0frpm", number);
		return true;
	default:
		return false;
	}
}

const char *format_value(char *out, enum procmon_unit unit, const struct procmon_value *value)
{
	char text[FORMAT_MAX - 1];

	if (value->state != PROCMON_OK)
		return "-";
	if (value->type == PROCMON_TEXT)
		return value->text;
	double number = format_number(value);
	if (unit == PROCMON_ADDRESS)
		snprintf(out, FORMAT_MAX, "%llx", (unsigned long long)value->u64);
	else if (unit == PROCMON_NANOSECONDS_SINCE_1970)
		format_local_time(out, value->u64);
	else if (number == 0)
		snprintf(out, FORMAT_MAX, "0");
	else if (format_united(out, unit, number < 0 ? -number : number)) {
		if (number < 0) {
			snprintf(text, sizeof text, "%s", out);
			snprintf(out, FORMAT_MAX, "-%s", text);
		}
	} else
		format_plain(out, value);
	return out;
}

static bool is_ending(const struct procmon_attribute *attribute)
{
	enum { EXIT_STATUS = 0x0003 };

	return attribute->table == PROCMON_PROCESS && attribute->id == EXIT_STATUS;
}

bool format_differs(const struct procmon_attribute *attribute)
{
	return is_ending(attribute) ||
	       (attribute->unit != PROCMON_NO_UNIT && attribute->unit != PROCMON_COUNT);
}

const char *format_cell(
	char *out, const struct procmon_attribute *attribute, const struct procmon_value *value)
{
	_Static_assert(FORMAT_MAX >= ENDING_MAX, "an ending fits");
	if (!is_ending(attribute) || value->state != PROCMON_OK || value->type != PROCMON_U64)
		return format_value(out, attribute->unit, value);
	ending_describe(out, value->u64);
	return out;
}

bool format_exact(char out[FORMAT_MAX], const struct procmon_value *value)
{
	if (value->state != PROCMON_OK || value->type == PROCMON_TEXT)
		return false;
	if (value->type != PROCMON_F64) {
		format_plain(out, value);
		return true;
	}
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(out, FORMAT_MAX, "%.*g", digits, value->f64);
		if (strtod(out, NULL) == value->f64)
			break;
	}
	return true;
}

const char *format_unit_name(enum procmon_unit unit)
{
	static const char *const names[] = {
		[PROCMON_NO_UNIT] = "",
		[PROCMON_COUNT] = "count",
		[PROCMON_BYTES] = "bytes",
		[PROCMON_NANOSECONDS] = "ns",
		[PROCMON_NANOSECONDS_SINCE_1970] = "ns since 1970",
		[PROCMON_NANOSECONDS_SINCE_BOOT] = "ns since boot",
		[PROCMON_HERTZ] = "Hz",
		[PROCMON_NANOJOULES] = "nJ",
		[PROCMON_MILLIWATTS] = "mW",
		[PROCMON_MILLICELSIUS] = "m\302\260C",
		[PROCMON_CORES] = "cores",
		[PROCMON_BYTES_PER_SECOND] = "bytes/s",
		[PROCMON_PER_SECOND] = "1/s",
		[PROCMON_RATIO] = "ratio",
		[PROCMON_MILLIVOLTS] = "mV",
		[PROCMON_MILLIAMPERES] = "mA",
		[PROCMON_ROTATIONS_PER_MINUTE] = "rpm",
		[PROCMON_ADDRESS] = "address",
	};

	return (size_t)unit < sizeof names / sizeof *names ? names[unit] : "";
}
