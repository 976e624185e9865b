/*
 * Source name: what people call a process. That is its program's file name, if we may know
 * it. Other users' arguments are no secret, but the kernel takes them from the memory of the
 * process, which may have to wait: they are left to a worker. Kernel threads and zombies have
 * neither, only the short name that the kernel keeps.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "process.h"

enum { COMM_MAX = 15 /* bytes of the file name that the kernel keeps */ };

static struct sample_text text_between(const char *begin, const char *end)
{
	return (struct sample_text){.bytes = begin, .length = (uint32_t)(end - begin)};
}

static struct sample_text last_part(const char *begin, const char *end)
{
	const char *slash = memrchr(begin, '/', (size_t)(end - begin));

	return text_between(slash ? slash + 1 : begin, end);
}

struct sample_text name_of_path(const char *path, size_t length)
{
	static const char deleted[] = " (deleted)";
	size_t mark = sizeof deleted - 1;

	if (length > mark && memcmp(path + length - mark, deleted, mark) == 0)
		length -= mark;
	return last_part(path, path + length);
}

static bool agrees(struct sample_text name, struct sample_text comm)
{
	if (comm.length < COMM_MAX ? name.length != comm.length : name.length < COMM_MAX)
		return false;
	return memcmp(name.bytes, comm.bytes,
		       comm.length < COMM_MAX ? comm.length : COMM_MAX) == 0;
}

/*
 * The first argument is mostly the path or the name of the program, with "-" before it in a
 * login shell. But a process may have written a text of its own over all its arguments, as
 * "nginx: worker process" or "/opt/x/browser --type=gpu --cache=/tmp". It cannot be told from
 * "/opt/My Program" by itself. So when there are blanks and no second argument, it is read
 * both ways, whole and up to the first blank, less a colon; the one that the kernel's short
 * name confirms is right, and if none, the short name is.
 */
struct sample_text name_of_arguments(const char *bytes, size_t length, struct sample_text comm)
{
	const char *begin = bytes + (length && *bytes == '-'), *end = bytes + length;
	const char *first = memchr(begin, '\0', (size_t)(end - begin));
	const char *blank, *next = first ? first : end;
	struct sample_text whole = last_part(begin, next), start;

	while (next < end && !*next)
		next++;
	blank = memchr(begin, ' ', (size_t)(whole.bytes + whole.length - begin));
	if (!whole.length)
		return comm;
	if (!blank || next < end || agrees(whole, comm))
		return whole;
	start = last_part(begin, blank > begin && blank[-1] == ':' ? blank - 1 : blank);
	return agrees(start, comm) ? start : comm;
}

static int name_read(struct processes *self, uint32_t slot, void *memory)
{
	struct linux_name *sample = memory;
	int result = row_read_link(self, slot, "exe", self->name, &sample->text);
	size_t length;

	if (result == STATE_OK)
		sample->text = name_of_path(self->name, sample->text.length);
	if (result == STATE_DENIED)
		return SAMPLE_LATER;
	if (result != STATE_NONE)
		return result;
	result = row_read(self, slot, FILE_COMM, &length);
	if (result != STATE_OK)
		return result;
	length = length < sizeof self->name ? length : sizeof self->name;
	memcpy(self->name, self->buffer, length);
	sample->text = comm_parse(self->name, length);
	return STATE_OK;
}

/* Its name, newlines and all, with one at the end. */
struct sample_text comm_parse(const char *bytes, size_t length)
{
	return text_between(bytes, bytes + length - (length && bytes[length - 1] == '\n'));
}

static int name_run(struct job *job)
{
	const struct process_job *own = (const struct process_job *)(const void *)job->context;
	struct linux_name *sample = job->sample;
	char *comm = job->text + PATH_SIZE;
	ssize_t comm_length = read_file(own->directory, "comm", comm, COMM_SIZE);
	size_t length;
	int result;

	if (comm_length < 0)
		return job_state_of(own, (int)-comm_length);
	result = job_read_arguments(own, job->text, PATH_SIZE, &length);
	if (result != STATE_OK && result != STATE_NONE)
		return result;
	sample->text =
		name_of_arguments(job->text, length, comm_parse(comm, (size_t)comm_length));
	return STATE_OK;
}

const struct process_source name_source = {
	.source = {.name = "name",
		.sample_size = sizeof(struct linux_name),
		.text_size = PATH_SIZE + COMM_SIZE,
		.lane = LANE_EITHER,
		.gated = true,
		.remedy = REMEDY_HIDDEN},
	.read = name_read,
	.run = name_run,
};
