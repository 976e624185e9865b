/*
 * What is made of the text of smaps: what each mapping is, what it is for, and how much of it is
 * where. The texts are those of Linux 6.18 on x86-64, but where it says otherwise.
 */
#include <errno.h>

#include "linux/memory/map.h"
#include "source.h"
#include "test.h"

enum { FOUND_MAX = 4096 };

struct found {
	struct mapping mapping;
	char text[256], category[64], flags[128];
};

static struct found found[FOUND_MAX];
static uint32_t found_count, found_max;

static void copy(char *out, size_t size, const char *text, size_t length)
{
	CHECK(length < size);
	if (length)
		memcpy(out, text, length);
	out[length] = '\0';
}

static bool visit(void *context, const struct mapping *mapping)
{
	struct found *item = &found[found_count++];

	(void)context;
	item->mapping = *mapping;
	copy(item->text, sizeof item->text, mapping->text, mapping->text_length);
	copy(item->category, sizeof item->category, mapping->category,
		mapping->category_length);
	copy(item->flags, sizeof item->flags, mapping->flags, mapping->flags_length);
	return found_count < found_max;
}

static int parse_with(const char *text, const char *mounts)
{
	found_count = 0;
	found_max = FOUND_MAX;
	return map_parse(text, strlen(text), mounts, strlen(mounts), visit, NULL);
}

static void parse(const char *text)
{
	CHECK_INT(parse_with(text, ""), 0);
}

/* A mapping alone is for that. */
static void check_category(const char *line, const char *category)
{
	char text[1024];

	snprintf(text, sizeof text, "%s\n", line);
	parse(text);
	CHECK_INT(found_count, 1);
	CHECK_TEXT(found[0].category, category);
}

/* ------------------------------------------------------------------------------- heads */

TEST(a_file)
{
	const struct mapping *mapping = &found[0].mapping;

	parse("5568ba764000-5568ba825000 r-xp 0002f000 fe:01 247101                     "
	      "/usr/bin/a b\n");
	CHECK_INT(found_count, 1);
	CHECK_INT(mapping->start, 0x5568ba764000);
	CHECK_INT(mapping->end, 0x5568ba825000);
	CHECK_INT(mapping->offset, 0x2f000);
	CHECK_INT(mapping->inode, 247101);
	CHECK_INT(mapping->device_major, 0xfe);
	CHECK_INT(mapping->device_minor, 1);
	CHECK(mapping->readable && !mapping->writable && mapping->executable);
	CHECK(mapping->is_file && !mapping->is_shared && !mapping->is_memory);
	CHECK(!mapping->is_deleted && !mapping->is_named);
	CHECK_TEXT(found[0].text, "/usr/bin/a b");
	CHECK_TEXT(found[0].category, "program text");
}

/* The kernel escapes newlines only (seq_path() with "\n"); what is behind the path is its. */
TEST(paths)
{
	parse("1000-2000 r--p 00000000 08:01 1 /tmp/a\\012b (deleted)\n"
	      "2000-3000 r--p 00000000 08:01 2 /tmp/(deleted)\n"
	      "3000-4000 r--p 00000000 08:01 3 /tmp/a (deleted) (deleted)\n");
	CHECK_INT(found_count, 3);
	CHECK_TEXT(found[0].text, "/tmp/a\\012b");
	CHECK(found[0].mapping.is_deleted);
	CHECK_TEXT(found[1].text, "/tmp/(deleted)");
	CHECK(!found[1].mapping.is_deleted);
	CHECK_TEXT(found[2].text, "/tmp/a (deleted)");
	CHECK(found[2].mapping.is_deleted);
}

/* XFS and overlayfs use all 64 bits. */
TEST(inodes_are_exact)
{
	parse("1000-2000 r--p 00000000 00:2a 18446744073709551600 /a\n");
	CHECK(found[0].mapping.inode == UINT64_C(18446744073709551600));
	CHECK_INT(parse_with("1000-2000 r--p 00000000 00:2a 18446744073709551616 /a\n", ""),
		-EBADMSG);
}

