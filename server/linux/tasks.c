/* The threads of a process. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "process.h"

int tasks_each(
	int directory, bool (*visit)(void *context, int tasks, uint32_t tid), void *context)
{
	int tasks = openat(directory, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = tasks < 0 ? NULL : fdopendir(tasks);
	const struct dirent *entry;
	int result;

	if (!stream) {
		result = -errno;
		if (tasks >= 0)
			close(tasks);
		return result;
	}
	while ((errno = 0, entry = readdir(stream))) {
		uint32_t tid = parse_pid(entry->d_name);
		if (tid && !visit(context, tasks, tid))
			break;
	}
	result = -errno;
	closedir(stream);
	return result;
}

ssize_t task_read(int tasks, uint32_t tid, const char *name, char *bytes, size_t size)
{
	char path[48];
	int file;
	ssize_t length;

	snprintf(path, sizeof path, "%u/%s", (unsigned)tid, name);
	file = openat(tasks, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (file < 0)
		return -errno;
	length = read_fully(file, bytes, size);
	close(file);
	return length;
}

int row_each_task(struct processes *self, uint32_t slot,
	bool (*visit)(void *context, int tasks, uint32_t tid), void *context)
{
	int directory, result = row_enter(self, slot, &directory);

	if (result != STATE_OK)
		return result;
	result = tasks_each(directory, visit, context);
	row_leave(self, slot, directory);
	return result < 0 ? row_state_of(self, slot, -result) : STATE_OK;
}

/* procfs counts each thread as a link of the directory, besides "." and "..". Other file
 * systems may count otherwise. */
int row_has_one_thread(struct processes *self, uint32_t slot, bool *ret_single)
{
	struct stat tasks;
	int directory, error, result = row_enter(self, slot, &directory);

	if (result != STATE_OK)
		return result;
	error = fstatat(directory, "task", &tasks, 0) < 0 ? errno : 0;
	row_leave(self, slot, directory);
	if (error)
		return row_state_of(self, slot, error);
	*ret_single = self->host->real && tasks.st_nlink == 3;
	return STATE_OK;
}
