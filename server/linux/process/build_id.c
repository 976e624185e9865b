/*
 * Source build_id: what the linker wrote into the program to tell one build from another. Its
 * file may be on a file system that does not answer: slow lane.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "process.h"

enum {
	PIECE_SIZE = 4096, /* of a file: mostly it has all that is looked for */
	SEGMENTS_MAX = 256,
};

struct piece {
	int file;
	uint64_t offset;
	size_t length;
	char bytes[PIECE_SIZE];
};

/* Where `size` bytes of the file are, or as many as there are of them: the number, or a negative
 * errno. */
static ssize_t fetch(struct piece *self, uint64_t offset, uint64_t size, const char **ret_bytes)
{
	size_t left;
	ssize_t got;

	*ret_bytes = self->bytes;
	if (offset > INT64_MAX - PIECE_SIZE || size > PIECE_SIZE)
		return -ENOEXEC;
	if (offset < self->offset || offset + size > self->offset + self->length) {
		do
			got = pread(self->file, self->bytes, PIECE_SIZE, (off_t)offset);
		while (got < 0 && errno == EINTR);
		if (got < 0)
			return -errno;
		self->offset = offset;
		self->length = (size_t)got;
	}
	*ret_bytes = self->bytes + (offset - self->offset);
	left = self->length - (size_t)(offset - self->offset);
	return (ssize_t)(size < left ? size : left);
}

/* The length of the id, 0 when the segment is none of notes or has none; or a negative errno. */
static int find_in_segment(struct piece *piece, const struct elf_header *header, uint32_t index,
	char id[BUILD_ID_MAX])
{
	const char *bytes, *found;
	struct elf_notes notes;
	uint32_t length;
	ssize_t got = fetch(piece, header->table + (uint64_t)index * header->entry_size,
		header->entry_size, &bytes);

	if (got < (ssize_t)header->entry_size)
		return got < 0 ? (int)got : -ENOEXEC;
	if (!elf_parse_segment(header, bytes, &notes))
		return 0;
	got = fetch(
		piece, notes.offset, notes.size < PIECE_SIZE ? notes.size : PIECE_SIZE, &bytes);
	if (got < 0)
		return (int)got;
	length = elf_find_build_id(bytes, (size_t)got, notes.alignment, &found);
	/* "None" takes that all of them were there to be looked at. */
	if (length > BUILD_ID_MAX || (!length && (uint64_t)got < notes.size))
		return -ENOEXEC;
	if (length)
		memcpy(id, found, length);
	return (int)length;
}

int build_id_read(int file, char id[BUILD_ID_MAX])
{
	struct piece piece = {.file = file};
	struct elf_header header = {0};
	const char *bytes;
	ssize_t got = fetch(&piece, 0, PIECE_SIZE, &bytes);
	int result = got < 0 ? (int)got : elf_parse_header(bytes, (size_t)got, &header);

	if (result == 0 && header.count > SEGMENTS_MAX)
		return -ENOEXEC;
	for (uint32_t i = 0; result == 0 && i < header.count; i++)
		result = find_in_segment(&piece, &header, i, id);
	return result;
}

/* Only a file proper: whatever else is there may block, or do something when it is opened. */
static int open_program(int directory)
{
	struct stat status;
	int file = openat(directory, "exe", O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (file < 0)
		return -errno;
	if (fstat(file, &status) == 0 && S_ISREG(status.st_mode))
		return file;
	close(file);
	return -ENOEXEC;
}

/* ----------------------------------------------------------------------------- the source */

static uint32_t write_hex(const char *id, uint32_t length, char *text)
{
	static const char digits[] = "0123456789abcdef";

	for (uint32_t i = 0; i < length; i++) {
		*text++ = digits[(unsigned char)id[i] >> 4];
		*text++ = digits[id[i] & 15];
	}
	return length * 2;
}

struct identity {
	char id[BUILD_ID_MAX];
	uint32_t length;
};

static int identify(void *context, int directory)
{
	struct identity *identity = context;
	int result, file = open_program(directory);

	if (file < 0)
		return file == -ENOENT ? -ESRCH : file;
	result = build_id_read(file, identity->id);
	close(file);
	if (result >= 0)
		identity->length = (uint32_t)result;
	return result < 0 ? result : 0;
}

static int build_id_run(struct job *job)
{
	const struct process_job *own = (const struct process_job *)(const void *)job->context;
	struct linux_build_id *sample = job->sample;
	struct identity identity = {.length = 0};
	int result = job_read_shared(own, identify, &identity);

	if (result != STATE_OK)
		return result;
	if (!identity.length)
		return STATE_NONE;
	sample->text = (struct sample_text){.bytes = job->text,
		.length = write_hex(identity.id, identity.length, job->text)};
	return STATE_OK;
}

const struct process_source build_id_source = {
	.source = {.name = "build_id",
		.sample_size = sizeof(struct linux_build_id),
		.text_size = 2 * BUILD_ID_MAX,
		.lane = LANE_SLOW,
		.gated = true,
		.remedy = REMEDY_TRACED},
	.run = build_id_run,
};
