/*
 * The build id: of ELF files made by hand, good and hostile, as the programs of processes in a
 * substitute procfs; and of live processes, against what binutils say.
 */
#include <elf.h>
#include <sys/stat.h>

#include "linux/process/process.h"
#include "linux_watch.h"

enum { NOBODY = 65534, NOTES_AT = 1024, IMAGE = 16384 };

static char root[] = "/tmp/procmon-elf-XXXXXX";
static struct watch *watch;

static void remove_root(void)
{
	char command[64];

	snprintf(command, sizeof command, "rm -rf %s", root);
	CHECK_INT(system(command), 0);
}

static const char *below(const char *name)
{
	static char path[128];

	snprintf(path, sizeof path, "%s/%s", root, name);
	return path;
}

static void put(const char *name, const void *bytes, size_t length)
{
	FILE *file = fopen(below(name), "we");

	CHECK(file && fwrite(bytes, 1, length, file) == length && fclose(file) == 0);
}

/* One process, 100; its program is the file 100/exe. */
static void begin(void)
{
	static const char stat[] =
		"100 (x) S 1 1 1 0 -1 0 10 0 1 0 3 1 0 0 20 0 1 0 500 1000 10 0 0 0 0 0 0 0 0 "
		"0 0 0 0 0 17 0 0 0 0 0 0\n";

	CHECK(mkdtemp(root));
	atexit(remove_root);
	CHECK_INT(mkdir(below("100"), 0755), 0);
	put("100/stat", stat, sizeof stat - 1);
	watch = watch_open(NULL, root, NULL);
	watch_tick(watch);
}

/* The id in hexadecimal, or the state. */
static const char *id_of(struct watch *table, pid_t pid)
{
	static const char *const states[] = {[STATE_NONE] = "none",
		[STATE_DENIED] = "denied",
		[STATE_UNSUPPORTED] = "unsupported",
		[STATE_FAILED] = "failed"};
	struct linux_build_id sample;
	int result = watch_read(table, pid, SOURCE_build_id, &sample);

	return result == STATE_OK ? watch_text(&sample.text) : states[result];
}

/* --------------------------------------------------------------------------- hand-made */

static char image[IMAGE];
static size_t image_size;

/* A note at the end of the image, of that alignment. */
static void add_note(
	const char *owner, uint32_t type, const void *value, uint32_t size, uint32_t alignment)
{
	Elf64_Nhdr note = {(uint32_t)strlen(owner) + 1, size, type};

	memcpy(image + image_size, &note, sizeof note);
	image_size += sizeof note;
	memcpy(image + image_size, owner, note.n_namesz);
	image_size = (image_size + note.n_namesz + alignment - 1) / alignment * alignment;
	memcpy(image + image_size, value, size);
	image_size = (image_size + size + alignment - 1) / alignment * alignment;
}

static Elf64_Ehdr *header(void)
{
	return (Elf64_Ehdr *)(void *)image;
}

static Elf64_Phdr *segment(int index)
{
	return (Elf64_Phdr *)(void *)(image + sizeof(Elf64_Ehdr)) + index;
}

/* 64 bits; a segment that is loaded, and one of notes, still empty. */
static void begin_image(void)
{
	memset(image, 0, sizeof image);
	memcpy(image, ELFMAG, SELFMAG);
	header()->e_ident[EI_CLASS] = ELFCLASS64;
	header()->e_ident[EI_DATA] = ELFDATA2LSB;
	header()->e_phoff = sizeof(Elf64_Ehdr);
	header()->e_phentsize = sizeof(Elf64_Phdr);
	header()->e_phnum = 2;
	*segment(0) = (Elf64_Phdr){.p_type = PT_LOAD, .p_filesz = IMAGE, .p_align = 4096};
	*segment(1) = (Elf64_Phdr){.p_type = PT_NOTE, .p_offset = NOTES_AT, .p_align = 4};
	image_size = NOTES_AT;
}

static const char *id_of_image(void)
{
	put("100/exe", image, image_size);
	return id_of(watch, 100);
}

/* With what was added since begin_image(). */
static const char *finish_image(void)
{
	segment(1)->p_filesz = image_size - NOTES_AT;
	return id_of_image();
}

static void make_good_image(void)
{
	begin_image();
	add_note("GNU", NT_GNU_ABI_TAG, "0123456789abcdef", 16, 4);
	add_note("Go", 4, "not this one", 12, 4);
	add_note("GNU", NT_GNU_BUILD_ID, "\x01\x23\x45\x67\x89\xab\xcd\xef", 8, 4);
	segment(1)->p_filesz = image_size - NOTES_AT;
}

