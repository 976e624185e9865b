/* Which media there are, and what the registry tells of one when it comes. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "disk.h"
#include "source.h"

/* No two media are further apart than this, nor a medium from its device. */
enum { LEVELS_BETWEEN = 4, LEVELS_BELOW = 24 };

static const uint64_t nothing = ABSENT_U64(STATE_NONE);

/* --------------------------------------------------------------------------- the device */

/* That all of it is on, if it is on one; to be released. 0: there is none. */
static io_registry_entry_t find_device(io_registry_entry_t media)
{
	io_registry_entry_t entry = registry_keep(media);

	for (int i = 0; entry && i < LEVELS_BELOW; i++) {
		io_registry_entry_t parent = registry_parent(entry);
		registry_release(entry);
		entry = parent;
		if (entry && registry_is(entry, "IOBlockStorageDevice"))
			return entry;
	}
	registry_release(entry);
	return 0;
}

/*
 * Whatever IOKit calls a virtual interface is a file or memory of this machine, if it says that; the disks of
 * a virtual machine do not.
 */
static enum disk_kind kind_of_device(io_registry_entry_t device)
{
	CFTypeRef value = registry_property(device, "Protocol Characteristics");
	char interconnect[64], location[64];

	property_text(property_get(property_dictionary(value), "Physical Interconnect"),
		interconnect, sizeof interconnect);
	property_text(
		property_get(property_dictionary(value), "Physical Interconnect Location"),
		location, sizeof location);
	property_release(value);
	if (strcmp(interconnect, "Virtual Interface") != 0)
		return DISK_WHOLE;
	if (strcmp(location, "RAM") == 0)
		return DISK_MEMORY;
	return strcmp(location, "File") == 0 || registry_is(device, "AppleDiskImageDevice")
		       ? DISK_IMAGE
		       : DISK_WHOLE;
}

/* "APPLE SSD AP0512Q", with the maker before it if it is told apart. */
static void read_model(struct disk *self, CFDictionaryRef characteristics)
{
	char vendor[64], product[64];

	property_text(property_get(characteristics, "Vendor Name"), vendor, sizeof vendor);
	property_text(property_get(characteristics, "Product Name"), product, sizeof product);
	vendor[strcspn(vendor, " ")] = '\0'; /* SCSI fills it up with blanks */
	snprintf(self->model, sizeof self->model, "%s%s%s", vendor,
		*vendor && *product ? " " : "", product);
	for (size_t end = strlen(self->model); end && self->model[end - 1] == ' ';)
		self->model[--end] = '\0';
}

static void read_device(struct disk *self, io_registry_entry_t device, bool is_whole)
{
	CFTypeRef value = registry_property(device, "Device Characteristics");
	CFDictionaryRef characteristics = property_dictionary(value);
	char medium[32];

	property_text(property_get(characteristics, "Medium Type"), medium, sizeof medium);
	if (strcmp(medium, "Rotational") == 0)
		self->rotational = 1;
	else if (strcmp(medium, "Solid State") == 0)
		self->rotational = 0;
	if (is_whole) {
		read_model(self, characteristics);
		property_text(property_get(characteristics, "Serial Number"), self->serial,
			sizeof self->serial);
	}
	property_release(value);
}

/* ------------------------------------------------------------------------------ the kind */

static enum disk_kind kind_of(io_registry_entry_t media, io_registry_entry_t parent,
	io_registry_entry_t device, bool is_whole)
{
	if (registry_is(media, "AppleAPFSVolume"))
		return DISK_VOLUME;
	if (registry_is(media, "AppleAPFSSnapshot"))
		return DISK_SNAPSHOT;
	if (registry_is(media, "CoreStorageLogical"))
		return DISK_MAPPED;
	if (registry_is(media, "IOCDMedia") || registry_is(media, "IODVDMedia") ||
		registry_is(media, "IOBDMedia"))
		return DISK_OPTICAL;
	if (parent && registry_is(parent, "AppleAPFSContainerScheme"))
		return DISK_CONTAINER;
	if (parent && registry_is(parent, "AppleRAIDSet"))
		return DISK_RAID;
	if (!is_whole)
		return DISK_PARTITION;
	return device ? kind_of_device(device) : DISK_WHOLE;
}

/* ----------------------------------------------------------------- what it is stacked on */

