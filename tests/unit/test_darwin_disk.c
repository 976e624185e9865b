/* Table DISK: which media there are, on what they are stacked, and what they count. Expected
 * values are those of the fixtures. */
#include "disk/disk.h"
#include "sim.h"
#include "watch.h"

static struct watch *open_disks(const char *machine)
{
	struct watch *watch;

	sim_boot(machine);
	watch = watch_open_table(TABLE_DISK, NULL, NULL);
	watch_list(watch);
	return watch;
}

static void finish(struct watch *watch)
{
	watch_close(watch);
	CHECK_INT(sim_held(), 0);
}

static uint32_t slot_of(
	struct watch *watch, const char *name, struct darwin_disk_device *device)
{
	for (uint32_t i = 0; i < watch->count; i++) {
		if (!watch->rows[i].alive)
			continue;
		CHECK_INT(watch_read_slot(watch, i, SOURCE_disk_device, device), STATE_OK);
		if (strcmp(watch_text(&device->name), name) == 0)
			return i;
	}
	test_fail(__FILE__, __LINE__, "there is no %s", name);
}

static struct darwin_disk_device device_of(struct watch *watch, const char *name)
{
	struct darwin_disk_device device;

	slot_of(watch, name, &device);
	return device;
}

static int read_of(struct watch *watch, const char *name, uint32_t source, void *sample)
{
	struct darwin_disk_device device;

	return watch_read_slot(watch, slot_of(watch, name, &device), source, sample);
}

static struct darwin_disk_facts facts_of(struct watch *watch, const char *name)
{
	struct darwin_disk_facts sample;

	CHECK_INT(read_of(watch, name, SOURCE_disk_facts, &sample), STATE_OK);
	return sample;
}

static struct darwin_disk_io io_of(struct watch *watch, const char *name)
{
	struct darwin_disk_io sample;

	CHECK_INT(read_of(watch, name, SOURCE_disk_io, &sample), STATE_OK);
	return sample;
}

static void check_kind(struct watch *watch, const char *name, const char *kind,
	const char *lower, uint64_t counted)
{
	struct darwin_disk_device device = device_of(watch, name);

	CHECK_TEXT(watch_text(&device.kind), kind);
	CHECK_TEXT(watch_text(&device.lower), lower);
	CHECK_INT(device.counted, counted);
}

TEST(tells_what_each_medium_is)
{
	struct watch *watch = open_disks("m1");

	CHECK_INT(watch->births, 8);
	check_kind(watch, "disk0", "disk", "", 1);
	check_kind(watch, "disk0s1", "partition", "disk0", 0);
	check_kind(watch, "disk0s2", "partition", "disk0", 0);
	check_kind(watch, "disk3", "container", "disk0s2", 0);
	check_kind(watch, "disk3s1", "volume", "disk3", 0);
	check_kind(watch, "disk3s1s1", "snapshot", "disk3s1", 0);
	check_kind(watch, "disk3s5", "volume", "disk3", 0);
	check_kind(watch, "disk4", "loop", "", 0);
	finish(watch);
}

TEST(knows_a_disk)
{
	struct watch *watch = open_disks("m1");
	struct darwin_disk_device disk = device_of(watch, "disk0");
	struct darwin_disk_facts device = facts_of(watch, "disk0");

	CHECK_TEXT(watch_text(&device.model), "APPLE SSD AP0512Q");
	CHECK_TEXT(watch_text(&device.serial), "0ba0123456789abc");
	CHECK_TEXT(watch_text(&disk.number), "1:0");
	CHECK_INT(device.label.state, STATE_NONE);
	CHECK_INT(device.wwid.state, STATE_NONE);
	CHECK_INT(disk.size, 500277792768);
	CHECK_INT(device.rotational, 0);
	CHECK_INT(device.removable, 0);
	CHECK_INT(device.read_only, 0);
	finish(watch);
}

