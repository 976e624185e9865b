#include "category.h"

#include <string.h>

/* How names begin, and what stands for what. The first that fits. */
struct naming {
	const char *start, *category;
};

/* What the kernel calls its own. */
static const struct naming kernel_names[] = {
	{"heap", "malloc heap"},
	{"stack", "stack"},
	{"vdso", "kernel"},
	{"vvar", "kernel"},
	{"vsyscall", "kernel"},
	{"uprobes", "kernel"},
	{"vectors", "kernel"},
	{"sigpage", "kernel"},
	{"anon_inode:", "devices"},
	{"socket:", "devices"},
};

/* glibc calls what it maps so when it is told to (mem.decorate_maps). */
static const struct naming program_names[] = {
	{"glibc: pthread stack", "thread stacks"},
	{"glibc: pthread user stack", "thread stacks"},
	{"glibc: unused stack", "thread stacks"},
	{"glibc: malloc", "malloc heap"},
	{"glibc: loader malloc", "malloc heap"},
};

/* Files that are none. Those without a category have it from what they are. */
static const struct naming paths[] = {
	{"/dev/dri/", "GPU"},
	{"/dev/nvidia", "GPU"},
	{"/dev/kfd", "GPU"},
	{"/dev/accel/", "GPU"},
	{"/dev/mali", "GPU"},
	{"/drm mm object", "GPU"},
	{"/i915", "GPU"},
	{"/dmabuf:", "GPU"},
	{"/[aio]", "kernel"},
	{"/dev/shm/", NULL},
	{"/dev/zero", NULL},
	{"/dev/", "devices"},
};

static const char *find(
	const struct mapping *mapping, const struct naming *namings, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (mapping_begins(mapping, namings[i].start))
			return namings[i].category;
	return NULL;
}

static bool is_plain(const struct mapping *mapping)
{
	return !mapping->is_file && !mapping->is_shared && mapping->text_length == 0;
}

static bool is_closed(const struct mapping *mapping)
{
	return !mapping->readable && !mapping->writable && !mapping->executable;
}

static bool touch(const struct mapping *left, const struct mapping *right)
{
	return left && right && left->end == right->start;
}

/* pthread_create() takes the stack and a guard below it at once. */
static bool is_thread_stack(const struct mapping *mapping, const struct mapping *before)
{
	enum { GUARD_MAX = 64 * 1024, STACK_MAX = 1 << 30 };

	return touch(before, mapping) && is_plain(before) && is_closed(before) &&
	       before->end - before->start <= GUARD_MAX &&
	       mapping->end - mapping->start <= STACK_MAX;
}

/* glibc's malloc takes 64 MiB for each further arena, and opens it from below. */
static bool is_arena(const struct mapping *mapping, const struct mapping *after)
{
	enum { ARENA = 64 << 20 };

	return mapping->start % ARENA == 0 &&
	       (mapping->end == mapping->start + ARENA ||
		       (touch(mapping, after) && is_plain(after) && is_closed(after) &&
			       after->end == mapping->start + ARENA));
}

static const char *of_plain(const struct mapping *mapping, const struct mapping *before,
	const struct mapping *after)
{
	if (is_closed(mapping))
		return "reserved";
	if (mapping->executable)
		return "JIT code";
	/* What of a program's data is 0 at first comes without a file, behind the rest of it. */
	if (touch(before, mapping) && before->is_file && before->category_length &&
		strncmp(before->category, "program", 7) == 0)
		return "program data";
	if (is_arena(mapping, after))
		return "malloc heap";
	if (is_thread_stack(mapping, before))
		return "thread stacks";
	return "anonymous";
}

static const char *of_file(const struct mapping *mapping, bool is_program)
{
	const char *category = find(mapping, paths, sizeof paths / sizeof *paths);

	if (category)
		return category;
	if (mapping->is_memory)
		return "shared memory";
	if (mapping->executable && !mapping->writable)
		return "program text";
	if (!is_program || mapping->is_shared)
		return "mapped files";
	return mapping->writable ? "program data" : "program constants";
}

static const char *of_name(const struct mapping *mapping)
{
	if (mapping->is_named)
		return find(
			mapping, program_names, sizeof program_names / sizeof *program_names);
	return find(mapping, kernel_names, sizeof kernel_names / sizeof *kernel_names);
}

void category_of(struct mapping *mapping, bool is_program, const struct mapping *before,
	const struct mapping *after)
{
	const char *category = NULL;

	if (mapping->is_huge)
		category = "huge pages";
	else if (mapping->is_file)
		category = of_file(mapping, is_program);
	else if (is_plain(mapping))
		category = of_plain(mapping, before, after);
	else if (mapping->is_memory)
		category = "shared memory";
	else
		category = of_name(mapping);
	if (category) {
		mapping->category = category;
		mapping->category_length = (uint32_t)strlen(category);
		return;
	}
	mapping->category = mapping->text; /* as the program calls it */
	mapping->category_length = mapping->text_length;
}
