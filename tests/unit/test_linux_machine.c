/* Table SYSTEM: the files that tell of the machine, and what is made of them. */
#include <math.h>
#include <net/if.h>

#include "linux/system/fields.h"
#include "linux/system/system.h"
#include "linux_tree.h"

#define NONE   ABSENT_U64(STATE_NONE)
#define FAILED ABSENT_U64(STATE_FAILED)

/* A platform with table SYSTEM open, and its row; NULL: of this machine. */
static struct watch *open_system(const char *procfs, const char *sysfs)
{
	struct watch *watch = watch_open_table(TABLE_SYSTEM, procfs, sysfs);

	watch_list(watch);
	CHECK_INT(watch->births, 1);
	return watch;
}

static struct watch *open_machine(void)
{
	return open_system(tree_procfs, tree_sysfs);
}

static int take(struct watch *watch, uint32_t source, void *sample)
{
	return watch_read(watch, 0, source, sample);
}

static void must_take(struct watch *watch, uint32_t source, void *sample)
{
	watch_sample(watch, 0, source, sample);
}

static const char *lacking(struct watch *watch, uint32_t source)
{
	enum cell_state state = STATE_UNSUPPORTED;
	const char *why =
		watch->provider->unsupported(watch->provider->context, source, &state);

	CHECK(!why || state == STATE_UNSUPPORTED);
	return why;
}

/* ---------------------------------------------------------------------------- fields */

struct linux_test {
	uint64_t first, second, third, zoned;
};

static const struct field fields[] = {
	FIELD(test, "First", first),
	FIELD(test, "second", second),
	FIELD(test, "third", third),
	FIELD(test, "third_more", third),
	ZONED(test, "zoned_key", zoned),
};

static struct linux_test fill(const char *text)
{
	struct linux_test sample = {NONE, NONE, NONE, NONE};
	size_t length = strlen(text);
	char *copy = malloc(length + 1); /* so that AddressSanitizer sees its end */

	CHECK(copy);
	memcpy(copy, text, length);
	fields_fill(copy, length, fields, sizeof fields / sizeof *fields, &sample);
	free(copy);
	return sample;
}

TEST(fields_are_found_by_their_whole_key)
{
	struct linux_test sample = fill("First:       12 kB\nFirst(x): 13 kB\nFirstly: 14\n"
					"sec 15\nsecond 16 17\nsecond_dma 18\n");

	CHECK_INT(sample.first, 12);
	CHECK_INT(sample.second, 16);
	CHECK(sample.third == NONE && sample.zoned == NONE);
}

TEST(fields_are_added_up_over_keys_and_zones)
{
	struct linux_test sample =
		fill("third_more 1\nthird 20\nzoned_key_dma 300\n"
		     "zoned_key_dma32 4000\nzoned_key_other 5\nzoned_key 6\n");

	CHECK_INT(sample.third, 21);
	CHECK_INT(sample.zoned, 4306);
}

TEST(a_field_that_is_garbage_fails_alone)
{
	static const char *const garbage[] = {"third x\n", "third -1\n", "third\n",
		"third:", "third 99999999999999999999\n", "third 1\nthird_more x\n",
		"third x\nthird_more 1\n"};

	for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++) {
		char text[128];
		snprintf(text, sizeof text, "second 7\n%s", garbage[i]);
		CHECK(fill(text).third == FAILED);
		CHECK_INT(fill(text).second, 7);
	}
}

TEST(hundredths_are_exact)
{
	static const struct {
		const char *text;
		int64_t hundredths;
	} cases[] = {{"0.00", 0}, {" 1.16 x", 116}, {"12.3", 1230}, {"7", 700}, {"7.", 700},
		{"0.999", 99}, {"-1.00", -1}, {".5", -1}, {"", -1}};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct scan scan = {cases[i].text, cases[i].text + strlen(cases[i].text)};
		int64_t hundredths = -1;
		CHECK(scan_hundredths(&scan, &hundredths) == (cases[i].hundredths >= 0));
		CHECK_INT(hundredths, cases[i].hundredths);
	}
}

TEST(what_is_absent_stays_so_for_its_reason)
{
	CHECK_INT(number_plus(1, 2), 3);
	CHECK(number_plus(NONE, 2) == NONE && number_plus(1, FAILED) == FAILED);
	CHECK_INT(number_minus(3, 2), 1);
	CHECK_INT(number_minus(2, 3), 0);
	CHECK(number_rest(2, 3) == FAILED && number_rest(2, NONE) == NONE);
	CHECK_INT(number_rest(3, 3), 0);
}

