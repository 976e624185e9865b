#include "map_query.h"

#include <errno.h>
#include <sys/ioctl.h>

struct procmap_query {
	uint64_t size, flags, address;
	uint64_t start, end, vma_flags, page_size, offset, inode;
	uint32_t device_major, device_minor;
	uint32_t name_size, id_size;
	uint64_t name, id; /* pointers */
};
_Static_assert(sizeof(struct procmap_query) == 104, "that of the kernel");

enum {
	COVERING_OR_NEXT = 0x10,
	FILE_BACKED = 0x20,
};

int map_query(int maps, uint64_t address, struct mapping *ret_mapping)
{
	struct procmap_query query = {
		.size = sizeof query,
		.flags = COVERING_OR_NEXT | FILE_BACKED,
		.address = address,
		.name_size = sizeof ret_mapping->name,
		.id_size = sizeof ret_mapping->id,
		.name = (uint64_t)(uintptr_t)ret_mapping->name,
		.id = (uint64_t)(uintptr_t)ret_mapping->id,
	};

	if (ioctl(maps, _IOWR('f', 17, struct procmap_query), &query) < 0)
		return -errno;
	ret_mapping->end = query.end;
	ret_mapping->id_length = query.id_size;
	ret_mapping->name_length = query.name_size ? query.name_size - 1 : 0; /* less the NUL */
	return 0;
}
