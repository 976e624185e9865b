/*
 * CoreFoundation: objects with a count of their owners. Every object that is alive is held (see
 * sim_held()); who touches one that is not, or takes it for another type, ends the program.
 * Arrays and dictionaries are as with the callbacks kCFType..: they retain what is in them, and keys are
 * compared by what they say.
 */
#include "private/cf.h"

#include <stdlib.h>
#include <string.h>

#include "store.h"

enum type { STRING = 7, NUMBER = 22, BOOLEAN = 21, DATA = 20, ARRAY = 19, DICTIONARY = 18 };

enum { ALIVE = 0x0B7EC7, DEAD = 0xDEAD };

struct object {
	uint32_t magic;
	enum type type;
	int64_t owners; /* < 0: a constant */
	size_t count;   /* bytes of texts and data, members of the rest */
	union {
		unsigned char *bytes;
		const void **members; /* of a dictionary: key, value, key.. */
		int64_t whole;
		double fraction;
	};
	CFNumberType number;
};

struct cf_array_callbacks {
	int unused;
};
struct cf_key_callbacks {
	int unused;
};
struct cf_value_callbacks {
	int unused;
};

const CFAllocatorRef kCFAllocatorDefault = NULL;
const CFArrayCallBacks kCFTypeArrayCallBacks = {0};
const CFDictionaryKeyCallBacks kCFTypeDictionaryKeyCallBacks = {0};
const CFDictionaryValueCallBacks kCFTypeDictionaryValueCallBacks = {0};

static struct object truth = {ALIVE, BOOLEAN, -1, 0, {.whole = 1}, 0};
static struct object falsehood = {ALIVE, BOOLEAN, -1, 0, {.whole = 0}, 0};
const CFBooleanRef kCFBooleanTrue = (CFBooleanRef)&truth;
const CFBooleanRef kCFBooleanFalse = (CFBooleanRef)&falsehood;

/* -------------------------------------------------------------------- every object */

static struct object *check(const void *pointer)
{
	const struct object *self = pointer;

	if (!self)
		sim_panic("CoreFoundation was given NULL for an object");
	if (self->magic != ALIVE)
		sim_panic("an object of CoreFoundation was used after it was given back");
	return (struct object *)(uintptr_t)self;
}

static struct object *check_type(const void *pointer, enum type type)
{
	struct object *self = check(pointer);

	if (self->type != type)
		sim_panic(
			"an object of type %d was taken for one of type %d", self->type, type);
	return self;
}

static struct object *make(enum type type)
{
	struct object *self = calloc(1, sizeof *self);

	if (!self)
		sim_panic("out of memory");
	self->magic = ALIVE;
	self->type = type;
	self->owners = 1;
	sim_hold(1);
	return self;
}

CFTypeRef CFRetain(CFTypeRef object)
{
	struct object *self = check(object);

	if (self->owners > 0)
		__atomic_add_fetch(&self->owners, 1, __ATOMIC_SEQ_CST);
	return object;
}

static size_t member_count(const struct object *self)
{
	return self->type == ARRAY        ? self->count
	       : self->type == DICTIONARY ? 2 * self->count
					  : 0;
}

void CFRelease(CFTypeRef object)
{
	struct object *self = check(object);

	if (self->owners < 0 || __atomic_sub_fetch(&self->owners, 1, __ATOMIC_SEQ_CST) > 0)
		return;
	for (size_t i = 0; i < member_count(self); i++)
		CFRelease(self->members[i]);
	if (self->type != NUMBER)
		free(self->bytes);
	self->magic = DEAD;
	free(self);
	sim_hold(-1);
}

CFTypeID CFGetTypeID(CFTypeRef object)
{
	return check(object)->type;
}

Boolean CFEqual(CFTypeRef one, CFTypeRef other)
{
	const struct object *a = check(one), *b = check(other);

	if (a == b)
		return 1;
	if (a->type != b->type || a->count != b->count)
		return 0;
	switch (a->type) {
	case STRING:
	case DATA:
		return a->count == 0 || memcmp(a->bytes, b->bytes, a->count) == 0;
	case NUMBER:
		return CFNumberIsFloatType(one) == CFNumberIsFloatType(other) &&
		       a->whole == b->whole;
	case BOOLEAN:
		return 0;
	default:
		sim_panic("CFEqual() of arrays and dictionaries is not simulated");
	}
}