/* --------------------------------------------------------------------------- parsers */

/* Cut anywhere, a text must not be read behind its end. */
static void may_be_cut(const char *text, void (*parse)(const char *bytes, size_t length))
{
	for (size_t length = 0; length <= strlen(text); length++) {
		char *copy = malloc(length + 1);
		CHECK(copy);
		memcpy(copy, text, length);
		copy = realloc(copy, length ? length : 1);
		CHECK(copy);
		parse(copy, length);
		free(copy);
	}
}

#define STAT                                                                                   \
	"cpu  10 2 30 400 5 6 7 8 3 1\ncpu0 5 1 15 200 2 3 3 4 1 0\ncpu2 5 1 15 200 3 3 4 4 "  \
	"2 1\nintr 77 1 2\nctxt 88\nbtime 1700000000\nprocesses 99\nprocs_running 3\n"         \
	"procs_blocked 4\nsoftirq 66 1 2\n"

static void parse_stat(const char *bytes, size_t length)
{
	struct linux_machine_stat sample;

	machine_stat_parse(bytes, length, &sample);
	boot_parse(bytes, length);
}

TEST(time_of_virtual_machines_is_counted_once)
{
	struct linux_machine_stat sample;

	CHECK_INT(machine_stat_parse(STAT, strlen(STAT), &sample), 0);
	CHECK_INT(sample.user, 10);
	CHECK_INT(sample.guest, 4);
	CHECK_INT(sample.busy, 10 + 2 + 30 + 6 + 7);
	CHECK_INT(sample.steal, 8);
	CHECK_INT(sample.cores, 2);
	CHECK_INT(sample.interrupts, 77);
	CHECK_INT(sample.switches, 88);
	CHECK_INT(sample.started, 99);
	CHECK_INT(sample.blocked, 4);
	CHECK_INT(sample.soft_interrupts, 66);
	CHECK_INT(boot_parse(STAT, strlen(STAT)), 1700000000);
	may_be_cut(STAT, parse_stat);
}

TEST(a_stat_file_of_old_lacks_what_is_new)
{
	static const char old[] = "cpu  1 2 3 4 5 6 7\nctxt 8\n";
	static const char *const broken[] = {"", "cpu", "cpu  1 2 3 4 5 6\n", "cpu0 1 2 3 4\n",
		"cpu  1 -2 3 4 5 6 7\n", "cpu  1 2 3 999999999999999999999 5 6 7\n", "x\n"};
	struct linux_machine_stat sample;

	CHECK_INT(machine_stat_parse(old, sizeof old - 1, &sample), 0);
	CHECK_INT(sample.softirq, 7);
	CHECK(sample.steal == NONE && sample.guest == NONE && sample.cores == NONE);
	CHECK(sample.interrupts == NONE);
	CHECK_INT(boot_parse(old, sizeof old - 1), 0);
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
		CHECK(machine_stat_parse(broken[i], strlen(broken[i]), &sample) < 0);
}

TEST(loadavg_is_all_there_or_nothing)
{
	static const char *const broken[] = {"", "1.00 2.00\n", "1.00 2.00 3.00 4\n",
		"1.00 2.00 3.00 4/\n", "1.00 2.00 3.00 5/4 1\n", "1.00 -2.00 3.00 4/5 1\n"};
	struct linux_loadavg sample;

	CHECK_INT(loadavg_parse("0.20 12.18 0.05 3/80 11206\n", 27, &sample), 0);
	CHECK(sample.load1 == 0.20 && sample.load5 == 12.18 && sample.load15 == 0.05);
	CHECK_INT(sample.running, 3);
	CHECK_INT(sample.total, 80);
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
		CHECK(loadavg_parse(broken[i], strlen(broken[i]), &sample) < 0);
}

#define PRESSURE                                                                               \
	"some avg10=33.29 avg60=8.85 avg300=100.00 total=26915520\n"                           \
	"full avg10=0.00 avg60=0.01 avg300=0.02 total=123\n"

static void parse_pressure(const char *bytes, size_t length)
{
	struct pressure some, full;

	pressure_parse(bytes, length, &some, &full);
}

