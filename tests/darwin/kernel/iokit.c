/*
 * IOKit: the IORegistry.
 *
 *	[entry ID]                      a decimal number
 *	class = AGXAcceleratorG13X      conforms = AGXAccelerator IOAccelerator   (from what it is
 *	                                derived; IOService always)
 *	name = TEXT                     its class without
 *	parent = ID ..                  none without
 *	registered = 0                  it is not found by IOServiceGetMatchingServices(), as user clients
 *	gone = 1                        lists still have it, but it has no properties any more
 *
 * Any other key is a property: its name, and its type and value. What stands before a dot is a dictionary,
 * and [0], [1].. are the places of an array. A property whose name is one of those above has a dot before
 * it.
 *
 *	Statistics.Bytes (Read) = u64 123 + 10/s        also u32, i64, i32, f64 1.5
 *	AppUsage[0].API = text Metal                    UTF-8
 *	vendor-id = data 6b10 0000                      removable = bool yes
 *	.name = data 706d677200                         nothing = dictionary      empty = array
 *
 * What user clients answer is told by other parts: sim_services in parts.h. Calls that fail fail
 * for an entry by its ID. As with the real one, a list of entries is made when it is asked for, and
 * IOServiceGetMatchingServices() takes the dictionary from the caller.
 */
#include "private/iokit.h"

#include <mach/mach.h>
#include <stdlib.h>
#include <string.h>

#include "parts.h"
#include "store.h"
#include "value.h"

enum kind { ENTRY = 1, ITERATOR, CONNECTION };

struct handle {
	enum kind kind;
	uint32_t generation;
	int64_t references;
	int64_t id; /* of the entry, or of the service that is connected with */
	io_name_t class_name, name;
	int64_t *list; /* of an iterator */
	size_t count, next;
	const struct sim_service *service;
};

/* Workers call as well as the loop. Slot 0 is nothing. */
static char lock;
static struct handle **handles;
static uint32_t capacity = 1;

static void enter(void)
{
	while (__atomic_test_and_set(&lock, __ATOMIC_ACQUIRE))
		;
}

static void leave(void)
{
	__atomic_clear(&lock, __ATOMIC_RELEASE);
}

__attribute__((destructor)) static void end(void)
{
	for (uint32_t i = 1; i < capacity; i++) {
		free(handles[i]->list);
		free(handles[i]);
	}
	free(handles);
}

/* -------------------------------------------------------------------------- handles */

static uint32_t find_slot(void)
{
	for (uint32_t i = 1; i < capacity; i++)
		if (handles[i]->references == 0)
			return i;
	handles = realloc(handles, (capacity + 1) * sizeof *handles);
	if (capacity > 0xFFFF)
		sim_panic("65535 objects of IOKit are out");
	if (!handles || !(handles[capacity] = calloc(1, sizeof **handles)))
		sim_panic("out of memory");
	return capacity++;
}

/* The name of a port: each is used once, or else who uses one too long would not be found. */
static mach_port_t make(enum kind kind, struct handle **ret_handle)
{
	uint32_t slot;
	struct handle *handle;

	enter();
	slot = find_slot();
	handle = handles[slot];
	*handle = (struct handle){
		.kind = kind, .generation = handle->generation + 1, .references = 1};
	leave();
	sim_hold(1);
	*ret_handle = handle;
	return handle->generation % 0x7FFF << 16 | slot;
}

static struct handle *get(mach_port_t name)
{
	uint32_t slot = name & 0xFFFF;
	struct handle *handle = NULL;

	enter();
	if (slot && slot < capacity && handles[slot]->references &&
		handles[slot]->generation % 0x7FFF == name >> 16)
		handle = handles[slot];
	leave();
	if (!handle)
		sim_panic("IOKit was given 0x%x, which is nothing that it gave out", name);
	return handle;
}

/* NULL: it is something else, which the real one finds out too. */
static struct handle *get_kind(mach_port_t name, enum kind kind)
{
	struct handle *handle = get(name);

	return handle->kind == kind ? handle : NULL;
}

kern_return_t IOObjectRetain(io_object_t object)
{
	struct handle *handle = get(object);

	__atomic_add_fetch(&handle->references, 1, __ATOMIC_SEQ_CST);
	sim_hold(1);
	return KERN_SUCCESS;
}

kern_return_t IOObjectRelease(io_object_t object)
{
	struct handle *handle = get(object);

	enter();
	if (handle->references == 1) {
		free(handle->list);
		handle->list = NULL;
	}
	handle->references--;
	leave();
	sim_hold(-1);
	return KERN_SUCCESS;
}

