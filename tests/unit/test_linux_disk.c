/* Table DISK: block devices, and what is stacked on them. */
#include <math.h>
#include <sys/sysmacros.h>

#include "linux/disk/disk.h"
#include "linux_table.h"
#include "linux_tree.h"

#define NONE   ABSENT_U64(STATE_NONE)
#define FAILED ABSENT_U64(STATE_FAILED)

/* ------------------------------------------------------------------------ parsers */

static struct scan scan_of(const char *text)
{
	return (struct scan){text, text + strlen(text)};
}

static struct linux_disk_io parse(const char *text)
{
	struct linux_disk_io io;
	struct disk_line line;

	CHECK(disk_line_parse(scan_of(text), &line));
	memcpy(&io, line.counts, sizeof io);
	return io;
}

TEST(a_line_has_its_numbers_in_order)
{
	struct linux_disk_io io =
		parse(" 259       0 nvme0n1 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17");
	struct disk_line line;

	CHECK(io.reads == 1 && io.reads_merged == 2 && io.sectors_read == 3 && io.read_ms == 4);
	CHECK(io.writes == 5 && io.writes_merged == 6 && io.sectors_written == 7);
	CHECK(io.write_ms == 8 && io.in_flight == 9 && io.busy_ms == 10 && io.queue_ms == 11);
	CHECK(io.discards == 12 && io.discards_merged == 13 && io.sectors_discarded == 14);
	CHECK(io.discard_ms == 15 && io.flushes == 16 && io.flush_ms == 17);
	CHECK(disk_line_parse(scan_of("259 1 nvme0n1p1 1"), &line));
	CHECK_TEXT(line.name, "nvme0n1p1");
	CHECK(line.major == 259 && line.minor == 1);
}

TEST(older_kernels_have_fewer_numbers)
{
	struct linux_disk_io io = parse("8 0 sda 1 2 3 4 5 6 7 8 9 10 11"); /* before 4.18 */

	CHECK(io.queue_ms == 11 && io.discards == NONE && io.discard_ms == NONE);
	CHECK(io.flushes == NONE && io.flush_ms == NONE);
	io = parse("8 0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15"); /* before 5.5 */
	CHECK(io.discard_ms == 15 && io.flushes == NONE && io.flush_ms == NONE);
	io = parse("8 0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19"); /* later ones */
	CHECK(io.flush_ms == 17);
}

TEST(garbage_costs_its_own_cell)
{
	struct linux_disk_io io = parse("8 0 sda 1 x 3y -4 5 6 7 8 4294967295 10 11 12");

	CHECK(io.reads == 1 && io.reads_merged == FAILED && io.sectors_read == FAILED);
	CHECK(io.read_ms == FAILED && io.writes == 5 && io.in_flight == FAILED);
	CHECK(io.busy_ms == 10 && io.discards == 12 && io.discards_merged == FAILED);
	CHECK(io.discard_ms == FAILED && io.flushes == NONE);
	io = parse("8 0 sda 1 2 3");
	CHECK(io.sectors_read == 3 && io.read_ms == FAILED && io.queue_ms == FAILED);
	CHECK(io.discards == NONE);
	io = parse("8 0 sda 99999999999999999999999999 2 3 4 5 6 7 8 9 10 11");
	CHECK(io.reads == NUMBER_LIMIT);
}

