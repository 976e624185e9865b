#include "text.h"

#include "test.h"

/* Sanitises a literal (which may hold NUL bytes) into a static buffer. */
#define CLEAN(literal) clean(literal, sizeof(literal) - 1)

static const char *clean(const char *bytes, size_t length)
{
	static char out[8192];
	size_t written = text_sanitise(out, sizeof out, bytes, length);

	CHECK_INT(written, strlen(out));
	return out;
}

/* What must never come out, told independently of the implementation: byte by byte. */
static void check_harmless(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	for (; *at; at++) {
		CHECK(*at >= 0x20 && *at != 0x7F);
		if (at[0] == 0xC2)
			CHECK(at[1] >= 0xA0 && at[1] != 0xAD); /* C1, soft hyphen */
		if (at[0] == 0xD8)
			CHECK(at[1] != 0x9C); /* U+061C */
		if (at[0] == 0xE2 && at[1] == 0x80)
			CHECK(!(at[2] >= 0x8B && at[2] <= 0x8F) &&  /* U+200B..200F */
				!(at[2] >= 0xA8 && at[2] <= 0xAE)); /* U+2028..202E */
		if (at[0] == 0xE2 && at[1] == 0x81)
			CHECK(at[2] < 0xA0 || at[2] > 0xAF); /* U+2060..206F */
		if (at[0] == 0xEF && at[1] == 0xBB)
			CHECK(at[2] != 0xBF); /* U+FEFF */
		if (at[0] == 0xED)
			CHECK(at[1] < 0xA0);             /* surrogates */
		CHECK(at[0] != 0xC0 && at[0] != 0xC1);   /* overlong */
		CHECK(at[0] < 0xF5);                     /* beyond U+10FFFF */
		CHECK(!(at[0] == 0xE0 && at[1] < 0xA0)); /* overlong */
		CHECK(!(at[0] == 0xF0 && at[1] < 0x90)); /* overlong */
		size_t size = *at < 0x80   ? 1
			      : *at < 0xC0 ? 0
			      : *at < 0xE0 ? 2
			      : *at < 0xF0 ? 3
					   : 4;
		CHECK(size > 0);
		for (; size > 1; size--) {
			at++;
			CHECK((*at & 0xC0) == 0x80);
		}
	}
}