/* -------------------------------------------------------------------------- entries */

static struct sim_section *section_of(const struct handle *handle)
{
	struct sim_section *section = sim_numbered("entry", handle->id);

	return section && !sim_u64(section, "gone", 0) ? section : NULL;
}

static io_object_t make_entry(const struct sim_section *section)
{
	struct handle *handle;
	io_object_t name = make(ENTRY, &handle);
	const char *class_name = sim_text(section, "class", "IOService");

	handle->id = (int64_t)sim_parse(sim_name(section));
	strncpy(handle->class_name, class_name, sizeof handle->class_name - 1);
	strncpy(handle->name, sim_text(section, "name", class_name), sizeof handle->name - 1);
	return name;
}

static int has_word(const char *text, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = text; (at = strstr(at, word)) != NULL; at += length)
		if ((at == text || at[-1] == ' ') && (at[length] == ' ' || !at[length]))
			return 1;
	return 0;
}

static int conforms(const struct sim_section *section, const char *class_name)
{
	return strcmp(sim_text(section, "class", "IOService"), class_name) == 0 ||
	       has_word(sim_text(section, "conforms", ""), class_name) ||
	       strcmp(class_name, "IOService") == 0;
}

kern_return_t IOObjectGetClass(io_object_t object, io_name_t ret_name)
{
	const struct handle *handle = get_kind(object, ENTRY);
	int error = sim_enter("IOObjectGetClass", 0, handle ? handle->id : -1);

	if (error || !handle)
		return error ? error : kIOReturnBadArgument;
	memcpy(ret_name, handle->class_name, sizeof(io_name_t));
	return KERN_SUCCESS;
}

Boolean IOObjectConformsTo(io_object_t object, const io_name_t class_name)
{
	const struct handle *handle = get_kind(object, ENTRY);
	const struct sim_section *section = handle ? sim_numbered("entry", handle->id) : NULL;

	if (sim_enter("IOObjectConformsTo", 0, handle ? handle->id : -1) || !handle)
		return 0;
	return section ? (Boolean)conforms(section, class_name)
		       : strcmp(handle->class_name, class_name) == 0;
}

kern_return_t IORegistryEntryGetName(io_registry_entry_t entry, io_name_t ret_name)
{
	const struct handle *handle = get_kind(entry, ENTRY);
	int error = sim_enter("IORegistryEntryGetName", 0, handle ? handle->id : -1);

	if (error || !handle)
		return error ? error : kIOReturnBadArgument;
	memcpy(ret_name, handle->name, sizeof(io_name_t));
	return KERN_SUCCESS;
}

kern_return_t IORegistryEntryGetRegistryEntryID(io_registry_entry_t entry, uint64_t *ret_id)
{
	const struct handle *handle = get_kind(entry, ENTRY);
	int error = sim_enter("IORegistryEntryGetRegistryEntryID", 0, handle ? handle->id : -1);

	if (error || !handle)
		return error ? error : kIOReturnBadArgument;
	*ret_id = (uint64_t)handle->id;
	return KERN_SUCCESS;
}

CFTypeRef IORegistryEntryCreateCFProperty(io_registry_entry_t entry, CFStringRef key,
	CFAllocatorRef allocator, IOOptionBits options)
{
	const struct handle *handle = get_kind(entry, ENTRY);
	char name[256];

	(void)allocator, (void)options;
	if (sim_enter("IORegistryEntryCreateCFProperty", 0, handle ? handle->id : -1) ||
		!handle)
		return NULL;
	if (!CFStringGetCString(key, name, sizeof name, kCFStringEncodingUTF8))
		return NULL;
	return sim_property(section_of(handle), name);
}

kern_return_t IORegistryEntryCreateCFProperties(io_registry_entry_t entry,
	CFMutableDictionaryRef *ret_properties, CFAllocatorRef allocator, IOOptionBits options)
{
	const struct handle *handle = get_kind(entry, ENTRY);
	int error = sim_enter("IORegistryEntryCreateCFProperties", 0, handle ? handle->id : -1);

	(void)allocator, (void)options;
	*ret_properties = NULL;
	if (error || !handle)
		return error ? error : kIOReturnBadArgument;
	*ret_properties = sim_properties(section_of(handle));
	return KERN_SUCCESS;
}

/* ---------------------------------------------------------------------------- lists */

