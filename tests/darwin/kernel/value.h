/* Value: objects of CoreFoundation from the text, in the form that iokit.c tells of. */
#ifndef TESTS_DARWIN_KERNEL_VALUE_H
#define TESTS_DARWIN_KERNEL_VALUE_H

#include "private/cf.h"
#include "store.h"

/* One of "u64 5", "text a", "data 00ff", "bool yes", "array", "dictionary" .., for the caller. */
CFTypeRef sim_value(const char *text);
/* What is below a path in a section ("Statistics", "AppUsage[0].API"), for the caller; NULL: nothing. */
CFTypeRef sim_value_at(const struct sim_section *section, const char *path);

/* A property of an entry, and all of them, for the caller. The section may be NULL. */
CFTypeRef sim_property(const struct sim_section *entry, const char *name);
CFMutableDictionaryRef sim_properties(const struct sim_section *entry);

/* Puts a value into a dictionary and gives it back; NULL is nothing. */
void sim_put(CFMutableDictionaryRef dictionary, const char *key, CFTypeRef value);

#endif