TEST(knows_what_is_on_it)
{
	struct watch *watch = open_disks("m1");
	struct darwin_disk_facts device = facts_of(watch, "disk0s2");

	CHECK_TEXT(watch_text(&device.label), "Container");
	CHECK_TEXT(watch_text(&device.wwid), "uuid.2B1C7C2E-0002-4E6A-9F0B-0A0B0C0D0E02");
	CHECK_INT(device.model.state, STATE_NONE);
	CHECK_INT(device.rotational, 0); /* as that below it */
	device = facts_of(watch, "disk3s1");
	CHECK_TEXT(watch_text(&device.label), "Macintosh HD");
	CHECK_INT(device.rotational, 0);
	device = facts_of(watch, "disk3s1s1");
	CHECK_TEXT(watch_text(&device.label), "com.apple.os.update-1F2E3D");
	CHECK_INT(device.read_only, 1);
	device = facts_of(watch, "disk4");
	CHECK_TEXT(watch_text(&device.model), "Apple Disk Image");
	CHECK_INT(device.removable, 1);
	CHECK_INT(device.read_only, 1);
	CHECK(device.rotational == ABSENT_U64(STATE_NONE));
	finish(watch);
}

/* disk0 after 2 s: 300000 bytes, 30 reads and 6 ms a second more. */
TEST(counts_traffic)
{
	struct watch *watch = open_disks("m1");
	struct darwin_disk_io io = io_of(watch, "disk0");

	CHECK_INT(io.read_bytes, 15230596993024);
	CHECK_INT(io.reads, 482000000);
	CHECK_INT(io.read_ns, 282489049252537);
	CHECK_INT(io.write_bytes, 6288013434880);
	CHECK_INT(io.writes, 165807382);
	CHECK_INT(io.write_ns, 20147040256000);
	CHECK_INT(io.errors, 0);
	CHECK_INT(io.retries, 0);
	sim_advance(2000000000);
	io = io_of(watch, "disk0");
	CHECK_INT(io.read_bytes, 15230596993024 + 600000);
	CHECK_INT(io.reads, 482000060);
	CHECK_INT(io.read_ns, 282489049252537 + 12000000);
	finish(watch);
}

TEST(apfs_counts_of_volumes_and_containers)
{
	struct watch *watch = open_disks("m1");
	struct darwin_disk_io io = io_of(watch, "disk3s5"), none;

	CHECK_INT(io.read_bytes, 5000000000);
	CHECK_INT(io.writes, 300000);
	CHECK(io.read_ns == ABSENT_U64(STATE_NONE) && io.errors == ABSENT_U64(STATE_NONE));
	io = io_of(watch, "disk3");
	CHECK_INT(io.read_bytes, 9000000000);
	CHECK_INT(read_of(watch, "disk0s2", SOURCE_disk_io, &none), STATE_NONE);
	CHECK_INT(read_of(watch, "disk3s1s1", SOURCE_disk_io, &none), STATE_NONE);
	finish(watch);
}

TEST(counts_errors_of_a_stick)
{
	struct watch *watch = open_disks("intel");
	struct darwin_disk_io io = io_of(watch, "disk5");
	struct darwin_disk_facts device = facts_of(watch, "disk5");

	check_kind(watch, "disk5", "disk", "", 1);
	check_kind(watch, "disk5s1", "partition", "disk5", 0);
	CHECK_TEXT(watch_text(&device.model), "SanDisk Ultra Fit");
	CHECK_INT(device.removable, 1);
	CHECK(device.rotational == ABSENT_U64(STATE_NONE));
	CHECK_INT(io.errors, 3);  /* 1 + 2 */
	CHECK_INT(io.retries, 9); /* 4 + 5 */
	finish(watch);
}

TEST(the_disk_of_a_virtual_machine_is_a_disk)
{
	struct watch *watch = open_disks("vm");
	struct darwin_disk_facts device;
	struct darwin_disk_io io;

	CHECK_INT(watch->births, 1);
	check_kind(watch, "disk0", "disk", "", 1);
	device = facts_of(watch, "disk0");
	CHECK_INT(device.model.state, STATE_NONE);
	io = io_of(watch, "disk0");
	CHECK_INT(io.read_bytes, 1000000);
	CHECK(io.read_ns == ABSENT_U64(STATE_NONE)); /* it does not tell */
	finish(watch);
}