TEST(pressure_has_two_lines_or_one)
{
	static const char *const broken[] = {"", "some\n", "some avg10=1.00\n",
		"part avg10=1\n", "some avg10=1.00 avg60=2.00 avg300=3.00 total=\n",
		"some avg10=100.01 avg60=2.00 avg300=3.00 total=1\n",
		"some avg10=nan avg60=2.00 avg300=3.00 total=1\n"};
	const char *only_full = strchr(PRESSURE, '\n') + 1;
	struct pressure some, full;

	CHECK_INT(pressure_parse(PRESSURE, strlen(PRESSURE), &some, &full), 0);
	CHECK(some.average10 == 0.3329 && some.average60 == 0.0885 && some.average300 == 1);
	CHECK_INT(some.total, 26915520);
	CHECK(full.average60 == 0.0001 && full.total == 123);
	CHECK_INT(pressure_parse(only_full, strlen(only_full), &some, &full), 0);
	CHECK(isnan(some.average10) && some.total == NONE && full.total == 123);
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
		CHECK(pressure_parse(broken[i], strlen(broken[i]), &some, &full) < 0);
	may_be_cut(PRESSURE, parse_pressure);
}

#define MEMINFO                                                                                \
	"MemTotal: 1000 kB\nMemFree: 100 kB\nMemAvailable: 600 kB\nBuffers: 10 kB\n"           \
	"Cached: 300 kB\nShmem: 20 kB\nSReclaimable: 5 kB\nAnonPages: 200 kB\n"                \
	"Active: 1 kB\nActive(anon): 2 kB\nSwapTotal: 50 kB\nSwapFree: 40 kB\n"                \
	"HugePages_Total: 3\nHugePages_Free: 1\nHugepagesize: 2048 kB\n"

static void parse_meminfo(const char *bytes, size_t length)
{
	struct linux_meminfo sample;

	meminfo_parse(bytes, length, &sample);
}

TEST(memory_is_sorted_by_what_could_be_dropped)
{
	struct linux_meminfo sample;

	CHECK_INT(meminfo_parse(MEMINFO, strlen(MEMINFO), &sample), 0);
	CHECK_INT(sample.used, 400);
	CHECK_INT(sample.occupied, 900);
	CHECK_INT(sample.file, 290);
	CHECK_INT(sample.cached, 295);
	CHECK_INT(sample.internal, 220);
	CHECK_INT(sample.active, 1);
	CHECK_INT(sample.swap_used, 10);
	CHECK_INT(sample.huge_total, 6144);
	CHECK_INT(sample.huge_used, 4096);
	CHECK(sample.huge_reserved == NONE && sample.zswap_pool == NONE);
	may_be_cut(MEMINFO, parse_meminfo);
}

TEST(memory_that_cannot_be_so_fails_alone)
{
	static const char odd[] = "MemTotal: 1000 kB\nMemFree: 2000 kB\nMemAvailable: 300 kB\n"
				  "Cached: 10 kB\nBuffers: 5 kB\nShmem: 20 kB\nSwapTotal: 1 "
				  "kB\nSwapFree: 2 kB\nHugePages_Total: 1000000000000000000\n"
				  "Hugepagesize: 2048 kB\n";
	struct linux_meminfo sample;

	CHECK_INT(meminfo_parse(odd, sizeof odd - 1, &sample), 0);
	CHECK(sample.free == FAILED && sample.occupied == FAILED);
	CHECK_INT(sample.used, 700);
	CHECK_INT(sample.file, 0); /* counters that were not read at the same time */
	CHECK(sample.swap_used == FAILED && sample.huge_total == FAILED);
	CHECK(meminfo_parse("", 0, &sample) < 0);
	CHECK(meminfo_parse("MemTotal: 0 kB\n", 15, &sample) < 0);
	CHECK(meminfo_parse("MemFree: 1 kB\n", 14, &sample) < 0);
}

/* --------------------------------------------------------------------------- sources */

static void put_stat(int user, int idle, int iowait)
{
	char text[256];

	snprintf(text, sizeof text, "cpu  %d 0 0 %d %d 0 0 0 0 0\ncpu0 1 0 0 1 1 0 0 0 0 0\n",
		user, idle, iowait);
	tree_put("proc/stat", text);
}

/* The shares of the parts would be more than 1 otherwise. */
TEST(idle_time_that_steps_back_takes_nothing_from_the_whole)
{
	struct linux_machine_stat before, after;
	struct watch *watch;

	tree_begin();
	put_stat(100, 1000, 50);
	watch = open_machine();
	must_take(watch, SOURCE_machine_stat, &before);
	put_stat(110, 995, 47);
	must_take(watch, SOURCE_machine_stat, &after);
	CHECK_INT(after.idle, 1000);
	CHECK_INT(after.iowait, 50);
	CHECK_INT(after.capacity - before.capacity, 10);
	put_stat(110, 1001, 52);
	must_take(watch, SOURCE_machine_stat, &after);
	CHECK_INT(after.capacity - before.capacity, 13);
	watch_close(watch);
}

