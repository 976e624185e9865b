/*
 * Channel: one thing that a chip measures, and which files it has about it, by their names
 * (Documentation/hwmon/sysfs-interface.rst): temp3_input, temp3_crit_alarm, pwm2.
 */
#ifndef LINUX_CHANNEL_H
#define LINUX_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a row of the table is. */
enum sensor_kind {
	SENSOR_TEMPERATURE,
	SENSOR_FAN,
	SENSOR_VOLTAGE,
	SENSOR_CURRENT,
	SENSOR_HUMIDITY,
	SENSOR_COOLING, /* no channel of hwmon, but a cooling device */
	SENSOR_KINDS,
};

/* What a file is about. */
enum channel_file {
	CHANNEL_INPUT,
	CHANNEL_LABEL,
	CHANNEL_FAULT,
	CHANNEL_TARGET,
	CHANNEL_MAX,
	CHANNEL_MAX_HYST,
	CHANNEL_CRIT,
	CHANNEL_CRIT_HYST,
	CHANNEL_EMERGENCY,
	CHANNEL_MIN,
	CHANNEL_LCRIT,
	CHANNEL_DUTY, /* pwmN, which belongs to fanN */
	CHANNEL_FIRST_ALARM,
	CHANNEL_ALARM = CHANNEL_FIRST_ALARM,
	CHANNEL_MAX_ALARM,
	CHANNEL_MIN_ALARM,
	CHANNEL_CRIT_ALARM,
	CHANNEL_LCRIT_ALARM,
	CHANNEL_EMERGENCY_ALARM,
	CHANNEL_FILES,
};

#define CHANNEL_ALARMS (UINT32_MAX << CHANNEL_FIRST_ALARM)

enum {
	CHANNEL_NAME_MAX = 32,
	CHANNEL_PATH_MAX = 64,
};

struct channel {
	enum sensor_kind kind;
	uint32_t number;
	uint32_t files; /* bit mask by enum channel_file */
};

static inline bool channel_has(const struct channel *self, enum channel_file file)
{
	return self->files >> file & 1;
}

/* Which channel a file belongs to; files then has one bit. False: it is about something else. */
bool channel_parse(const char *name, struct channel *ret_channel);
/* Is there anything to show of it? */
bool channel_tells(const struct channel *self);
/* "temp3", or "pwm2" of what has no tachometer. */
void channel_name(const struct channel *self, char name[CHANNEL_NAME_MAX]);
void channel_path(
	const struct channel *self, enum channel_file file, char path[CHANNEL_PATH_MAX]);

/* All channels of a chip, in the order of kinds and numbers. */
struct channel_list {
	struct channel *channels;
	size_t count;
};
/* From an open directory, which stays open and is read from its beginning. 0 or a negative
 * errno; the list is freed by the caller in any case. */
int channel_list_read(struct channel_list *self, int directory);
void channel_list_finish(struct channel_list *self);

#endif
