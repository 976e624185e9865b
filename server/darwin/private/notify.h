/*
 * notify(3): names with a number that some program sets and everyone may read. The SDK has
 * notify.h, where it is complete; libSystem has the functions.
 */
#ifndef DARWIN_PRIVATE_NOTIFY_H
#define DARWIN_PRIVATE_NOTIFY_H

#include <stdint.h>

enum { NOTIFY_STATUS_OK = 0 };

uint32_t notify_register_check(const char *name, int *ret_token);
uint32_t notify_get_state(int token, uint64_t *ret_state);
uint32_t notify_cancel(int token);

/* What kOSThermalNotificationPressureLevelName of libkern/OSThermalNotification.h is. */
#define NOTIFY_THERMAL_PRESSURE "com.apple.system.thermalpressurelevel"

#endif
