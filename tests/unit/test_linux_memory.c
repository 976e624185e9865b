/*
 * What mem.* counts: 64 MiB are had in each of the ways that there are, and the attributes
 * must move as the kernel's counters are known to. This is the meaning of the attributes,
 * more than any description.
 */
#include <sys/mman.h>
#include <sys/shm.h>

#include "linux_watch.h"

enum {
	KIB = 64 * 1024, /* of memory in each case */
	SIZE = KIB * 1024,
	TABLES_KIB = KIB / 4 * 8 / 1024, /* 8 bytes of page table for 4 KiB: 128 */
	SLACK_KIB = 512, /* what the test itself and the C library use meanwhile */
};

static struct watch *watch;

static struct linux_status measure(void)
{
	struct linux_status status;

	watch_sample(watch, getpid(), SOURCE_status, &status);
	return status;
}

struct change {
	int64_t footprint, resident, anonymous, file, shared, page_tables, locked, virtual;
};

static void check_one(
	const char *what, const char *name, uint64_t before, uint64_t after, int64_t expected)
{
	int64_t change = (int64_t)(after - before);

	if (change < expected - SLACK_KIB || change > expected + SLACK_KIB)
		test_fail(__FILE__, __LINE__, "%s: %s changed by %lld KiB, expected %lld", what,
			name, (long long)change, (long long)expected);
}

/* Page tables come and go in small amounts, and may be there already. */
static void check_change(
	const char *what, const struct linux_status *before, const struct change *expected)
{
	struct linux_status after = measure();

	check_one(what, "footprint", before->footprint, after.footprint, expected->footprint);
	check_one(what, "resident", before->resident, after.resident, expected->resident);
	check_one(what, "anonymous", before->anonymous, after.anonymous, expected->anonymous);
	check_one(what, "file", before->file, after.file, expected->file);
	check_one(what, "shared", before->shared, after.shared, expected->shared);
	check_one(what, "locked", before->locked, after.locked, expected->locked);
	check_one(what, "virtual", before->virtual, after.virtual, expected->virtual);
	check_one(what, "page_tables", before->page_tables, after.page_tables,
		expected->page_tables);
	/* The parts fit together, for they come from one read. */
	CHECK_INT(after.resident, after.anonymous + after.file + after.shared);
	CHECK_INT(after.footprint,
		after.anonymous + after.swap + after.page_tables +
			(after.hugetlb == ABSENT_U64(STATE_NONE) ? 0 : after.hugetlb));
	CHECK(after.peak >= after.resident);
}

static void read_all(const char *memory)
{
	volatile char sink;

	for (int i = 0; i < SIZE; i += 4096)
		sink = memory[i];
	(void)sink;
}

static void write_all(char *memory)
{
	for (int i = 0; i < SIZE; i += 4096)
		memory[i] = (char)(i >> 12 | 1);
}

/* No huge pages: their page tables and their zero page would count otherwise. */
static char *map(int flags, int file)
{
	char *memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, flags, file, 0);

	CHECK(memory != MAP_FAILED);
	madvise(memory, SIZE, MADV_NOHUGEPAGE);
	return memory;
}

static void begin(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	test_skip("sanitizers need memory of their own for each use of memory");
#endif
	watch = watch_open(NULL, NULL, NULL);
	watch_list(watch);
	measure();
}

static void end(char *memory, const struct linux_status *before)
{
	static const struct change nothing = {0};

	munmap(memory, SIZE);
	check_change("unmapped", before, &nothing);
	watch_close(watch);
}

TEST(anonymous_memory)
{
	begin();
	struct linux_status before = measure();
	char *memory = map(MAP_PRIVATE | MAP_ANONYMOUS, -1);

	check_change("untouched", &before, &(struct change){.virtual = KIB});
	read_all(memory); /* all of it is the one page of zeros */
	check_change("read", &before,
		&(struct change){
			.virtual = KIB, .page_tables = TABLES_KIB, .footprint = TABLES_KIB});
	write_all(memory);
	check_change("written", &before,
		&(struct change){.virtual = KIB,
			.resident = KIB,
			.anonymous = KIB,
			.page_tables = TABLES_KIB,
			.footprint = KIB + TABLES_KIB});
	end(memory, &before);
}