TEST(a_file_may_be_longer_than_the_room_for_it)
{
	static char text[600000];
	struct linux_machine_stat sample;
	struct watch *watch;
	int length = sprintf(text, "cpu  1 2 3 4 5 6 7 8 9 10\nintr 5");

	tree_begin();
	memset(text + length, ' ', sizeof text - (size_t)length - 16);
	snprintf(text + sizeof text - 16, 16, "\nctxt 42\n");
	tree_put("proc/stat", text);
	watch = open_machine();
	must_take(watch, SOURCE_machine_stat, &sample);
	CHECK_INT(sample.switches, 42);
	watch_close(watch);
}

TEST(what_is_not_there_has_a_reason)
{
	struct watch *watch;
	char sample[4096];

	tree_begin();
	tree_remove("proc/loadavg");
	watch = open_machine();
	CHECK(lacking(watch, SOURCE_machine_stat) == NULL);
	CHECK(lacking(watch, SOURCE_boot) == NULL);
	CHECK(strstr(lacking(watch, SOURCE_meminfo), "subset=pid"));
	CHECK(strstr(lacking(watch, SOURCE_loadavg), "subset=pid"));
	CHECK(strstr(lacking(watch, SOURCE_pressure_io), "CONFIG_PSI"));
	CHECK(strstr(lacking(watch, SOURCE_pressure_irq), "IRQ_TIME"));
	CHECK(strstr(lacking(watch, SOURCE_ksm), "CONFIG_KSM"));
	CHECK_INT(take(watch, SOURCE_meminfo, sample), STATE_NONE);
	tree_put("proc/meminfo", "garbage\n");
	CHECK_INT(take(watch, SOURCE_meminfo, sample), STATE_FAILED);
	watch_close(watch);
}

TEST(states_say_what_an_error_means)
{
	CHECK_INT(system_state(-ENOENT), STATE_NONE);
	CHECK_INT(system_state(-EACCES), STATE_DENIED);
	CHECK_INT(system_state(-EPERM), STATE_DENIED);
	CHECK_INT(system_state(-EOPNOTSUPP), STATE_UNSUPPORTED);
	CHECK_INT(system_state(-EIO), STATE_FAILED);
}

/* ---------------------------------------------------------------------------- totals */

#define DISK(numbers, name, reads, sectors, writes, written)                                   \
	numbers " " name " " reads " 0 " sectors " 0 " writes " 0 " written                    \
		" 0 0 0 0 0 0 0 0 0 0\n"

static struct linux_disk_total disks(struct watch *watch, const char *text)
{
	struct linux_disk_total sample;

	tree_put("proc/diskstats", text);
	must_take(watch, SOURCE_disk_total, &sample);
	return sample;
}

TEST(a_disk_is_hardware_and_counts_once)
{
	struct linux_disk_total sample;
	struct watch *watch;

	tree_begin();
	tree_put("sys/block/sda/device/model", "x\n");
	tree_put("sys/block/cciss!c0d0/device/model", "x\n");
	tree_put("sys/block/nvme0c0n1/device/model", "x\n");
	tree_put("sys/block/nvme0c0n1/hidden", "1\n");
	tree_put("sys/block/odd/device/model", "x\n");
	tree_put("sys/block/odd/slaves/sda/x", "");
	tree_put("sys/block/md0/slaves/sda/x", "");
	tree_put("sys/block/zd0/size", "1\n");
	watch = open_machine();
	CHECK(lacking(watch, SOURCE_disk_total)); /* no diskstats yet */
	sample = disks(watch,
		DISK(" 8 0", "sda", "1", "10", "100", "1000") DISK(" 8 1", "sda1", "7", "7",
			"7", "7") DISK("104 0", "cciss/c0d0", "2", "20", "200", "2000")
			DISK("259 0", "nvme0c0n1", "7", "7", "7", "7") DISK("9 0", "md0", "7",
				"7", "7", "7") DISK("9 1", "odd", "7", "7", "7", "7")
				DISK("230 0", "zd0", "7", "7", "7", "7")
					DISK("7 0", "loop0", "7", "7", "7", "7"));
	CHECK(lacking(watch, SOURCE_disk_total) == NULL);
	CHECK_INT(sample.reads, 3);
	CHECK_INT(sample.sectors_read, 30);
	CHECK_INT(sample.writes, 300);
	CHECK_INT(sample.sectors_written, 3000);
	tree_remove("sys/block");
	CHECK(strstr(lacking(watch, SOURCE_disk_total), "partitions"));
	watch_close(watch);
}

