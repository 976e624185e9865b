/* The account of a process' memory: its sums, what is left over, and what is said about it. */
#include "memory/account.h"
#include "memory/explanation.h"

#include "test.h"

enum { KIB = 1024, MIB = 1024 * 1024 };

/* clang-format off */
#define KNOWN(bytes_) {PROCMON_OK, (bytes_)}
#define UNKNOWN(state_) {PROCMON_##state_, 0}
/* clang-format on */

/* 10 MiB of its own, 6 of files, 4 of shared memory, 2 swapped, in 64 of address space. */
static const struct account_process process = {
	.virtual = KNOWN(64 * MIB),
	.resident = KNOWN(20 * MIB),
	.anonymous = KNOWN(10 * MIB),
	.file = KNOWN(6 * MIB),
	.shared = KNOWN(4 * MIB),
	.footprint = KNOWN(12 * MIB + 64 * KIB),
	.swap = KNOWN(2 * MIB),
	.page_tables = KNOWN(64 * KIB),
	.hugetlb = UNKNOWN(NONE),
	.locked = KNOWN(0),
	.pinned = KNOWN(0),
	.pss = KNOWN(14 * MIB),
	.pss_anonymous = KNOWN(9 * MIB),
	.pss_file = KNOWN(3 * MIB),
	.pss_shared = KNOWN(2 * MIB),
	.unique = KNOWN(11 * MIB),
	.lazy_free = KNOWN(0),
};

static struct account_region region(uint64_t size, const char *protection,
	const char *share_mode, const char *category, const char *path)
{
	return (struct account_region){
		.protection = protection,
		.share_mode = share_mode,
		.category = category,
		.path = path,
		.name = "",
		.flags = "rd wr mr mw me ac",
		.size = size,
	};
}

/* The mappings of that process. */
static void add_regions(struct account *account)
{
	struct account_region heap = region(24 * MIB, "rw-", "private", "malloc heap", "");
	struct account_region file = region(10 * MIB, "r--", "shared", "mapped files", "/a");
	struct account_region shared = region(14 * MIB, "rw-", "shared", "shared memory", "");
	struct account_region reserved = region(16 * MIB, "---", "private", "reserved", "");
	struct account_region page = region(4 * KIB, "--x", "private", "kernel", "");

	heap.resident = heap.anonymous = 10 * MIB;
	heap.swap = 2 * MIB;
	heap.unique = 8 * MIB;
	heap.common = 2 * MIB;
	file.resident = 6 * MIB;
	file.unique = 1 * MIB;
	file.common = 5 * MIB;
	shared.resident = shared.shared = 4 * MIB;
	shared.swap = 3 * MIB;
	shared.unique = 2 * MIB;
	shared.common = 2 * MIB;
	page.name = "vsyscall";
	account_add_region(account, &heap);
	account_add_region(account, &file);
	account_add_region(account, &shared);
	account_add_region(account, &reserved);
	account_add_region(account, &page);
}

static struct account make_account(void)
{
	struct account account;

	account_init(&account, &process, PROCMON_OK);
	add_regions(&account);
	account_close(&account);
	return account;
}

static long long part(
	const struct account *account, enum account_part part, enum account_measure measure)
{
	CHECK_INT(account->parts[part][measure].state, PROCMON_OK);
	return account->parts[part][measure].bytes;
}

