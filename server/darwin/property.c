#include "property.h"

#include <math.h>
#include <string.h>

#include "source.h"

static bool is_a(CFTypeRef value, CFTypeID type)
{
	return value && CFGetTypeID(value) == type;
}

CFTypeRef property_get(CFDictionaryRef self, const char *key)
{
	CFStringRef name;
	CFTypeRef value;

	if (!self)
		return NULL;
	name = CFStringCreateWithCString(NULL, key, kCFStringEncodingUTF8);
	if (!name)
		return NULL;
	value = CFDictionaryGetValue(self, name);
	CFRelease(name);
	return value;
}

const uint8_t *property_bytes(CFTypeRef value, size_t *ret_length)
{
	*ret_length = 0;
	if (!is_a(value, CFDataGetTypeID()))
		return NULL;
	*ret_length = (size_t)CFDataGetLength(value);
	return CFDataGetBytePtr(value);
}

/* Both kinds of Mac are little-endian, and so is their device tree. */
static bool number_of_bytes(CFTypeRef value, uint64_t *ret_number)
{
	size_t length;
	const uint8_t *bytes = property_bytes(value, &length);

	if (!bytes || (length != 1 && length != 2 && length != 4 && length != 8))
		return false;
	*ret_number = 0;
	while (length--)
		*ret_number = *ret_number << 8 | bytes[length];
	return true;
}

static bool whole_of(double number, int64_t *ret_number)
{
	static const double limit = 9223372036854775808.0; /* 2^63 */

	if (!(number >= -limit && number < limit))
		return false;
	*ret_number = (int64_t)number;
	return true;
}

bool property_i64(CFTypeRef value, int64_t *ret_number)
{
	uint64_t bits;
	double number;

	if (!is_a(value, CFNumberGetTypeID())) {
		if (!number_of_bytes(value, &bits))
			return false;
		*ret_number = (int64_t)bits;
		return true;
	}
	if (CFNumberIsFloatType(value))
		return CFNumberGetValue(value, kCFNumberFloat64Type, &number) &&
		       whole_of(number, ret_number);
	return CFNumberGetValue(value, kCFNumberSInt64Type, ret_number);
}

bool property_u64(CFTypeRef value, uint64_t *ret_number)
{
	int64_t number;

	if (!property_i64(value, &number))
		return false;
	*ret_number = (uint64_t)number;
	if (number >= 0 || !is_a(value, CFNumberGetTypeID()))
		return true;
	if (CFNumberIsFloatType(value))
		return false;
	if (CFNumberGetByteSize(value) == sizeof(uint32_t))
		*ret_number = (uint32_t)number;
	return true;
}

bool property_f64(CFTypeRef value, double *ret_number)
{
	int64_t whole;

	if (is_a(value, CFNumberGetTypeID()) && CFNumberIsFloatType(value))
		return CFNumberGetValue(value, kCFNumberFloat64Type, ret_number) &&
		       isfinite(*ret_number);
	if (!property_i64(value, &whole))
		return false;
	*ret_number = (double)whole;
	return true;
}

bool property_bool(CFTypeRef value, bool *ret_truth)
{
	int64_t number;

	if (is_a(value, CFBooleanGetTypeID())) {
		*ret_truth = CFBooleanGetValue(value);
		return true;
	}
	if (!property_i64(value, &number))
		return false;
	*ret_truth = number != 0;
	return true;
}

static void text_of_bytes(const uint8_t *bytes, size_t length, char *text, size_t size)
{
	size_t end = 0;

	while (end < length && end < size - 1 && bytes[end])
		end++;
	/* not in the middle of a character: its later bytes are 10xxxxxx */
	while (end < length && end && bytes[end] >> 6 == 2)
		end--;
	memcpy(text, bytes, end);
	text[end] = '\0';
}

bool property_text(CFTypeRef value, char *text, size_t size)
{
	size_t length;
	const uint8_t *bytes = property_bytes(value, &length);
	CFIndex used = 0;

	*text = '\0';
	if (bytes)
		text_of_bytes(bytes, length, text, size);
	if (bytes || !is_a(value, CFStringGetTypeID()))
		return bytes != NULL;
	CFStringGetBytes(value, (CFRange){0, CFStringGetLength(value)}, kCFStringEncodingUTF8,
		'?', 0, (unsigned char *)text, (CFIndex)size - 1, &used);
	text[used] = '\0';
	return true;
}

CFDictionaryRef property_dictionary(CFTypeRef value)
{
	return is_a(value, CFDictionaryGetTypeID()) ? value : NULL;
}

CFArrayRef property_array(CFTypeRef value)
{
	return is_a(value, CFArrayGetTypeID()) ? value : NULL;
}

size_t property_count(CFArrayRef array)
{
	return array ? (size_t)CFArrayGetCount(array) : 0;
}

CFTypeRef property_at(CFArrayRef array, size_t index)
{
	return index < property_count(array) ? CFArrayGetValueAtIndex(array, (CFIndex)index)
					     : NULL;
}

uint64_t property_sample(CFDictionaryRef self, const char *key)
{
	uint64_t number;

	return property_u64(property_get(self, key), &number) ? number : ABSENT_U64(STATE_NONE);
}

void property_release(CFTypeRef value)
{
	if (value)
		CFRelease(value);
}
