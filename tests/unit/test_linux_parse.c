/* The parsers of procfs, on what the kernel writes and on what it never would. */
#include <errno.h>
#include <sys/sysmacros.h>

#include "linux/process/samples.h"
#include "pid_map.h"
#include "test.h"

#define ABSENT ABSENT_U64(STATE_NONE)

/* The fields of a stat line from the third on: state, 4 to 52. */
#define REST                                                                                   \
	"S 1 10 11 34816 12 4194304 100 2000 3 40 70 30 5 6 20 0 1 0 291406 3133440 359 "      \
	"18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 3 0 2 0 0 0 0 0 0 0 0 0 0 0\n"

static int parse_stat(const char *text, struct stat_line *line)
{
	return stat_parse(text, strlen(text), line);
}

static void check_comm(const char *comm)
{
	char text[1024];
	struct stat_line line;

	snprintf(text, sizeof text, "11045 (%s) " REST, comm);
	CHECK_INT(parse_stat(text, &line), 0);
	CHECK_INT(line.comm_length, strlen(comm));
	CHECK(memcmp(line.comm, comm, strlen(comm)) == 0);
	CHECK_INT(line.state, 'S');
	CHECK_INT(line.field[4], 1);
	CHECK_INT(line.field[22], 291406);
}

TEST(stat_finds_the_end_of_the_name)
{
	check_comm("cat");
	check_comm("(sd-pam)");
	check_comm(") R 1 1");
	check_comm("((((");
	check_comm("))))");
	check_comm("new\nline");
	check_comm("\xff\x1b[31m");
	check_comm("");
	check_comm("a b c");
	check_comm("kworker/u8:2-events_unbound_and_a_very_long_name_of_sixty_four_b");
}

TEST(stat_fields_have_the_numbers_of_the_manual)
{
	struct stat_line line;

	CHECK_INT(parse_stat("7 (x) " REST, &line), 0);
	CHECK_INT(line.field[7], 34816);
	CHECK_INT(line.field[9], 4194304);
	CHECK_INT(line.field[10], 100);
	CHECK_INT(line.field[12], 3);
	CHECK_INT(line.field[14], 70);
	CHECK_INT(line.field[18], 20);
	CHECK_INT(line.field[39], 3);
	CHECK_INT(line.field[41], 2);
}

TEST(stat_refuses_what_is_no_stat_line)
{
	static const char *const texts[] = {"", "(", ")", ")(", "1 (a)", "1 (a) ", "1 (a) S",
		"1 (a) S 1 2 3", "1 (a)S 1 2 3", "1 a S 1 2 3 4",
		"1 (a) S x 1 2 3 4 5 6 7 8 9"};
	struct stat_line line;

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		CHECK_INT(parse_stat(texts[i], &line), -EBADMSG);
}

TEST(stat_may_be_cut_anywhere)
{
	static const char text[] = "11045 (a) b) " REST;
	struct stat_line line;

	for (size_t length = 0; length < sizeof text; length++) {
		char *copy = malloc(length + 1); /* so that AddressSanitizer sees its end */
		CHECK(copy);
		memcpy(copy, text, length);
		stat_parse(copy, length, &line);
		free(copy);
	}
}

TEST(numbers_saturate)
{
	char text[] =
		"99999999999999999999999999 -99999999999999999999999999 18446744073709551615";
	struct scan scan = {text, text + strlen(text)};
	int64_t number;

	CHECK(scan_number(&scan, &number) && number == NUMBER_LIMIT);
	CHECK(scan_number(&scan, &number) && number == -NUMBER_LIMIT);
	CHECK(scan_number(&scan, &number) && number == NUMBER_LIMIT);
	CHECK(!scan_number(&scan, &number));
	CHECK(saturating_multiply(UINT64_MAX, 2) == INT64_MAX);
	CHECK(saturating_multiply(INT64_MAX, 10000000) == INT64_MAX);
	CHECK(saturating_multiply(5, 10000000) == 50000000);
}

TEST(pids_are_decimal_and_nothing_else)
{
	CHECK_INT(parse_pid("1"), 1);
	CHECK_INT(parse_pid("4194304"), 4194304);
	CHECK_INT(parse_pid("2147483647"), 2147483647);
	CHECK_INT(parse_pid("2147483648"), 0);
	CHECK_INT(parse_pid("99999999999999999999999"), 0);
	CHECK_INT(parse_pid(""), 0);
	CHECK_INT(parse_pid("0"), 0);
	CHECK_INT(parse_pid("01"), 0);
	CHECK_INT(parse_pid("1a"), 0);
	CHECK_INT(parse_pid("-1"), 0);
	CHECK_INT(parse_pid("self"), 0);
}