static void append(char *text, size_t size, const char *name)
{
	size_t used = strlen(text);

	if (*name && used + strlen(name) + 2 < size)
		snprintf(text + used, size - used, "%s%s", used ? "," : "", name);
}

/* A container may be made of several: a Fusion drive. */
static void read_lower(struct disk *self, io_registry_entry_t entry, int levels)
{
	struct registry_walk walk;
	char name[DISK_NAME];

	registry_parents(&walk, entry);
	while (registry_next(&walk)) {
		if (registry_is(walk.entry, "IOMedia")) {
			registry_text(walk.entry, "BSD Name", name, sizeof name);
			append(self->lower, sizeof self->lower, name);
		} else if (levels > 1 && !registry_is(walk.entry, "IOBlockStorageDriver")) {
			read_lower(self, walk.entry, levels - 1);
		}
	}
}

/* ----------------------------------------------------------------------- its own entry */

static uint64_t truth_of(CFDictionaryRef properties, const char *key)
{
	bool truth;

	return property_bool(property_get(properties, key), &truth) ? truth : nothing;
}

static void read_names(struct disk *self, io_registry_entry_t media, CFDictionaryRef properties)
{
	uint64_t major, minor;
	io_name_t name;
	char uuid[48];

	if (property_u64(property_get(properties, "BSD Major"), &major) &&
		property_u64(property_get(properties, "BSD Minor"), &minor))
		snprintf(self->number, sizeof self->number, "%u:%u", (unsigned)major,
			(unsigned)minor);
	if (property_text(property_get(properties, "UUID"), uuid, sizeof uuid) && *uuid)
		snprintf(self->wwid, sizeof self->wwid, "uuid.%s", uuid);
	if (property_text(
		    property_get(properties, "FullName"), self->label, sizeof self->label) &&
		*self->label)
		return;
	registry_name(media, name);
	/* A whole disk is called by its maker, and is no name that people gave it. */
	if (!truth_of(properties, "Whole"))
		snprintf(self->label, sizeof self->label, "%s", name);
}

static void read_media(struct disk *self, CFDictionaryRef properties)
{
	uint64_t writable = truth_of(properties, "Writable");

	self->size = property_sample(properties, "Size");
	self->removable = truth_of(properties, "Removable");
	self->read_only = writable == nothing ? nothing : !writable;
	self->rotational = nothing;
}

/* Of a container it is what APFS has made on it. */
static io_registry_entry_t find_statistics(
	const struct disk *self, io_registry_entry_t media, io_registry_entry_t parent)
{
	struct registry_walk walk;
	io_registry_entry_t found = 0;

	if (parent && registry_is(parent, "IOBlockStorageDriver"))
		return registry_keep(parent);
	if (self->kind == DISK_VOLUME)
		return registry_keep(media);
	if (self->kind != DISK_CONTAINER)
		return 0;
	registry_children(&walk, media);
	while (!found && registry_next(&walk))
		if (registry_is(walk.entry, "AppleAPFSContainer"))
			found = registry_keep(walk.entry);
	registry_end(&walk);
	return found;
}

bool disk_describe(struct disk *self, io_registry_entry_t media)
{
	CFDictionaryRef properties = registry_properties(media);
	bool is_whole = truth_of(properties, "Whole") == 1;
	io_registry_entry_t parent, device;

	if (!property_text(
		    property_get(properties, "BSD Name"), self->name, sizeof self->name) ||
		!*self->name) {
		property_release(properties);
		return false;
	}
	parent = registry_parent(media);
	device = find_device(media);
	self->kind = kind_of(media, parent, device, is_whole);
	read_media(self, properties);
	read_names(self, media, properties);
	read_lower(self, media, LEVELS_BETWEEN);
	if (device)
		read_device(self, device, is_whole && self->kind != DISK_CONTAINER);
	self->statistics = find_statistics(self, media, parent);
	registry_release(parent);
	registry_release(device);
	property_release(properties);
	return true;
}

int disk_find(struct devices *devices)
{
	struct registry_walk walk;
	bool complete = registry_services(&walk, "IOMedia"), is_new;

	while (registry_next(&walk)) {
		uint64_t id = registry_id(walk.entry);
		struct disk *row = id ? devices_found_number(devices, id, 0, &is_new) : NULL;
		complete &= id != 0;
		if (row && !*row->name) /* what has just come gets it a moment later */
			disk_describe(row, walk.entry);
	}
	return complete ? 0 : -EIO;
}
