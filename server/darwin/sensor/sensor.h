/*
 * Sensor: table SENSOR: temperatures, fans, voltages and currents of the SMC and of HID, and the
 * thermal pressure, which is a row of the kind "cooling".
 *
 *	sensor.c      the table
 *	reader.c      what a worker does: which sensors there are, and what they say
 *	services.c    the part of that which is about HID
 *	known.c       what is known of them, by chip
 *
 * A worker finds the rows, all at once: which keys there are only the SMC itself can say.
 */
#ifndef DARWIN_SENSOR_H
#define DARWIN_SENSOR_H

#include "../host.h"
#include "devices.h"
#include "reader.h"

/* In the order in which the table has them. */
enum sensor_source_index {
	SOURCE_sensor,
	SOURCE_sensor_temperature,
	SOURCE_sensor_fan,
	SOURCE_sensor_target,
	SOURCE_sensor_duty,
	SOURCE_sensor_voltage,
	SOURCE_sensor_current,
	SOURCE_sensor_cooling,
	SOURCE_sensor_limits,
	SENSOR_SOURCE_COUNT,
};

struct darwin_sensor {
	struct sample_text name, kind, chip, label;
};

/* One number each, so that the state of the sample is that of the number. */
struct darwin_sensor_temperature {
	int64_t millicelsius;
};

struct darwin_sensor_fan {
	uint64_t speed; /* in revolutions a minute, as the next */
};

struct darwin_sensor_target {
	uint64_t speed;
};

struct darwin_sensor_duty {
	double duty;
};

struct darwin_sensor_voltage {
	int64_t millivolts;
};

struct darwin_sensor_current {
	int64_t milliamperes;
};

struct darwin_sensor_cooling {
	uint64_t state;
};

struct darwin_sensor_limits {
	uint64_t fan_min, fan_max, cooling_max;
};

extern const struct device_table sensor_table;

#endif