TEST(malloc_memory)
{
	begin();
	struct linux_status before = measure();
	char *memory = malloc(SIZE);

	CHECK(memory);
	check_change("untouched", &before, &(struct change){.virtual = KIB});
	madvise((void *)(((uintptr_t)memory + 4095) & ~(uintptr_t)4095), SIZE - 4096,
		MADV_NOHUGEPAGE);
	write_all(memory);
	check_change("written", &before,
		&(struct change){.virtual = KIB,
			.resident = KIB,
			.anonymous = KIB,
			.page_tables = TABLES_KIB,
			.footprint = KIB + TABLES_KIB});
	free(memory);
	check_change("freed", &before, &(struct change){0});
	watch_close(watch);
}

TEST(memory_given_back_lazily)
{
	begin();
	struct linux_status before = measure();
	char *memory = map(MAP_PRIVATE | MAP_ANONYMOUS, -1);
	struct linux_smaps smaps;

	write_all(memory);
	if (madvise(memory, SIZE, MADV_FREE) < 0)
		test_skip("no MADV_FREE here");
	/* The kernel may take it, but has not yet: it counts. */
	check_change("free to take", &before,
		&(struct change){.virtual = KIB,
			.resident = KIB,
			.anonymous = KIB,
			.page_tables = TABLES_KIB,
			.footprint = KIB + TABLES_KIB});
	watch_sample(watch, getpid(), SOURCE_smaps, &smaps);
	CHECK(smaps.lazy_free >= KIB - SLACK_KIB && smaps.lazy_free <= KIB);
	madvise(memory, SIZE, MADV_DONTNEED);
	check_change("thrown away", &before, &(struct change){.virtual = KIB});
	end(memory, &before);
}

