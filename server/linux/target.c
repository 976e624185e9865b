#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "process/process.h"
#include "read.h"

/* Without threads (field 20) it is being reaped. */
static bool has_ended(int directory, int *ret_error)
{
	char bytes[1024];
	struct stat_line line;
	ssize_t length = read_file(directory, "stat", bytes, sizeof bytes);

	*ret_error = 0;
	if (length < 0) {
		*ret_error = length == -ENOENT ? -ESRCH : (int)length;
		return true;
	}
	if (stat_parse(bytes, (size_t)length, &line) < 0)
		return false;
	*ret_error = -ESRCH;
	return line.field[20] == 0 ||
	       ((line.state == 'Z' || line.state == 'X') && line.field[20] == 1);
}

int target_open(const struct host *host, const struct target *target)
{
	char path[4096];
	int directory, error = -ESRCH;

	if (target->pid == 0 || target->pid > INT32_MAX)
		return -ESRCH;
	snprintf(path, sizeof path, "%s/%u", host->procfs, (unsigned)target->pid);
	directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return errno == ENOENT || errno == ENOTDIR ? -ESRCH : -errno;
	/* The number of a mere thread has such a directory too. */
	if (directory_is_leader(directory, (uint32_t)target->pid) &&
		!has_ended(directory, &error))
		return directory;
	close(directory);
	return error;
}

bool target_is_there(int directory)
{
	int error;

	return !has_ended(directory, &error);
}