/* --------------------------------------------------------------------------- texts */

/* Bytes of the character that begins here; 0: it is none. */
static size_t character(const unsigned char *at, size_t left)
{
	size_t length = *at < 0x80 ? 1 : *at < 0xC2 ? 0 : *at < 0xE0 ? 2 : *at < 0xF0 ? 3 : 4;

	if (*at > 0xF4 || length > left)
		return 0;
	for (size_t i = 1; i < length; i++)
		if (at[i] >> 6 != 2)
			return 0;
	return length;
}

static CFIndex units(size_t bytes_of_character)
{
	return bytes_of_character == 4 ? 2 : 1;
}

CFTypeID CFStringGetTypeID(void)
{
	return STRING;
}

CFStringRef CFStringCreateWithCString(
	CFAllocatorRef allocator, const char *text, CFStringEncoding encoding)
{
	size_t length = strlen(text);
	const unsigned char *bytes = (const unsigned char *)text;
	struct object *self;

	(void)allocator;
	if (encoding != kCFStringEncodingUTF8)
		sim_panic("only UTF-8 is simulated");
	for (size_t i = 0, step; i < length; i += step)
		if ((step = character(bytes + i, length - i)) == 0)
			return NULL;
	self = make(STRING);
	self->count = length;
	self->bytes = malloc(length + 1);
	if (!self->bytes)
		sim_panic("out of memory");
	memcpy(self->bytes, text, length + 1);
	return (CFStringRef)self;
}

CFIndex CFStringGetLength(CFStringRef string)
{
	const struct object *self = check_type(string, STRING);
	CFIndex length = 0;

	for (size_t i = 0, step; i < self->count; i += step) {
		step = character(self->bytes + i, self->count - i);
		length += units(step);
	}
	return length;
}

Boolean CFStringGetCString(
	CFStringRef string, char *buffer, CFIndex size, CFStringEncoding encoding)
{
	const struct object *self = check_type(string, STRING);

	if (encoding != kCFStringEncodingUTF8 || (CFIndex)self->count >= size)
		return 0;
	memcpy(buffer, self->bytes, self->count + 1);
	return 1;
}

CFIndex CFStringGetBytes(CFStringRef string, CFRange range, CFStringEncoding encoding,
	unsigned char loss, Boolean external, unsigned char *buffer, CFIndex size,
	CFIndex *ret_used)
{
	const struct object *self = check_type(string, STRING);
	CFIndex used = 0, done = 0;

	(void)loss, (void)external;
	if (encoding != kCFStringEncodingUTF8 || range.location != 0)
		sim_panic("CFStringGetBytes() is simulated for UTF-8 from the beginning on");
	for (size_t i = 0, step; i < self->count && done < range.length; i += step) {
		step = character(self->bytes + i, self->count - i);
		if (buffer && used + (CFIndex)step > size)
			break;
		if (buffer)
			memcpy(buffer + used, self->bytes + i, step);
		used += (CFIndex)step;
		done += units(step);
	}
	if (ret_used)
		*ret_used = used;
	return done;
}

/* ------------------------------------------------------------------------- numbers */

CFTypeID CFNumberGetTypeID(void)
{
	return NUMBER;
}

static void take_number(struct object *self, CFNumberType type, const void *value)
{
	float single;
	int32_t word;
	int16_t half;

	self->number = type;
	switch (type) {
	case kCFNumberSInt8Type:
		self->whole = *(const int8_t *)value;
		break;
	case kCFNumberSInt16Type:
		memcpy(&half, value, sizeof half);
		self->whole = half;
		break;
	case kCFNumberSInt32Type:
		memcpy(&word, value, sizeof word);
		self->whole = word;
		break;
	case kCFNumberSInt64Type:
		memcpy(&self->whole, value, sizeof self->whole);
		break;
	case kCFNumberFloat32Type:
		memcpy(&single, value, sizeof single);
		self->fraction = (double)single;
		break;
	case kCFNumberFloat64Type:
		memcpy(&self->fraction, value, sizeof self->fraction);
		break;
	default:
		sim_panic("a CFNumber of type %ld is not simulated", (long)type);
	}
}

