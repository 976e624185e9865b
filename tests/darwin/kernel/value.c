#include "value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --------------------------------------------------------------------------- single */

static int begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static CFTypeRef make_data(const char *hex)
{
	size_t size = strlen(hex) / 2 + 1;
	uint8_t *bytes = malloc(size);
	CFDataRef data;

	if (!bytes)
		sim_panic("out of memory");
	data = CFDataCreate(NULL, bytes, (CFIndex)sim_hex(hex, bytes, size));
	free(bytes);
	return data;
}

static CFMutableDictionaryRef make_dictionary(void)
{
	return CFDictionaryCreateMutable(
		NULL, 0, &kCFTypeDictionaryKeyCallBacks, &kCFTypeDictionaryValueCallBacks);
}

static CFTypeRef make_number(CFNumberType type, uint64_t number)
{
	int32_t word = (int32_t)(uint32_t)number;

	if (type == kCFNumberSInt32Type)
		return CFNumberCreate(NULL, type, &word);
	return CFNumberCreate(NULL, type, &number);
}

/* As IOCFUnserialize() makes them: 32 bits wide or 64, and always with a sign. */
CFTypeRef sim_value(const char *text)
{
	const char *rest = strchr(text, ' ');
	double fraction;

	rest = rest ? rest + 1 : "";
	if (begins(text, "u64 ") || begins(text, "i64 "))
		return make_number(kCFNumberSInt64Type, sim_parse(rest));
	if (begins(text, "u32 ") || begins(text, "i32 "))
		return make_number(kCFNumberSInt32Type, sim_parse(rest));
	if (begins(text, "f64 ")) {
		fraction = sim_parse_f64(rest);
		return CFNumberCreate(NULL, kCFNumberFloat64Type, &fraction);
	}
	if (begins(text, "text ") || strcmp(text, "text") == 0)
		return CFStringCreateWithCString(NULL, rest, kCFStringEncodingUTF8);
	if (begins(text, "data ") || strcmp(text, "data") == 0)
		return make_data(rest);
	if (begins(text, "bool "))
		return CFRetain(strcmp(rest, "yes") == 0 ? kCFBooleanTrue : kCFBooleanFalse);
	if (strcmp(text, "dictionary") == 0)
		return make_dictionary();
	if (strcmp(text, "array") == 0)
		return CFArrayCreateMutable(NULL, 0, &kCFTypeArrayCallBacks);
	sim_panic("a property cannot have the value \"%s\"", text);
}

/* ---------------------------------------------------------------------------- nested */

enum { PATH_SIZE = 512 };

void sim_put(CFMutableDictionaryRef dictionary, const char *key, CFTypeRef value)
{
	CFStringRef name = CFStringCreateWithCString(NULL, key, kCFStringEncodingUTF8);

	if (value) {
		CFDictionarySetValue(dictionary, name, value);
		CFRelease(value);
	}
	CFRelease(name);
}

static int is_reserved(const char *key, size_t length)
{
	static const char *const reserved[] = {
		"class", "conforms", "name", "parent", "registered", "gone"};

	for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
		if (strlen(reserved[i]) == length && strncmp(reserved[i], key, length) == 0)
			return 1;
	return 0;
}

/* All keys with that prefix; what comes after it up to a dot or bracket is one member. */
static CFMutableDictionaryRef members_of(const struct sim_section *section, const char *prefix)
{
	CFMutableDictionaryRef dictionary = make_dictionary();
	size_t from = strlen(prefix);
	const char *key, *last = "";
	size_t last_length = 0;

	for (size_t i = 0; (key = sim_key(section, i)) != NULL; i++) {
		char path[PATH_SIZE];
		const char *begin = key + from;
		size_t length;
		if (strncmp(key, prefix, from) != 0)
			continue;
		if (!from && *begin == '.')
			begin++;
		length = (size_t)(begin - key) + strcspn(begin, ".[");
		if (!from && begin == key && is_reserved(key, length))
			continue;
		if (length >= sizeof path)
			sim_panic("\"%s\" is too long", key);
		if (last_length == length && strncmp(last, key, length) == 0)
			continue; /* another one of the same member */
		last = key;
		last_length = length;
		memcpy(path, key, length);
		path[length] = '\0';
		sim_put(dictionary, path + (begin - key), sim_value_at(section, path));
	}
	return dictionary;
}

static int has_below(const struct sim_section *section, const char *path, char mark)
{
	size_t length = strlen(path);
	const char *key;

	for (size_t i = 0; (key = sim_key(section, i)) != NULL; i++)
		if (strncmp(key, path, length) == 0 && key[length] == mark)
			return 1;
	return 0;
}

static CFTypeRef places_of(const struct sim_section *section, const char *path)
{
	CFMutableArrayRef array = CFArrayCreateMutable(NULL, 0, &kCFTypeArrayCallBacks);

	for (unsigned i = 0;; i++) {
		char place[PATH_SIZE];
		CFTypeRef value;
		snprintf(place, sizeof place, "%s[%u]", path, i);
		value = sim_value_at(section, place);
		if (!value)
			return array;
		CFArrayAppendValue(array, value);
		CFRelease(value);
	}
}

CFTypeRef sim_value_at(const struct sim_section *section, const char *path)
{
	char prefix[PATH_SIZE + 1];

	if (sim_has(section, path))
		return sim_value(sim_text(section, path, ""));
	if (has_below(section, path, '[') && path[strlen(path) - 1] != ']')
		return places_of(section, path);
	if (!has_below(section, path, '.'))
		return NULL;
	snprintf(prefix, sizeof prefix, "%s.", path);
	return members_of(section, prefix);
}

/* ------------------------------------------------------------------------ properties */

CFTypeRef sim_property(const struct sim_section *entry, const char *name)
{
	char path[PATH_SIZE];

	if (!entry)
		return NULL;
	if (!is_reserved(name, strlen(name)))
		return sim_value_at(entry, name);
	snprintf(path, sizeof path, ".%s", name);
	return sim_value_at(entry, path);
}

CFMutableDictionaryRef sim_properties(const struct sim_section *entry)
{
	return entry ? members_of(entry, "") : make_dictionary();
}
