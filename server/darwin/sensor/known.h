/*
 * Known: what is known of sensors, by chip: what people call them, and which numbers cannot be. Data
 * alone; what is not in it is shown under its own name.
 */
#ifndef DARWIN_SENSOR_KNOWN_H
#define DARWIN_SENSOR_KNOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KNOWN_NAME_SIZE = 96 };

/* Families of chips, as a bit mask. */
enum known_chip {
	CHIP_INTEL = 1 << 0,
	CHIP_M1 = 1 << 1,
	CHIP_M2 = 1 << 2,
	CHIP_M3 = 1 << 3,
	CHIP_M4 = 1 << 4,
	CHIP_M5 = 1 << 5,
	CHIP_A18 = 1 << 6,
	CHIP_NEW = 1 << 7, /* Apple's, and not known yet */
	CHIP_APPLE = 0xFE,
};

/* By machdep.cpu.brand_string: "Apple M4 Pro", "Intel(R) Core(TM) ..". */
enum known_chip known_chip(const char *brand);

/*
 * What is known of one sensor. `label` NULL: nothing.
 *
 * `parks`: it is inside of a processor, whose parts are switched off when they have nothing to do; then
 * their sensors say some low number that never changes.
 */
struct known {
	/* Of a key, where ? is any character; of a name of HID, how it begins. */
	const char *pattern;
	uint32_t chips;
	const char *label;
	bool parks;
	bool hidden; /* no temperature of anything */
};

/* Never NULL. */
const struct known *known_key(enum known_chip chip, const char *key);
const struct known *known_service(const char *name);

/* What people call it: "CPU performance core 1". */
void known_key_name(const struct known *known, const char *key, char name[KNOWN_NAME_SIZE]);
void known_service_name(
	const struct known *known, const char *service, char name[KNOWN_NAME_SIZE]);

/* How keys of the SMC begin that measure what this service of HID does: the first, the second ..; NULL:
 * no more. */
const char *known_same_keys(const char *service, size_t index);

/* Can it be, in degrees Celsius? */
bool known_temperature(enum known_chip chip, const struct known *known, double celsius);

#endif
