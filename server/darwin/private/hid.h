/*
 * HID: the part of the client of the HID event system that reads sensors. It is in IOKit.framework,
 * and none of it in the public SDK: IOHIDFamily's IOHIDEventSystemClient.h, IOHIDServiceClient.h and
 * IOHIDEvent.h, published as apple-oss-distributions/IOHIDFamily. Each function is looked for by
 * its name, so that a system without it has no such sensors, and all the rest.
 */
#ifndef DARWIN_PRIVATE_HID_H
#define DARWIN_PRIVATE_HID_H

#include <stdint.h>

#include "cf.h"

typedef CFTypeRef IOHIDEventSystemClientRef;
typedef CFTypeRef IOHIDServiceClientRef;
typedef CFTypeRef IOHIDEventRef;

#define HID_LIBRARY "/System/Library/Frameworks/IOKit.framework/IOKit"

/* By the function's name without IOHID. */
struct hid_functions {
	IOHIDEventSystemClientRef (*EventSystemClientCreate)(CFAllocatorRef allocator);
	int (*EventSystemClientSetMatching)(
		IOHIDEventSystemClientRef self, CFDictionaryRef matching);
	CFArrayRef (*EventSystemClientCopyServices)(IOHIDEventSystemClientRef self);
	CFTypeRef (*ServiceClientCopyProperty)(IOHIDServiceClientRef self, CFStringRef key);
	IOHIDEventRef (*ServiceClientCopyEvent)(
		IOHIDServiceClientRef self, int64_t type, int32_t options, int64_t timestamp);
	double (*EventGetFloatValue)(IOHIDEventRef self, int32_t field);
};

/* Usages of Apple's vendor pages: AppleHIDUsageTables.h. */
enum {
	HID_PAGE_VENDOR = 0xFF00,
	HID_USAGE_TEMPERATURE = 5,
	HID_PAGE_POWER = 0xFF08,
	HID_USAGE_CURRENT = 2,
	HID_USAGE_VOLTAGE = 3,
};

/* IOHIDEventTypes.h, IOHIDEventFieldDefs.h: the first field of an event is its value. */
enum { HID_EVENT_TEMPERATURE = 15, HID_EVENT_POWER = 25 };
#define HID_FIELD_VALUE(event) ((event) << 16)

#endif