static void append(struct handle *handle, const struct sim_section *section)
{
	handle->list = realloc(handle->list, (handle->count + 1) * sizeof *handle->list);
	if (!handle->list)
		sim_panic("out of memory");
	handle->list[handle->count++] = (int64_t)sim_parse(sim_name(section));
}

io_object_t IOIteratorNext(io_iterator_t iterator)
{
	struct handle *handle = get_kind(iterator, ITERATOR);

	if (sim_enter("IOIteratorNext", 0, -1) || !handle)
		return 0;
	while (handle->next < handle->count) {
		const struct sim_section *section =
			sim_numbered("entry", handle->list[handle->next++]);
		if (section)
			return make_entry(section);
	}
	return 0;
}

static int is_parent(const struct sim_section *child, int64_t id)
{
	const char *at = sim_text(child, "parent", "");
	char *end;

	while (*at) {
		if (strtoll(at, &end, 0) == id)
			return 1;
		if (end == at)
			sim_panic("[entry %s] has no parent \"%s\"", sim_name(child), at);
		at = end;
	}
	return 0;
}

kern_return_t IORegistryEntryGetChildIterator(
	io_registry_entry_t entry, const io_name_t plane, io_iterator_t *ret_iterator)
{
	const struct handle *handle = get_kind(entry, ENTRY);
	struct handle *iterator;
	int error = sim_enter("IORegistryEntryGetChildIterator", 0, handle ? handle->id : -1);

	if (error || !handle || strcmp(plane, IOKIT_SERVICE_PLANE) != 0)
		return error ? error : kIOReturnBadArgument;
	*ret_iterator = make(ITERATOR, &iterator);
	for (struct sim_section *i = sim_next("entry", NULL); i; i = sim_next("entry", i))
		if (is_parent(i, handle->id))
			append(iterator, i);
	return KERN_SUCCESS;
}

static kern_return_t check_parents(const char *call, io_registry_entry_t entry,
	const char *plane, struct sim_section **ret_child)
{
	const struct handle *handle = get_kind(entry, ENTRY);
	int error = sim_enter(call, 0, handle ? handle->id : -1);

	if (error || !handle || strcmp(plane, IOKIT_SERVICE_PLANE) != 0)
		return error ? error : kIOReturnBadArgument;
	*ret_child = section_of(handle);
	return KERN_SUCCESS;
}

kern_return_t IORegistryEntryGetParentIterator(
	io_registry_entry_t entry, const io_name_t plane, io_iterator_t *ret_iterator)
{
	struct sim_section *child;
	struct handle *iterator;
	kern_return_t result =
		check_parents("IORegistryEntryGetParentIterator", entry, plane, &child);

	if (result != KERN_SUCCESS)
		return result;
	*ret_iterator = make(ITERATOR, &iterator);
	for (struct sim_section *i = sim_next("entry", NULL); i && child;
		i = sim_next("entry", i))
		if (is_parent(child, (int64_t)sim_parse(sim_name(i))))
			append(iterator, i);
	return KERN_SUCCESS;
}

kern_return_t IORegistryEntryGetParentEntry(
	io_registry_entry_t entry, const io_name_t plane, io_registry_entry_t *ret_parent)
{
	struct sim_section *child;
	kern_return_t result =
		check_parents("IORegistryEntryGetParentEntry", entry, plane, &child);

	*ret_parent = 0;
	if (result != KERN_SUCCESS)
		return result;
	for (struct sim_section *i = sim_next("entry", NULL); i && child;
		i = sim_next("entry", i))
		if (is_parent(child, (int64_t)sim_parse(sim_name(i)))) {
			*ret_parent = make_entry(i);
			return KERN_SUCCESS;
		}
	return kIOReturnNoDevice;
}

/* ------------------------------------------------------------------------- services */

static CFMutableDictionaryRef match_by(const char *key, const char *text)
{
	CFMutableDictionaryRef matching = CFDictionaryCreateMutable(
		NULL, 0, &kCFTypeDictionaryKeyCallBacks, &kCFTypeDictionaryValueCallBacks);
	CFStringRef name = CFStringCreateWithCString(NULL, key, kCFStringEncodingUTF8);
	CFStringRef value = CFStringCreateWithCString(NULL, text, kCFStringEncodingUTF8);

	CFDictionarySetValue(matching, name, value);
	CFRelease(name);
	CFRelease(value);
	return matching;
}

CFMutableDictionaryRef IOServiceMatching(const char *class_name)
{
	return match_by("IOProviderClass", class_name);
}