static int make_file(void)
{
	static char block[1 << 20];
	int file = open("/var/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (file < 0)
		test_skip("no file can be made in /var/tmp");
	memset(block, 7, sizeof block);
	for (int i = 0; i < SIZE >> 20; i++)
		if (write(file, block, sizeof block) != sizeof block)
			test_skip("no room in /var/tmp");
	return file;
}

/* Shared memory in disguise counts as such: tmpfs is no file to the kernel. */
static bool is_file_memory(int file)
{
	char *memory = map(MAP_SHARED, file);
	struct linux_status before = measure(), after;

	read_all(memory);
	after = measure();
	munmap(memory, SIZE);
	return after.shared < before.shared + KIB / 2;
}

TEST(private_file_mapping)
{
	begin();
	int file = make_file();
	if (!is_file_memory(file))
		test_skip("/var/tmp is no real file system");
	struct linux_status before = measure();
	char *memory = map(MAP_PRIVATE, file);

	check_change("untouched", &before, &(struct change){.virtual = KIB});
	read_all(memory);
	check_change("read", &before,
		&(struct change){.virtual = KIB,
			.resident = KIB,
			.file = KIB,
			.page_tables = TABLES_KIB,
			.footprint = TABLES_KIB});
	write_all(memory); /* copies */
	check_change("written", &before,
		&(struct change){.virtual = KIB,
			.resident = KIB,
			.anonymous = KIB,
			.page_tables = TABLES_KIB,
			.footprint = KIB + TABLES_KIB});
	close(file);
	end(memory, &before);
}

TEST(shared_file_mapping)
{
	begin();
	int file = make_file();
	if (!is_file_memory(file))
		test_skip("/var/tmp is no real file system");
	struct linux_status before = measure();
	char *memory = map(MAP_SHARED, file);
	struct change in_file = {.virtual = KIB,
		.resident = KIB,
		.file = KIB,
		.page_tables = TABLES_KIB,
		.footprint = TABLES_KIB};

	check_change("untouched", &before, &(struct change){.virtual = KIB});
	read_all(memory);
	check_change("read", &before, &in_file);
	write_all(memory); /* dirty, but the file's */
	check_change("written", &before, &in_file);
	close(file);
	end(memory, &before);
}

static void check_shared(char *memory, const struct linux_status *before)
{
	struct change mapped = {.virtual = KIB,
		.resident = KIB,
		.shared = KIB,
		.page_tables = TABLES_KIB,
		.footprint = TABLES_KIB};

	check_change("untouched", before, &(struct change){.virtual = KIB});
	read_all(memory);
	check_change("read", before, &mapped);
	write_all(memory);
	check_change("written", before, &mapped);
}

TEST(shared_anonymous_memory)
{
	begin();
	struct linux_status before = measure();
	char *memory = map(MAP_SHARED | MAP_ANONYMOUS, -1);

	check_shared(memory, &before);
	end(memory, &before);
}

TEST(system_v_shared_memory)
{
	begin();
	int id = shmget(IPC_PRIVATE, SIZE, IPC_CREAT | 0600);
	struct linux_status before = measure();
	char *memory;

	if (id < 0)
		test_skip("no System V shared memory here");
	memory = shmat(id, NULL, 0);
	shmctl(id, IPC_RMID, NULL);
	CHECK(memory != (char *)-1);
	madvise(memory, SIZE, MADV_NOHUGEPAGE);
	check_shared(memory, &before);
	shmdt(memory);
	check_change("detached", &before, &(struct change){0});
	watch_close(watch);
}

TEST(a_memory_file_that_nobody_maps_is_nobodys)
{
	static char block[1 << 20];
	begin();
	memset(block, 1, sizeof block);
	int file = memfd_create("test", MFD_CLOEXEC);
	struct linux_status before = measure();

	CHECK(file >= 0);
	for (int i = 0; i < SIZE >> 20; i++)
		CHECK(write(file, block, sizeof block) == sizeof block);
	check_change("written", &before, &(struct change){0});
	char *memory = map(MAP_SHARED, file);
	check_change("mapped", &before, &(struct change){.virtual = KIB});
	read_all(memory);
	check_change("read", &before,
		&(struct change){.virtual = KIB,
			.resident = KIB,
			.shared = KIB,
			.page_tables = TABLES_KIB,
			.footprint = TABLES_KIB});
	close(file);
	end(memory, &before);
}

TEST(locked_memory)
{
	begin();
	struct linux_status before = measure();
	char *memory = map(MAP_PRIVATE | MAP_ANONYMOUS, -1);

	if (mlock(memory, SIZE) < 0)
		test_skip("the limit on locked memory is too low");
	check_change("locked", &before,
		&(struct change){.virtual = KIB,
			.resident = KIB,
			.anonymous = KIB,
			.locked = KIB,
			.page_tables = TABLES_KIB,
			.footprint = KIB + TABLES_KIB});
	end(memory, &before);
}

TEST(huge_pages_of_the_pool)
{
	begin();
	struct linux_status before = measure(), after;
	struct linux_smaps alone_before, alone;
	char *memory;

	watch_sample(watch, getpid(), SOURCE_smaps, &alone_before);
	memory = mmap(NULL, 4 << 20, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);

	if (memory == MAP_FAILED)
		test_skip("the pool of huge pages is empty");
	memory[0] = memory[2 << 20] = 1;
	after = measure();
	check_one("written", "hugetlb", before.hugetlb, after.hugetlb, 4 << 10);
	check_one("written", "footprint", before.footprint, after.footprint, 4 << 10);
	check_one("written", "resident", before.resident, after.resident, 0);
	watch_sample(watch, getpid(), SOURCE_smaps, &alone);
	check_one("written", "unique", alone_before.unique, alone.unique, 4 << 10);
	munmap(memory, 4 << 20);
	watch_close(watch);
}

TESTS(CASE(anonymous_memory), CASE(malloc_memory), CASE(memory_given_back_lazily),
	CASE(private_file_mapping), CASE(shared_file_mapping), CASE(shared_anonymous_memory),
	CASE(system_v_shared_memory), CASE(a_memory_file_that_nobody_maps_is_nobodys),
	CASE(locked_memory), CASE(huge_pages_of_the_pool))