TEST(names)
{
	parse("1000-2000 rw-p 00000000 00:00 0 [heap]\n"
	      "2000-3000 rw-p 00000000 00:00 0 [anon:a [b]]\n"
	      "3000-4000 rw-s 00000000 00:01 9 [anon_shmem:c]\n"
	      "4000-5000 rw-p 00000000 00:00 0 \n"
	      "5000-6000 rw-s 00000000 00:0f 7 anon_inode:[io_uring]\n"
	      "6000-7000 rw-p 00000000 00:00 0 [x\n");
	CHECK_INT(found_count, 6);
	CHECK_TEXT(found[0].text, "heap");
	CHECK(!found[0].mapping.is_named && !found[0].mapping.is_file);
	CHECK_TEXT(found[1].text, "a [b]");
	CHECK(found[1].mapping.is_named && !found[1].mapping.is_memory);
	CHECK_TEXT(found[2].text, "c");
	CHECK(found[2].mapping.is_named && found[2].mapping.is_memory);
	CHECK_TEXT(found[3].text, "");
	CHECK_TEXT(found[4].text, "anon_inode:[io_uring]");
	CHECK(!found[4].mapping.is_file && !found[4].mapping.is_memory);
	CHECK_TEXT(found[5].text, "[x");
}

TEST(garbage)
{
	static const char *const bad[] = {
		"x\n",
		"\n",
		"1000 2000 r--p 0 0:0 0\n",
		"1000-2000\n",
		"1000-2000 r-\n",
		"2000-1000 r--p 0 0:0 0\n",
		"1000-1000 r--p 0 0:0 0\n",
		"1000-11112222333344445 r--p 0 0:0 0\n",
		"1000-2000 r--p 0 0:0 \n",
		"1000-2000 r--p 0 0-0 0\n",
		"1000-2000 r--p 0 111112222:0 0\n",
		"1000-2000 r--p 0 0:0 0 \n[heap]\n",
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (parse_with(bad[i], "") != -EBADMSG)
			test_fail(__FILE__, __LINE__, "taken: %s", bad[i]);
	CHECK_INT(parse_with("", ""), -ESRCH);
	CHECK_INT(parse_with("Rss: 4 kB\nVmFlags: rd\n", ""), -ESRCH);
	CHECK_INT(parse_with("1000-2000 r--p 0 0:0 0", ""), -ESRCH); /* no whole line */
}

static bool measure(void *context, const struct mapping *mapping)
{
	*(uint32_t *)context = mapping->text_length;
	return true;
}

TEST(a_path_of_any_length)
{
	static char text[60000];
	int start = snprintf(text, sizeof text, "1000-2000 r--p 0 8:1 1 ");
	uint32_t length = 0;

	memset(text + start, '/', sizeof text - (size_t)start);
	text[sizeof text - 1] = '\n';
	CHECK_INT(map_parse(text, sizeof text, "", 0, measure, &length), 0);
	CHECK_INT(length, sizeof text - 1 - (size_t)start);
}

TEST(enough_is_enough)
{
	static const char text[] = "1000-2000 r--p 0 0:0 0 \n3000-4000 r--p 0 0:0 0 \n"
				   "5000-6000 r--p 0 0:0 0 \nx\n";

	found_count = 0;
	found_max = 1;
	CHECK_INT(map_parse(text, sizeof text - 1, "", 0, visit, NULL), 0);
	CHECK_INT(found_count, 1);
	CHECK_INT(found[0].mapping.start, 0x1000);
}

/* -------------------------------------------------------------------------- categories */

TEST(what_has_a_name)
{
	check_category("1000-2000 rw-p 00000000 00:00 0 [heap]", "malloc heap");
	check_category("1000-2000 rw-p 00000000 00:00 0 [stack]", "stack");
	check_category("1000-2000 rw-p 00000000 00:00 0 [stack:12]", "stack"); /* Linux 4.4 */
	check_category("1000-2000 r--p 00000000 00:00 0 [vvar]", "kernel");
	check_category("1000-2000 r--p 00000000 00:00 0 [vvar_vclock]", "kernel");
	check_category("1000-2000 r-xp 00000000 00:00 0 [vdso]", "kernel");
	check_category(
		"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]", "kernel");
	check_category("1000-2000 rw-s 00000000 00:0f 7 anon_inode:[perf_event]", "devices");
	check_category("1000-2000 rw-s 00000000 00:08 7 socket:[77]", "devices");
	/* glibc 2.39 with its tunable glibc.mem.decorate_maps; Go 1.25 */
	check_category(
		"1000-2000 rw-p 00000000 00:00 0 [anon: glibc: malloc arena]", "malloc heap");
	check_category("1000-2000 rw-p 00000000 00:00 0 [anon: glibc: pthread stack: 9]",
		"thread stacks");
	check_category(
		"1000-2000 rw-p 00000000 00:00 0 [anon: glibc: unused stack]", "thread stacks");
	check_category("1000-2000 rw-p 00000000 00:00 0 [anon: Go: heap]", "Go: heap");
	check_category("1000-2000 rw-p 00000000 00:00 0 [anon:  ]", "anonymous");
	/* What a program says of itself is nothing that the kernel says. */
	check_category("1000-2000 rw-p 00000000 00:00 0 [anon:heap]", "heap");
	check_category(
		"1000-2000 rw-p 00000000 00:00 0 [anon:stack of cards]", "stack of cards");
	check_category("1000-2000 rw-p 00000000 00:00 0 [anon:jemalloc_pg]", "jemalloc_pg");
}

TEST(shared_memory)
{
	check_category(
		"1000-2000 rw-s 00000000 00:01 5 /memfd:pulse (deleted)", "shared memory");
	check_category(
		"1000-2000 rw-s 00000000 00:01 5 /SYSV00000000 (deleted)", "shared memory");
	check_category("1000-2000 rw-s 00000000 00:01 5 /dev/zero (deleted)", "shared memory");
	check_category("1000-2000 rw-s 00000000 00:01 5 [anon_shmem:x]", "shared memory");
	CHECK(found[0].mapping.is_memory);
	check_category(
		"1000-2000 rw-s 00000000 00:0f 5 /anon_hugepage (deleted)", "huge pages");
	CHECK(found[0].mapping.is_memory && found[0].mapping.is_huge);
	check_category("1000-2000 rw-s 00000000 00:05 5 /dev/fb0", "devices");
	check_category("1000-2000 rw-s 00000000 00:05 5 /dev/dri/renderD128", "GPU");
	check_category("1000-2000 rw-s 00000000 00:05 5 /dev/nvidia0", "GPU");
	check_category("1000-2000 rw-s 00000000 00:0d 5 /dmabuf:", "GPU");
	check_category("1000-2000 rw-s 00000000 00:01 5 /drm mm object (deleted)", "GPU");
	CHECK(found[0].mapping.is_memory);
	check_category("1000-2000 rw-s 00000000 08:01 5 /home/x", "mapped files");
	CHECK(!found[0].mapping.is_memory);
}

/* Which files are memory is known by what is mounted. */
TEST(mounts_of_memory)
{
	static const char mounts[] =
		"22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
		"23 22 0:21 / /dev/shm rw,nosuid shared:4 master:2 - tmpfs tmpfs rw\n"
		"24 22 0:22 / /huge\\040pages rw - hugetlbfs none rw\n"
		"25 22 0:23 / /tmpfs rw - ext4 tmpfs rw\n"
		"26 22 0:x / /y rw - tmpfs tmpfs rw\n"
		"27 22 -1:3 / /y rw - tmpfs tmpfs rw\n"
		"28 22 0:24 / /y rw tmpfs tmpfs rw\n"
		"29\n\n";
	static const char text[] = "1000-2000 rw-s 00000000 00:15 1 /dev/shm/a\n"
				   "3000-4000 rw-s 00000000 00:16 2 /huge pages/b\n"
				   "5000-6000 rw-s 00000000 00:17 3 /tmpfs/c\n"
				   "7000-8000 rw-s 00000000 00:18 4 /y/d\n"
				   "9000-a000 rw-s 00000000 08:15 5 /e\n"
				   "b000-c000 r-xp 00000000 00:15 6 /dev/shm/f\n";
	static const char *const categories[] = {"shared memory", "huge pages", "mapped files",
		"mapped files", "mapped files", "shared memory"};

	CHECK_INT(parse_with(text, mounts), 0);
	CHECK_INT(found_count, 6);
	for (int i = 0; i < 6; i++)
		CHECK_TEXT(found[i].category, categories[i]);
	CHECK(found[0].mapping.is_memory && !found[0].mapping.is_huge);
	CHECK(found[1].mapping.is_memory && found[1].mapping.is_huge);
	CHECK(!found[2].mapping.is_memory && !found[3].mapping.is_memory);
	CHECK(!found[4].mapping.is_memory && found[5].mapping.is_memory);
}

/* bash of Debian 13: constants, code, constants, relocated constants, data, and what is 0. Beside
 * it a file that nobody runs. */
TEST(parts_of_a_program)
{
	static const char *const categories[] = {"program constants", "program text",
		"program constants", "program constants", "program data", "program data",
		"malloc heap", "mapped files", "mapped files"};

	parse("5568ba735000-5568ba764000 r--p 00000000 fe:00 247101 /usr/bin/bash\n"
	      "5568ba764000-5568ba825000 r-xp 0002f000 fe:00 247101 /usr/bin/bash\n"
	      "5568ba825000-5568ba85d000 r--p 000f0000 fe:00 247101 /usr/bin/bash\n"
	      "5568ba85d000-5568ba861000 r--p 00127000 fe:00 247101 /usr/bin/bash\n"
	      "5568ba861000-5568ba86a000 rw-p 0012b000 fe:00 247101 /usr/bin/bash\n"
	      "5568ba86a000-5568ba875000 rw-p 00000000 00:00 0 \n"
	      "5568f16b8000-5568f1737000 rw-p 00000000 00:00 0 [heap]\n"
	      "7f4b538b7000-7f4b5390e000 r--p 00000000 fe:00 3000 /usr/lib/locale/LC_CTYPE\n"
	      "7f4b5390e000-7f4b5390f000 rw-p 00000000 fe:00 3001 /usr/lib/locale/LC_TIME\n");
	CHECK_INT(found_count, 9);
	for (int i = 0; i < 9; i++)
		CHECK_TEXT(found[i].category, categories[i]);
}

TEST(what_has_no_name)
{
	static const char *const categories[] = {"reserved", "thread stacks", "anonymous",
		"JIT code", "malloc heap", "reserved", "anonymous"};

	parse("7f0000001000-7f0000002000 ---p 00000000 00:00 0 \n" /* the guard */
	      "7f0000002000-7f0000802000 rw-p 00000000 00:00 0 \n"
	      "7f0000900000-7f0000902000 rw-p 00000000 00:00 0 \n"
	      "7f0000a00000-7f0000a01000 rwxp 00000000 00:00 0 \n"
	      "7f0008000000-7f0008021000 rw-p 00000000 00:00 0 \n" /* an arena, 64 MiB */
	      "7f0008021000-7f000c000000 ---p 00000000 00:00 0 \n"
	      "7f000c000000-7f000c021000 rw-p 00000000 00:00 0 \n");
	CHECK_INT(found_count, 7);
	for (int i = 0; i < 7; i++)
		CHECK_TEXT(found[i].category, categories[i]);
}

/* Behind a guard that is as large as this there is no thread's stack. */
TEST(no_stack_of_a_thread)
{
	parse("7f0000000000-7f0000100000 ---p 00000000 00:00 0 \n"
	      "7f0000100000-7f0000802000 rw-p 00000000 00:00 0 \n"
	      "7f0000900000-7f0000901000 ---p 00000000 00:00 0 \n"
	      "7f0000902000-7f0000904000 rw-p 00000000 00:00 0 \n");
	CHECK_TEXT(found[1].category, "anonymous");
	CHECK_TEXT(found[3].category, "anonymous"); /* they do not touch */
}

TEST(no_arena)
{
	check_category("7f0008001000-7f000c001000 rw-p 00000000 00:00 0 ", "anonymous");
	check_category("7f0008000000-7f000c000000 rw-p 00000000 00:00 0 ", "malloc heap");
}

/* Who maps a file piece by piece must not make us hold all pieces: beyond some of them what they
 * are is told by those that came before. */
TEST(a_file_in_many_pieces)
{
	static char text[FOUND_MAX * 64];
	int length = 0;

	for (int i = 0; i < 300; i++)
		length += snprintf(text + length, sizeof text - (size_t)length,
			"%x-%x r%c%cp %08x 08:01 77 /lib/a.so\n", (unsigned)(i + 1) * 0x1000,
			(unsigned)(i + 2) * 0x1000, i & 1 ? 'w' : '-', i == 3 ? 'x' : '-',
			(unsigned)i * 0x1000);
	parse(text);
	CHECK_INT(found_count, 300);
	for (int i = 0; i < 300; i++) {
		CHECK_INT(found[i].mapping.start, (i + 1) * 0x1000);
		CHECK_TEXT(found[i].text, "/lib/a.so");
		CHECK_TEXT(found[i].category, i & 1 ? "program data" : "program constants");
	}
}

/* ------------------------------------------------------------------------------- pages */

static const char head[] = "7f4b53000000-7f4b53800000 rw-p 00000000 00:00 0 \n";

/* The sums of one mapping with these lines. */
static const struct map_pages *pages_of(const char *first, const char *lines)
{
	char text[4096];

	snprintf(text, sizeof text, "%s%s", first, lines);
	parse(text);
	CHECK_INT(found_count, 1);
	return &found[0].mapping.pages;
}

static const char lines[] = "Size:               8192 kB\n"
			    "KernelPageSize:        4 kB\n"
			    "MMUPageSize:           4 kB\n"
			    "Rss:                1000 kB\n"
			    "Pss:                 900 kB\n"
			    "Pss_Dirty:           890 kB\n"
			    "Shared_Clean:          1 kB\n"
			    "Shared_Dirty:          2 kB\n"
			    "Private_Clean:         4 kB\n"
			    "Private_Dirty:         8 kB\n"
			    "Referenced:           77 kB\n"
			    "Anonymous:           600 kB\n"
			    "KSM:                  16 kB\n"
			    "LazyFree:            100 kB\n"
			    "AnonHugePages:        32 kB\n"
			    "ShmemPmdMapped:       64 kB\n"
			    "FilePmdMapped:       128 kB\n"
			    "Shared_Hugetlb:     2048 kB\n"
			    "Private_Hugetlb:    4096 kB\n"
			    "Swap:                 50 kB\n"
			    "SwapPss:              25 kB\n"
			    "Locked:               10 kB\n"
			    "THPeligible:           0\n"
			    "ProtectionKey:         0\n"
			    "VmFlags: rd wr mr mw me ac sd \n";

static void check_pages(const struct map_pages *pages, bool is_memory)
{
	CHECK_INT(pages->resident, 1000 * 1024);
	CHECK_INT(pages->dirty, (600 - 100 + 50 + 2048 + 4096 + (is_memory ? 400 : 0)) * 1024);
	CHECK_INT(pages->swap, 50 * 1024);
	CHECK_INT(pages->clean, (is_memory ? 0 : 400) * 1024);
	CHECK_INT(pages->reclaimable, 100 * 1024);
	CHECK_INT(pages->wired, 10 * 1024);
	CHECK_INT(pages->pss, 900 * 1024);
	CHECK_INT(pages->unique, (4 + 8 + 4096) * 1024);
	CHECK_INT(pages->common, (1 + 2 + 2048) * 1024);
	CHECK_INT(pages->swap_pss, 25 * 1024);
	CHECK_INT(pages->anonymous, 600 * 1024);
	CHECK_INT(pages->shared, (is_memory ? 400 : 0) * 1024);
	CHECK_INT(pages->huge, (32 + 64 + 128) * 1024);
	CHECK_INT(pages->hugetlb, (2048 + 4096) * 1024);
	CHECK_INT(pages->merged, 16 * 1024);
	CHECK_INT(pages->referenced, 77 * 1024);
}

TEST(pages)
{
	check_pages(pages_of(head, lines), false);
	CHECK_INT(found[0].mapping.page_size, 4096);
	CHECK_TEXT(found[0].flags, "rd wr mr mw me ac sd");
	check_pages(
		pages_of("1000-2000 rw-s 00000000 00:01 5 /memfd:a (deleted)\n", lines), true);
}

/* Nobody promises an order. */
TEST(lines_in_any_order)
{
	static char backwards[sizeof lines];
	size_t length = sizeof lines - 1, out = 0;

	while (length) {
		size_t start = length - 1;
		while (start && lines[start - 1] != '\n')
			start--;
		memcpy(backwards + out, lines + start, length - start);
		out += length - start;
		length = start;
	}
	check_pages(pages_of(head, backwards), false);
}

/* Each mapping has its own lines. */
TEST(pages_of_several)
{
	char text[8192];

	snprintf(text, sizeof text,
		"%s%s1000-2000 r--p 00000000 08:01 5 /a\nRss: 12 kB\nAnonymous: 0 kB\n", head,
		lines);
	parse(text);
	CHECK_INT(found_count, 2);
	check_pages(&found[0].mapping.pages, false);
	CHECK_INT(found[1].mapping.pages.resident, 12 * 1024);
	CHECK_INT(found[1].mapping.pages.clean, 12 * 1024);
	CHECK(found[1].mapping.pages.dirty == ABSENT_U64(STATE_UNSUPPORTED));
	CHECK(found[1].mapping.page_size == ABSENT_U64(STATE_UNSUPPORTED));
	CHECK_TEXT(found[1].flags, "");
}

/* Linux 6.1 does not know what is merged. An amount is not known to be 0 for that. */
TEST(what_a_kernel_does_not_tell)
{
	static const char *const without[] = {"KSM:", "Swap:", "LazyFree:"};
	const uint64_t unknown = ABSENT_U64(STATE_UNSUPPORTED);
	char less[3][sizeof lines];

	for (int i = 0; i < 3; i++) {
		char *line;
		memcpy(less[i], lines, sizeof lines);
		line = strstr(less[i], without[i]);
		memset(line, '?' + 1, 3); /* "@@@" is nobody's key */
		line[0] = 'X';
	}
	const struct map_pages *pages = pages_of(head, less[0]);
	CHECK(pages->merged == unknown);
	CHECK_INT(pages->dirty, (600 - 100 + 50 + 2048 + 4096) * 1024);
	pages = pages_of(head, less[1]);
	CHECK(pages->swap == unknown && pages->dirty == unknown);
	CHECK_INT(pages->clean, 400 * 1024);
	pages = pages_of(head, less[2]);
	CHECK(pages->reclaimable == unknown && pages->dirty == unknown);
}

TEST(huge_pages_by_their_flag)
{
	parse("1000-2000 rw-s 00000000 00:0f 5 /a\nVmFlags: rd wr sh ht sd \n"
	      "3000-4000 rw-s 00000000 00:0f 6 /b\nVmFlags: rd wr hg \n");
	CHECK_TEXT(found[0].category, "huge pages");
	CHECK_TEXT(found[1].category, "mapped files");
}

/* More than there can be is still no small amount, and no state. */
TEST(numbers_without_bounds)
{
	const struct map_pages *pages =
		pages_of(head, "Rss: 99999999999999999999999999 kB\nAnonymous: -5 kB\n"
			       "Shared_Hugetlb: 9223372036854775807 kB\n"
			       "Private_Hugetlb: 9223372036854775807 kB\nPss: kB\nLocked:\n");
	struct map_pages sum = {0};

	CHECK_INT(pages->resident, NUMBER_LIMIT);
	CHECK_INT(pages->hugetlb, NUMBER_LIMIT);
	CHECK(pages->anonymous == ABSENT_U64(STATE_UNSUPPORTED));
	CHECK(pages->pss == ABSENT_U64(STATE_UNSUPPORTED));
	CHECK(pages->wired == ABSENT_U64(STATE_UNSUPPORTED));
	for (int i = 0; i < 20; i++)
		map_pages_add(&sum, pages);
	CHECK_INT(sum.resident, NUMBER_LIMIT);
	CHECK(sum.anonymous == ABSENT_U64(STATE_UNSUPPORTED));
}

TESTS(CASE(a_file), CASE(paths), CASE(inodes_are_exact), CASE(names), CASE(garbage),
	CASE(a_path_of_any_length), CASE(enough_is_enough), CASE(what_has_a_name),
	CASE(shared_memory), CASE(mounts_of_memory), CASE(parts_of_a_program),
	CASE(what_has_no_name), CASE(no_stack_of_a_thread), CASE(no_arena),
	CASE(a_file_in_many_pieces), CASE(pages), CASE(lines_in_any_order),
	CASE(pages_of_several), CASE(what_a_kernel_does_not_tell),
	CASE(huge_pages_by_their_flag), CASE(numbers_without_bounds))
