/*
 * Source files: how many descriptors are open. Since Linux 6.2 the size of the directory
 * /proc/PID/fd says so, for any process; before, its entries are counted, which the kernel
 * allows only for processes that we may trace.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "process.h"

static int count_entries(int directory, uint64_t *ret_count)
{
	int fd = openat(directory, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int error;

	if (!stream) {
		error = errno;
		if (fd >= 0)
			close(fd);
		return error;
	}
	*ret_count = 0;
	while ((errno = 0, entry = readdir(stream)))
		*ret_count += entry->d_name[0] != '.';
	error = errno;
	closedir(stream);
	return error;
}

static int count_files(const struct linux_host *host, int directory, uint64_t *ret_count)
{
	struct stat status;

	if (!host_has(host, FEATURE_FD_SIZE))
		return count_entries(directory, ret_count);
	if (fstatat(directory, "fd", &status, 0) < 0)
		return errno;
	*ret_count = (uint64_t)status.st_size;
	return 0;
}

static int files_read(struct processes *self, uint32_t slot, void *memory)
{
	struct linux_files *sample = memory;
	int directory, error, living, result = row_enter(self, slot, &directory);

	if (result != STATE_OK)
		return result;
	error = count_files(self->host, directory, &sample->open);
	if (!error && !sample->open && (living = tasks_open_living(directory)) >= 0) {
		error = count_files(self->host, living, &sample->open);
		close(living);
	}
	row_leave(self, slot, directory);
	return error ? row_state_of(self, slot, error) : STATE_OK;
}

const struct process_source files_source = {
	.source = {.name = "files",
		.sample_size = sizeof(struct linux_files),
		.lane = LANE_FAST,
		.gated = true,
		.remedy =
			"of other users' processes, before Linux 6.2 or where /proc is mounted "
			"with hidepid: run procmond as root"},
	.read = files_read,
};
