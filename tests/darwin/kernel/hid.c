/*
 * The HID event system: services that are sensors.
 *
 *	[hid ID]
 *	page = 0xff00     usage = 5          what it is matched by
 *	Product = TEXT                       its name; no such property without
 *	LocationID = NUMBER or TEXT of four characters
 *	event = TYPE NUMBER                  15 (temperature) or 25 (power), and its value; no event
 *	                                     without, as of a sensor that sleeps
 *
 * [hid] refused = 1: no client is given to anybody. Its objects are those of CoreFoundation: a
 * client is a dictionary with what it was told to match, a service a dictionary with its ID, and an event
 * one with its type and value. Calls fail by giving nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "parts.h"
#include "private/hid.h"
#include "property.h"
#include "store.h"
#include "value.h"

static CFMutableDictionaryRef make_dictionary(void)
{
	return CFDictionaryCreateMutable(
		NULL, 0, &kCFTypeDictionaryKeyCallBacks, &kCFTypeDictionaryValueCallBacks);
}

static IOHIDEventSystemClientRef create(CFAllocatorRef allocator)
{
	(void)allocator;
	if (sim_enter("IOHIDEventSystemClientCreate", 0, -1) ||
		sim_u64(sim_section("hid", ""), "refused", 0))
		return NULL;
	return make_dictionary();
}

/* Property lists of the caller may change later: it keeps a copy. */
static int set_matching(IOHIDEventSystemClientRef self, CFDictionaryRef matching)
{
	sim_enter("IOHIDEventSystemClientSetMatching", 0, -1);
	sim_put((CFMutableDictionaryRef)(uintptr_t)self, "matching",
		CFDictionaryCreateMutableCopy(NULL, 0, matching));
	return 0;
}

static bool matches(const struct sim_section *section, CFDictionaryRef matching)
{
	uint64_t page = 0, usage = 0;

	property_u64(property_get(matching, "PrimaryUsagePage"), &page);
	property_u64(property_get(matching, "PrimaryUsage"), &usage);
	return *sim_name(section) && sim_u64(section, "page", 0xFF00) == page &&
	       sim_u64(section, "usage", 5) == usage;
}

static CFArrayRef copy_services(IOHIDEventSystemClientRef self)
{
	CFDictionaryRef matching = property_dictionary(property_get(self, "matching"));
	CFMutableArrayRef services;

	if (sim_enter("IOHIDEventSystemClientCopyServices", 0, -1))
		return NULL;
	services = CFArrayCreateMutable(NULL, 0, &kCFTypeArrayCallBacks);
	for (struct sim_section *i = sim_next("hid", NULL); i; i = sim_next("hid", i)) {
		CFMutableDictionaryRef service;
		if (!matches(i, matching))
			continue;
		service = make_dictionary();
		sim_put(service, "id",
			CFStringCreateWithCString(NULL, sim_name(i), kCFStringEncodingUTF8));
		CFArrayAppendValue(services, service);
		CFRelease(service);
	}
	return services;
}

/* NULL: it has gone. */
static const struct sim_section *section_of(IOHIDServiceClientRef self)
{
	char id[64];

	property_text(property_get(self, "id"), id, sizeof id);
	return sim_section("hid", id);
}

static CFTypeRef location_of(const char *text)
{
	int64_t number = 0;

	if (strlen(text) != 4)
		number = (int64_t)sim_parse(text);
	else
		for (int i = 0; i < 4; i++)
			number = number << 8 | (uint8_t)text[i];
	return CFNumberCreate(NULL, kCFNumberSInt64Type, &number);
}

static CFTypeRef copy_property(IOHIDServiceClientRef self, CFStringRef key)
{
	const struct sim_section *section = section_of(self);
	char name[64];

	sim_enter("IOHIDServiceClientCopyProperty", 0, -1);
	property_text(key, name, sizeof name);
	if (!sim_has(section, name))
		return NULL;
	if (strcmp(name, "LocationID") == 0)
		return location_of(sim_text(section, name, ""));
	return CFStringCreateWithCString(
		NULL, sim_text(section, name, ""), kCFStringEncodingUTF8);
}

static IOHIDEventRef copy_event(
	IOHIDServiceClientRef self, int64_t type, int32_t options, int64_t timestamp)
{
	const struct sim_section *section = section_of(self);
	const char *text = sim_text(section, "event", ""), *number = strchr(text, ' ');
	CFMutableDictionaryRef event;
	double value;

	(void)options, (void)timestamp;
	if (sim_enter("IOHIDServiceClientCopyEvent", type,
		    section ? atoi(sim_name(section)) : -1) ||
		!number || atoi(text) != type)
		return NULL;
	value = sim_parse_f64(number + 1);
	event = make_dictionary();
	sim_put(event, "value", CFNumberCreate(NULL, kCFNumberFloat64Type, &value));
	sim_put(event, "type", CFNumberCreate(NULL, kCFNumberSInt64Type, &type));
	return event;
}

/* NaN is no number that property_f64() would give. A field that an event does not have is 0. */
static double float_value(IOHIDEventRef self, int32_t field)
{
	int64_t type = 0;
	double value = 0;

	sim_enter("IOHIDEventGetFloatValue", field, -1);
	property_i64(property_get(self, "type"), &type);
	if (field == HID_FIELD_VALUE((int32_t)type))
		CFNumberGetValue(property_get(self, "value"), kCFNumberFloat64Type, &value);
	return value;
}

static const struct sim_symbol symbols[] = {
	{"IOHIDEventSystemClientCreate", create},
	{"IOHIDEventSystemClientSetMatching", set_matching},
	{"IOHIDEventSystemClientCopyServices", copy_services},
	{"IOHIDServiceClientCopyProperty", copy_property},
	{"IOHIDServiceClientCopyEvent", copy_event},
	{"IOHIDEventGetFloatValue", float_value},
	{NULL, NULL},
};

const struct sim_library sim_hid = {HID_LIBRARY, symbols};
