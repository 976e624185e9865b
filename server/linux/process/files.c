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

int files_count(const struct host *host, int directory, uint64_t *ret_count)
{
	struct stat status;

	if (!host_has(host, FEATURE_FD_SIZE))
		return -count_entries(directory, ret_count);
	if (fstatat(directory, "fd", &status, 0) < 0)
		return -errno;
	*ret_count = (uint64_t)status.st_size;
	return 0;
}

struct count {
	const struct host *host;
	uint64_t files;
};

/* None: there are none, or they are not seen there. */
static int count_files(void *context, int directory)
{
	struct count *count = context;
	int error = files_count(count->host, directory, &count->files);

	return error || count->files ? error : -ESRCH;
}

static int files_read(struct processes *self, uint32_t slot, void *memory)
{
	struct linux_files *sample = memory;
	struct count count = {.host = self->host};
	int result = row_read_shared(self, slot, count_files, &count);

	sample->open = count.files;
	return result == STATE_NONE ? STATE_OK : result;
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