TEST(what_a_disk_has_counted_stays_when_it_goes)
{
	struct watch *watch;

	tree_begin();
	tree_put("sys/block/sda/device/model", "x\n");
	tree_put("sys/block/sdb/device/model", "x\n");
	watch = open_machine();
	CHECK_INT(disks(watch, DISK("8 0", "sda", "5", "1", "1", "1")
				       DISK("8 1", "sdb", "70", "1", "1", "1"))
			  .reads,
		75);
	CHECK_INT(disks(watch, DISK("8 0", "sda", "6", "1", "1", "1")).reads, 76);
	/* It comes back, and has begun anew; then it is reset while it is there. */
	CHECK_INT(disks(watch, DISK("8 1", "sdb", "80", "1", "1", "1")
				       DISK("8 0", "sda", "6", "1", "1", "1"))
			  .reads,
		156);
	CHECK_INT(disks(watch, DISK("8 0", "sda", "2", "1", "1", "1")
				       DISK("8 1", "sdb", "80", "1", "1", "1"))
			  .reads,
		158);
	watch_close(watch);
}

TEST(diskstats_that_are_garbage_fail_and_count_for_nothing)
{
	static const char *const broken[] = {"x\n", "8 0 sda\n", "8 0 sda 1 2 3 4 5 6\n",
		"8 0 sda 1 2 3 4 5 6 -7 8\n", "8 0 ../../x 1 2 3 4 5 6 7 8\n",
		"8 0 a_name_that_is_longer_than_any_that_the_kernel_gives 1 2 3 4 5 6 7 8\n"};
	struct linux_disk_total sample;
	struct watch *watch;

	tree_begin();
	tree_put("sys/block/sda/device/model", "x\n");
	watch = open_machine();
	CHECK_INT(disks(watch, DISK("8 0", "sda", "5", "1", "1", "1")).reads, 5);
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		tree_put("proc/diskstats", broken[i]);
		CHECK_INT(take(watch, SOURCE_disk_total, &sample), STATE_FAILED);
	}
	sample = disks(watch, "8 0 sda 6 0 1 0 1 0 1 0 0 0 0\n"); /* before 4.18 */
	CHECK_INT(sample.reads, 6);
	CHECK(sample.sectors_discarded == NONE);
	CHECK_INT(disks(watch, "").reads, 6);
	watch_close(watch);
}

#define HEADINGS                 "Inter-|   Receive |  Transmit\n face |bytes    packets\n"
#define INTERFACE(name, in, out) name ":" in " 2 3 4 0 0 0 0 " out " 6 7 8 0 0 0 0\n"

static struct linux_net_total interfaces(struct watch *watch, const char *text)
{
	struct linux_net_total sample;

	tree_put("proc/net/dev", text);
	must_take(watch, SOURCE_net_total, &sample);
	return sample;
}

static void put_interface(
	const char *name, const char *type, const char *index, const char *link)
{
	char path[128];
	const char *const files[] = {"type", type, "ifindex", index, "iflink", link};

	for (int i = 0; i < 6; i += 2) {
		snprintf(path, sizeof path, "sys/class/net/%s/%s", name, files[i]);
		tree_put(path, files[i + 1]);
	}
}

TEST(an_interface_is_hardware_with_nothing_below_it)
{
	struct linux_net_total sample;
	struct watch *watch;

	tree_begin();
	put_interface("eth0", "1\n", "2\n", "2\n");
	tree_put("sys/class/net/eth0/device/vendor", "x\n");
	put_interface("lan1", "1\n", "3\n", "2\n"); /* a port of a switch behind eth0 */
	tree_put("sys/class/net/lan1/device/vendor", "x\n");
	tree_put("sys/class/net/lan1/lower_eth0/x", "");
	put_interface("veth1", "1\n", "4\n", "9\n");
	watch = open_machine();
	sample = interfaces(watch,
		HEADINGS INTERFACE("    lo", "  7", "7") INTERFACE("  eth0", "1000", "2000")
			INTERFACE("  lan1", " 7", "7") INTERFACE(" veth1", " 7", "7"));
	CHECK_INT(sample.bytes_in, 1000);
	CHECK_INT(sample.packets_in, 2);
	CHECK_INT(sample.errors_in, 3);
	CHECK_INT(sample.dropped_in, 4);
	CHECK_INT(sample.bytes_out, 2000);
	CHECK_INT(sample.packets_out, 6);
	CHECK_INT(sample.errors_out, 7);
	CHECK_INT(sample.dropped_out, 8);
	watch_close(watch);
}

