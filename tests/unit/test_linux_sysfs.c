/* Files of sysfs that hold a single value. */
#include <errno.h>

#include "linux/parse.h"
#include "linux/sysfs.h"
#include "linux_tree.h"

TEST(files_of_sysfs_are_numbers_or_errors)
{
	static const struct {
		const char *text;
		int result;
		int64_t number;
	} files[] = {{"12\n", 0, 12}, {"-3\n", 0, -3}, {"0", 0, 0}, {" 5 \n", 0, 5},
		{"", -EBADMSG, 0}, {"\n", -EBADMSG, 0}, {"x\n", -EBADMSG, 0},
		{"12 13\n", -EBADMSG, 0}, {"0x12\n", -EBADMSG, 0}, {"1.5\n", -EBADMSG, 0},
		{"99999999999999999999999\n", -EBADMSG, 0}};
	char text[8];
	int64_t number;

	tree_begin();
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		tree_put("sys/number", files[i].text);
		number = 0;
		CHECK_INT(sysfs_number(AT_FDCWD, tree_path("sys/number"), &number),
			files[i].result);
		CHECK_INT(number * !files[i].result, files[i].number);
	}
	CHECK_INT(sysfs_number(AT_FDCWD, tree_path("sys/none"), &number), -ENOENT);
	tree_put("sys/text", "Li-ion \n");
	CHECK_INT(sysfs_text(AT_FDCWD, tree_path("sys/text"), text, sizeof text), 6);
	CHECK_TEXT(text, "Li-ion");
	tree_put("sys/text", "much too long for that\n");
	CHECK_INT(sysfs_text(AT_FDCWD, tree_path("sys/text"), text, sizeof text), 7);
	CHECK_TEXT(text, "much to");
	tree_put("sys/text", " \n");
	CHECK_INT(sysfs_text(AT_FDCWD, tree_path("sys/text"), text, sizeof text), -ENODATA);
	CHECK_INT(sysfs_state(-EIO), STATE_FAILED);
	CHECK_INT(sysfs_state(-EACCES), STATE_DENIED);
	CHECK_INT(sysfs_state(-ENODEV), STATE_NONE);
}

TEST(a_link_has_the_name_of_what_it_leads_to)
{
	char name[8];

	tree_begin();
	tree_link("sys/driver", "../../bus/pci/drivers/nvme");
	sysfs_link_name(tree_path("sys/driver"), name, sizeof name);
	CHECK_TEXT(name, "nvme");
	tree_link("sys/driver", "alone");
	sysfs_link_name(tree_path("sys/driver"), name, sizeof name);
	CHECK_TEXT(name, "alone");
	sysfs_link_name(tree_path("sys/none"), name, sizeof name);
	CHECK_TEXT(name, "");
}

TEST(what_is_never_below_0_has_a_value_or_a_state)
{
	tree_begin();
	tree_put("sys/number", "12\n");
	CHECK(sysfs_natural(AT_FDCWD, tree_path("sys/number")) == 12);
	tree_put("sys/number", "-1\n");
	CHECK(sysfs_natural(AT_FDCWD, tree_path("sys/number")) == ABSENT_U64(STATE_FAILED));
	CHECK(sysfs_natural(AT_FDCWD, tree_path("sys/none")) == ABSENT_U64(STATE_NONE));
	CHECK(sysfs_has(AT_FDCWD, tree_path("sys/number")));
	CHECK(!sysfs_has(AT_FDCWD, tree_path("sys/none")));
}

TESTS(CASE(files_of_sysfs_are_numbers_or_errors), CASE(a_link_has_the_name_of_what_it_leads_to),
	CASE(what_is_never_below_0_has_a_value_or_a_state))