CFNumberRef CFNumberCreate(CFAllocatorRef allocator, CFNumberType type, const void *value)
{
	struct object *self = make(NUMBER);

	(void)allocator;
	take_number(self, type, value);
	return (CFNumberRef)self;
}

CFIndex CFNumberGetByteSize(CFNumberRef number)
{
	static const CFIndex sizes[] = {0, 1, 2, 4, 8, 4, 8};

	return sizes[check_type(number, NUMBER)->number];
}

Boolean CFNumberIsFloatType(CFNumberRef number)
{
	return check_type(number, NUMBER)->number >= kCFNumberFloat32Type;
}

static int64_t nearest(double number)
{
	if (number != number)
		return 0;
	if (number >= 9223372036854775808.0)
		return INT64_MAX;
	return number < -9223372036854775808.0 ? INT64_MIN : (int64_t)number;
}

static Boolean give_whole(int64_t whole, CFNumberType type, void *ret_value)
{
	int8_t byte = (int8_t)whole;
	int16_t half = (int16_t)whole;
	int32_t word = (int32_t)whole;

	switch (type) {
	case kCFNumberSInt8Type:
		memcpy(ret_value, &byte, sizeof byte);
		return byte == whole;
	case kCFNumberSInt16Type:
		memcpy(ret_value, &half, sizeof half);
		return half == whole;
	case kCFNumberSInt32Type:
		memcpy(ret_value, &word, sizeof word);
		return word == whole;
	case kCFNumberSInt64Type:
		memcpy(ret_value, &whole, sizeof whole);
		return 1;
	default:
		sim_panic("a CFNumber is not given as type %ld here", (long)type);
	}
}

Boolean CFNumberGetValue(CFNumberRef number, CFNumberType type, void *ret_value)
{
	const struct object *self = check_type(number, NUMBER);
	int is_float = CFNumberIsFloatType(number);
	double value = is_float ? self->fraction : (double)self->whole;
	float single = (float)value;

	if (type == kCFNumberFloat64Type) {
		memcpy(ret_value, &value, sizeof value);
		return is_float || nearest(value) == self->whole;
	}
	if (type == kCFNumberFloat32Type) {
		memcpy(ret_value, &single, sizeof single);
		return (double)single == value;
	}
	if (!is_float)
		return give_whole(self->whole, type, ret_value);
	return give_whole(nearest(value), type, ret_value) && (double)nearest(value) == value;
}

CFTypeID CFBooleanGetTypeID(void)
{
	return BOOLEAN;
}

Boolean CFBooleanGetValue(CFBooleanRef boolean)
{
	return check_type(boolean, BOOLEAN)->whole != 0;
}

/* --------------------------------------------------------------------------- bytes */

CFTypeID CFDataGetTypeID(void)
{
	return DATA;
}

CFDataRef CFDataCreate(CFAllocatorRef allocator, const uint8_t *bytes, CFIndex length)
{
	struct object *self = make(DATA);

	(void)allocator;
	self->count = (size_t)length;
	self->bytes = malloc((size_t)length + 1);
	if (!self->bytes)
		sim_panic("out of memory");
	if (length)
		memcpy(self->bytes, bytes, (size_t)length);
	return (CFDataRef)self;
}

CFIndex CFDataGetLength(CFDataRef data)
{
	return (CFIndex)check_type(data, DATA)->count;
}

const uint8_t *CFDataGetBytePtr(CFDataRef data)
{
	return check_type(data, DATA)->bytes;
}

/* -------------------------------------------------------------------------- arrays */

static void grow(struct object *self, size_t members)
{
	self->members = realloc(self->members, members * sizeof *self->members);
	if (!self->members)
		sim_panic("out of memory");
}

CFTypeID CFArrayGetTypeID(void)
{
	return ARRAY;
}

CFMutableArrayRef CFArrayCreateMutable(
	CFAllocatorRef allocator, CFIndex capacity, const CFArrayCallBacks *callbacks)
{
	(void)allocator, (void)capacity;
	if (callbacks != &kCFTypeArrayCallBacks)
		sim_panic("only arrays of objects are simulated");
	return (CFMutableArrayRef)make(ARRAY);
}

