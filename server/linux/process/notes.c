/*
 * The notes of an ELF file, elf(5): a header, a table of segments, and in segments of type
 * PT_NOTE the notes, one of which may be the build id. The file is anybody's: nothing that it
 * says about its own layout is believed.
 */
#include <elf.h>
#include <errno.h>
#include <string.h>

#include "samples.h"

/* Programs in the other byte order run in an emulator, and it is the one that is mapped. */
enum { OUR_ORDER = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB };

int elf_parse_header(const char *bytes, size_t length, struct elf_header *ret_header)
{
	Elf64_Ehdr wide;
	Elf32_Ehdr narrow;

	if (length < sizeof wide || memcmp(bytes, ELFMAG, SELFMAG) != 0 ||
		bytes[EI_DATA] != OUR_ORDER)
		return -ENOEXEC;
	memcpy(&wide, bytes, sizeof wide);
	memcpy(&narrow, bytes, sizeof narrow);
	if (wide.e_ident[EI_CLASS] == ELFCLASS64)
		*ret_header = (struct elf_header){.wide = true,
			.table = wide.e_phoff,
			.entry_size = wide.e_phentsize,
			.count = wide.e_phnum};
	else if (wide.e_ident[EI_CLASS] == ELFCLASS32)
		*ret_header = (struct elf_header){.table = narrow.e_phoff,
			.entry_size = narrow.e_phentsize,
			.count = narrow.e_phnum};
	else
		return -ENOEXEC;
	if (ret_header->entry_size !=
		(ret_header->wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr)))
		return -ENOEXEC;
	return 0;
}

bool elf_parse_segment(
	const struct elf_header *header, const char *bytes, struct elf_notes *ret_notes)
{
	Elf64_Phdr wide = {0};
	Elf32_Phdr narrow = {0};

	if (header->wide) {
		memcpy(&wide, bytes, sizeof wide);
	} else {
		memcpy(&narrow, bytes, sizeof narrow);
		wide.p_type = narrow.p_type;
		wide.p_offset = narrow.p_offset;
		wide.p_filesz = narrow.p_filesz;
		wide.p_align = narrow.p_align;
	}
	*ret_notes =
		(struct elf_notes){wide.p_offset, wide.p_filesz, wide.p_align == 8 ? 8 : 4};
	return wide.p_type == PT_NOTE;
}

/* Both sizes in a note are of 32 bits, so that nothing overflows in 64. */
static uint64_t aligned(uint64_t size, uint32_t alignment)
{
	return (size + alignment - 1) & ~(uint64_t)(alignment - 1);
}

uint32_t elf_find_build_id(
	const char *bytes, size_t length, uint32_t alignment, const char **ret_id)
{
	static const char owner[] = ELF_NOTE_GNU;
	Elf64_Nhdr note; /* Elf32_Nhdr is the same */
	uint64_t at = 0, name, value;

	while (at <= length && length - at >= sizeof note) {
		memcpy(&note, bytes + at, sizeof note);
		name = at + sizeof note;
		value = aligned(name + note.n_namesz, alignment);
		if (value > length || note.n_descsz > length - value)
			break;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof owner &&
			memcmp(bytes + name, owner, sizeof owner) == 0) {
			*ret_id = bytes + value;
			return note.n_descsz;
		}
		at = aligned(value + note.n_descsz, alignment);
	}
	return 0;
}
