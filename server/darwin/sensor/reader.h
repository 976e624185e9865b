/*
 * Reader: all sensors of the machine, for a worker. It is made empty, and opens what it needs when
 * it is used for the first time. One at a time uses it; who has it and who works with it share it.
 */
#ifndef DARWIN_SENSOR_READER_H
#define DARWIN_SENSOR_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../hid.h"
#include "../smc.h"
#include "../thermal.h"
#include "known.h"

/* What a row of the table is. */
enum sensor_kind {
	SENSOR_TEMPERATURE,
	SENSOR_FAN,
	SENSOR_VOLTAGE,
	SENSOR_CURRENT,
	SENSOR_COOLING,
	SENSOR_KINDS,
};

/* What is asked of sensors, as a bit mask: what they measure, by kind, and these. */
enum {
	WANT_TARGETS = 1 << SENSOR_KINDS,
	WANT_DUTIES = 2 << SENSOR_KINDS,
	WANT_LIMITS = 4 << SENSOR_KINDS,
};

/* A number, or why it has none. */
struct measure {
	double number;
	enum cell_state state;
};

struct sensor {
	enum sensor_kind kind;
	const char *chip; /* "SMC", "HID"; a constant */
	char label[HID_NAME_SIZE];
	char name[KNOWN_NAME_SIZE];
	/* It has said something that can be. What never did is most likely not connected. */
	bool lives;
	uint32_t looks; /* at it, while it does not */
	/* Celsius, revolutions a minute, volts, amperes, a level. */
	struct measure value;
	struct measure target, duty, min, max; /* of fans; duty is a part of 1 */
	/* Where it is from: a key of the SMC, or services of HID, which are alike if they are several. */
	struct smc_key key;
	const struct known *known;
};

struct reader {
	uint32_t references;
	enum known_chip chip;
	bool is_open, is_complete; /* it has all sensors */
	struct smc smc;
	enum cell_state smc_state;
	struct smc_keys *keys; /* NULL: not known (yet) */
	struct hid *hid;       /* NULL: there is none */
	struct thermal thermal;
	struct sensor *sensors;
	size_t count;
};

/* `keys`: what another reader has found; or NULL. */
struct reader *reader_create(enum known_chip chip, struct smc_keys *keys);
struct reader *reader_retain(struct reader *self);
void reader_release(struct reader *self);

/* Reads what is wanted of all sensors that live. */
void reader_look(struct reader *self, uint32_t wanted);

/* ------------------------------------------------------------------------ its parts */

struct sensor *reader_add(struct reader *self, enum sensor_kind kind, const char *chip);
/* Can a sensor say that? */
struct measure reader_check(
	const struct reader *self, const struct sensor *sensor, struct measure measure);
/* Services that measure what no key of the SMC does. */
void services_add(struct reader *self);
struct measure services_read(const struct reader *self, const struct sensor *sensor);

#endif