TEST(in_a_container_links_to_outside_count)
{
	struct watch *watch;

	tree_begin();
	put_interface("lo", "772\n", "1\n", "1\n");
	put_interface("eth0", "1\n", "2\n", "12\n");
	put_interface("tun0", "65534\n", "3\n", "3\n");
	put_interface("gre0", "778\n", "4\n", "0\n");
	put_interface("dummy0", "1\n", "5\n", "5\n");
	put_interface("veth9", "1\n", "6\n", "2\n");
	tree_put("sys/class/net/veth9/master/x", ""); /* of a container in this one */
	watch = open_machine();
	CHECK_INT(interfaces(watch,
			  HEADINGS INTERFACE("lo", "7", "7") INTERFACE("eth0", "10",
				  "20") INTERFACE("tun0", "7", "7") INTERFACE("gre0", "7", "7")
				  INTERFACE("dummy0", "7", "7") INTERFACE("veth9", "7", "7"))
			  .bytes_in,
		10);
	/* Hardware is given to it: from now on that counts, and eth0 keeps what it had. */
	put_interface("sriov0", "1\n", "8\n", "8\n");
	tree_put("sys/class/net/sriov0/device/vendor", "x\n");
	CHECK_INT(interfaces(watch, HEADINGS INTERFACE("eth0", "15", "20")
					    INTERFACE("sriov0", "100", "1"))
			  .bytes_in,
		110);
	CHECK_INT(interfaces(watch, HEADINGS INTERFACE("eth0", "19", "20")).bytes_in, 114);
	tree_remove("sys/class/net");
	CHECK(strstr(lacking(watch, SOURCE_net_total), "hidden"));
	watch_close(watch);
}

/* As if so much time had passed. */
static void pass_seconds(struct watch *watch, uint64_t seconds)
{
	struct devices *devices = watch->handle;

	devices->now_ns += seconds * UINT64_C(1000000000);
}

TEST(what_an_interface_is_may_change)
{
	struct watch *watch;

	tree_begin();
	put_interface("eth0", "1\n", "2\n", "2\n");
	tree_put("sys/class/net/eth0/device/vendor", "x\n");
	put_interface("eth1", "1\n", "3\n", "3\n");
	tree_put("sys/class/net/eth1/device/vendor", "x\n");
	watch = open_machine();
	CHECK_INT(interfaces(watch,
			  HEADINGS INTERFACE("eth0", "10", "1") INTERFACE("eth1", "200", "1"))
			  .bytes_in,
		210);
	tree_put("sys/class/net/eth1/lower_eth0/x", "");
	pass_seconds(watch, 4);
	CHECK_INT(interfaces(watch,
			  HEADINGS INTERFACE("eth0", "11", "1") INTERFACE("eth1", "300", "1"))
			  .bytes_in,
		311);
	pass_seconds(watch, 1);
	CHECK_INT(interfaces(watch,
			  HEADINGS INTERFACE("eth0", "12", "1") INTERFACE("eth1", "400", "1"))
			  .bytes_in,
		312);
	tree_remove("sys/class/net/eth1/lower_eth0");
	pass_seconds(watch, 5);
	CHECK_INT(interfaces(watch,
			  HEADINGS INTERFACE("eth0", "13", "1") INTERFACE("eth1", "402", "1"))
			  .bytes_in,
		315);
	watch_close(watch);
}

TEST(an_interface_that_nothing_is_known_of_leaves_no_sum)
{
	struct linux_net_total sample;
	struct watch *watch;

	tree_begin();
	put_interface("eth0", "1\n", "2\n", "2\n");
	tree_put("sys/class/net/eth0/device/vendor", "x\n");
	watch = open_machine();
	CHECK_INT(interfaces(watch, HEADINGS INTERFACE("eth0", "10", "20")).bytes_in, 10);
	tree_put("proc/net/dev", HEADINGS INTERFACE("lo", "7", "7") INTERFACE(
					 "eth0", "13", "20") INTERFACE("new0", "500", "7"));
	CHECK_INT(take(watch, SOURCE_net_total, &sample), STATE_NONE);
	CHECK_INT(take(watch, SOURCE_net_total, &sample), STATE_NONE);
	/* Once it is known, all that it has counted counts; and so does what eth0 did meanwhile. */
	put_interface("new0", "1\n", "3\n", "3\n");
	tree_put("sys/class/net/new0/device/vendor", "x\n");
	CHECK_INT(interfaces(watch,
			  HEADINGS INTERFACE("eth0", "14", "20") INTERFACE("new0", "501", "7"))
			  .bytes_in,
		515);
	watch_close(watch);
}

