#include "room.h"

#include <fcntl.h>

int room_reserve(int file, size_t size)
{
	return -posix_fallocate(file, 0, (off_t)size);
}
