/* Objects that several processes map, each page counted once. Sizes are in pages. */
#include "memory/sharing.h"

#include "alloc.h"
#include "test.h"

static struct sharing sharing;

static void share(const struct sharing_use *uses, size_t count)
{
	struct sharing_use *own = xcalloc(count + 1, sizeof *own);

	if (count)
		memcpy(own, uses, count * sizeof *own);
	for (size_t i = 0; i < count; i++)
		if (!own[i].device)
			own[i].device = "0:1";
	sharing_init(&sharing, own, count);
}

#define SHARE(...)                                                                             \
	share((const struct sharing_use[]){__VA_ARGS__},                                       \
		sizeof(const struct sharing_use[]){__VA_ARGS__} / sizeof(struct sharing_use))

/* The one object that there is. */
static const struct sharing_object *only(void)
{
	CHECK_INT(sharing.count, 1);
	return &sharing.objects[0];
}

TEST(one_alone)
{
	SHARE({.process = 1,
		.inode = 7,
		.is_memory = true,
		.end = 100,
		.resident = 60,
		.pss = 60,
		.unique = 60,
		.swap = 5});
	CHECK_INT(only()->once, 65);
	CHECK_INT(only()->swap, 5);
	CHECK_INT(only()->sum, 65);
	CHECK_INT(only()->process_count, 1);
	sharing_finish(&sharing);
}

TEST(the_same_part_of_two_counts_once)
{
	SHARE({.process = 1, .inode = 7, .end = 64, .resident = 64, .pss = 32, .common = 64},
		{.process = 2, .inode = 7, .end = 64, .resident = 64, .pss = 32, .common = 64});
	CHECK_INT(only()->once, 64);
	CHECK_INT(only()->sum, 128);
	CHECK_INT(only()->process_count, 2);
	sharing_finish(&sharing);
}

TEST(shares_that_were_rounded_down_make_no_difference)
{
	SHARE({.process = 1, .inode = 7, .end = 64, .resident = 64, .pss = 21, .common = 64},
		{.process = 2, .inode = 7, .end = 64, .resident = 64, .pss = 21, .common = 64},
		{.process = 3, .inode = 7, .end = 64, .resident = 64, .pss = 21, .common = 64});
	CHECK_INT(only()->once, 64);
	sharing_finish(&sharing);
}

TEST(others_that_map_it_too_make_no_difference)
{
	/* a third one has it all, too, but is not asked about */
	SHARE({.process = 1, .inode = 7, .end = 60, .resident = 60, .pss = 20, .common = 60},
		{.process = 2, .inode = 7, .end = 60, .resident = 10, .pss = 3, .common = 10});
	CHECK_INT(only()->once, 60);
	sharing_finish(&sharing);
}

TEST(parts_that_overlap)
{
	/* 0..48 and 16..64, all of it resident: 16 + 32 in common + 16 */
	SHARE({.process = 1,
		      .inode = 7,
		      .end = 48,
		      .resident = 48,
		      .pss = 32,
		      .unique = 16,
		      .common = 32},
		{.process = 2,
			.inode = 7,
			.start = 16,
			.end = 64,
			.resident = 48,
			.pss = 32,
			.unique = 16,
			.common = 32});
	CHECK_INT(only()->once, 64);
	sharing_finish(&sharing);
}

TEST(parts_that_do_not_overlap_add_up)
{
	/* others map both parts, so that the shares say little */
	SHARE({.process = 1, .inode = 7, .end = 32, .resident = 32, .pss = 8, .common = 32},
		{.process = 2,
			.inode = 7,
			.start = 32,
			.end = 64,
			.resident = 32,
			.pss = 8,
			.common = 32});
	CHECK_INT(only()->once, 64);
	sharing_finish(&sharing);
}

