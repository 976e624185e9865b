#include "registry.h"

#include <string.h>

/* ---------------------------------------------------------------------------- walks */

static bool begin(struct registry_walk *self, kern_return_t result)
{
	self->entry = 0;
	if (result != kIOReturnSuccess)
		self->iterator = 0;
	return result == kIOReturnSuccess;
}

bool registry_services(struct registry_walk *self, const char *class_name)
{
	CFMutableDictionaryRef matching = IOServiceMatching(class_name);

	if (!matching)
		return begin(self, kIOReturnNoMemory);
	return begin(
		self, IOServiceGetMatchingServices(IOKIT_MAIN_PORT, matching, &self->iterator));
}

bool registry_children(struct registry_walk *self, io_registry_entry_t entry)
{
	return begin(self,
		IORegistryEntryGetChildIterator(entry, IOKIT_SERVICE_PLANE, &self->iterator));
}

bool registry_parents(struct registry_walk *self, io_registry_entry_t entry)
{
	return begin(self,
		IORegistryEntryGetParentIterator(entry, IOKIT_SERVICE_PLANE, &self->iterator));
}

bool registry_next(struct registry_walk *self)
{
	registry_release(self->entry);
	self->entry = self->iterator ? IOIteratorNext(self->iterator) : 0;
	if (!self->entry)
		registry_end(self);
	return self->entry != 0;
}

void registry_end(struct registry_walk *self)
{
	registry_release(self->entry);
	registry_release(self->iterator);
	*self = (struct registry_walk){0, 0};
}

/* -------------------------------------------------------------------------- entries */

io_registry_entry_t registry_service(const char *class_name)
{
	CFMutableDictionaryRef matching = IOServiceMatching(class_name);

	return matching ? IOServiceGetMatchingService(IOKIT_MAIN_PORT, matching) : 0;
}

io_registry_entry_t registry_parent(io_registry_entry_t entry)
{
	io_registry_entry_t parent = 0;

	if (IORegistryEntryGetParentEntry(entry, IOKIT_SERVICE_PLANE, &parent) !=
		kIOReturnSuccess)
		return 0;
	return parent;
}

io_registry_entry_t registry_keep(io_registry_entry_t entry)
{
	return entry && IOObjectRetain(entry) == kIOReturnSuccess ? entry : 0;
}

void registry_release(io_registry_entry_t entry)
{
	if (entry)
		IOObjectRelease(entry);
}

uint64_t registry_id(io_registry_entry_t entry)
{
	uint64_t id = 0;

	return IORegistryEntryGetRegistryEntryID(entry, &id) == kIOReturnSuccess ? id : 0;
}

void registry_name(io_registry_entry_t entry, io_name_t ret_name)
{
	memset(ret_name, 0, sizeof(io_name_t));
	if (IORegistryEntryGetName(entry, ret_name) != kIOReturnSuccess)
		*ret_name = '\0';
}

void registry_class(io_registry_entry_t entry, io_name_t ret_name)
{
	memset(ret_name, 0, sizeof(io_name_t));
	if (IOObjectGetClass(entry, ret_name) != kIOReturnSuccess)
		*ret_name = '\0';
}

bool registry_is(io_registry_entry_t entry, const char *class_name)
{
	io_name_t name = "";

	strncpy(name, class_name, sizeof name - 1);
	return IOObjectConformsTo(entry, name);
}

/* ----------------------------------------------------------------------- properties */

CFTypeRef registry_property(io_registry_entry_t entry, const char *key)
{
	CFStringRef name = CFStringCreateWithCString(NULL, key, kCFStringEncodingUTF8);
	CFTypeRef value;

	if (!name)
		return NULL;
	value = IORegistryEntryCreateCFProperty(entry, name, NULL, 0);
	CFRelease(name);
	return value;
}

CFDictionaryRef registry_properties(io_registry_entry_t entry)
{
	CFMutableDictionaryRef properties = NULL;

	if (IORegistryEntryCreateCFProperties(entry, &properties, NULL, 0) != kIOReturnSuccess)
		return NULL;
	return properties;
}

bool registry_u64(io_registry_entry_t entry, const char *key, uint64_t *ret_number)
{
	CFTypeRef value = registry_property(entry, key);
	bool is_number = property_u64(value, ret_number);

	property_release(value);
	return is_number;
}

bool registry_text(io_registry_entry_t entry, const char *key, char *text, size_t size)
{
	CFTypeRef value = registry_property(entry, key);
	bool is_text = property_text(value, text, size);

	property_release(value);
	return is_text;
}
