/* Properties: values of every type and width, and of the wrong one, and what becomes of their
 * owners. */
#include <math.h>

#include "property.h"
#include "sim.h"
#include "source.h"
#include "test.h"
#include "value.h"

static uint64_t u64_of(const char *text)
{
	CFTypeRef value = sim_value(text);
	uint64_t number = 4711;

	if (!property_u64(value, &number))
		number = ABSENT_U64(STATE_NONE);
	property_release(value);
	return number;
}

static int64_t i64_of(const char *text)
{
	CFTypeRef value = sim_value(text);
	int64_t number = 4711;

	if (!property_i64(value, &number))
		number = ABSENT_I64(STATE_NONE);
	property_release(value);
	return number;
}

static double f64_of(const char *text)
{
	CFTypeRef value = sim_value(text);
	double number = NAN;

	if (!property_f64(value, &number))
		number = NAN;
	property_release(value);
	return number;
}

TEST(reads_numbers_of_every_width)
{
	CHECK_INT(u64_of("u64 5"), 5);
	CHECK_INT(u64_of("u32 5"), 5);
	CHECK_INT(i64_of("i64 -5"), -5);
	CHECK_INT(i64_of("i32 -5"), -5);
	CHECK_INT(u64_of("f64 7.9"), 7);
	CHECK(f64_of("f64 0.25") == 0.25);
	CHECK(f64_of("i64 -3") == -3);
	CHECK_INT(sim_held(), 0);
}

/* The kernel's numbers have no sign, CoreFoundation's have. */
TEST(large_numbers_keep_their_value)
{
	CHECK(u64_of("u64 0xFFFFFFFFFFFFFF00") == 0xFFFFFFFFFFFFFF00);
	CHECK(u64_of("u32 0xFFFFFFFF") == 0xFFFFFFFF);
	CHECK_INT(i64_of("u64 0xFFFFFFFFFFFFFF00"), -256);
	CHECK_INT(i64_of("i64 -9223372036854775808"), INT64_MIN);
}

TEST(what_does_not_fit_is_absent)
{
	CHECK(u64_of("f64 1e30") == ABSENT_U64(STATE_NONE));
	CHECK(u64_of("f64 -1") == ABSENT_U64(STATE_NONE));
	CHECK(u64_of("f64 nan") == ABSENT_U64(STATE_NONE));
	CHECK(isnan(f64_of("f64 inf")));
	CHECK(isnan(f64_of("text 5")));
}

/* 6b 10 00 00 is 0x106b, Apple's number on the PCI bus. */
TEST(bytes_of_the_device_tree_are_numbers)
{
	CHECK_INT(u64_of("data 6b10 0000"), 0x106b);
	CHECK_INT(u64_of("data 07"), 7);
	CHECK_INT(u64_of("data 0100"), 1);
	CHECK_INT(i64_of("data 0000000001000000"), 1LL << 32);
	CHECK(u64_of("data 010203") == ABSENT_U64(STATE_NONE));
	CHECK(u64_of("data") == ABSENT_U64(STATE_NONE));
	CHECK_INT(u64_of("data ffffffffffffffff"), UINT64_MAX);
}

TEST(wrong_types_are_absent)
{
	static const char *const others[] = {"text 5", "array", "dictionary", "bool yes"};

	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		CHECK(u64_of(others[i]) == ABSENT_U64(STATE_NONE));
		CHECK(i64_of(others[i]) == ABSENT_I64(STATE_NONE));
	}
	CHECK_INT(sim_held(), 0);
}

TEST(nothing_is_absent)
{
	uint64_t u64;
	int64_t i64;
	double f64;
	bool truth;
	size_t length = 1;
	char text[4] = "abc";

	CHECK(!property_u64(NULL, &u64) && !property_i64(NULL, &i64) &&
		!property_f64(NULL, &f64));
	CHECK(!property_bool(NULL, &truth));
	CHECK(!property_text(NULL, text, sizeof text));
	CHECK_TEXT(text, "");
	CHECK(!property_bytes(NULL, &length));
	CHECK_INT(length, 0);
	CHECK(!property_dictionary(NULL) && !property_array(NULL) && !property_get(NULL, "a"));
	CHECK_INT(property_count(NULL), 0);
	CHECK(!property_at(NULL, 0));
	property_release(NULL);
}

