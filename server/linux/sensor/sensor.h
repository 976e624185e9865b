/*
 * Sensor: table SENSOR: temperatures, fans, voltages, currents, humidity and cooling devices of
 * /sys/class/hwmon and /sys/class/thermal. A row is a channel of a chip, a thermal zone or a
 * cooling device.
 *
 *	sensor.c      which rows there are
 *	chip.c        a folder of files, and who may read them
 *	channel.c     the files of a chip, by their names
 *	names.c       what people tell the rows apart by
 *	reading.c     one file of one row, by a worker
 *	values.c      what is measured: one source a quantity
 *	limits.c      what it is measured against
 *
 * All files but names and labels may ask hardware, over buses that are slow and may hang:
 * workers read them. Labels are texts of the drivers.
 */
#ifndef LINUX_SENSOR_H
#define LINUX_SENSOR_H

#include "../host.h"
#include "channel.h"
#include "chip.h"
#include "devices.h"

/* In the order in which the table has them. */
enum sensor_source_index {
	SOURCE_sensor,
	SOURCE_sensor_temperature,
	SOURCE_sensor_fan,
	SOURCE_sensor_target,
	SOURCE_sensor_duty,
	SOURCE_sensor_voltage,
	SOURCE_sensor_current,
	SOURCE_sensor_humidity,
	SOURCE_sensor_cooling,
	SOURCE_sensor_alarm,
	SOURCE_sensor_fault,
	SOURCE_sensor_limits,
	SENSOR_SOURCE_COUNT,
};

struct linux_sensor {
	struct sample_text name, kind, chip, label, device;
};

/*
 * One number each, so that the state of the sample is that of the number: a job that failed is
 * known as such, and a number with a fraction could not say why it is missing.
 */
struct linux_sensor_temperature {
	int64_t millicelsius;
};

struct linux_sensor_fan {
	int64_t speed; /* in revolutions a minute, as the next; never below 0 */
};

struct linux_sensor_target {
	int64_t speed;
};

struct linux_sensor_duty {
	double duty;
};

struct linux_sensor_voltage {
	int64_t millivolts;
};

struct linux_sensor_current {
	int64_t milliamperes;
};

struct linux_sensor_humidity {
	double humidity;
};

struct linux_sensor_cooling {
	int64_t state;
};

struct linux_sensor_alarm {
	int64_t alarm;
};

struct linux_sensor_fault {
	int64_t fault;
};

/* In the units of what they limit. */
struct linux_sensor_limits {
	int64_t temperature_max, temperature_max_hyst, temperature_crit, temperature_crit_hyst,
		temperature_emergency, temperature_min, temperature_lcrit, temperature_throttle;
	int64_t voltage_max, voltage_crit, voltage_min, voltage_lcrit;
	int64_t current_max, current_crit, current_min, current_lcrit;
	uint64_t fan_min, fan_max;
	uint64_t cooling_max;
};

#define SENSOR_REMEDY                                                                          \
	"the file of the sensor is closed to users: let them read it with a rule of udev "     \
	"that "                                                                                \
	"runs chmod a+r on it, or run procmond as root"

struct sensors {
	struct devices devices; /* first */
	struct sensor_chip **chips;
	size_t chip_count;
};

struct sensor_row {
	struct sensor_chip *chip;
	struct channel channel; /* its kind is also that of a zone or a cooling device */
	bool labelled;          /* the label was looked for */
	char *label, *name;     /* NULL: none (yet) */
	/* By source: when it was last read, for chips that are not to be read often. */
	uint64_t read_ns[SENSOR_SOURCE_COUNT];
};

/* ---------------------------------------------------------------------------- reading */

/* What a worker gets for one source of one row. */
struct sensor_reading {
	struct sensor_chip *chip;
	struct channel channel;
	uint32_t source;
	uint64_t prepared_ns;
};

/* For the sources' prepare(), release() and finish(). */
int sensor_prepare(
	struct devices *table, struct sensor_row *row, uint32_t source, void **ret_reading);
void sensor_release(void *data);
int sensor_finish(struct devices *table, void *row, void *data, struct job *job, int result);

/* STATE_OK: the chip is awake and ours until chip_leave(); or what the job answers instead. */
int sensor_begin(const struct sensor_reading *self);
/* A number of a file below the chip's folder: STATE_OK, or why there is none. What a channel of
 * this kind cannot measure is STATE_FAILED; *ret_number is it then, too. */
enum cell_state sensor_read_file(
	const struct sensor_reading *self, const char *path, int64_t *ret_number);
/* The same of a file of the channel, STATE_NONE if it has no such file. */
enum cell_state sensor_read(
	const struct sensor_reading *self, enum channel_file file, int64_t *ret_number);

/* --------------------------------------------------------------------------- inside find() */

/* Gives each row the name that people know it by. */
void sensor_name_rows(struct sensors *self);

extern const struct device_source sensor_source, sensor_temperature_source, sensor_fan_source,
	sensor_target_source, sensor_duty_source, sensor_voltage_source, sensor_current_source,
	sensor_humidity_source, sensor_cooling_source, sensor_alarm_source, sensor_fault_source,
	sensor_limits_source;
extern const struct device_table sensor_table;

#endif