TEST(notes_of_a_good_file)
{
	static const char longest[64] = {1};
	char expected[129];

	begin();
	make_good_image();
	CHECK_TEXT(id_of_image(), "0123456789abcdef");

	begin_image(); /* GNU properties are aligned to 8 */
	add_note("GNU", NT_GNU_PROPERTY_TYPE_0, "01234567890123456789", 20, 8);
	add_note("GNU", NT_GNU_BUILD_ID, "\xff\x00\x10", 3, 8);
	segment(1)->p_align = 8;
	CHECK_TEXT(finish_image(), "ff0010");

	begin_image();
	add_note("GNU", NT_GNU_BUILD_ID, longest, sizeof longest, 4);
	snprintf(expected, sizeof expected, "01%0126d", 0);
	CHECK_TEXT(finish_image(), expected);

	begin_image(); /* a table and notes that are far apart */
	add_note("GNU", NT_GNU_BUILD_ID, "\x42", 1, 4);
	memcpy(image + 12000, segment(0), 2 * sizeof *segment(0));
	header()->e_phoff = 12000;
	((Elf64_Phdr *)(void *)(image + 12000))[1].p_filesz = image_size - NOTES_AT;
	image_size = 13000;
	CHECK_TEXT(id_of_image(), "42");
	watch_close(watch);
}

TEST(notes_of_a_file_of_32_bits)
{
	Elf32_Ehdr *narrow = (Elf32_Ehdr *)(void *)image;
	Elf32_Phdr *entry = (Elf32_Phdr *)(void *)(image + 600);

	begin();
	make_good_image();
	memset(narrow, 0, sizeof *narrow);
	memcpy(image, ELFMAG, SELFMAG);
	narrow->e_ident[EI_CLASS] = ELFCLASS32;
	narrow->e_ident[EI_DATA] = ELFDATA2LSB;
	narrow->e_phoff = 600;
	narrow->e_phentsize = sizeof *entry;
	narrow->e_phnum = 1;
	*entry = (Elf32_Phdr){.p_type = PT_NOTE,
		.p_offset = NOTES_AT,
		.p_filesz = (uint32_t)image_size - NOTES_AT,
		.p_align = 4};
	CHECK_TEXT(id_of_image(), "0123456789abcdef");
	watch_close(watch);
}

TEST(files_without_an_id)
{
	begin();
	begin_image();
	CHECK_TEXT(finish_image(), "none");
	add_note("GNU", NT_GNU_ABI_TAG, "0123456789abcdef", 16, 4);
	add_note("gnu", NT_GNU_BUILD_ID, "\x42", 1, 4);
	CHECK_TEXT(finish_image(), "none");
	add_note("GNU", NT_GNU_BUILD_ID, "", 0, 4);
	CHECK_TEXT(finish_image(), "none");
	header()->e_phnum = 0;
	CHECK_TEXT(id_of_image(), "none");
	watch_close(watch);
}

TEST(no_files_of_this_machine)
{
	begin();
	make_good_image();
	header()->e_ident[EI_DATA] = ELFDATA2MSB;
	CHECK_TEXT(id_of_image(), "unsupported");
	make_good_image();
	header()->e_ident[EI_CLASS] = 3;
	CHECK_TEXT(id_of_image(), "unsupported");
	put("100/exe", "#!/bin/sh\n", 10);
	CHECK_TEXT(id_of(watch, 100), "unsupported");
	put("100/exe", "", 0);
	CHECK_TEXT(id_of(watch, 100), "unsupported");
	/* Nobody writes to it: nothing may wait for that. */
	CHECK(unlink(below("100/exe")) == 0 && mkfifo(below("100/exe"), 0644) == 0);
	CHECK_TEXT(id_of(watch, 100), "unsupported");
	CHECK(unlink(below("100/exe")) == 0 && mkdir(below("100/exe"), 0755) == 0);
	CHECK_TEXT(id_of(watch, 100), "unsupported");
	CHECK(rmdir(below("100/exe")) == 0);
	CHECK_TEXT(id_of(watch, 100), "none");
	watch_close(watch);
}

/* Whatever is cut off, an id is right or absent. */
TEST(truncated_files)
{
	begin();
	make_good_image();
	for (size_t length = 0; length < image_size; length += length < NOTES_AT - 8 ? 7 : 1) {
		put("100/exe", image, length);
		CHECK(strlen(id_of(watch, 100)) != 16);
	}
	CHECK_TEXT(id_of_image(), "0123456789abcdef");
	watch_close(watch);
}

static const char *with_segment(uint64_t offset, uint64_t size)
{
	make_good_image();
	segment(1)->p_offset = offset;
	segment(1)->p_filesz = size;
	return id_of_image();
}

static const char *with_first_note(uint32_t name_size, uint32_t value_size)
{
	Elf64_Nhdr *note = (Elf64_Nhdr *)(void *)(image + NOTES_AT);

	make_good_image();
	note->n_namesz = name_size;
	note->n_descsz = value_size;
	return id_of_image();
}

static const char *with_table(uint64_t offset, uint16_t entry_size, uint16_t count)
{
	make_good_image();
	header()->e_phoff = offset;
	header()->e_phentsize = entry_size;
	header()->e_phnum = count;
	return id_of_image();
}