TEST(what_is_no_line_is_no_disk)
{
	static const char *const broken[] = {"", " ", "8", "8 0", "8 0 ", "x 0 sda 1",
		"8 y sda 1", "-8 0 sda 1", "99999999999 0 sda 1"};
	char name[200];
	struct disk_line line;

	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
		CHECK(!disk_line_parse(scan_of(broken[i]), &line));
	memset(name, 'n', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	memcpy(name, "8 0 ", 4);
	CHECK(!disk_line_parse(scan_of(name), &line));
}

TEST(small_texts_are_taken_apart)
{
	char page[] = "\0\x80\0\x0a  WD-ABC1 \0\0more", serial[64];
	uint64_t number;

	CHECK_INT(disk_hex_parse("0x1f\n", 5, &number), 0);
	CHECK_INT(number, 31);
	CHECK(disk_hex_parse("0x\n", 3, &number) < 0);
	CHECK(disk_hex_parse("31\n", 3, &number) < 0);
	CHECK(disk_hex_parse("0x1g", 4, &number) < 0);
	CHECK(disk_hex_parse("0xfffffffffffffffff", 19, &number) < 0);
	CHECK(disk_vpd_parse(page, sizeof page, serial, sizeof serial));
	CHECK_TEXT(serial, "WD-ABC1");
	CHECK(disk_vpd_parse(page, 8, serial, sizeof serial));
	CHECK_TEXT(serial, "WD");
	CHECK(!disk_vpd_parse(page, 4, serial, sizeof serial));
	CHECK(!disk_vpd_parse(page, 2, serial, sizeof serial));
	page[1] = '\x83';
	CHECK(!disk_vpd_parse(page, sizeof page, serial, sizeof serial));
	CHECK(disk_progress_parse("25 / 100") == 0.25);
	CHECK(isnan(disk_progress_parse("none")) && isnan(disk_progress_parse("delayed")));
	CHECK(isnan(disk_progress_parse("")) && isnan(disk_progress_parse("5 / 0")));
	CHECK(isnan(disk_progress_parse("101 / 100")) && isnan(disk_progress_parse("-1 / 5")));
}

static bool parse_mount(const char *text, struct mount_line *line)
{
	return mount_line_parse(scan_of(text), line);
}

TEST(mounts_are_taken_apart)
{
	static const char *const broken[] = {"", "1", "1 2 x / / rw - ext4 s o",
		"1 2 8 / / rw - ext4 /dev/sda", "1 2 8:x / / rw - a b", "1 2 8:1 / /point rw",
		"1 2 8:1 / /point rw shared:1", "x 2 8:1 / / rw - a b",
		"-1 2 8:1 / / rw - a b"};
	struct mount_line line;
	char *text;

	CHECK(parse_mount("36 35 98:7 /mnt1 /a\\040b\\134 rw,noatime master:1 shared:2 - ext3 "
			  "/dev/root rw,errors=continue",
		&line));
	CHECK(line.id == 36 && line.major == 98 && line.minor == 7);
	text = mount_unescape(line.point);
	CHECK_TEXT(text, "/a b\\");
	free(text);
	text = mount_unescape(line.type);
	CHECK_TEXT(text, "ext3");
	free(text);
	text = mount_unescape(scan_of("\\04\\999\\400\\101\\"));
	CHECK_TEXT(text, "\\04\\999\\400A\\");
	free(text);
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
		CHECK(!parse_mount(broken[i], &line));
}

TEST(counters_of_32_bits_are_counted_on)
{
	struct unwrap unwrap = {0};

	CHECK(unwrap_count(&unwrap, 4294967000) == 4294967000);
	CHECK(unwrap_count(&unwrap, 4) == 4294967300);
	CHECK(unwrap_count(&unwrap, 5) == 4294967301);
	unwrap = (struct unwrap){0};
	CHECK(unwrap_count(&unwrap, 2000000000) == 2000000000);
	CHECK(unwrap_count(&unwrap, 7) == 7); /* it was reset */
	unwrap = (struct unwrap){0};
	CHECK(unwrap_count(&unwrap, 1000000000000) == 1000000000000);
	CHECK(unwrap_count(&unwrap, 7) == 7); /* it has more bits */
}

/* ------------------------------------------------------------------------ the table */

static struct watch *open_disks(void)
{
	return table_open(TABLE_DISK, tree_procfs, tree_sysfs);
}

static uint32_t slot_of(struct watch *watch, const char *name)
{
	struct linux_disk_device device;

	for (uint32_t i = 0; i < watch->count; i++) {
		if (!watch->rows[i].alive)
			continue;
		CHECK_INT(watch_read_slot(watch, i, SOURCE_disk_device, &device), STATE_OK);
		if (strcmp(watch_text(&device.name), name) == 0)
			return i;
	}
	return NO_ROW;
}

static struct linux_disk_device device_of(struct watch *watch, const char *name)
{
	struct linux_disk_device device;
	uint32_t slot = slot_of(watch, name);

	if (slot == NO_ROW)
		test_fail(__FILE__, __LINE__, "there is no row %s", name);
	CHECK_INT(watch_read_slot(watch, slot, SOURCE_disk_device, &device), STATE_OK);
	return device;
}

static void check_device(struct watch *watch, const char *name, const char *kind,
	const char *lower, uint64_t counted)
{
	struct linux_disk_device device = device_of(watch, name);

	CHECK_TEXT(watch_text(&device.kind), kind);
	CHECK_TEXT(watch_text(&device.lower), lower);
	CHECK(device.counted == counted);
}

static void put_whole(const char *name, const char *sectors, const char *sequence)
{
	char path[128];

	snprintf(path, sizeof path, "sys/block/%s/size", name);
	tree_put(path, sectors);
	snprintf(path, sizeof path, "sys/block/%s/diskseq", name);
	tree_put(path, sequence);
}

static void put_hardware(const char *name, const char *sectors, const char *sequence)
{
	char path[128];

	put_whole(name, sectors, sequence);
	snprintf(path, sizeof path, "sys/block/%s/device/uevent", name);
	tree_put(path, "");
}

static void put_stacked_tree(void)
{
	tree_put("proc/diskstats", " 8 0 sda 10 0 8 4 0 0 0 0 0 1 1\n"
				   " 8 1 sda1 5 0 4 2 0 0 0 0 0 1 1\n"
				   " 8 16 sdb 10 0 8 4 0 0 0 0 0 1 1\n"
				   " 8 17 sdb1 5 0 4 2 0 0 0 0 0 1 1\n"
				   " 9 0 md0 1 0 8 0 0 0 0 0 0 0 0\n"
				   " 253 0 dm-0 1 0 8 0 0 0 0 0 0 0 0\n"
				   " 7 0 loop0 0 0 0 0 0 0 0 0 0 0 0\n"
				   " 7 1 loop1 0 0 0 0 0 0 0 0 0 0 0\n"
				   " 252 0 zram0 0 0 0 0 0 0 0 0 0 0 0\n"
				   " 11 0 sr0 0 0 0 0 0 0 0 0 0 0 0\n"
				   " 104 0 cciss/c0d0 1 0 8 0 0 0 0 0 0 0 0\n"
				   " 104 1 cciss/c0d0p1 1 0 8 0 0 0 0 0 0 0 0\n"
				   " 259 0 nvme0c0n1 1 0 8 0 0 0 0 0 0 0 0\n"
				   " 259 1 nvme0n1 1 0 8 0 0 0 0 0 0 0 0\n"
				   " 230 0 zd0 1 0 8 0 0 0 0 0 0 0 0\n");
	put_hardware("sda", "1000\n", "1\n");
	tree_put("sys/block/sda/sda1/size", "900\n");
	put_hardware("sdb", "2000\n", "2\n");
	tree_put("sys/block/sdb/sdb1/size", "1900\n");
	put_whole("md0", "800\n", "3\n");
	tree_put("sys/block/md0/md/level", "raid1\n");
	tree_put("sys/block/md0/slaves/sdb1", "");
	tree_put("sys/block/md0/slaves/sda1", "");
	put_whole("dm-0", "700\n", "4\n");
	tree_put("sys/block/dm-0/dm/name", "vg-root\n");
	tree_put("sys/block/dm-0/slaves/md0", "");
	put_whole("loop0", "0\n", "5\n");
	put_whole("loop1", "64\n", "6\n");
	put_whole("zram0", "0\n", "7\n");
	put_hardware("sr0", "0\n", "8\n");
	tree_put("sys/block/sr0/device/model", "DVD\n");
	put_hardware("cciss!c0d0", "3000\n", "9\n");
	tree_put("sys/block/cciss!c0d0/cciss!c0d0p1/size", "2900\n");
	put_hardware("nvme0c0n1", "4000\n", "10\n");
	tree_put("sys/block/nvme0c0n1/hidden", "1\n");
	put_whole("zd0", "500\n", "12\n"); /* of ZFS, on disks that it does not name */
	put_hardware("nvme0n1", "4000\n", "11\n");
	tree_put("sys/block/nvme0n1/hidden", "0\n");
}

TEST(what_is_stacked_is_not_counted_twice)
{
	struct watch *watch;

	tree_begin();
	put_stacked_tree();
	watch = open_disks();
	check_device(watch, "sda", "disk", "", 1);
	check_device(watch, "sda1", "partition", "sda", 0);
	check_device(watch, "sdb1", "partition", "sdb", 0);
	check_device(watch, "md0", "raid", "sda1,sdb1", 0);
	check_device(watch, "dm-0", "mapped", "md0", 0);
	check_device(watch, "loop1", "loop", "", 0);
	check_device(watch, "sr0", "optical", "", 1);
	check_device(watch, "zd0", "disk", "", 0);
	check_device(watch, "cciss/c0d0", "disk", "", 1);
	check_device(watch, "cciss/c0d0p1", "partition", "cciss/c0d0", 0);
	check_device(watch, "nvme0c0n1", "path", "", 0);
	check_device(watch, "nvme0n1", "disk", "", 1);
	CHECK(device_of(watch, "sda1").sectors == 900);
	CHECK(device_of(watch, "sr0").sectors == 0);
	watch_close(watch);
}

TEST(what_nothing_was_made_of_has_no_row)
{
	struct watch *watch;

	tree_begin();
	put_stacked_tree();
	watch = open_disks();
	CHECK(slot_of(watch, "loop0") == NO_ROW);
	CHECK(slot_of(watch, "zram0") == NO_ROW);
	CHECK_INT(table_rows(watch), 13);
	tree_put("sys/block/zram0/size", "128\n");
	pause_ms(2100);
	watch_list(watch);
	CHECK_INT(watch->births, 1);
	check_device(watch, "zram0", "memory", "", 0);
	watch_close(watch);
}

TEST(another_disk_of_the_same_name_is_another_row)
{
	static const char both[] = "8 0 sda 10 0 8 4 0 0 0 0 0 1 1\n"
				   "8 1 sda1 5 0 4 2 0 0 0 0 0 1 1\n";
	struct watch *watch;

	tree_begin();
	tree_put("proc/diskstats", both);
	put_hardware("sda", "1000\n", "1\n");
	tree_put("sys/block/sda/sda1/size", "900\n");
	watch = open_disks();
	CHECK_INT(watch->births, 2);
	watch_list(watch);
	CHECK_INT(watch->births + watch->deaths, 0);
	put_hardware("sda", "2000\n", "5\n");
	pause_ms(2100);
	watch_list(watch);
	CHECK_INT(watch->births, 2);
	CHECK_INT(watch->deaths, 2);
	CHECK(device_of(watch, "sda").sectors == 2000);
	/* Counters that began again are seen at once. */
	put_whole("sda", "3000\n", "6\n");
	tree_put("proc/diskstats", "8 0 sda 9 0 8 4 0 0 0 0 0 1 1\n"
				   "8 1 sda1 5 0 4 2 0 0 0 0 0 1 1\n");
	watch_list(watch);
	CHECK_INT(watch->births, 2);
	CHECK(device_of(watch, "sda").sectors == 3000);
	/* So is what goes and comes. */
	tree_put("proc/diskstats", "8 0 sda 10 0 8 4 0 0 0 0 0 1 1\n");
	watch_list(watch);
	CHECK_INT(watch->deaths, 1);
	tree_put("proc/diskstats", both);
	watch_list(watch);
	CHECK_INT(watch->births, 1);
	check_device(watch, "sda1", "partition", "sda", 0);
	watch_close(watch);
}

TEST(an_array_that_gets_another_disk)
{
	struct watch *watch;

	tree_begin();
	put_stacked_tree();
	watch = open_disks();
	tree_put("sys/block/md0/slaves/sdc", "");
	pause_ms(2100);
	watch_list(watch);
	check_device(watch, "md0", "raid", "sda1,sdb1,sdc", 0);
	watch_close(watch);
}

TEST(without_sysfs_there_are_counters)
{
	struct linux_disk_io io;
	struct watch *watch;

	tree_begin();
	put_stacked_tree();
	tree_remove("sys/block");
	watch = open_disks();
	check_device(watch, "sda1", "", "", NONE);
	CHECK(slot_of(watch, "loop0") == NO_ROW);
	CHECK(device_of(watch, "sda").sectors == NONE);
	CHECK_INT(watch_read_slot(watch, slot_of(watch, "sda"), SOURCE_disk_io, &io), STATE_OK);
	CHECK(io.reads == 10 && io.sectors_read == 8 && io.discards == NONE);
	watch_close(watch);
}

TEST(times_go_on_when_the_kernel_begins_again)
{
	struct linux_disk_io io;
	struct watch *watch;

	tree_begin();
	tree_put("proc/diskstats", "8 0 sda 4294967290 0 0 4294967290 0 0 0 1 4294967 9 9\n");
	watch = open_disks();
	tree_put("proc/diskstats", "8 0 sda 4294967299 0 0 10 0 0 0 2 3 9 9\n");
	watch_list(watch);
	CHECK_INT(watch_read_slot(watch, slot_of(watch, "sda"), SOURCE_disk_io, &io), STATE_OK);
	CHECK(io.read_ms == 4294967306);
	CHECK(io.write_ms == 2 && io.in_flight == 3 && io.reads == 4294967299);
	watch_close(watch);
}

TEST(no_file_is_no_disks)
{
	struct watch *watch;

	tree_begin();
	watch = open_disks();
	CHECK_INT(table_rows(watch), 0);
	tree_put("proc/diskstats", "nonsense\n\n8 0 sda\n\377\n8 0 sda 1");
	watch_list(watch);
	CHECK_INT(table_rows(watch), 1);
	watch_close(watch);
}

TEST(errors_are_those_of_scsi)
{
	struct linux_disk_errors errors;
	struct watch *watch;

	tree_begin();
	put_stacked_tree();
	tree_put("sys/block/sda/device/ioerr_cnt", "0x2a\n");
	tree_put("sys/block/sda/device/iotmo_cnt", "0x0\n");
	tree_put("sys/block/sdb/device/ioerr_cnt", "many\n");
	watch = open_disks();
	CHECK_INT(watch_read_slot(watch, slot_of(watch, "sda"), SOURCE_disk_errors, &errors),
		STATE_OK);
	CHECK(errors.errors == 42 && errors.timeouts == 0);
	CHECK_INT(watch_read_slot(watch, slot_of(watch, "sdb"), SOURCE_disk_errors, &errors),
		STATE_OK);
	CHECK(errors.errors == FAILED && errors.timeouts == NONE);
	CHECK_INT(watch_read_slot(watch, slot_of(watch, "md0"), SOURCE_disk_errors, &errors),
		STATE_NONE);
	watch_close(watch);
}

TEST(facts_of_a_disk_and_of_a_partition)
{
	struct linux_disk_facts facts;
	struct watch *watch;

	tree_begin();
	put_stacked_tree();
	tree_put("sys/block/sda/device/model", "  Spinner 1000   \n");
	tree_put("sys/block/sda/device/serial", "S1\n");
	tree_put("sys/block/sda/device/wwid", "naa.5\n");
	tree_put("sys/block/sda/queue/rotational", "1\n");
	tree_put("sys/block/sda/removable", "x\n");
	tree_put("sys/block/sda/ro", "0\n");
	tree_put("sys/block/sda/sda1/partition", "1\n");
	tree_put("sys/block/sda/sda1/uevent", "MAJOR=8\nPARTN=1\nPARTNAME=EFI System\nX=y\n");
	tree_put("sys/block/sda/sda1/ro", "1\n");
	watch = open_disks();
	CHECK_INT(watch_read_slot(watch, slot_of(watch, "sda"), SOURCE_disk_facts, &facts),
		STATE_OK);
	CHECK_TEXT(watch_text(&facts.model), "Spinner 1000");
	CHECK_TEXT(watch_text(&facts.serial), "S1");
	CHECK_TEXT(watch_text(&facts.wwid), "naa.5");
	CHECK_INT(facts.label.state, STATE_NONE);
	CHECK(facts.rotational == 1 && facts.removable == FAILED && facts.read_only == 0);
	CHECK_INT(watch_read_slot(watch, slot_of(watch, "sda1"), SOURCE_disk_facts, &facts),
		STATE_OK);
	CHECK_TEXT(watch_text(&facts.label), "EFI System");
	CHECK(facts.rotational == NONE && facts.read_only == 1);
	CHECK_INT(facts.model.state, STATE_NONE);
	CHECK_INT(watch_read_slot(watch, slot_of(watch, "dm-0"), SOURCE_disk_facts, &facts),
		STATE_OK);
	CHECK_TEXT(watch_text(&facts.label), "vg-root");
	watch_close(watch);
}

TEST(facts_that_are_kept_from_us)
{
	struct linux_disk_facts facts;
	struct watch *watch;

	tree_begin();
	put_stacked_tree();
	tree_put("sys/block/sda/device/serial", "S1\n");
	CHECK_INT(chmod(tree_path("sys/block/sda/device/serial"), 0), 0);
	become_nobody();
	watch = open_disks();
	CHECK_INT(watch_read_slot(watch, slot_of(watch, "sda"), SOURCE_disk_facts, &facts),
		STATE_OK);
	CHECK_INT(facts.serial.state, STATE_DENIED);
	CHECK(watch->provider->sources[SOURCE_disk_facts].remedy != NULL);
	watch_close(watch);
}

TEST(an_array_says_how_it_is)
{
	struct linux_disk_raid raid;
	struct watch *watch;

	tree_begin();
	put_stacked_tree();
	tree_put("sys/block/md0/md/array_state", "clean\n");
	tree_put("sys/block/md0/md/sync_action", "recover\n");
	tree_put("sys/block/md0/md/raid_disks", "2\n");
	tree_put("sys/block/md0/md/degraded", "1\n");
	tree_put("sys/block/md0/md/sync_completed", "200 / 800\n");
	watch = open_disks();
	CHECK_INT(watch_read_slot(watch, slot_of(watch, "md0"), SOURCE_disk_raid, &raid),
		STATE_OK);
	CHECK_TEXT(watch_text(&raid.level), "raid1");
	CHECK_TEXT(watch_text(&raid.state), "clean");
	CHECK_TEXT(watch_text(&raid.action), "recover");
	CHECK(raid.disks == 2 && raid.missing == 1 && raid.progress == 0.25);
	CHECK_INT(watch_read_slot(watch, slot_of(watch, "sda"), SOURCE_disk_raid, &raid),
		STATE_NONE);
	watch_close(watch);
}

static const char *mount_of(struct watch *watch, const char *name)
{
	struct linux_disk_mount mount;

	if (watch_read_slot(watch, slot_of(watch, name), SOURCE_disk_mount, &mount) != STATE_OK)
		return "";
	return watch_text(&mount.point);
}

TEST(a_device_is_mounted_where_its_filesystem_is_whole)
{
	struct watch *watch;

	tree_begin();
	put_stacked_tree();
	tree_put("proc/self/mountinfo",
		"20 1 0:5 / /proc rw - proc proc rw\n"
		"21 1 8:1 /etc/hosts /etc/hosts rw - ext4 /dev/sda1 rw\n"
		"22 1 8:1 / /my\\040data rw - ext4 /dev/sda1 rw\n"
		"23 1 8:1 / /again rw - ext4 /dev/sda1 rw\n"
		"24 1 0:40 /@ / rw - btrfs /dev/mapper/vg-root rw\n"
		"25 1 0:41 / /b rw - btrfs /dev/sdb1 rw\n"
		"26 1 0:42 / /sdb rw - nfs host:/dev/sdb rw\n");
	watch = open_disks();
	CHECK_TEXT(mount_of(watch, "sda1"), "/my data");
	CHECK_TEXT(mount_of(watch, "dm-0"), "/");
	CHECK_TEXT(mount_of(watch, "sdb1"), "/b");
	CHECK_TEXT(mount_of(watch, "sda"), "");
	CHECK_TEXT(mount_of(watch, "sdb"), "");
	tree_put("proc/self/mountinfo", "25 1 0:41 / /b rw - btrfs /dev/sdb rw\n");
	watch_list(watch);
	CHECK_TEXT(mount_of(watch, "sda1"), "");
	CHECK_TEXT(mount_of(watch, "sdb"), "/b");
	watch_close(watch);
}

TEST(the_room_of_a_filesystem_is_asked_of_this_machine_alone)
{
	enum cell_state state = STATE_OK;
	struct linux_disk_space space;
	struct watch *watch;
	bool any = false;

	tree_begin();
	put_stacked_tree();
	watch = open_disks();
	CHECK(watch->provider->unsupported(
		      watch->provider->context, SOURCE_disk_space, &state) != NULL);
	CHECK_INT(state, STATE_UNSUPPORTED);
	watch_close(watch);
	watch = table_open(TABLE_DISK, NULL, NULL);
	CHECK(watch->provider->unsupported(
		      watch->provider->context, SOURCE_disk_space, &state) == NULL);
	for (uint32_t i = 0; i < watch->count; i++) {
		if (watch_read_slot(watch, i, SOURCE_disk_space, &space) != STATE_OK)
			continue;
		any = true;
		CHECK(space.total > 0 && space.used <= space.total);
		CHECK(space.available <= space.total - space.used);
	}
	watch_close(watch);
	if (!any)
		test_skip("no block device is mounted here");
}

/* What is said of the room of a device that is mounted where the tree lies, by a line of mountinfo
 * that begins with this id and has this number. */
static int room_at_tree(const char *id, dev_t device)
{
	struct linux_disk_space space;
	struct watch *watch;
	char line[256];
	int state;

	snprintf(line, sizeof line, "%u %u own0 1 0 8 0 0 0 0 0 0 0 0\n", major(device),
		minor(device));
	tree_put("proc/diskstats", line);
	put_whole("own0", "1000\n", "1\n");
	snprintf(line, sizeof line, "%s 1 %u:%u / %s rw - btrfs /dev/own0 rw\n", id,
		major(device), minor(device), tree_root);
	tree_put("proc/self/mountinfo", line);
	watch = open_disks();
	state = watch_read_slot(watch, slot_of(watch, "own0"), SOURCE_disk_space, &space);
	CHECK(state != STATE_OK || (space.total > 0 && space.used <= space.total));
	watch_close(watch);
	return state;
}

TEST(the_room_is_that_of_the_filesystem_that_is_seen_there)
{
	struct stat status;
	char path[64], text[256], id[32] = "";
	int file;

	tree_begin();
	CHECK(stat(tree_root, &status) == 0);
	CHECK_INT(room_at_tree("70000", status.st_dev), STATE_OK);
	/* Something else is mounted over it. */
	CHECK_INT(room_at_tree("70000", status.st_dev + 1), STATE_NONE);
	/* As of btrfs: the file has another number, but it is the same mount. */
	tree_link("proc/self/fdinfo", "/proc/self/fdinfo");
	CHECK_INT(room_at_tree("70000", status.st_dev + 1), STATE_NONE);
	file = open(tree_root, O_PATH | O_CLOEXEC);
	snprintf(path, sizeof path, "self/fdinfo/%d", file);
	CHECK(proc_text(0, path, text, sizeof text) > 0);
	close(file);
	CHECK(sscanf(strstr(text, "mnt_id:"), "mnt_id: %31s", id) == 1);
	CHECK_INT(room_at_tree(id, status.st_dev + 1), STATE_OK);
}

TESTS(CASE(a_line_has_its_numbers_in_order), CASE(older_kernels_have_fewer_numbers),
	CASE(garbage_costs_its_own_cell), CASE(what_is_no_line_is_no_disk),
	CASE(small_texts_are_taken_apart), CASE(mounts_are_taken_apart),
	CASE(counters_of_32_bits_are_counted_on), CASE(what_is_stacked_is_not_counted_twice),
	CASE(what_nothing_was_made_of_has_no_row),
	CASE(another_disk_of_the_same_name_is_another_row),
	CASE(an_array_that_gets_another_disk), CASE(without_sysfs_there_are_counters),
	CASE(times_go_on_when_the_kernel_begins_again), CASE(no_file_is_no_disks),
	CASE(errors_are_those_of_scsi), CASE(facts_of_a_disk_and_of_a_partition),
	CASE(facts_that_are_kept_from_us), CASE(an_array_says_how_it_is),
	CASE(a_device_is_mounted_where_its_filesystem_is_whole),
	CASE(the_room_is_that_of_the_filesystem_that_is_seen_there),
	CASE(the_room_of_a_filesystem_is_asked_of_this_machine_alone))