TEST(parts_make_up_every_measure)
{
	struct account account = make_account();

	for (int measure = 0; measure < ACCOUNT_MEASURES; measure++) {
		CHECK_INT(account.rest[measure].state, PROCMON_OK);
		CHECK_INT(account.rest[measure].bytes, 0);
	}
	CHECK_INT(part(&account, PART_ANONYMOUS, MEASURE_VIRTUAL), 10 * MIB);
	CHECK_INT(part(&account, PART_FILE, MEASURE_VIRTUAL), 6 * MIB);
	CHECK_INT(part(&account, PART_SHARED, MEASURE_VIRTUAL), 4 * MIB);
	CHECK_INT(part(&account, PART_SWAP, MEASURE_VIRTUAL), 2 * MIB);
	CHECK_INT(part(&account, PART_SHARED_SWAP, MEASURE_VIRTUAL), 3 * MIB);
	CHECK_INT(part(&account, PART_UNTOUCHED, MEASURE_VIRTUAL), 12 * MIB);
	CHECK_INT(part(&account, PART_UNREAD, MEASURE_VIRTUAL), 4 * MIB);
	CHECK_INT(part(&account, PART_SHARED_UNTOUCHED, MEASURE_VIRTUAL), 7 * MIB);
	CHECK_INT(part(&account, PART_RESERVED, MEASURE_VIRTUAL), 16 * MIB);
	CHECK_INT(part(&account, PART_SWAP, MEASURE_FOOTPRINT), 2 * MIB);
	CHECK_INT(part(&account, PART_ANONYMOUS, MEASURE_UNIQUE), 8 * MIB);
}

TEST(a_part_that_a_measure_does_not_count_is_no_zero)
{
	struct account account = make_account();

	CHECK_INT(account.parts[PART_FILE][MEASURE_FOOTPRINT].state, PROCMON_NONE);
	CHECK_INT(account.parts[PART_SWAP][MEASURE_RESIDENT].state, PROCMON_NONE);
	/* a kernel without reserved huge pages has no line about them */
	CHECK_INT(account.parts[PART_HUGETLB][MEASURE_FOOTPRINT].state, PROCMON_NONE);
}

TEST(what_does_not_add_up_is_left_over)
{
	struct account_process other = process;
	struct account account;

	other.resident.bytes += 12 * KIB;
	other.unique.bytes -= 8 * KIB;
	account_init(&account, &other, PROCMON_OK);
	add_regions(&account);
	account_close(&account);
	CHECK_INT(account.rest[MEASURE_RESIDENT].bytes, 12 * KIB);
	CHECK_INT(account.rest[MEASURE_UNIQUE].bytes, -8 * KIB);
	CHECK_INT(account.rest[MEASURE_VIRTUAL].bytes, 0);
}

TEST(what_is_denied_is_not_summed_up)
{
	struct account_process other = process;
	struct account account;

	other.pss = other.pss_anonymous = other.pss_file = other.pss_shared = other.unique =
		other.lazy_free = (struct account_amount)UNKNOWN(DENIED);
	account_init(&account, &other, PROCMON_DENIED);
	account_close(&account);
	CHECK_INT(account.rest[MEASURE_RESIDENT].state, PROCMON_OK);
	CHECK_INT(account.rest[MEASURE_FOOTPRINT].state, PROCMON_OK);
	CHECK_INT(account.rest[MEASURE_VIRTUAL].state, PROCMON_DENIED);
	CHECK_INT(account.rest[MEASURE_PSS].state, PROCMON_DENIED);
	CHECK_INT(account.parts[PART_RESERVED][MEASURE_VIRTUAL].state, PROCMON_DENIED);
	CHECK(!account_is_empty(&account));
}

TEST(a_thread_of_the_kernel_has_no_memory)
{
	const struct account_process nothing = {
		.resident = UNKNOWN(NONE), .virtual = UNKNOWN(NONE)};
	struct account account;

	account_init(&account, &nothing, PROCMON_OK);
	account_close(&account);
	CHECK(account_is_empty(&account));
}

/* A private mapping of a file with pages of it and copies of others. */
static struct account_region mix(uint64_t anonymous, uint64_t file, uint64_t unique)
{
	struct account_region mixed = region(1 * MIB, "rw-", "cow", "program data", "/lib");

	mixed.resident = anonymous + file;
	mixed.anonymous = anonymous;
	mixed.unique = unique;
	mixed.common = mixed.resident - unique;
	return mixed;
}