TEST(tells_other_kinds)
{
	struct watch *watch;

	sim_boot("vm");
	sim_add("[entry 1]\nclass = KDIRAMBackingStore\nconforms = IOBlockStorageDevice\n"
		"Protocol Characteristics.Physical Interconnect = text Virtual Interface\n"
		"Protocol Characteristics.Physical Interconnect Location = text RAM\n"
		"Device Characteristics.Medium Type = text Rotational\n"
		"[entry 2]\nclass = IOBlockStorageDriver\nparent = 1\n"
		"[entry 3]\nclass = IOMedia\nparent = 2\nBSD Name = text disk7\nWhole = bool "
		"yes\n"
		"[entry 4]\nclass = IODVDMedia\nconforms = IOMedia\nBSD Name = text disk8\n"
		"Whole = bool yes\n"
		"[entry 5]\nclass = CoreStorageLogical\nconforms = IOMedia\n"
		"BSD Name = text disk9\nWhole = bool yes\n"
		"[entry 6]\nclass = AppleRAIDSet\nparent = 3 4\n"
		"[entry 7]\nclass = IOMedia\nparent = 6\nBSD Name = text disk10\nWhole = bool "
		"yes\n"
		"[entry 8]\nclass = IOMedia\nWhole = bool yes\n");
	watch = watch_open_table(TABLE_DISK, NULL, NULL);
	watch_list(watch);
	check_kind(watch, "disk7", "memory", "", 0);
	CHECK_INT(facts_of(watch, "disk7").rotational, 1);
	check_kind(watch, "disk8", "optical", "", 1);
	check_kind(watch, "disk9", "mapped", "", 0);
	check_kind(watch, "disk10", "raid", "disk7,disk8", 0);
	check_kind(watch, "", "disk", "", 1); /* has no name yet */
	sim_set("entry", "8", "BSD Name", "text disk11");
	watch_list(watch);
	check_kind(watch, "disk11", "disk", "", 1);
	finish(watch);
}

static void check_mount(
	struct watch *watch, const char *name, const char *point, const char *type)
{
	struct darwin_disk_mount sample;

	CHECK_INT(read_of(watch, name, SOURCE_disk_mount, &sample), STATE_OK);
	CHECK_TEXT(watch_text(&sample.point), point);
	CHECK_TEXT(watch_text(&sample.filesystem), type);
}

TEST(finds_mounts)
{
	struct watch *watch = open_disks("intel");
	struct darwin_disk_mount sample;

	sim_forget_calls();
	check_mount(watch, "disk3s1s1", "/", "apfs");
	check_mount(watch, "disk3s5", "/System/Volumes/Data", "apfs");
	check_mount(watch, "disk5s1", "/Volumes/STICK", "msdos");
	CHECK_INT(read_of(watch, "disk3s1", SOURCE_disk_mount, &sample), STATE_NONE);
	CHECK_INT(sim_calls("getfsstat", -1), 1); /* for all rows */
	sim_remove("mount", "/Volumes/STICK");
	watch_list(watch);
	CHECK_INT(read_of(watch, "disk5s1", SOURCE_disk_mount, &sample), STATE_NONE);
	sim_fail("getfsstat", -1, -1, 5, 1);
	watch_list(watch);
	CHECK_INT(read_of(watch, "disk5s1", SOURCE_disk_mount, &sample), STATE_NONE);
	finish(watch);
}

TEST(many_mounts_fit)
{
	struct watch *watch;
	char text[128];

	sim_boot("vm");
	for (int i = 0; i < 40; i++) {
		snprintf(
			text, sizeof text, "[mount /m%d]\nfrom = map%d\ntype = autofs\n", i, i);
		sim_add(text);
	}
	sim_add("[mount /last]\nfrom = /dev/disk0\ntype = hfs\n"
		"[mount /again]\nfrom = /dev/disk0\ntype = hfs\n");
	watch = watch_open_table(TABLE_DISK, NULL, NULL);
	watch_list(watch);
	check_mount(watch, "disk0", "/last", "hfs");
	finish(watch);
}

/* The container has 494384795648 bytes, 120699413 blocks of 4096; 200000000000 of them are free,
 * which is 48828125 blocks exactly. */
TEST(tells_room)
{
	struct watch *watch = open_disks("m1");
	struct darwin_disk_space space;

	CHECK_INT(read_of(watch, "disk3s5", SOURCE_disk_space, &space), STATE_OK);
	CHECK_INT(space.total, 494384795648);
	CHECK_INT(space.used, 294384795648);
	CHECK_INT(space.available, 200000000000);
	CHECK_INT(read_of(watch, "disk0", SOURCE_disk_space, &space), STATE_NONE);
	sim_set("mount", "/System/Volumes/Data", "over", "1");
	CHECK_INT(read_of(watch, "disk3s5", SOURCE_disk_space, &space), STATE_NONE);
	sim_fail("statfs", -1, -1, 1, 1);
	CHECK_INT(read_of(watch, "disk3s5", SOURCE_disk_space, &space), STATE_DENIED);
	sim_fail("statfs", -1, -1, 5, 1);
	CHECK_INT(read_of(watch, "disk3s5", SOURCE_disk_space, &space), STATE_FAILED);
	sim_remove("mount", "/System/Volumes/Data");
	CHECK_INT(read_of(watch, "disk3s5", SOURCE_disk_space, &space), STATE_NONE);
	finish(watch);
}

