#include "hid.h"

#include <dlfcn.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "private/hid.h"
#include "property.h"

/* What is looked for, and what is asked of it. */
static const struct wish {
	int32_t page, usage, event;
	double unit; /* so many are one degree, volt or ampere */
} wishes[HID_KINDS] = {
	[HID_TEMPERATURE] = {HID_PAGE_VENDOR, HID_USAGE_TEMPERATURE, HID_EVENT_TEMPERATURE, 1},
	[HID_VOLTAGE] = {HID_PAGE_POWER, HID_USAGE_VOLTAGE, HID_EVENT_POWER, 1000},
	[HID_CURRENT] = {HID_PAGE_POWER, HID_USAGE_CURRENT, HID_EVENT_POWER, 1000},
};

struct service {
	IOHIDServiceClientRef service;
	struct hid_sensor sensor;
};

struct hid {
	struct hid_functions functions;
	/* They are what services belong to, and stay as long: a client a reading leaks. */
	IOHIDEventSystemClientRef clients[HID_KINDS];
	CFArrayRef lists[HID_KINDS];
	struct service *services;
	size_t count;
};

/* ----------------------------------------------------------------------------- library */

static bool find_functions(struct hid *self)
{
	struct hid_functions *functions = &self->functions;
	const struct {
		const char *name;
		void *function;
	} names[] = {
		{"IOHIDEventSystemClientCreate", &functions->EventSystemClientCreate},
		{"IOHIDEventSystemClientSetMatching", &functions->EventSystemClientSetMatching},
		{"IOHIDEventSystemClientCopyServices",
			&functions->EventSystemClientCopyServices},
		{"IOHIDServiceClientCopyProperty", &functions->ServiceClientCopyProperty},
		{"IOHIDServiceClientCopyEvent", &functions->ServiceClientCopyEvent},
		{"IOHIDEventGetFloatValue", &functions->EventGetFloatValue},
	};

	/* Programs are linked with it anyway, so that it is there to stay. */
	void *library = dlopen(HID_LIBRARY, RTLD_LAZY);

	for (size_t i = 0; library && i < sizeof names / sizeof *names; i++) {
		void *address = dlsym(library, names[i].name);
		if (!address)
			return false;
		memcpy(names[i].function, &address, sizeof address);
	}
	return library != NULL;
}

/* ---------------------------------------------------------------------------- services */

static void set_number(CFMutableDictionaryRef dictionary, const char *key, int32_t value)
{
	CFStringRef name = CFStringCreateWithCString(NULL, key, kCFStringEncodingUTF8);
	CFNumberRef number = CFNumberCreate(NULL, kCFNumberSInt32Type, &value);

	if (name && number)
		CFDictionarySetValue(dictionary, name, number);
	property_release(name);
	property_release(number);
}

static CFTypeRef copy_property(
	const struct hid *self, IOHIDServiceClientRef service, const char *key)
{
	CFStringRef name = CFStringCreateWithCString(NULL, key, kCFStringEncodingUTF8);
	CFTypeRef value =
		name ? self->functions.ServiceClientCopyProperty(service, name) : NULL;

	property_release(name);
	return value;
}

static void add_service(struct hid *self, enum hid_kind kind, IOHIDServiceClientRef service)
{
	struct service *new;
	CFTypeRef name = copy_property(self, service, "Product");
	CFTypeRef location = copy_property(self, service, "LocationID");
	uint64_t number = 0;

	self->services = xreallocarray(self->services, self->count + 1, sizeof *self->services);
	new = &self->services[self->count];
	*new = (struct service){service, {.kind = kind}};
	if (property_text(name, new->sensor.name, sizeof new->sensor.name) && *new->sensor.name)
		self->count++; /* those without a name say nothing that anybody could use */
	if (property_u64(location, &number))
		new->sensor.location = (uint32_t)number;
	property_release(name);
	property_release(location);
}

static void find_services(struct hid *self, enum hid_kind kind)
{
	CFMutableDictionaryRef matching = CFDictionaryCreateMutable(
		NULL, 0, &kCFTypeDictionaryKeyCallBacks, &kCFTypeDictionaryValueCallBacks);

	self->clients[kind] = self->functions.EventSystemClientCreate(NULL);
	if (matching && self->clients[kind]) {
		set_number(matching, "PrimaryUsagePage", wishes[kind].page);
		set_number(matching, "PrimaryUsage", wishes[kind].usage);
		self->functions.EventSystemClientSetMatching(self->clients[kind], matching);
		self->lists[kind] =
			self->functions.EventSystemClientCopyServices(self->clients[kind]);
	}
	property_release(matching);
	for (size_t i = 0; i < property_count(self->lists[kind]); i++)
		add_service(self, kind, property_at(self->lists[kind], i));
}

struct hid *hid_open(void)
{
	struct hid *self = xcalloc(1, sizeof *self);

	if (!find_functions(self)) {
		hid_close(self);
		return NULL;
	}
	for (enum hid_kind kind = 0; kind < HID_KINDS; kind++)
		find_services(self, kind);
	return self;
}

void hid_close(struct hid *self)
{
	for (enum hid_kind kind = 0; kind < HID_KINDS; kind++) {
		property_release(self->lists[kind]);
		property_release(self->clients[kind]);
	}
	free(self->services);
	free(self);
}

size_t hid_count(const struct hid *self)
{
	return self->count;
}

const struct hid_sensor *hid_sensor(const struct hid *self, size_t index)
{
	return &self->services[index].sensor;
}

enum cell_state hid_number(const struct hid *self, size_t index, double *ret_number)
{
	const struct service *service = &self->services[index];
	int32_t type = wishes[service->sensor.kind].event;
	IOHIDEventRef event =
		self->functions.ServiceClientCopyEvent(service->service, type, 0, 0);

	if (!event)
		return STATE_NONE;
	*ret_number = self->functions.EventGetFloatValue(event, HID_FIELD_VALUE(type)) /
		      wishes[service->sensor.kind].unit;
	property_release(event);
	return isfinite(*ret_number) ? STATE_OK : STATE_NONE;
}
