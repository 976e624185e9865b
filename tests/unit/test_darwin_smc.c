/* The SMC on a simulated Mac: how it is spoken to, and what its values are. */
#include <math.h>

#include "sim.h"
#include "smc.h"
#include "test.h"

#define BAD_ARGUMENT 0xE00002C2
#define NOT_ALLOWED  0xE00002E2
#define NO_DEVICE    0xE00002C0
#define CALL         "smc"

enum { READ = 5, INDEX = 8, INFO = 9 };

static struct smc opened(void)
{
	struct smc smc;

	sim_boot("m1");
	CHECK_INT(smc_open(&smc), STATE_OK);
	return smc;
}

static void done(struct smc *smc)
{
	smc_close(smc);
	CHECK_INT(sim_held(), 0);
}

/* Of these bytes. NaN: no number. */
static double decoded(const char *type, uint32_t size, uint8_t flags, const char *bytes)
{
	struct smc_key key = {1, smc_code(type), size, flags};
	double number;

	return smc_decode(&key, (const uint8_t *)bytes, &number) ? number : (double)NAN;
}

#define CHECK_NUMBER(actual, expected) CHECK(fabs((actual) - (expected)) < 1e-9)
#define CHECK_NONE(actual)             CHECK(isnan(actual))

TEST(floats_are_little_endian)
{
	/* 0x447A0000 is 1000: sign 0, exponent 136 - 127 = 9, 1 + 0x7A0000 / 2^23 = 1.953125,
	 * times 512 */
	CHECK_NUMBER(decoded("flt ", 4, 0, "\x00\x00\x7A\x44"), 1000);
	CHECK_NUMBER(decoded("flt ", 4, 0x84, "\x00\x00\x7A\xC4"), -1000);
	/* a bit pattern of an M2 Max: 0x40D66666, 6.7 as a float */
	CHECK_NUMBER(decoded("flt ", 4, 0, "\x66\x66\xD6\x40"), (double)6.7F);
	CHECK_NONE(decoded("flt ", 4, 0, "\x00\x00\xC0\x7F")); /* not a number */
	CHECK_NONE(decoded("flt ", 4, 0, "\x00\x00\x80\xFF")); /* less than all */
	CHECK_NONE(decoded("flt ", 2, 0, "\x00\x00\x7A\x44"));
	CHECK_NONE(decoded("flt ", 8, 0, "\x00\x00\x7A\x44\x00\x00\x00\x00"));
}

TEST(long_fixed_points_are_little_endian)
{
	/* of a Mac16,5: TG0C, 0x1E0000 / 65536 = 30, and TR0Z, 0x33D99A / 65536 = 51.85.. */
	CHECK_NUMBER(decoded("ioft", 8, 0, "\x00\x00\x1E\x00\x00\x00\x00\x00"), 30);
	CHECK_NUMBER(
		decoded("ioft", 8, 0, "\x9A\xD9\x33\x00\x00\x00\x00\x00"), 3398042 / 65536.0);
	CHECK_NUMBER(decoded("ioft", 8, 0, "\x00\x80\xFF\xFF\xFF\xFF\xFF\xFF"), -0.5);
	CHECK_NONE(decoded("ioft", 4, 0, "\x00\x00\x1E\x00"));
}