/* Those of this machine, as hardware: all with this number, or "": each with its own. */
static void put_own_interfaces(const char *index)
{
	struct if_nameindex *all = if_nameindex();
	char number[16], path[128];

	CHECK(all);
	for (const struct if_nameindex *one = all; one->if_index; one++) {
		snprintf(number, sizeof number, "%u\n", one->if_index);
		put_interface(one->if_name, "1\n", *index ? index : number, "0\n");
		snprintf(path, sizeof path, "sys/class/net/%s/device/vendor", one->if_name);
		tree_put(path, "x\n");
	}
	if (!all[0].if_index || !all[1].if_index)
		test_skip("there is no interface here but the loopback");
	if_freenameindex(all);
}

TEST(an_interface_of_the_same_name_elsewhere_is_another_one)
{
	struct linux_net_total sample;
	struct watch *watch;

	tree_begin();
	put_own_interfaces("987654321\n");
	watch = open_system(NULL, tree_sysfs);
	CHECK_INT(take(watch, SOURCE_net_total, &sample), STATE_NONE);
	put_own_interfaces("");
	CHECK_INT(take(watch, SOURCE_net_total, &sample), STATE_OK);
	watch_close(watch);
}

TEST(interfaces_that_are_garbage_fail)
{
	static const char *const broken[] = {"", "x\n", HEADINGS "eth0 1 2 3\n",
		HEADINGS "eth0: 1 2 3\n", HEADINGS ": 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n",
		HEADINGS "eth0: 1 2 3 4 5 6 7 -8 9 10 11 12 13 14 15 16\n"};
	struct linux_net_total sample;
	struct watch *watch;

	tree_begin();
	tree_put("sys/class/net/eth0/device/vendor", "x\n");
	watch = open_machine();
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		tree_put("proc/net/dev", broken[i]);
		CHECK_INT(take(watch, SOURCE_net_total, &sample), STATE_FAILED);
	}
	CHECK_INT(interfaces(watch, HEADINGS INTERFACE("eth0", "5", "6")).bytes_in, 5);
	watch_close(watch);
}

/* ------------------------------------------------------------------- compressed pages */

static struct linux_compressor compressed(struct watch *watch, const char *swaps)
{
	struct linux_compressor sample;

	tree_put("proc/swaps", swaps);
	must_take(watch, SOURCE_compressor, &sample);
	return sample;
}

TEST(only_zram_that_is_swapped_to_holds_pages_of_programs)
{
	struct linux_compressor sample;
	struct watch *watch;

	tree_begin();
	tree_put("proc/meminfo", "MemTotal: 1000 kB\nZswap: 10 kB\nZswapped: 20 kB\n");
	tree_put("sys/block/zram1/mm_stat", "  3000 2000 2500 0 0 0 0 0 0\n");
	tree_put("sys/block/zram10/mm_stat", "700 100 200 0 0 0 0 0 0\n");
	watch = open_machine();
	sample = compressed(watch, "Filename Type\n/dev/zram1 partition 1 2 3\n");
	CHECK_INT(sample.compressed, 2500 + 10240);
	CHECK_INT(sample.original, 3000 + 20480);
	CHECK_INT(sample.size, 1024000 + 3000 + 20480);
	CHECK_INT(sample.zram_original, 3700);
	CHECK_INT(sample.zram_compressed, 2100);
	CHECK_INT(sample.zram_memory, 2700);
	sample = compressed(watch, "Filename Type\n/dev/block/zram10\tpartition\n");
	CHECK_INT(sample.compressed, 200 + 10240);
	tree_put("sys/block/zram1/mm_stat", "3000 x\n");
	sample = compressed(watch, "Filename Type\n");
	CHECK_INT(sample.zram_original, 3700);
	CHECK(sample.zram_compressed == FAILED && sample.zram_memory == FAILED);
	CHECK_INT(sample.compressed, 10240);
	watch_close(watch);
}

TEST(what_zswap_holds_is_unknown_before_5_19_unless_it_is_off)
{
	struct linux_compressor sample;
	struct watch *watch;

	tree_begin();
	tree_put("proc/meminfo", "MemTotal: 1000 kB\n");
	tree_put("sys/block/sda/size", "1\n");
	tree_put("sys/module/zswap/parameters/enabled", "Y\n");
	watch = open_machine();
	sample = compressed(watch, "Filename\n");
	CHECK(sample.compressed == NONE && sample.original == NONE && sample.size == NONE);
	CHECK(sample.zram_memory == NONE);
	tree_put("sys/module/zswap/parameters/enabled", "N\n");
	sample = compressed(watch, "Filename\n");
	CHECK(sample.compressed == 0 && sample.original == 0 && sample.size == 1024000);
	tree_remove("sys/block"); /* then nobody knows of zram */
	CHECK(compressed(watch, "Filename\n").compressed == NONE);
	watch_close(watch);
}