static bool truth_of(const char *text, bool *ret_truth)
{
	CFTypeRef value = sim_value(text);
	bool is_one = property_bool(value, ret_truth);

	property_release(value);
	return is_one;
}

TEST(reads_truth)
{
	bool truth;

	CHECK(truth_of("bool yes", &truth) && truth);
	CHECK(truth_of("bool no", &truth) && !truth);
	CHECK(truth_of("u32 1", &truth) && truth);
	CHECK(truth_of("u64 0", &truth) && !truth);
	CHECK(!truth_of("text yes", &truth));
}

static const char *text_of(const char *value, size_t size)
{
	static char text[64];
	CFTypeRef object = sim_value(value);

	memset(text, '?', sizeof text);
	if (!property_text(object, text, size))
		CHECK_TEXT(text, "");
	property_release(object);
	return text;
}

/* An umlaut is 2 bytes, the note 4. */
TEST(texts_are_cut_between_characters)
{
	CHECK_TEXT(text_of("text Apple M1", 64), "Apple M1");
	CHECK_TEXT(text_of("text Apple M1", 9), "Apple M1");
	CHECK_TEXT(text_of("text Apple M1", 6), "Apple");
	CHECK_TEXT(text_of("text M\xc3\xbcll", 3), "M");
	CHECK_TEXT(text_of("text M\xc3\xbcll", 4), "M\xc3\xbc");
	CHECK_TEXT(text_of("text a\xf0\x9d\x84\x9e", 5), "a");
	CHECK_TEXT(text_of("text", 5), "");
	CHECK_TEXT(text_of("u64 5", 5), "");
}

/* "AMD Radeon", a 0, and what is behind it. */
TEST(bytes_of_the_device_tree_are_texts)
{
	CHECK_TEXT(text_of("data 414d4420526164656f6e 00 58", 64), "AMD Radeon");
	CHECK_TEXT(text_of("data 414d44", 64), "AMD");
	CHECK_TEXT(text_of("data 414d44", 3), "AM");
	CHECK_TEXT(text_of("data 41c3bc", 3), "A");
}

TEST(reads_nested_values)
{
	CFTypeRef value;
	CFArrayRef array;
	CFDictionaryRef all, inner;
	uint64_t number;

	sim_add("[entry 1]\n"
		"Statistics.Bytes (Read) = u64 123 + 10/s\n"
		"AppUsage[0].API = text Metal\n"
		"AppUsage[1].API = text GL\n"
		"class = A\n"
		".name = data 706d677200\n"
		"none = array\n");
	all = sim_properties(sim_section("entry", "1"));
	inner = property_dictionary(property_get(all, "Statistics"));
	CHECK_INT(property_sample(inner, "Bytes (Read)"), 123);
	CHECK(property_sample(inner, "Bytes (Write)") == ABSENT_U64(STATE_NONE));
	CHECK(property_sample(NULL, "Bytes (Write)") == ABSENT_U64(STATE_NONE));
	array = property_array(property_get(all, "AppUsage"));
	CHECK_INT(property_count(array), 2);
	CHECK(property_dictionary(property_at(array, 1)));
	CHECK(!property_at(array, 2));
	CHECK(!property_dictionary(array) && !property_array(inner));
	CHECK_INT(property_count(property_array(property_get(all, "none"))), 0);
	CHECK(!property_get(all, "class"));
	CHECK(property_get(all, "name"));
	property_release(all);
	sim_advance(2000000000);
	value = sim_value_at(sim_section("entry", "1"), "Statistics.Bytes (Read)");
	CHECK(property_u64(value, &number));
	CHECK_INT(number, 143);
	property_release(value);
	CHECK_INT(sim_held(), 0);
}

TESTS(CASE(reads_numbers_of_every_width), CASE(large_numbers_keep_their_value),
	CASE(what_does_not_fit_is_absent), CASE(bytes_of_the_device_tree_are_numbers),
	CASE(wrong_types_are_absent), CASE(nothing_is_absent), CASE(reads_truth),
	CASE(texts_are_cut_between_characters), CASE(bytes_of_the_device_tree_are_texts),
	CASE(reads_nested_values));