TEST(fixed_points)
{
	CHECK_NUMBER(decoded("sp78", 2, 0, "\x32\x80"), 50.5);
	CHECK_NUMBER(decoded("sp78", 2, 0, "\xFF\x00"), -1);
	CHECK_NUMBER(decoded("sp78", 2, 0, "\x81\x00"), -127); /* 129, if it had no sign */
	CHECK_NUMBER(decoded("sp87", 2, 0, "\x01\x40"), 2.5);  /* 320 / 128 */
	CHECK_NUMBER(decoded("sp96", 2, 0, "\x01\x40"), 5);    /* 320 / 64 */
	CHECK_NUMBER(decoded("spa5", 2, 0, "\x01\x40"), 10);   /* 320 / 32 */
	CHECK_NUMBER(decoded("spb4", 2, 0, "\x01\x48"), 20.5); /* 328 / 16 */
	CHECK_NUMBER(decoded("spf0", 2, 0, "\xFF\xFE"), -2);
	CHECK_NUMBER(decoded("fpe2", 2, 0, "\x0F\xA2"), 1000.5); /* 4002 / 4 */
	CHECK_NUMBER(decoded("fp88", 2, 0, "\x81\x00"), 129);
	CHECK_NUMBER(decoded("fp1f", 2, 0, "\xC0\x00"), 1.5); /* 49152 / 32768 */
	CHECK_NONE(decoded("sp79", 2, 0, "\x32\x80")); /* 16 bits and a sign are too many */
	CHECK_NONE(decoded("fp78", 2, 0, "\x32\x80")); /* and these too few */
	CHECK_NONE(decoded("spxy", 2, 0, "\x32\x80"));
	CHECK_NONE(decoded("sp78", 1, 0, "\x32"));
	CHECK_NONE(decoded("fpe2", 4, 0, "\x0F\xA2\x00\x00"));
}

TEST(whole_numbers_say_which_byte_is_first)
{
	CHECK_NUMBER(decoded("ui8 ", 1, 0, "\xFF"), 255);
	CHECK_NUMBER(decoded("ui16", 2, 0, "\x01\x02"), 258);
	CHECK_NUMBER(decoded("ui16", 2, 4, "\x01\x02"), 513);
	CHECK_NUMBER(decoded("ui32", 4, 0, "\x00\x00\x06\x07"), 1543);
	CHECK_NUMBER(decoded("ui32", 4, 0x84, "\x07\x06\x00\x00"), 1543);
	/* of a Mac16,5: AOPb, B0AP, BC1I, BAAC, zSDa */
	CHECK_NUMBER(
		decoded("ui64", 8, 0x84, "\x00\xC1\xE7\x0D\x05\x00\x00\x00"), 21708128512.0);
	CHECK_NUMBER(decoded("si32", 4, 0x84, "\x44\x64\xFF\xFF"), -39868);
	CHECK_NUMBER(decoded("si32", 4, 0x84, "\xF3\x00\x00\x00"), 243);
	CHECK_NUMBER(decoded("si64", 8, 0x84, "\xFF\x1D\x54\x01\x00\x00\x00\x00"), 22289919);
	CHECK_NUMBER(decoded("si64", 8, 0x84, "\x51\x57\x1B\xEB\xFF\xFF\xFF\xFF"), -350529711);
	CHECK_NUMBER(decoded("si8 ", 1, 0, "\x80"), -128);
	CHECK_NUMBER(decoded("si16", 2, 0, "\xFF\xFE"), -2);
	CHECK_NUMBER(decoded("si16", 2, 4, "\xFE\xFF"), -2);
	CHECK_NUMBER(decoded("si64", 8, 0, "\x80\x00\x00\x00\x00\x00\x00\x00"),
		-9223372036854775808.0);
	CHECK_NUMBER(decoded("flag", 1, 0, "\x01"), 1);
	CHECK_NONE(decoded("flag", 1, 0, "\x02"));
	CHECK_NONE(decoded("ui16", 4, 0, "\x00\x00\x06\x07"));
	CHECK_NONE(decoded("ui32", 2, 0, "\x06\x07"));
}

TEST(what_is_no_number)
{
	CHECK_NONE(decoded("hex_", 2, 0, "\x32\x80"));
	CHECK_NONE(decoded("ch8*", 4, 0, "abcd"));
	CHECK_NONE(decoded("{fds", 16, 0, "0123456789abcdef"));
	CHECK_NONE(decoded("{jst", 21, 0, "0123456789abcdef01234"));
	CHECK_NONE(decoded("\0\0\0\0", 0, 0, ""));
}

