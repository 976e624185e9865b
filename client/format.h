/* Values as text: short and rounded for people, exact for programs. */
#ifndef CLIENT_FORMAT_H
#define CLIENT_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

#include "procmon.h"

/* Longest result of the functions below for a number; texts may be longer. */
#define FORMAT_MAX 64

/*
 * A value for people, into out[FORMAT_MAX]: bytes as 512B, 4.0K, 12.3M, 1.2G (powers of
 * 1024); durations as 850ns, 1.2ms, 1.23s, 1:02.3, 2:03:04, 3d04:05; cores and ratios in
 * percent; moments in local time. A missing value is "-". A text is borrowed from the
 * value instead of copied. Returns what to print. Zero is "0".
 */
const char *format_value(char *out, enum procmon_unit unit, const struct procmon_value *value);

/* The same for the value of an attribute: how a process ended is said in words. */
const char *format_cell(char *out, const struct procmon_attribute *attribute,
	const struct procmon_value *value);

/* Whether people read it otherwise than programs: it has a unit, or words. */
bool format_differs(const struct procmon_attribute *attribute);

/*
 * The number of a value in its base unit, exactly: integers in full, floating point by
 * the fewest digits that read back as the same number. Returns false when there is
 * nothing to print: no value, or a text.
 */
bool format_exact(char out[FORMAT_MAX], const struct procmon_value *value);

/* A number that is there as floating point. */
double format_number(const struct procmon_value *value);

/* A duration for people, as above. */
void format_duration(char out[FORMAT_MAX], uint64_t ns);

/* An interval as one would type it: 500ms, 1s, 1.5s, 2m. */
void format_interval(char out[FORMAT_MAX], uint64_t ns);

/* A moment: "2026-11-21 03:11:16" in local time, or for programs "...T...Z" with ns. */
void format_local_time(char out[FORMAT_MAX], uint64_t realtime_ns);
void format_utc_time(char out[FORMAT_MAX], uint64_t realtime_ns);
/* For both, in local time: "2026-11-21T03:11:16.123+01:00". */
void format_stamp(char out[FORMAT_MAX], uint64_t realtime_ns);

/* "bytes", "ns", "bytes/s" ...; "" for no unit. */
const char *format_unit_name(enum procmon_unit unit);

#endif
