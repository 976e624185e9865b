/*
 * CoreFoundation: the part that the backend uses, declared by hand, so that it is the same with
 * and without Apple's SDK. The names and types are those of CoreFoundation.framework/Headers
 * (CFBase.h, CFString.h, CFNumber.h, CFData.h, CFArray.h, CFDictionary.h), which are published as
 * apple-oss-distributions/CF.
 *
 * Who owns what: what a function with Create or Copy in its name returns is ours and must be given
 * back with CFRelease(); what one with Get in its name returns belongs to what it is of.
 */
#ifndef DARWIN_CF_H
#define DARWIN_CF_H

#include <stdint.h>

typedef unsigned char Boolean; /* MacTypes.h */
typedef signed long CFIndex;
typedef unsigned long CFTypeID;
typedef struct {
	CFIndex location, length;
} CFRange;

typedef const void *CFTypeRef;
typedef const struct __CFAllocator *CFAllocatorRef;
typedef const struct __CFString *CFStringRef;
typedef const struct __CFNumber *CFNumberRef;
typedef const struct __CFBoolean *CFBooleanRef;
typedef const struct __CFData *CFDataRef;
typedef const struct __CFArray *CFArrayRef;
typedef struct __CFArray *CFMutableArrayRef;
typedef const struct __CFDictionary *CFDictionaryRef;
typedef struct __CFDictionary *CFMutableDictionaryRef;

/* What is only ever pointed at. */
typedef struct cf_array_callbacks CFArrayCallBacks;
typedef struct cf_key_callbacks CFDictionaryKeyCallBacks;
typedef struct cf_value_callbacks CFDictionaryValueCallBacks;

extern const CFAllocatorRef kCFAllocatorDefault; /* NULL means the same */
extern const CFArrayCallBacks kCFTypeArrayCallBacks;
extern const CFDictionaryKeyCallBacks kCFTypeDictionaryKeyCallBacks;
extern const CFDictionaryValueCallBacks kCFTypeDictionaryValueCallBacks;
extern const CFBooleanRef kCFBooleanTrue, kCFBooleanFalse;

/* ------------------------------------------------------------------- every object */

CFTypeRef CFRetain(CFTypeRef object);
void CFRelease(CFTypeRef object); /* not NULL */
CFTypeID CFGetTypeID(CFTypeRef object);
Boolean CFEqual(CFTypeRef one, CFTypeRef other);

/* -------------------------------------------------------------------------- texts */

typedef uint32_t CFStringEncoding;
enum { kCFStringEncodingUTF8 = 0x08000100 };

CFTypeID CFStringGetTypeID(void);
CFStringRef CFStringCreateWithCString(
	CFAllocatorRef allocator, const char *text, CFStringEncoding encoding);
CFIndex CFStringGetLength(CFStringRef self); /* in UTF-16 units */
/* False: the whole text and its terminator do not fit. */
Boolean CFStringGetCString(
	CFStringRef self, char *buffer, CFIndex size, CFStringEncoding encoding);
/*
 * As many whole characters of the range as fit, without a terminator. Returns how many units of the
 * range they are. What the encoding does not have becomes `loss`.
 */
CFIndex CFStringGetBytes(CFStringRef self, CFRange range, CFStringEncoding encoding,
	unsigned char loss, Boolean external, unsigned char *buffer, CFIndex size,
	CFIndex *ret_used);

/* ------------------------------------------------------------------------ numbers */

typedef CFIndex CFNumberType;
enum {
	kCFNumberSInt8Type = 1,
	kCFNumberSInt16Type = 2,
	kCFNumberSInt32Type = 3,
	kCFNumberSInt64Type = 4,
	kCFNumberFloat32Type = 5,
	kCFNumberFloat64Type = 6,
};

CFTypeID CFNumberGetTypeID(void);
CFNumberRef CFNumberCreate(CFAllocatorRef allocator, CFNumberType type, const void *value);
CFIndex CFNumberGetByteSize(CFNumberRef self);
Boolean CFNumberIsFloatType(CFNumberRef self);
/* False: the value is not the same in that type; the nearest one is written all the same. */
Boolean CFNumberGetValue(CFNumberRef self, CFNumberType type, void *ret_value);

CFTypeID CFBooleanGetTypeID(void);
Boolean CFBooleanGetValue(CFBooleanRef self);

/* -------------------------------------------------------------------------- bytes */

CFTypeID CFDataGetTypeID(void);
CFDataRef CFDataCreate(CFAllocatorRef allocator, const uint8_t *bytes, CFIndex length);
CFIndex CFDataGetLength(CFDataRef self);
const uint8_t *CFDataGetBytePtr(CFDataRef self);

/* ------------------------------------------------------------------------- arrays */

CFTypeID CFArrayGetTypeID(void);
CFMutableArrayRef CFArrayCreateMutable(
	CFAllocatorRef allocator, CFIndex capacity, const CFArrayCallBacks *callbacks);
void CFArrayAppendValue(CFMutableArrayRef self, const void *value);
CFIndex CFArrayGetCount(CFArrayRef self);
const void *CFArrayGetValueAtIndex(CFArrayRef self, CFIndex index);

/* ------------------------------------------------------------------- dictionaries */

CFTypeID CFDictionaryGetTypeID(void);
CFMutableDictionaryRef CFDictionaryCreateMutable(CFAllocatorRef allocator, CFIndex capacity,
	const CFDictionaryKeyCallBacks *keys, const CFDictionaryValueCallBacks *values);
CFMutableDictionaryRef CFDictionaryCreateMutableCopy(
	CFAllocatorRef allocator, CFIndex capacity, CFDictionaryRef original);
CFIndex CFDictionaryGetCount(CFDictionaryRef self);
const void *CFDictionaryGetValue(CFDictionaryRef self, const void *key); /* NULL: no such */
/* Both arrays have room for all; either may be NULL. */
void CFDictionaryGetKeysAndValues(
	CFDictionaryRef self, const void **ret_keys, const void **ret_values);
void CFDictionarySetValue(CFMutableDictionaryRef self, const void *key, const void *value);
void CFDictionaryRemoveValue(CFMutableDictionaryRef self, const void *key);

_Static_assert(sizeof(CFIndex) == 8 && sizeof(CFTypeID) == 8, "64-bit words");
_Static_assert(sizeof(Boolean) == 1, "Boolean");
_Static_assert(sizeof(CFRange) == 16, "CFRange");

#endif