TEST(names_are_numbers)
{
	char name[SMC_NAME_SIZE];

	CHECK_INT(smc_code("TB0T"), 0x54423054);
	CHECK_INT(smc_code("TB0"), 0);
	CHECK_INT(smc_code("TB0T1"), 0);
	smc_name(0x23484559, name);
	CHECK_TEXT(name, "#HEY");
}

TEST(reads_a_key)
{
	struct smc smc = opened();
	struct smc_key key;
	double number;

	CHECK_INT(smc_find(&smc, smc_code("PSTR"), &key), STATE_OK);
	CHECK_INT(key.type, smc_code("flt "));
	CHECK_INT(key.size, 4);
	CHECK_INT(smc_number(&smc, &key, &number), STATE_OK);
	CHECK_NUMBER(number, 12.75);
	CHECK_INT(smc_find(&smc, smc_code("FNum"), &key), STATE_OK);
	CHECK_INT(smc_number(&smc, &key, &number), STATE_OK);
	CHECK_NUMBER(number, 2);
	/* two questions each, and no more */
	CHECK_INT(sim_calls(CALL, INFO), 2);
	CHECK_INT(sim_calls(CALL, READ), 2);
	done(&smc);
}

TEST(what_a_key_can_answer_instead)
{
	struct smc smc = opened();
	struct smc_key key = {smc_code("none"), smc_code("flt "), 4, 0};
	double number;

	CHECK_INT(smc_find(&smc, smc_code("none"), &key), STATE_NONE);
	CHECK_INT(smc_number(&smc, &key, &number), STATE_NONE);
	/* of another size than was said */
	key = (struct smc_key){smc_code("PSTR"), smc_code("flt "), 8, 0};
	CHECK_INT(smc_number(&smc, &key, &number), STATE_FAILED);
	sim_add("[smc]\nTxxx = flt error 0x85\nTtxt = ch8* hex 4142\n");
	CHECK_INT(smc_find(&smc, smc_code("Txxx"), &key), STATE_OK);
	CHECK_INT(smc_number(&smc, &key, &number), STATE_FAILED);
	CHECK_INT(smc_find(&smc, smc_code("Ttxt"), &key), STATE_OK);
	CHECK_INT(smc_number(&smc, &key, &number), STATE_NONE);
	done(&smc);
}

TEST(errors_of_the_kernel)
{
	static const struct {
		uint32_t error;
		enum cell_state state;
	} errors[] = {
		{BAD_ARGUMENT, STATE_FAILED}, {NOT_ALLOWED, STATE_DENIED},
		{0xE00002C1, STATE_DENIED},                        /* not privileged */
		{NO_DEVICE, STATE_NONE}, {0xE00002F0, STATE_NONE}, /* not found */
		{0xE00002D6, STATE_FAILED},                        /* timeout */
	};
	struct smc smc = opened();
	struct smc_key key;

	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
		sim_fail(CALL, INFO, -1, (int)errors[i].error, 1);
		CHECK_INT(smc_find(&smc, smc_code("PSTR"), &key), errors[i].state);
	}
	done(&smc);
	sim_fail("IOServiceOpen", -1, -1, (int)NOT_ALLOWED, 1);
	CHECK_INT(smc_open(&smc), STATE_DENIED);
	done(&smc);
}

TEST(a_service_that_has_gone)
{
	struct smc smc = opened();
	struct smc_key key;

	CHECK(smc_is_there());
	sim_remove("entry", "700");
	CHECK_INT(smc_find(&smc, smc_code("PSTR"), &key), STATE_NONE);
	CHECK(!smc_is_there());
	done(&smc);
	CHECK_INT(smc_open(&smc), STATE_NONE);
	smc_close(&smc);
	CHECK_INT(sim_held(), 0);
}