TEST(clean_text_is_unchanged)
{
	static const char *const names[] = {"", "a", "bash", "kworker/0:1-events", "(sd-pam)",
		"a b  c", "chrome --type=renderer --lang=de", "J\xC3\xBCrgen",
		"\xE6\x97\xA5\xE6\x9C\xAC", "\xF0\x9F\x9A\x80 launch", "e\xCC\x81", "exactly8",
		"exactly16bytes__", "~}|{`@", "\xC2\xA0", "\xF4\x8F\xBF\xBF", "\xEF\xBF\xBD"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		CHECK_TEXT(clean(names[i], strlen(names[i])), names[i]);
}

TEST(controls_become_question_marks)
{
	CHECK_TEXT(CLEAN("a\033[2Jb"), "a?[2Jb");
	CHECK_TEXT(CLEAN("\033]52;c;aGk=\a"), "?]52;c;aGk=?");
	CHECK_TEXT(CLEAN("\033]8;;http://x\033\\y"), "?]8;;http://x?\\y");
	CHECK_TEXT(CLEAN("one\ntwo\r\tthree"), "one?two??three");
	CHECK_TEXT(CLEAN("nul\0inside"), "nul?inside");
	CHECK_TEXT(CLEAN("del\x7F"), "del?");
	CHECK_TEXT(CLEAN("12345678\x7F"), "12345678?");
	CHECK_TEXT(CLEAN("1234567\x1F"), "1234567?");
	CHECK_TEXT(CLEAN("\xC2\x9B"
			 "31m"),
		"?31m");
}

TEST(bad_utf8_becomes_a_question_mark_a_byte)
{
	CHECK_TEXT(CLEAN("\xFF"), "?");
	CHECK_TEXT(CLEAN("\x9B"
			 "31m"),
		"?31m");
	CHECK_TEXT(CLEAN("\xC0\xAF"), "??");           /* overlong slash */
	CHECK_TEXT(CLEAN("\xE0\x80\xAF"), "???");      /* the same, longer */
	CHECK_TEXT(CLEAN("\xC1\x9B"), "??");           /* overlong [ */
	CHECK_TEXT(CLEAN("\xED\xA0\x80"), "???");      /* surrogate */
	CHECK_TEXT(CLEAN("\xF4\x90\x80\x80"), "????"); /* U+110000 */
	CHECK_TEXT(CLEAN("\xF8\x88\x80\x80\x80"), "?????");
	CHECK_TEXT(CLEAN("cut \xE2\x82"), "cut ??");
	CHECK_TEXT(CLEAN("\xE2\x28\xA1"), "?(?");
	CHECK_TEXT(CLEAN("\xC3"), "?");
}

TEST(invisible_characters_become_question_marks)
{
	static const char *const bad[] = {"\xC2\xAD", "\xD8\x9C", "\xE1\xA0\x8E",
		"\xE2\x80\x8B", "\xE2\x80\x8C", "\xE2\x80\x8D", "\xE2\x80\x8E", "\xE2\x80\x8F",
		"\xE2\x80\xA8", "\xE2\x80\xA9", "\xE2\x80\xAA", "\xE2\x80\xAB", "\xE2\x80\xAC",
		"\xE2\x80\xAD", "\xE2\x80\xAE", "\xE2\x81\xA0", "\xE2\x81\xA6", "\xE2\x81\xA7",
		"\xE2\x81\xA8", "\xE2\x81\xA9", "\xE3\x85\xA4", "\xEF\xB8\x8F", "\xEF\xBB\xBF",
		"\xEF\xBF\xB9", "\xF3\xA0\x80\x81", "\xF3\xA0\x81\xA1"};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK_TEXT(clean(bad[i], strlen(bad[i])), "?");
	CHECK_TEXT(CLEAN("user\xE2\x80\xAEtxt.exe"), "user?txt.exe");
}

/* 200 names made of the pieces that have broken terminals and readers before. */
TEST(no_hostile_name_survives)
{
	static const char *const pieces[] = {"\033[2J", "\033]0;owned\007",
		"\x9B"
		"2J",
		"\xC2\x9B"
		"2J",
		"\033P$q\033\\", "\b\b\b", "\r", "\n", "\v\f", "\x0E", "\x7F", "\xE2\x80\xAE",
		"\xE2\x81\xA6", "\xE2\x80\x8B", "\xEF\xBB\xBF", "\xFF\xFE", "\xC0\x9B",
		"\xE0\x82\x9B", "\xED\xBF\xBF", "\xF0\x82\x82\xAC", "\xF7\xBF\xBF\xBF", "\x80",
		"e\xCC\x81\xCC\x81", "\xE6\x97\xA5", ") Z 1 (", "plain name", "\"}],", "%s%n"};
	enum { COUNT = sizeof pieces / sizeof *pieces };

	for (unsigned i = 0; i < 200; i++) {
		char name[256];
		int length = snprintf(name, sizeof name, "%s%s%s%s", pieces[i % COUNT],
			pieces[i * 7 / 3 % COUNT], pieces[i * 13 % COUNT],
			pieces[(i + 5) % COUNT]);
		check_harmless(clean(name, (size_t)length));
	}
}

TEST(no_random_bytes_survive)
{
	unsigned state = 1;

	for (unsigned round = 0; round < 20000; round++) {
		char bytes[40];
		for (size_t i = 0; i < sizeof bytes; i++) {
			state = state * 1664525 + 1013904223;
			bytes[i] = (char)(state >> (round % 3 ? 24 : 16));
		}
		check_harmless(clean(bytes, state >> 8 & 31));
	}
}

TEST(output_is_bounded_and_never_cuts_a_character)
{
	char out[8];

	CHECK_INT(text_sanitise(out, sizeof out, "0123456789abcdef", 16), 7);
	CHECK_TEXT(out, "0123456");
	CHECK_INT(text_sanitise(out, sizeof out, "012345\xE2\x82\xAC", 9), 6);
	CHECK_TEXT(out, "012345");
	CHECK_INT(text_sanitise(out, 1, "abc", 3), 0);
	CHECK_TEXT(out, "");
	out[0] = 'x';
	CHECK_INT(text_sanitise(out, 0, "abc", 3), 0);
	CHECK_INT(out[0], 'x');
}

TEST(a_long_text_is_clean_to_the_end)
{
	static char bytes[6000], out[8192];

	memset(bytes, 'x', sizeof bytes);
	bytes[sizeof bytes - 1] = '\033';
	CHECK_INT(text_sanitise(out, sizeof out, bytes, sizeof bytes), sizeof bytes);
	CHECK_INT(out[sizeof bytes - 1], '?');
}

TEST(width_counts_columns)
{
	CHECK_INT(text_width(""), 0);
	CHECK_INT(text_width("bash"), 4);
	CHECK_INT(text_width("J\xC3\xBCrgen"), 6);
	CHECK_INT(text_width("\xE6\x97\xA5\xE6\x9C\xAC"), 4);
	CHECK_INT(text_width("e\xCC\x81"), 1);
	CHECK_INT(text_width("\xF0\x9F\x9A\x80"), 2);
}

TEST(prefix_fits_columns)
{
	CHECK_INT(text_prefix("bash", 2), 2);
	CHECK_INT(text_prefix("bash", 4), 4);
	CHECK_INT(text_prefix("bash", 9), 4);
	CHECK_INT(text_prefix("\xE6\x97\xA5\xE6\x9C\xAC", 3), 3);
	CHECK_INT(text_prefix("\xE6\x97\xA5\xE6\x9C\xAC", 1), 0);
	CHECK_INT(text_prefix("e\xCC\x81x", 1), 3); /* the accent stays with its letter */
}

TEST(distance_of_names)
{
	CHECK_INT(text_distance("mem.resident", "mem.resident", 3), 0);
	CHECK_INT(text_distance("mem.residnet", "mem.resident", 3), 1);
	CHECK_INT(text_distance("mem.resdent", "mem.resident", 3), 1);
	CHECK_INT(text_distance("resident", "president", 3), 1);
	CHECK_INT(text_distance("kitten", "sitting", 3), 3);
	CHECK_INT(text_distance("kitten", "sitting", 2), 3);
	CHECK_INT(text_distance("", "abc", 5), 3);
	CHECK_INT(text_distance("ab", "ba", 5), 1);
}

TESTS(CASE(clean_text_is_unchanged), CASE(controls_become_question_marks),
	CASE(bad_utf8_becomes_a_question_mark_a_byte),
	CASE(invisible_characters_become_question_marks), CASE(no_hostile_name_survives),
	CASE(no_random_bytes_survive), CASE(output_is_bounded_and_never_cuts_a_character),
	CASE(a_long_text_is_clean_to_the_end), CASE(width_counts_columns),
	CASE(prefix_fits_columns), CASE(distance_of_names))