TEST(unique_pages_of_two_kinds_are_told_apart_as_far_as_can_be)
{
	static const struct {
		uint64_t anonymous, file, unique; /* KiB */
		long long as_anonymous, as_file, either;
	} cases[] = {
		{8, 0, 8, 8, 0, 0},
		{0, 8, 4, 0, 4, 0},
		{8, 16, 24, 8, 16, 0},
		{8, 16, 20, 4, 12, 4}, /* of 20, 16 at most are of the file */
		{8, 16, 6, 0, 0, 6},
		{8, 16, 12, 0, 4, 8},
		{8, 16, 0, 0, 0, 0},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct account_region mixed = mix(
			cases[i].anonymous * KIB, cases[i].file * KIB, cases[i].unique * KIB);
		struct account account;
		account_init(&account, &process, PROCMON_OK);
		account_add_region(&account, &mixed);
		CHECK_INT(part(&account, PART_ANONYMOUS, MEASURE_UNIQUE),
			cases[i].as_anonymous * KIB);
		CHECK_INT(part(&account, PART_FILE, MEASURE_UNIQUE), cases[i].as_file * KIB);
		CHECK_INT(part(&account, PART_EITHER, MEASURE_UNIQUE), cases[i].either * KIB);
	}
}

TEST(huge_pages_are_no_part_of_resident)
{
	struct account_region huge = region(8 * MIB, "rw-", "private", "huge pages", "");
	struct account account;

	huge.hugetlb = huge.unique = 4 * MIB;
	account_init(&account, &process, PROCMON_OK);
	account_add_region(&account, &huge);
	CHECK_INT(part(&account, PART_HUGETLB, MEASURE_VIRTUAL), 4 * MIB);
	CHECK_INT(part(&account, PART_UNTOUCHED, MEASURE_VIRTUAL), 4 * MIB);
	CHECK_INT(part(&account, PART_HUGETLB, MEASURE_UNIQUE), 4 * MIB);
	CHECK_INT(part(&account, PART_ANONYMOUS, MEASURE_UNIQUE), 0);
}

TEST(pages_of_devices_are_counted_for_nobody)
{
	struct account_region device = region(8 * MIB, "rw-", "shared", "devices", "/dev/mem");
	struct account_region vdso = region(8 * KIB, "r-x", "private", "kernel", "");
	struct account account;

	device.flags = "rd wr sh mr mw me ms pf io";
	vdso.resident = 4 * KIB;
	account_init(&account, &process, PROCMON_OK);
	account_add_region(&account, &device);
	account_add_region(&account, &vdso);
	CHECK_INT(part(&account, PART_UNCOUNTED, MEASURE_VIRTUAL), 8 * MIB + 4 * KIB);
	CHECK_INT(part(&account, PART_FILE, MEASURE_VIRTUAL), 4 * KIB);
}

/* ------------------------------------------------------------------------------ sentences */

/* "reserved:16777216 untouched:12582912 ..". */
static const char *list(const struct account *account, bool all, size_t *ret_left_out)
{
	static char out[1024];
	struct explanation *found;
	size_t count = explain_account(account, all, &found, ret_left_out);

	out[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		size_t at = strlen(out);
		snprintf(out + at, sizeof out - at, "%s%s:%" PRIu64, i ? " " : "",
			found[i].name, found[i].bytes / KIB);
	}
	explanations_free(found, count);
	return out;
}

static const char *say(const struct account *account, const char *name)
{
	static char out[512];
	struct explanation *found;
	size_t left_out, count = explain_account(account, true, &found, &left_out);

	out[0] = '\0';
	for (size_t i = 0; i < count; i++)
		if (strcmp(found[i].name, name) == 0)
			snprintf(out, sizeof out, "%s", found[i].text);
	explanations_free(found, count);
	return out;
}

TEST(differences_come_by_size_and_small_ones_not_at_all)
{
	struct account account = make_account();
	size_t left_out;

	CHECK_TEXT(list(&account, false, &left_out),
		"reserved:16384 untouched:12288 shared_untouched:7168 file:6144 unread:4096 "
		"shared:4096 shared_swap:3072 others:3072 fork:2048 swap:2048");
	CHECK_INT(left_out, 1);
	CHECK(strstr(list(&account, true, &left_out), " page_tables:64"));
	CHECK_INT(left_out, 0);
}