static const char status_text[] =
	"Name:\tcat\\n\nUmask:\t0022\nState:\tR "
	"(running)\nTgid:\t11046\nNgid:\t0\nPid:\t11046\n"
	"PPid:\t11039\nTracerPid:\t0\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\nFDSize:\t256\n"
	"Groups:\t0 4 20 \nNStgid:\t11046\nKthread:\t0\nVmPeak:\t    9999 kB\n"
	"VmSize:\t    3060 kB\nVmLck:\t      64 kB\nVmPin:\t      20 kB\nVmHWM:\t    1700 kB\n"
	"VmRSS:\t    1684 kB\nRssAnon:\t     112 kB\nRssFile:\t    1572 kB\n"
	"RssShmem:\t       7 kB\nVmData:\t     360 kB\nVmStk:\t     132 kB\nVmExe:\t      21 "
	"kB\n"
	"VmLib:\t    1528 kB\nVmPTE:\t      48 kB\n"
	"VmSwap:\t      10 kB\nHugetlbPages:\t    2048 kB\nCoreDumping:\t0\nThreads:\t3\n"
	"voluntary_ctxt_switches:\t150\nnonvoluntary_ctxt_switches:\t545\n";

TEST(status_is_taken_apart)
{
	struct linux_status status;

	CHECK_INT(status_parse(status_text, strlen(status_text), &status), 0);
	CHECK_INT(status.ruid, 1);
	CHECK_INT(status.uid, 2);
	CHECK_INT(status.svuid, 3);
	CHECK_INT(status.rgid, 5);
	CHECK_INT(status.gid, 6);
	CHECK_INT(status.svgid, 7);
	CHECK_INT(status.virtual, 3060);
	CHECK_INT(status.virtual_peak, 9999);
	CHECK_INT(status.data, 360);
	CHECK_INT(status.stack, 132);
	CHECK_INT(status.code, 21);
	CHECK_INT(status.libraries, 1528);
	CHECK_INT(status.locked, 64);
	CHECK_INT(status.pinned, 20);
	CHECK_INT(status.peak, 1700);
	CHECK_INT(status.resident, 1684);
	CHECK_INT(status.anonymous, 112);
	CHECK_INT(status.anonymous_total, 112 + 10);
	CHECK_INT(status.file, 1572);
	CHECK_INT(status.shared, 7);
	CHECK_INT(status.page_tables, 48);
	CHECK_INT(status.swap, 10);
	CHECK_INT(status.hugetlb, 2048);
	CHECK_INT(status.footprint, 112 + 10 + 48 + 2048);
	CHECK_INT(status.threads, 3);
}

TEST(status_without_memory_has_none)
{
	static const char text[] = "Name:\tkthreadd\nState:\tS (sleeping)\nUid:\t0\t0\t0\t0\n"
				   "Gid:\t0\t0\t0\t0\nThreads:\t1\n";
	struct linux_status status;

	CHECK_INT(status_parse(text, strlen(text), &status), 0);
	CHECK_INT(status.uid, 0);
	CHECK(status.footprint == ABSENT && status.resident == ABSENT);
	CHECK(status.anonymous == ABSENT && status.file == ABSENT && status.shared == ABSENT);
	CHECK(status.swap == ABSENT && status.page_tables == ABSENT && status.peak == ABSENT);
	CHECK(status.virtual == ABSENT && status.locked == ABSENT && status.hugetlb == ABSENT);
	CHECK(status.virtual_peak == ABSENT && status.pinned == ABSENT);
	CHECK(status.data == ABSENT && status.stack == ABSENT && status.code == ABSENT);
	CHECK(status.libraries == ABSENT && status.anonymous_total == ABSENT);
}

TEST(status_of_a_kernel_without_huge_pages)
{
	char text[sizeof status_text];
	struct linux_status status;

	snprintf(text, sizeof text, "%s", status_text);
	*strstr(text, "HugetlbPages") = 'X';
	CHECK_INT(status_parse(text, strlen(text), &status), 0);
	CHECK_INT(status.footprint, 112 + 10 + 48);
	CHECK(status.hugetlb == ABSENT);
}

TEST(status_garbage)
{
	struct linux_status status;

	CHECK_INT(status_parse("", 0, &status), -EBADMSG);
	CHECK_INT(status_parse("Uid:\n\n:\n", 8, &status), -EBADMSG);
	/* A line that is cut is not taken: no user is 0 by mistake. */
	CHECK_INT(status_parse("Uid:\t5\t5\nGid:\t1\t1\t1\n", 20, &status), -EBADMSG);
	for (size_t length = 0; length < sizeof status_text; length++) {
		char *copy = malloc(length + 1);
		CHECK(copy);
		memcpy(copy, status_text, length);
		status_parse(copy, length, &status);
		free(copy);
	}
}