TEST(absurd_numbers_of_zswap_do_not_wrap)
{
	struct linux_compressor sample;
	struct watch *watch;

	tree_begin();
	/* 2^54 KiB are 2^64 bytes. */
	tree_put("proc/meminfo",
		"MemTotal: 1000000000000000000 kB\n"
		"Zswap: 18014398509481984 kB\nZswapped: 18014398509481985 kB\n");
	tree_put("sys/block/sda/size", "1\n");
	watch = open_machine();
	sample = compressed(watch, "Filename\n");
	CHECK(sample.compressed == INT64_MAX && sample.original == INT64_MAX);
	CHECK(sample.size == INT64_MAX);
	watch_close(watch);
}

/* ------------------------------------------------------------------------ the kernel */

TEST(a_limit_that_is_none_has_no_value)
{
	struct linux_kernel sample;
	struct watch *watch;

	tree_begin();
	tree_put("proc/sys/kernel/hostname", "a.b\n");
	tree_put("proc/sys/kernel/ostype", "\n");
	tree_put("proc/sys/fs/file-max", "9223372036854775807\n");
	tree_put("proc/sys/kernel/pid_max", "4194304\n");
	tree_put("proc/sys/kernel/threads-max", "x\n");
	watch = open_machine();
	must_take(watch, SOURCE_kernel, &sample);
	CHECK_TEXT(watch_text(&sample.name), "a.b");
	CHECK(!sample.system.bytes && sample.system.state == STATE_NONE);
	CHECK(!sample.release.bytes && sample.release.state == STATE_NONE);
	CHECK(sample.files_max == NONE && sample.threads_max == FAILED);
	CHECK_INT(sample.pids_max, 4194304);
	watch_close(watch);
}

TEST(boot_time_is_the_difference_of_two_clocks)
{
	struct watch *watch = open_system(NULL, NULL);
	struct linux_boot first, second;
	struct timespec wall, up;

	must_take(watch, SOURCE_boot, &first);
	clock_gettime(CLOCK_REALTIME, &wall);
	clock_gettime(CLOCK_BOOTTIME, &up);
	CHECK_INT(first.time_ns % 1000000, 0);
	CHECK(llabs((wall.tv_sec - up.tv_sec) * 1000000000LL + wall.tv_nsec - up.tv_nsec -
		      (long long)first.time_ns) < 20000000);
	must_take(watch, SOURCE_boot, &second);
	CHECK(llabs((long long)(second.time_ns - first.time_ns)) <= 1000000);
	watch_close(watch);
}

TESTS(CASE(fields_are_found_by_their_whole_key), CASE(fields_are_added_up_over_keys_and_zones),
	CASE(a_field_that_is_garbage_fails_alone), CASE(hundredths_are_exact),
	CASE(what_is_absent_stays_so_for_its_reason),
	CASE(time_of_virtual_machines_is_counted_once),
	CASE(a_stat_file_of_old_lacks_what_is_new), CASE(loadavg_is_all_there_or_nothing),
	CASE(pressure_has_two_lines_or_one), CASE(memory_is_sorted_by_what_could_be_dropped),
	CASE(memory_that_cannot_be_so_fails_alone),
	CASE(idle_time_that_steps_back_takes_nothing_from_the_whole),
	CASE(a_file_may_be_longer_than_the_room_for_it), CASE(what_is_not_there_has_a_reason),
	CASE(states_say_what_an_error_means), CASE(a_disk_is_hardware_and_counts_once),
	CASE(what_a_disk_has_counted_stays_when_it_goes),
	CASE(diskstats_that_are_garbage_fail_and_count_for_nothing),
	CASE(an_interface_is_hardware_with_nothing_below_it),
	CASE(in_a_container_links_to_outside_count), CASE(what_an_interface_is_may_change),
	CASE(an_interface_that_nothing_is_known_of_leaves_no_sum),
	CASE(an_interface_of_the_same_name_elsewhere_is_another_one),
	CASE(interfaces_that_are_garbage_fail),
	CASE(only_zram_that_is_swapped_to_holds_pages_of_programs),
	CASE(what_zswap_holds_is_unknown_before_5_19_unless_it_is_off),
	CASE(absurd_numbers_of_zswap_do_not_wrap), CASE(a_limit_that_is_none_has_no_value),
	CASE(boot_time_is_the_difference_of_two_clocks))