void CFArrayAppendValue(CFMutableArrayRef array, const void *value)
{
	struct object *self = check_type(array, ARRAY);

	grow(self, self->count + 1);
	self->members[self->count++] = CFRetain(value);
}

CFIndex CFArrayGetCount(CFArrayRef array)
{
	return (CFIndex)check_type(array, ARRAY)->count;
}

const void *CFArrayGetValueAtIndex(CFArrayRef array, CFIndex index)
{
	const struct object *self = check_type(array, ARRAY);

	if (index < 0 || (size_t)index >= self->count)
		sim_panic("an array of %zu has no member %ld", self->count, (long)index);
	return self->members[index];
}

/* -------------------------------------------------------------------- dictionaries */

CFTypeID CFDictionaryGetTypeID(void)
{
	return DICTIONARY;
}

CFMutableDictionaryRef CFDictionaryCreateMutable(CFAllocatorRef allocator, CFIndex capacity,
	const CFDictionaryKeyCallBacks *keys, const CFDictionaryValueCallBacks *values)
{
	(void)allocator, (void)capacity;
	if (keys != &kCFTypeDictionaryKeyCallBacks ||
		values != &kCFTypeDictionaryValueCallBacks)
		sim_panic("only dictionaries of objects are simulated");
	return (CFMutableDictionaryRef)make(DICTIONARY);
}

CFMutableDictionaryRef CFDictionaryCreateMutableCopy(
	CFAllocatorRef allocator, CFIndex capacity, CFDictionaryRef original)
{
	const struct object *from = check_type(original, DICTIONARY);
	struct object *self = make(DICTIONARY);

	(void)allocator, (void)capacity;
	grow(self, 2 * from->count + 1);
	for (size_t i = 0; i < 2 * from->count; i++)
		self->members[i] = CFRetain(from->members[i]);
	self->count = from->count;
	return (CFMutableDictionaryRef)self;
}

CFIndex CFDictionaryGetCount(CFDictionaryRef dictionary)
{
	return (CFIndex)check_type(dictionary, DICTIONARY)->count;
}

/* Where the key stands; behind the end: nowhere. */
static size_t find(const struct object *self, const void *key)
{
	size_t i = 0;

	while (i < self->count && !CFEqual(self->members[2 * i], key))
		i++;
	return i;
}

const void *CFDictionaryGetValue(CFDictionaryRef dictionary, const void *key)
{
	const struct object *self = check_type(dictionary, DICTIONARY);
	size_t at = find(self, key);

	return at < self->count ? self->members[2 * at + 1] : NULL;
}

void CFDictionaryGetKeysAndValues(
	CFDictionaryRef dictionary, const void **ret_keys, const void **ret_values)
{
	const struct object *self = check_type(dictionary, DICTIONARY);

	for (size_t i = 0; i < self->count; i++) {
		if (ret_keys)
			ret_keys[i] = self->members[2 * i];
		if (ret_values)
			ret_values[i] = self->members[2 * i + 1];
	}
}

void CFDictionarySetValue(CFMutableDictionaryRef dictionary, const void *key, const void *value)
{
	struct object *self = check_type(dictionary, DICTIONARY);
	size_t at = find(self, key);

	CFRetain(value);
	if (at < self->count) {
		CFRelease(self->members[2 * at + 1]);
		self->members[2 * at + 1] = value;
		return;
	}
	grow(self, 2 * self->count + 2);
	self->members[2 * self->count] = CFRetain(key);
	self->members[2 * self->count + 1] = value;
	self->count++;
}

void CFDictionaryRemoveValue(CFMutableDictionaryRef dictionary, const void *key)
{
	struct object *self = check_type(dictionary, DICTIONARY);
	size_t at = find(self, key);

	if (at == self->count)
		return;
	CFRelease(self->members[2 * at]);
	CFRelease(self->members[2 * at + 1]);
	self->count--;
	memmove(&self->members[2 * at], &self->members[2 * at + 2],
		2 * (self->count - at) * sizeof *self->members);
}