TEST(statm_is_three_numbers)
{
	int64_t pages[3];

	CHECK_INT(statm_parse("765 421 393 5 0 90 0\n", 21, pages), 0);
	CHECK(pages[0] == 765 && pages[1] == 421 && pages[2] == 393);
	CHECK_INT(statm_parse("765 421", 7, pages), -EBADMSG);
}

TEST(switches_are_added_up)
{
	struct linux_switches switches = {0};

	CHECK_INT(switches_parse(status_text, strlen(status_text), &switches), 0);
	CHECK_INT(switches_parse(status_text, strlen(status_text), &switches), 0);
	CHECK_INT(switches.voluntary, 300);
	CHECK_INT(switches.forced, 1090);
	CHECK_INT(switches.total, 1390);
	CHECK_INT(switches_parse("Uid:\t0\n", 7, &switches), -EBADMSG);
}

TEST(io_is_taken_apart)
{
	static const char text[] = "rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: 5\n"
				   "write_bytes: 70\ncancelled_write_bytes: 10\n";
	static const char thrown[] = "rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: 5\n"
				     "write_bytes: 7\ncancelled_write_bytes: 10\n";
	struct linux_io io;

	CHECK_INT(io_parse(text, strlen(text), &io), 0);
	CHECK_INT(io.read_bytes, 1);
	CHECK_INT(io.written_bytes, 2);
	CHECK_INT(io.read_calls, 3);
	CHECK_INT(io.write_calls, 4);
	CHECK_INT(io.disk_read, 5);
	CHECK_INT(io.disk_written, 60);
	CHECK_INT(io.logical_written, 70);
	CHECK_INT(io.cancelled, 10);
	CHECK_INT(io_parse(thrown, strlen(thrown), &io), 0);
	CHECK_INT(io.disk_written, 0);
	CHECK_INT(io.logical_written, 7);
	CHECK_INT(io_parse(text, strlen(text) / 2, &io), -EBADMSG);
	CHECK_INT(io_parse("", 0, &io), -EBADMSG);
}

TEST(schedstat_has_the_delay_second)
{
	struct linux_schedstat schedstat = {0};

	CHECK_INT(schedstat_parse("89863 60831 2\n", 14, &schedstat), 0);
	CHECK_INT(schedstat.run_delay_ns, 60831);
	CHECK_INT(schedstat.runnable_ns, 150694);
	CHECK_INT(schedstat_parse("7 5 1\n", 6, &schedstat), 0); /* another thread */
	CHECK_INT(schedstat.run_delay_ns, 60836);
	CHECK_INT(schedstat.runnable_ns, 150706);
	CHECK_INT(schedstat_parse("89863", 5, &schedstat), -EBADMSG);
	CHECK_INT(schedstat_parse("-1 1 1", 6, &schedstat), -EBADMSG);
	CHECK_INT(schedstat_parse("1 -1 1", 6, &schedstat), -EBADMSG);
	CHECK_INT(schedstat_parse("", 0, &schedstat), -EBADMSG);
	CHECK_INT(schedstat.runnable_ns, 150706);
}

static void check_cgroup(const char *text, const char *path)
{
	struct sample_text found;
	int result = cgroup_parse(text, strlen(text), &found);

	CHECK_INT(result, path ? 0 : -EBADMSG);
	if (path) {
		CHECK_INT(found.length, strlen(path));
		CHECK(memcmp(found.bytes, path, strlen(path)) == 0);
	}
}

TEST(cgroup_prefers_the_unified_hierarchy)
{
	check_cgroup("0::/user.slice/a.scope\n", "/user.slice/a.scope");
	check_cgroup("2:cpu:/x\n1:name=systemd:/y\n0::/z\n", "/z");
	check_cgroup("2:cpu,cpuacct:/x\n1:name=systemd:/y\n", "/x");
	check_cgroup("0::/with:colons: and blanks\n", "/with:colons: and blanks");
	check_cgroup("0::/gone (deleted)", "/gone (deleted)");
	check_cgroup("", NULL);
	check_cgroup("0\n0:\n0::\n::\n", NULL);
}

TEST(cmdline_becomes_one_line)
{
	char two[] = "cat\0a file\0", one[] = "sshd: root@pts/0\0\0\0\0", none[] = "\0\0";
	char bare[] = {'a', '\0', 'b'};

	CHECK_INT(cmdline_parse(two, sizeof two - 1), 10);
	CHECK(memcmp(two, "cat a file", 10) == 0);
	CHECK_INT(cmdline_parse(one, sizeof one - 1), 16);
	CHECK_INT(cmdline_parse(none, sizeof none - 1), 0);
	CHECK_INT(cmdline_parse(none, 0), 0);
	CHECK_INT(cmdline_parse(bare, 3), 3);
	CHECK(memcmp(bare, "a b", 3) == 0);
}