TEST(different_pages_of_the_same_part_add_up)
{
	SHARE({.process = 1, .inode = 7, .end = 64, .resident = 20, .pss = 20, .unique = 20},
		{.process = 2, .inode = 7, .end = 64, .resident = 30, .pss = 30, .unique = 30});
	CHECK_INT(only()->once, 50);
	sharing_finish(&sharing);
}

TEST(one_that_maps_it_twice)
{
	/* the kernel counts each of its pages twice, and calls them shared */
	SHARE({.process = 1, .inode = 7, .end = 64, .resident = 10, .pss = 5, .common = 10},
		{.process = 1, .inode = 7, .end = 64, .resident = 10, .pss = 5, .common = 10});
	CHECK_INT(only()->once, 10);
	CHECK_INT(only()->sum, 20);
	CHECK_INT(only()->process_count, 1);
	sharing_finish(&sharing);
}

TEST(never_more_than_there_is)
{
	SHARE({.process = 1, .inode = 7, .end = 64, .resident = 64, .pss = 64, .common = 64},
		{.process = 2, .inode = 7, .end = 64, .resident = 64, .pss = 64, .common = 64});
	CHECK_INT(only()->once, 64);
	sharing_finish(&sharing);
}

TEST(swap_is_of_the_object)
{
	/* each mapping tells of all that is swapped in its part */
	SHARE({.process = 1, .inode = 7, .end = 64, .swap = 40},
		{.process = 2, .inode = 7, .end = 64, .swap = 40},
		{.process = 2, .inode = 7, .start = 64, .end = 96, .swap = 3});
	CHECK_INT(only()->swap, 43);
	CHECK_INT(only()->once, 43);
	CHECK_INT(only()->sum, 83);
	sharing_finish(&sharing);
}

TEST(objects_are_told_apart_by_device_and_inode)
{
	SHARE({.process = 1,
		      .inode = 7,
		      .end = 10,
		      .resident = 10,
		      .unique = 10,
		      .is_memory = true},
		{.process = 2, .inode = 8, .end = 10, .resident = 10, .unique = 10},
		{.process = 2,
			.inode = 7,
			.end = 10,
			.resident = 10,
			.unique = 10,
			.device = "8:1"});
	CHECK_INT(sharing.count, 3);
	CHECK_INT(sharing_sum_once(&sharing, true), 10);
	CHECK_INT(sharing_sum_once(&sharing, false), 20);
	sharing_finish(&sharing);
}

TEST(order_does_not_matter)
{
	SHARE({.process = 2, .inode = 7, .start = 64, .end = 96, .resident = 1, .unique = 1},
		{.process = 2, .inode = 9, .end = 1, .resident = 1, .unique = 1},
		{.process = 1, .inode = 7, .end = 64, .resident = 8, .pss = 4, .common = 8},
		{.process = 2, .inode = 7, .end = 64, .resident = 8, .pss = 4, .common = 8});
	CHECK_INT(sharing.count, 2);
	CHECK_INT(sharing.objects[0].once, 9);
	CHECK_INT(sharing.objects[0].process_count, 2);
	CHECK_INT(sharing.objects[0].use_count, 3);
	CHECK_INT(sharing.objects[1].once, 1);
	sharing_finish(&sharing);
}

TEST(nothing)
{
	share(NULL, 0);
	CHECK_INT(sharing.count, 0);
	CHECK_INT(sharing_sum_once(&sharing, true), 0);
	sharing_finish(&sharing);
}

TESTS(CASE(one_alone), CASE(the_same_part_of_two_counts_once),
	CASE(shares_that_were_rounded_down_make_no_difference),
	CASE(others_that_map_it_too_make_no_difference), CASE(parts_that_overlap),
	CASE(parts_that_do_not_overlap_add_up), CASE(different_pages_of_the_same_part_add_up),
	CASE(one_that_maps_it_twice), CASE(never_more_than_there_is),
	CASE(swap_is_of_the_object), CASE(objects_are_told_apart_by_device_and_inode),
	CASE(order_does_not_matter), CASE(nothing))
