/*
 * The notes of an ELF file: a header, a table of segments, and in segments of type PT_NOTE the notes.
 * Not every system that these files are looked at on has <elf.h>.
 */
#include "build_id.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	PIECE_SIZE = 4096, /* of a file: mostly it has all that is looked for */
	SEGMENTS_MAX = 256,

	/* e_ident */
	CLASS_AT = 4,
	ORDER_AT = 5,
	NARROW = 1,
	WIDE = 2,
	/* Programs in the other byte order run in an emulator, and it is the one that is mapped. */
	OUR_ORDER = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 1 : 2,

	HEADER_SIZE = 64, /* of the wide one */
	SEGMENT_IS_NOTES = 4,
	NOTE_SIZE = 12,
	NOTE_IS_BUILD_ID = 3,
};

/* Where fields are in the header and in an entry of the table of segments, Elf64 and Elf32. */
struct layout {
	uint8_t table, entry_size, count;
	uint8_t size; /* of an entry */
	uint8_t offset, length, alignment;
	uint8_t word; /* size of addresses */
};
static const struct layout layout_wide = {32, 54, 56, 56, 8, 32, 48, 8};
static const struct layout layout_narrow = {28, 42, 44, 32, 4, 16, 28, 4};

/* Where the table of segments is. */
struct header {
	const struct layout *layout;
	uint64_t table;
	uint32_t count;
};

/* Where notes are in the file. */
struct notes {
	uint64_t offset, size;
	uint32_t alignment;
};

struct piece {
	int file;
	uint64_t offset;
	size_t length;
	char bytes[PIECE_SIZE];
};

static uint32_t take_16(const char *bytes)
{
	uint16_t number;

	memcpy(&number, bytes, sizeof number);
	return number;
}

static uint32_t take_32(const char *bytes)
{
	uint32_t number;

	memcpy(&number, bytes, sizeof number);
	return number;
}

static uint64_t take_word(const struct layout *layout, const char *bytes)
{
	uint64_t number;

	if (layout->word == 4)
		return take_32(bytes);
	memcpy(&number, bytes, sizeof number);
	return number;
}

static int parse_header(const char *bytes, size_t length, struct header *ret_header)
{
	const struct layout *layout;

	if (length < HEADER_SIZE || memcmp(bytes, "\177ELF", 4) != 0 ||
		bytes[ORDER_AT] != OUR_ORDER ||
		(bytes[CLASS_AT] != NARROW && bytes[CLASS_AT] != WIDE))
		return -ENOEXEC;
	layout = bytes[CLASS_AT] == WIDE ? &layout_wide : &layout_narrow;
	*ret_header = (struct header){.layout = layout,
		.table = take_word(layout, bytes + layout->table),
		.count = take_16(bytes + layout->count)};
	return take_16(bytes + layout->entry_size) == layout->size ? 0 : -ENOEXEC;
}

/* False: there are no notes in that segment. */
static bool parse_segment(
	const struct layout *layout, const char *bytes, struct notes *ret_notes)
{
	bool is_wide = take_word(layout, bytes + layout->alignment) == 8;

	*ret_notes = (struct notes){take_word(layout, bytes + layout->offset),
		take_word(layout, bytes + layout->length), is_wide ? 8 : 4};
	return take_32(bytes) == SEGMENT_IS_NOTES;
}

/* Both sizes in a note are of 32 bits, so that nothing overflows in 64. */
static uint64_t aligned(uint64_t size, uint32_t alignment)
{
	return (size + alignment - 1) & ~(uint64_t)(alignment - 1);
}

uint32_t build_id_find(
	const char *bytes, size_t length, uint32_t alignment, const char **ret_id)
{
	static const char owner[] = "GNU";
	uint64_t at = 0, name, value;
	uint32_t name_size, size;

	while (at <= length && length - at >= NOTE_SIZE) {
		name_size = take_32(bytes + at);
		size = take_32(bytes + at + 4);
		name = at + NOTE_SIZE;
		value = aligned(name + name_size, alignment);
		if (value > length || size > length - value)
			break;
		if (take_32(bytes + at + 8) == NOTE_IS_BUILD_ID && name_size == sizeof owner &&
			memcmp(bytes + name, owner, sizeof owner) == 0) {
			*ret_id = bytes + value;
			return size;
		}
		at = aligned(value + size, alignment);
	}
	return 0;
}

/* ------------------------------------------------------------------------------ reading */

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
static int find_in_segment(
	struct piece *piece, const struct header *header, uint32_t index, char id[BUILD_ID_MAX])
{
	const char *bytes, *found;
	struct notes notes;
	uint32_t length, entry = header->layout->size;
	ssize_t got = fetch(piece, header->table + (uint64_t)index * entry, entry, &bytes);

	if (got < (ssize_t)entry)
		return got < 0 ? (int)got : -ENOEXEC;
	if (!parse_segment(header->layout, bytes, &notes))
		return 0;
	got = fetch(
		piece, notes.offset, notes.size < PIECE_SIZE ? notes.size : PIECE_SIZE, &bytes);
	if (got < 0)
		return (int)got;
	length = build_id_find(bytes, (size_t)got, notes.alignment, &found);
	/* "None" takes that all of them were there to be looked at. */
	if (length > BUILD_ID_MAX || (!length && (uint64_t)got < notes.size))
		return -ENOEXEC;
	if (length)
		memcpy(id, found, length);
	return (int)length;
}

int build_id_open(int directory, const char *path)
{
	struct stat status;
	int file = openat(directory, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (file < 0)
		return -errno;
	if (fstat(file, &status) == 0 && S_ISREG(status.st_mode))
		return file;
	close(file);
	return -ENOEXEC;
}

int build_id_read(int file, char id[BUILD_ID_MAX])
{
	struct piece piece = {.file = file};
	struct header header = {0};
	const char *bytes;
	ssize_t got = fetch(&piece, 0, PIECE_SIZE, &bytes);
	int result = got < 0 ? (int)got : parse_header(bytes, (size_t)got, &header);

	if (result == 0 && header.count > SEGMENTS_MAX)
		return -ENOEXEC;
	for (uint32_t i = 0; result == 0 && i < header.count; i++)
		result = find_in_segment(&piece, &header, i, id);
	return result;
}

uint32_t build_id_write(const char *id, uint32_t length, char text[BUILD_ID_TEXT_MAX])
{
	static const char digits[] = "0123456789abcdef";

	for (uint32_t i = 0; i < length; i++) {
		*text++ = digits[(unsigned char)id[i] >> 4];
		*text++ = digits[id[i] & 15];
	}
	return length * 2;
}
