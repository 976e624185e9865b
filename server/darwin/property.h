/*
 * Property: values of CoreFoundation as they come from the IORegistry and from IOReport. Every
 * function takes NULL for a value that is not there, and answers "absent" to it, and to a value of
 * another type than is asked for.
 */
#ifndef DARWIN_PROPERTY_H
#define DARWIN_PROPERTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "private/cf.h"

/* The value of a key, which belongs to the dictionary. */
CFTypeRef property_get(CFDictionaryRef self, const char *key);

/*
 * A number of any width. Those that the kernel has without a sign come with one: above half
 * of their range, 32 and 64 bits wide, they are negative; property_u64() makes up for that. Bytes
 * of 1, 2, 4 or 8, as the device tree has numbers, count as one too.
 */
bool property_u64(CFTypeRef value, uint64_t *ret_number);
bool property_i64(CFTypeRef value, int64_t *ret_number);
bool property_f64(CFTypeRef value, double *ret_number);
bool property_bool(CFTypeRef value, bool *ret_truth);
/* As UTF-8, cut before the first character that does not fit; "" and false if it is none. Bytes
 * up to a 0, as the device tree has texts, count as one too. */
bool property_text(CFTypeRef value, char *text, size_t size);
/* They belong to the value. NULL: it is none. */
const uint8_t *property_bytes(CFTypeRef value, size_t *ret_length);
/* The value itself, if it is that; else NULL. */
CFDictionaryRef property_dictionary(CFTypeRef value);
CFArrayRef property_array(CFTypeRef value);
/* 0 of what is none. */
size_t property_count(CFArrayRef array);
/* The value at a place, which belongs to the array. */
CFTypeRef property_at(CFArrayRef array, size_t index);

/* The same of a key: what a sample holds where it is not there is ABSENT_U64(STATE_NONE). */
uint64_t property_sample(CFDictionaryRef self, const char *key);

/* Gives back what is ours; NULL is nothing. */
void property_release(__attribute__((cf_consumed)) CFTypeRef value);

#endif