/* A counter that begins anew goes on from where it was. */
TEST(counters_never_step_back)
{
	struct watch *watch = open_disks("vm");

	CHECK_INT(io_of(watch, "disk0").write_bytes, 500000);
	sim_set("entry", "2001", "Statistics.Bytes (Write)", "u64 100");
	CHECK_INT(io_of(watch, "disk0").write_bytes, 500100);
	sim_set("entry", "2001", "Statistics.Bytes (Write)", "u64 150");
	CHECK_INT(io_of(watch, "disk0").write_bytes, 500150);
	sim_set("entry", "2001", "Statistics.Bytes (Write)", "text 150");
	CHECK(io_of(watch, "disk0").write_bytes == ABSENT_U64(STATE_NONE));
	sim_set("entry", "2001", "Statistics.Bytes (Write)", "i64 -9223372036854775808");
	CHECK(io_of(watch, "disk0").write_bytes == ABSENT_U64(STATE_FAILED));
	sim_set("entry", "2001", "Statistics.Bytes (Write)", "u64 151");
	CHECK_INT(io_of(watch, "disk0").write_bytes, 500151);
	finish(watch);
}

TEST(disks_come_and_go)
{
	struct watch *watch = open_disks("intel");
	struct darwin_disk_io sample;
	uint32_t before = watch->births;

	sim_remove("entry", "2034");
	sim_remove("entry", "2032");
	watch_list(watch);
	CHECK_INT(watch->deaths, 2);
	sim_add("[entry 2050]\nclass = IOMedia\nparent = 2041\nBSD Name = text disk6\n"
		"Whole = bool yes\n");
	watch_list(watch);
	CHECK_INT(watch->births, 1);
	check_kind(watch, "disk6", "disk", "", 1);
	sim_set("entry", "2041", "gone", "1");
	CHECK_INT(read_of(watch, "disk6", SOURCE_disk_io, &sample), STATE_NONE);
	CHECK(before > 2);
	finish(watch);
}

TEST(no_answer_is_no_empty_list)
{
	struct watch *watch = open_disks("m1");
	int error;

	sim_fail("IOServiceGetMatchingServices", -1, -1, kIOReturnNoMemory, 1);
	error = watch->provider->list(
		watch->handle, &watch->roster, &(struct row_scope){.all = true});
	CHECK(error < 0);
	sim_fail("IORegistryEntryGetRegistryEntryID", -1, 2002, kIOReturnNoDevice, 1);
	error = watch->provider->list(
		watch->handle, &watch->roster, &(struct row_scope){.all = true});
	CHECK(error < 0);
	watch_list(watch);
	CHECK_INT(watch->births + watch->deaths, 0);
	finish(watch);
}

/* A steady list asks for each medium and its number, and once more at the end; a read is one
 * call. */
TEST(asks_for_no_more_than_it_needs)
{
	struct watch *watch = open_disks("vm");

	sim_forget_calls();
	watch_list(watch);
	CHECK_INT(sim_calls("IOIteratorNext", -1), 2);
	CHECK_INT(sim_calls("IORegistryEntryGetRegistryEntryID", -1), 1);
	CHECK_INT(sim_all_calls(), 4); /* and the beginning of the walk */
	sim_forget_calls();
	io_of(watch, "disk0");
	CHECK_INT(sim_all_calls(), 1);
	finish(watch);
}

TESTS(CASE(tells_what_each_medium_is), CASE(knows_a_disk), CASE(knows_what_is_on_it),
	CASE(counts_traffic), CASE(apfs_counts_of_volumes_and_containers),
	CASE(counts_errors_of_a_stick), CASE(the_disk_of_a_virtual_machine_is_a_disk),
	CASE(tells_other_kinds), CASE(finds_mounts), CASE(many_mounts_fit), CASE(tells_room),
	CASE(counters_never_step_back), CASE(disks_come_and_go),
	CASE(no_answer_is_no_empty_list), CASE(asks_for_no_more_than_it_needs));