TEST(smaps_are_added_up)
{
	static const char one[] = "55d0-55d1 r--p 0 00:00 0   [heap]\nRss: 10 kB\nPss:   5 kB\n"
				  "Pss_Dirty: 1 kB\nShared_Clean: 20 kB\nShared_Dirty: 7 kB\n"
				  "Private_Clean: 2 kB\nPrivate_Dirty: 3 kB\n"
				  "LazyFree: 4 kB\nSwap: 9 kB\nSwapPss: 6 kB\n";
	static const char huge[] = "Shared_Hugetlb: 2048 kB\nPrivate_Hugetlb: 4096 kB\n";
	struct smaps_sums sums = {0};
	struct linux_smaps smaps;

	smaps_add(&sums, one, strlen(one));
	smaps_add(&sums, one, strlen(one));
	smaps_finish(&sums, &smaps);
	CHECK_INT(smaps.pss, 10);
	CHECK_INT(smaps.unique, 10);
	CHECK_INT(smaps.common, 54);
	CHECK_INT(smaps.lazy_free, 8);
	CHECK_INT(smaps.swap_pss, 12);
	CHECK(smaps.pss_file == ABSENT_U64(STATE_UNSUPPORTED));
	smaps_add(&sums, huge, strlen(huge));
	smaps_finish(&sums, &smaps);
	CHECK_INT(smaps.common, 54 + 2048);
	CHECK_INT(smaps.unique, 10 + 4096);
	memset(&sums, 0, sizeof sums);
	smaps_add(&sums, huge, strlen(huge));
	smaps_finish(&sums, &smaps);
	CHECK(smaps.common == ABSENT && smaps.unique == ABSENT && smaps.pss == ABSENT);
}

static void check_tty(unsigned major_, unsigned minor_, const char *name)
{
	char found[32];
	uint64_t device =
		(minor_ & 0xff) | (uint64_t)major_ << 8 | (uint64_t)(minor_ & ~0xffU) << 12;
	uint32_t length = tty_parse(device, found);

	CHECK_INT(length, strlen(name));
	CHECK(memcmp(found, name, length) == 0);
}

TEST(terminals_have_names)
{
	check_tty(136, 0, "pts/0");
	check_tty(136, 1000, "pts/1000");
	check_tty(137, 3, "pts/259");
	check_tty(143, 255, "pts/2047");
	check_tty(4, 1, "tty1");
	check_tty(4, 64, "ttyS0");
	check_tty(4, 67, "ttyS3");
	check_tty(229, 0, "");
	check_tty(144, 0, "");
}

TEST(number_files)
{
	int64_t number = 0;

	CHECK_INT(number_parse("-1000\n", 6, &number), 0);
	CHECK_INT(number, -1000);
	CHECK_INT(number_parse("\n", 1, &number), -EBADMSG);
}

/* Against a plain array, with pids that collide. */
TEST(pid_map_keeps_what_is_put)
{
	enum { PIDS = 4096 };
	struct pid_map map = {0};
	static uint32_t slots[PIDS]; /* 0: absent; else slot + 1 */
	uint32_t random = 1;

	CHECK(pid_map_get(&map, 7) == UINT32_MAX);
	pid_map_remove(&map, 7);
	for (int i = 0; i < 200000; i++) {
		random = random * 1664525 + 1013904223;
		uint32_t index = (random >> 8) % PIDS, pid = 1 + index * 256;
		CHECK(pid_map_get(&map, pid) == slots[index] - 1);
		if (slots[index])
			pid_map_remove(&map, pid);
		else
			pid_map_put(&map, pid, (uint32_t)i);
		slots[index] = slots[index] ? 0 : (uint32_t)i + 1;
	}
	for (uint32_t i = 0; i < PIDS; i++)
		CHECK(pid_map_get(&map, 1 + i * 256) == slots[i] - 1);
	pid_map_clear(&map);
	CHECK_INT(map.count, 0);
	CHECK(pid_map_get(&map, 1) == UINT32_MAX);
	pid_map_finish(&map);
}

TESTS(CASE(stat_finds_the_end_of_the_name), CASE(stat_fields_have_the_numbers_of_the_manual),
	CASE(stat_refuses_what_is_no_stat_line), CASE(stat_may_be_cut_anywhere),
	CASE(numbers_saturate), CASE(pids_are_decimal_and_nothing_else),
	CASE(status_is_taken_apart), CASE(status_without_memory_has_none),
	CASE(status_of_a_kernel_without_huge_pages), CASE(status_garbage),
	CASE(statm_is_three_numbers), CASE(switches_are_added_up), CASE(io_is_taken_apart),
	CASE(schedstat_has_the_delay_second), CASE(cgroup_prefers_the_unified_hierarchy),
	CASE(cmdline_becomes_one_line), CASE(smaps_are_added_up), CASE(terminals_have_names),
	CASE(number_files), CASE(pid_map_keeps_what_is_put))
