/* What the tables about the memory of a process have in common: whose they are, and the jobs
 * that find their rows. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "../parse.h"
#include "../process/process.h"
#include "../target.h"
#include "alloc.h"
#include "hash.h"
#include "memory.h"

/* ------------------------------------------------------------------------------- tables */

static struct memory_table *table_of(struct devices *devices)
{
	return (struct memory_table *)(void *)devices;
}

int memory_table_open(struct devices *devices, const struct target *target)
{
	struct memory_table *self = table_of(devices);

	self->pid = (uint32_t)target->pid;
	self->directory = target_open(devices->host, target);
	if (self->directory < 0)
		return self->directory;
	directory_start(self->directory, &self->start);
	return 0;
}

void memory_table_close(struct devices *devices)
{
	close(table_of(devices)->directory);
}

bool memory_table_has_target(struct devices *devices)
{
	return target_is_there(table_of(devices)->directory);
}

uint64_t memory_table_descriptors(struct devices *devices)
{
	(void)devices;
	return 1;
}

uint64_t memory_table_identify(
	const struct memory_table *self, const uint64_t *numbers, size_t count)
{
	uint64_t what[] = {self->start, self->pid, hash_words(numbers, count)};

	return hash_words(what, sizeof what / sizeof *what);
}

/* --------------------------------------------------------------------------------- jobs */

int memory_job_create(struct devices *devices, size_t size,
	int (*read)(struct memory_job *self, int directory), void **ret_job)
{
	int directory = fcntl(table_of(devices)->directory, F_DUPFD_CLOEXEC, 0);
	struct memory_job *self;

	if (directory < 0)
		return STATE_FAILED;
	self = xcalloc(1, size);
	*self = (struct memory_job){directory, read};
	*ret_job = self;
	return STATE_OK;
}

void memory_job_destroy(struct memory_job *self)
{
	close(self->directory);
	free(self);
}

/* Where its code begins and where its stack began: another program has others. */
struct image {
	int64_t code, stack;
};

static int identify_image(int directory, struct image *ret_image)
{
	char bytes[1024];
	struct stat_line line;
	ssize_t length = read_file(directory, "stat", bytes, sizeof bytes);

	if (length < 0)
		return length == -ENOENT ? -ESRCH : (int)length;
	if (stat_parse(bytes, (size_t)length, &line) < 0)
		return -EBADMSG;
	*ret_image = (struct image){line.field[26], line.field[28]};
	return 0;
}

/* An open maps stays that of the memory that the process had then, of which nothing is left when
 * it begins another program or ends: then a listing ends early, without an error. */
static bool has_mappings(int maps)
{
	char byte;

	return maps >= 0 && pread(maps, &byte, 1, 0) == 1;
}

/* What was read of two programs, or of a half of one, is worth nothing. */
struct attempt {
	struct memory_job *job;
	bool again;
};

static int read_checked(struct attempt *self, int directory, int maps)
{
	struct image before = {0}, after = {0};
	bool had_mappings = has_mappings(maps);
	int result = identify_image(directory, &before);

	if (!result)
		result = self->job->read(self->job, directory);
	if (!result)
		result = identify_image(directory, &after);
	self->again = !result && (before.code != after.code || before.stack != after.stack ||
					 (had_mappings && !has_mappings(maps)));
	return self->again ? -EAGAIN : result;
}

/* Where maps may not be opened there are no mappings that could be half of them. */
static int try_read(void *context, int directory)
{
	int maps = openat(directory, "maps", READ_FLAGS);
	int result = read_checked(context, directory, maps);

	if (maps >= 0)
		close(maps);
	return result;
}

int memory_job_run(void *job)
{
	enum { ATTEMPTS = 5 };
	struct attempt attempt = {.job = job};
	struct process_job target = {.directory = attempt.job->directory};
	int result;

	for (int i = 0; i < ATTEMPTS; i++) {
		result = job_read_shared(&target, try_read, &attempt);
		if (!attempt.again)
			break;
	}
	/* Its parent may leave it lying about for long. */
	return result == STATE_NONE && !target_is_there(target.directory) ? SAMPLE_GONE
									  : result;
}
