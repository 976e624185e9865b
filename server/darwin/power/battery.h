/*
 * Battery: what the driver of the battery says of it, and of the adapter: properties of the
 * registry's entry of class AppleSmartBattery. Everyone may read them. The driver asks the gauge every few
 * seconds to once a minute, whoever asks how often.
 */
#ifndef DARWIN_POWER_BATTERY_H
#define DARWIN_POWER_BATTERY_H

#include <stdbool.h>
#include <stdint.h>

#include "../property.h"

/* The registry id of the battery; 0: there is none, as in desktops. */
uint64_t battery_find(void);
/* All that is said of that one, to be released; NULL: it has gone. */
__attribute__((cf_returns_retained)) CFDictionaryRef battery_properties(uint64_t id);

/* A current in mA, negative while the battery is discharged. False: not known. */
bool battery_current(CFDictionaryRef properties, int64_t *ret_milliamperes);
bool battery_voltage(CFDictionaryRef properties, int64_t *ret_millivolts);

#endif
