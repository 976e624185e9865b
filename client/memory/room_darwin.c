#include "room.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* fcntl(2): what is reserved is behind the end of the file, and belongs to it once that is moved. */
int room_reserve(int file, size_t size)
{
	fstore_t room = {
		.fst_flags = F_ALLOCATEALL,
		.fst_posmode = F_PEOFPOSMODE,
		.fst_length = (off_t)size,
	};

	if (fcntl(file, F_PREALLOCATE, &room) < 0 || ftruncate(file, (off_t)size) < 0)
		return -errno;
	return 0;
}