TEST(huge_pages_of_its_own_hide_no_part_of_others)
{
	struct account_process whole = process;
	struct account_region huge = region(4 * MIB, "rw-", "private", "huge pages", "");
	struct account account;

	huge.hugetlb = huge.unique = 4 * MIB;
	whole.unique.bytes += 4 * MIB;
	account_init(&account, &whole, PROCMON_OK);
	add_regions(&account);
	account_add_region(&account, &huge);
	account_close(&account);
	CHECK(strncmp(say(&account, "others"), "3.0M of pss", 11) == 0);
}

TEST(what_is_not_there_is_not_talked_about)
{
	struct account account = make_account();

	CHECK_TEXT(say(&account, "lazy_free"), "");
	CHECK_TEXT(say(&account, "merged"), "");
	CHECK_TEXT(say(&account, "hugetlb"), "");
}

TEST(sentences_begin_with_the_amount)
{
	struct account account = make_account();

	CHECK(strncmp(say(&account, "reserved"), "16.0M of virtual is reserved", 28) == 0);
	CHECK(strstr(say(&account, "file"), "pss has 3.0M of them"));
}

/* 5 of 6 MiB are mapped by others, too, and count for 3 - 1. */
TEST(how_many_share_a_page_is_told_if_it_is_known)
{
	struct account account = make_account();

	CHECK(strstr(say(&account, "file"), "is mapped by 3 processes on average"));
	account.parts[PART_FILE][MEASURE_UNIQUE].state = PROCMON_DENIED;
	CHECK(strstr(say(&account, "file"), "pss has 3.0M of them, for others map them, too"));
	CHECK(!strstr(say(&account, "file"), "on average"));
}

TEST(memory_that_only_this_process_maps_is_not_said_to_be_shared)
{
	struct account account = make_account();

	account.parts[PART_FILE][MEASURE_PSS].bytes = 6 * MIB;
	CHECK(!strstr(say(&account, "file"), "pss has"));
	account.parts[PART_FILE][MEASURE_PSS].state = PROCMON_DENIED;
	CHECK(!strstr(say(&account, "file"), "pss has"));
}

TEST(merged_pages_are_not_told_as_those_of_a_fork)
{
	struct account_region heap = region(4 * MIB, "rw-", "private", "malloc heap", "");
	struct account account;

	heap.resident = heap.anonymous = heap.common = 4 * MIB;
	heap.merged = 3 * MIB;
	account_init(&account, &process, PROCMON_OK);
	account_add_region(&account, &heap);
	account_close(&account);
	CHECK(strncmp(say(&account, "fork"), "1.0M of", 7) == 0);
	CHECK(strncmp(say(&account, "merged"), "3.0M of", 7) == 0);
}

TESTS(CASE(parts_make_up_every_measure), CASE(a_part_that_a_measure_does_not_count_is_no_zero),
	CASE(what_does_not_add_up_is_left_over), CASE(what_is_denied_is_not_summed_up),
	CASE(a_thread_of_the_kernel_has_no_memory),
	CASE(unique_pages_of_two_kinds_are_told_apart_as_far_as_can_be),
	CASE(huge_pages_are_no_part_of_resident), CASE(pages_of_devices_are_counted_for_nobody),
	CASE(differences_come_by_size_and_small_ones_not_at_all),
	CASE(huge_pages_of_its_own_hide_no_part_of_others),
	CASE(what_is_not_there_is_not_talked_about), CASE(sentences_begin_with_the_amount),
	CASE(how_many_share_a_page_is_told_if_it_is_known),
	CASE(memory_that_only_this_process_maps_is_not_said_to_be_shared),
	CASE(merged_pages_are_not_told_as_those_of_a_fork))