TEST(hostile_files)
{
	static const char too_long[65] = {1};
	uint16_t entry = sizeof(Elf64_Phdr);

	begin();
	CHECK_TEXT(with_segment(UINT64_MAX, 100), "unsupported");
	CHECK_TEXT(with_segment(INT64_MAX, 100), "unsupported");
	CHECK_TEXT(with_segment(1 << 20, 100), "unsupported");
	CHECK_TEXT(with_segment(1 << 20, UINT64_MAX), "unsupported");
	CHECK_TEXT(with_segment(NOTES_AT, UINT64_MAX), "0123456789abcdef");
	CHECK_TEXT(with_segment(NOTES_AT, 11), "none");
	CHECK_TEXT(with_first_note(UINT32_MAX, 16), "none");
	CHECK_TEXT(with_first_note(4, UINT32_MAX), "none");
	CHECK_TEXT(with_first_note(UINT32_MAX, UINT32_MAX), "none");
	CHECK_TEXT(with_table(UINT64_MAX, entry, 2), "unsupported");
	CHECK_TEXT(with_table(UINT64_MAX - entry + 1, entry, 2), "unsupported");
	CHECK_TEXT(with_table(1 << 20, entry, 2), "unsupported");
	CHECK_TEXT(with_table(sizeof(Elf64_Ehdr), 0, 2), "unsupported");
	CHECK_TEXT(with_table(sizeof(Elf64_Ehdr), entry - 1, 2), "unsupported");
	CHECK_TEXT(with_table(sizeof(Elf64_Ehdr), entry, UINT16_MAX), "unsupported");
	begin_image();
	add_note("GNU", NT_GNU_BUILD_ID, too_long, sizeof too_long, 4);
	CHECK_TEXT(finish_image(), "unsupported");
	watch_close(watch);
}

/* ------------------------------------------------------------------------ live processes */

/* What a command prints first; "" for nothing. */
static const char *output_of(const char *command)
{
	static char line[256];
	FILE *stream = popen(command, "re");

	CHECK(stream);
	if (!fgets(line, sizeof line, stream))
		line[0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	pclose(stream);
	return line;
}

static const char *by_readelf(const char *path)
{
	char command[256];

	snprintf(command, sizeof command,
		"readelf -n '%s' 2>/dev/null | sed -n 's/.*Build ID: //p'", path);
	return output_of(command);
}

static pid_t run(const char *path)
{
	pid_t child = fork();
	char name[64] = "";

	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl(path, "it", "60", NULL);
		_exit(127);
	}
	for (int i = 0; i < 1000 && strcmp(name, "it") != 0; i++, pause_ms(5))
		CHECK(proc_text(child, "cmdline", name, sizeof name) >= 0);
	return child;
}

static void check_live(pid_t pid, const char *expected)
{
	struct watch *table = watch_open(NULL, NULL, NULL);

	watch_tick(table);
	CHECK_TEXT(id_of(table, pid), expected);
	watch_close(table);
}

TEST(id_of_a_program)
{
	char expected[64];
	pid_t child;

	snprintf(expected, sizeof expected, "%s", by_readelf("/bin/sleep"));
	if (!*expected)
		test_skip("no readelf here, or programs have no build id");
	child = run("/bin/sleep");
	check_live(child, expected);
	child_end(child);
}

TEST(id_of_a_deleted_program)
{
	char expected[64], command[128];
	pid_t child;

	snprintf(expected, sizeof expected, "%s", by_readelf("/bin/sleep"));
	if (!*expected)
		test_skip("no readelf here, or programs have no build id");
	CHECK(mkdtemp(root));
	snprintf(command, sizeof command, "cp /bin/sleep %s/a && chmod 755 %s/a", root, root);
	CHECK_INT(system(command), 0);
	child = run(below("a"));
	remove_root();
	check_live(child, expected);
	child_end(child);
}

TEST(program_without_id)
{
	char command[160];
	pid_t child;

	CHECK(mkdtemp(root));
	atexit(remove_root);
	snprintf(command, sizeof command,
		"objcopy --remove-section .note.gnu.build-id /bin/sleep %s/a 2>/dev/null",
		root);
	if (system(command) != 0)
		test_skip("no objcopy here");
	CHECK_TEXT(by_readelf(below("a")), "");
	child = run(below("a"));
	check_live(child, "none");
	child_end(child);
}

TEST(no_program)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	wait_for_state(child, 'Z');
	check_live(child, "none");
	CHECK_INT(waitpid(child, NULL, 0), child);
	if (proc_number(2, "comm", "kthreadd") >= 0 && geteuid() == 0)
		check_live(2, "none");
}

TEST(program_of_another_user)
{
	pid_t child;

	if (geteuid() != 0)
		test_skip("it takes root to become another user");
	child = child_start(NULL);
	CHECK_INT(setresuid(NOBODY, NOBODY, NOBODY), 0);
	check_live(child, "denied");
}

/* clang-format off */
TESTS(
	CASE(notes_of_a_good_file),
	CASE(notes_of_a_file_of_32_bits),
	CASE(files_without_an_id),
	CASE(no_files_of_this_machine),
	CASE(truncated_files),
	CASE(hostile_files),
	CASE(id_of_a_program),
	CASE(id_of_a_deleted_program),
	CASE(program_without_id),
	CASE(no_program),
	CASE(program_of_another_user)
)