/* On Apple Silicon one service of the class has the keys; the others are opened as well. */
TEST(the_service_that_has_the_keys)
{
	struct smc smc;

	sim_boot("m1");
	sim_remove("entry", "700");
	sim_add("[entry 701]\nclass = AppleSMC\nname = AppleSMCFirst\n"
		"[entry 702]\nclass = AppleSMC\nname = AppleSMCKeysEndpoint\n"
		"[entry 703]\nclass = AppleSMC\nname = AppleSMCLast\n");
	sim_fail("IOServiceOpen", -1, 701, (int)BAD_ARGUMENT, 9);
	sim_fail("IOServiceOpen", -1, 703, (int)BAD_ARGUMENT, 9);
	CHECK_INT(smc_open(&smc), STATE_OK);
	done(&smc);
}

TEST(finds_all_keys_of_sensors)
{
	struct smc smc = opened();
	struct smc_keys *keys = NULL;
	uint32_t count;

	CHECK_INT(smc_count(&smc, &count), STATE_OK);
	sim_forget_calls();
	CHECK_INT(smc_keys_find(&smc, &keys), STATE_OK);
	/* one for each, whatever it is of, and what begins with T, F, V or I is asked about */
	CHECK_INT(sim_calls(CALL, INDEX), count);
	CHECK_INT(sim_calls(CALL, INFO), keys->count + 1);
	CHECK(smc_keys_get(keys, smc_code("TB0T")));
	CHECK(smc_keys_get(keys, smc_code("F0Ac")));
	CHECK(!smc_keys_get(keys, smc_code("PSTR")));
	CHECK(!smc_keys_get(NULL, smc_code("TB0T")));
	smc_keys_retain(keys);
	smc_keys_release(keys);
	CHECK(smc_keys_get(keys, smc_code("TB0T")));
	smc_keys_release(keys);
	smc_keys_release(NULL);
	done(&smc);
}

TEST(keys_that_do_not_answer)
{
	struct smc smc = opened();
	struct smc_keys *keys = NULL;

	sim_fail(CALL, INFO, 0x54423054, (int)BAD_ARGUMENT, 1); /* TB0T */
	CHECK_INT(smc_keys_find(&smc, &keys), STATE_OK);
	CHECK(!smc_keys_get(keys, smc_code("TB0T")));
	CHECK(smc_keys_get(keys, smc_code("TB1T")));
	smc_keys_release(keys);
	sim_fail(CALL, INFO, 0x234B4559, (int)BAD_ARGUMENT, 1); /* #KEY */
	CHECK_INT(smc_keys_find(&smc, &keys), STATE_FAILED);
	sim_fail(CALL, READ, 0x234B4559, (int)NOT_ALLOWED, 1);
	CHECK_INT(smc_keys_find(&smc, &keys), STATE_DENIED);
	done(&smc);
}

TEST(what_is_a_measure)
{
	static const struct {
		const char *type;
		uint32_t size;
		bool is;
	} types[] = {
		{"flt ", 4, true},
		{"ioft", 8, true},
		{"sp78", 2, true},
		{"fpe2", 2, true},
		{"flt ", 2, false},
		{"ui16", 2, false},
		{"flag", 1, false},
		{"ch8*", 4, false},
	};

	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		struct smc_key key = {1, smc_code(types[i].type), types[i].size, 0};
		CHECK_INT(smc_is_measure(&key), types[i].is);
	}
}

TESTS(CASE(floats_are_little_endian), CASE(long_fixed_points_are_little_endian),
	CASE(fixed_points), CASE(whole_numbers_say_which_byte_is_first),
	CASE(what_is_no_number), CASE(names_are_numbers), CASE(reads_a_key),
	CASE(what_a_key_can_answer_instead), CASE(errors_of_the_kernel),
	CASE(a_service_that_has_gone), CASE(the_service_that_has_the_keys),
	CASE(finds_all_keys_of_sensors), CASE(keys_that_do_not_answer),
	CASE(what_is_a_measure));
