/*
 * IOKit: the part of IOKitLib that the backend uses, declared by hand, so that it is the same with
 * and without Apple's SDK. The names and types are those of IOKit.framework/Headers/IOKitLib.h,
 * published as apple-oss-distributions/IOKitUser.
 *
 * Each io_object_t that a function returns is ours, and given back with IOObjectRelease(). Lists
 * of services and of children are made when they are asked for: what comes or goes later does not
 * disturb them, and an entry that has gone is still in them, with few or no properties.
 */
#ifndef DARWIN_IOKIT_H
#define DARWIN_IOKIT_H

#include <stddef.h>
#include <stdint.h>

#include "cf.h"

/* As <mach/mach.h> and <device/device_types.h> have them, which then need not be there. */
typedef int kern_return_t;
typedef unsigned int mach_port_t;
typedef mach_port_t io_object_t;
typedef char io_name_t[128];

typedef kern_return_t IOReturn;
typedef io_object_t io_iterator_t;
typedef io_object_t io_registry_entry_t;
typedef io_object_t io_service_t;
typedef io_object_t io_connect_t;
typedef uint32_t IOOptionBits;

/* IOKit/IOReturn.h: iokit_common_err(). */
#define kIOReturnSuccess       0
#define kIOReturnError         ((IOReturn)0xE00002BC)
#define kIOReturnNoMemory      ((IOReturn)0xE00002BD)
#define kIOReturnNoDevice      ((IOReturn)0xE00002C0)
#define kIOReturnNotPrivileged ((IOReturn)0xE00002C1)
#define kIOReturnBadArgument   ((IOReturn)0xE00002C2)
#define kIOReturnUnsupported   ((IOReturn)0xE00002C7)
#define kIOReturnNotPermitted  ((IOReturn)0xE00002E2)
#define kIOReturnNotFound      ((IOReturn)0xE00002F0)

/* kIOMainPortDefault, which older systems call by another name: the default is no port at all. */
#define IOKIT_MAIN_PORT 0
/* kIOServicePlane: which driver sits on which. */
#define IOKIT_SERVICE_PLANE "IOService"

/* ------------------------------------------------------------------------- objects */

kern_return_t IOObjectRelease(io_object_t object);
kern_return_t IOObjectRetain(io_object_t object);
kern_return_t IOObjectGetClass(io_object_t object, io_name_t ret_name);
Boolean IOObjectConformsTo(io_object_t object, const io_name_t class_name);

/* ------------------------------------------------------------------------ services */

CFMutableDictionaryRef IOServiceMatching(const char *class_name);
CFMutableDictionaryRef IOServiceNameMatching(const char *name);
/* Both take `matching` from us, also where they fail. */
kern_return_t IOServiceGetMatchingServices(
	mach_port_t main_port, CFDictionaryRef matching, io_iterator_t *ret_iterator);
io_service_t IOServiceGetMatchingService(mach_port_t main_port, CFDictionaryRef matching);
io_object_t IOIteratorNext(io_iterator_t iterator); /* 0: no more */

/* ------------------------------------------------------------------------- entries */

kern_return_t IORegistryEntryGetName(io_registry_entry_t entry, io_name_t ret_name);
/* A number that no other entry gets until the next boot. */
kern_return_t IORegistryEntryGetRegistryEntryID(io_registry_entry_t entry, uint64_t *ret_id);
kern_return_t IORegistryEntryGetChildIterator(
	io_registry_entry_t entry, const io_name_t plane, io_iterator_t *ret_iterator);
kern_return_t IORegistryEntryGetParentIterator(
	io_registry_entry_t entry, const io_name_t plane, io_iterator_t *ret_iterator);
kern_return_t IORegistryEntryGetParentEntry(
	io_registry_entry_t entry, const io_name_t plane, io_registry_entry_t *ret_parent);
/* NULL: it has none of that name, or has gone. */
CFTypeRef IORegistryEntryCreateCFProperty(io_registry_entry_t entry, CFStringRef key,
	CFAllocatorRef allocator, IOOptionBits options);
kern_return_t IORegistryEntryCreateCFProperties(io_registry_entry_t entry,
	CFMutableDictionaryRef *ret_properties, CFAllocatorRef allocator, IOOptionBits options);

/* ------------------------------------------------------------------- user clients */

kern_return_t IOServiceOpen(
	io_service_t service, mach_port_t task, uint32_t type, io_connect_t *ret_connection);
kern_return_t IOServiceClose(io_connect_t connection);
kern_return_t IOConnectCallStructMethod(mach_port_t connection, uint32_t selector,
	const void *input, size_t input_size, void *output, size_t *output_size);

_Static_assert(sizeof(io_object_t) == 4, "io_object_t");
_Static_assert(sizeof(io_name_t) == 128, "io_name_t");

#endif