CFMutableDictionaryRef IOServiceNameMatching(const char *name)
{
	return match_by("IONameMatch", name);
}

struct match {
	char class_name[128], name[128]; /* "": any */
};

/* What is simulated of it is the class and the name. Takes the dictionary. */
static struct match take_match(CFDictionaryRef matching)
{
	struct match match = {"", ""};
	const void *keys[8], *values[8];
	CFIndex count = CFDictionaryGetCount(matching);

	if (count > 8)
		sim_panic("services are matched by too many keys");
	CFDictionaryGetKeysAndValues(matching, keys, values);
	for (CFIndex i = 0; i < count; i++) {
		char key[64] = "";
		CFStringGetCString(keys[i], key, sizeof key, kCFStringEncodingUTF8);
		if (strcmp(key, "IOProviderClass") == 0)
			CFStringGetCString(values[i], match.class_name, sizeof match.class_name,
				kCFStringEncodingUTF8);
		else if (strcmp(key, "IONameMatch") == 0)
			CFStringGetCString(values[i], match.name, sizeof match.name,
				kCFStringEncodingUTF8);
		else
			sim_panic("services cannot be matched by \"%s\" here", key);
	}
	CFRelease(matching);
	return match;
}

static int matches(const struct sim_section *section, const struct match *match)
{
	if (!sim_u64(section, "registered", 1))
		return 0;
	if (*match->class_name && !conforms(section, match->class_name))
		return 0;
	return !*match->name ||
	       strcmp(sim_text(section, "name", sim_text(section, "class", "")), match->name) ==
		       0;
}

kern_return_t IOServiceGetMatchingServices(
	mach_port_t main_port, CFDictionaryRef matching, io_iterator_t *ret_iterator)
{
	struct match match = take_match(matching);
	struct handle *iterator;
	int error = sim_enter("IOServiceGetMatchingServices", 0, -1);

	if (error || main_port != MACH_PORT_NULL)
		return error ? error : kIOReturnBadArgument;
	*ret_iterator = make(ITERATOR, &iterator);
	for (struct sim_section *i = sim_next("entry", NULL); i; i = sim_next("entry", i))
		if (matches(i, &match))
			append(iterator, i);
	return KERN_SUCCESS;
}

io_service_t IOServiceGetMatchingService(mach_port_t main_port, CFDictionaryRef matching)
{
	struct match match = take_match(matching);

	if (sim_enter("IOServiceGetMatchingService", 0, -1) || main_port != MACH_PORT_NULL)
		return 0;
	for (struct sim_section *i = sim_next("entry", NULL); i; i = sim_next("entry", i))
		if (matches(i, &match))
			return make_entry(i);
	return 0;
}

/* --------------------------------------------------------------------- user clients */

kern_return_t IOServiceOpen(
	io_service_t service, mach_port_t task, uint32_t type, io_connect_t *ret_connection)
{
	const struct handle *entry = get_kind(service, ENTRY);
	const struct sim_section *section = entry ? section_of(entry) : NULL;
	int error = sim_enter("IOServiceOpen", type, entry ? entry->id : -1);
	struct handle *handle;

	if (error || !entry || !section)
		return error ? error : kIOReturnBadArgument;
	if (task != mach_task_self())
		sim_panic("IOServiceOpen() for another task");
	for (size_t i = 0; sim_services[i]; i++) {
		if (!conforms(section, sim_services[i]->class_name))
			continue;
		if (sim_services[i]->open) {
			error = sim_services[i]->open(section, type);
			if (error)
				return error;
		}
		*ret_connection = make(CONNECTION, &handle);
		handle->id = entry->id;
		handle->service = sim_services[i];
		return KERN_SUCCESS;
	}
	return kIOReturnUnsupported;
}

kern_return_t IOServiceClose(io_connect_t connection)
{
	if (!get_kind(connection, CONNECTION))
		return kIOReturnBadArgument;
	return IOObjectRelease(connection);
}

kern_return_t IOConnectCallStructMethod(mach_port_t connection, uint32_t selector,
	const void *input, size_t input_size, void *output, size_t *output_size)
{
	const struct handle *handle = get_kind(connection, CONNECTION);
	int error = sim_enter("IOConnectCallStructMethod", selector, handle ? handle->id : -1);

	if (error || !handle)
		return error ? error : kIOReturnBadArgument;
	return handle->service->call(
		section_of(handle), selector, input, input_size, output, output_size);
}
