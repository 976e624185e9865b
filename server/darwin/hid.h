/*
 * HID: on Apple Silicon many sensors are services of the system of input devices, each with a name.
 * Everyone may read them. An answer takes about a millisecond: it belongs to workers, one at a time.
 */
#ifndef DARWIN_HID_H
#define DARWIN_HID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attribute.h"

enum hid_kind { HID_TEMPERATURE, HID_VOLTAGE, HID_CURRENT, HID_KINDS };

enum { HID_NAME_SIZE = 64 };

struct hid;

/* What is known of a service. Names need not be unique. */
struct hid_sensor {
	enum hid_kind kind;
	char name[HID_NAME_SIZE];
	/* Often the four characters of the SMC's key of the same sensor; 0: none. */
	uint32_t location;
};

/* NULL: it cannot be had here. */
struct hid *hid_open(void);
void hid_close(struct hid *self);

/* Services that there were when it was opened. */
size_t hid_count(const struct hid *self);
const struct hid_sensor *hid_sensor(const struct hid *self, size_t index);
/* In degrees Celsius, volts, amperes. STATE_NONE: it tells nothing now. */
enum cell_state hid_number(const struct hid *self, size_t index, double *ret_number);

#endif
