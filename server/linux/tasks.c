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

static bool open_living(void *context, int tasks, uint32_t tid)
{
	int *found = context;
	struct task_stat stat;
	char name[16];

	if (task_stat(tasks, tid, &stat) < 0)
		return true;
	snprintf(name, sizeof name, "%u", (unsigned)tid);
	*found = openat(tasks, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return *found < 0;
}

int tasks_open_living(int directory)
{
	int found = -1;

	tasks_each(directory, open_living, &found);
	return found;
}

int task_open(int tasks, uint32_t tid, const char *name)
{
	char path[48];
	int file;

	snprintf(path, sizeof path, "%u/%s", (unsigned)tid, name);
	file = openat(tasks, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	return file < 0 ? -errno : file;
}

ssize_t task_read(int tasks, uint32_t tid, const char *name, char *bytes, size_t size)
{
	int file = task_open(tasks, tid, name);
	ssize_t length;

	if (file < 0)
		return file;
	length = read(file, bytes, size); /* these files are written at once */
	if (length < 0)
		length = -errno;
	close(file);
	return length;
}

/* -------------------------------------------------------------------------- of a row */

/* procfs counts each thread as a link of the directory, besides "." and "..". Other file
 * systems may count otherwise. */
static int count_threads(const struct processes *self, int directory, bool *ret_single)
{
	struct stat tasks;

	if (fstatat(directory, "task", &tasks, 0) < 0)
		return -errno;
	*ret_single = self->host->real && tasks.st_nlink == 3;
	return 0;
}

/* The first thread has the number of the process. Nothing needs to be listed. */
static int visit_first(int directory, uint32_t pid,
	bool (*visit)(void *context, int tasks, uint32_t tid), void *context)
{
	int tasks = openat(directory, "task", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (tasks < 0)
		return -errno;
	visit(context, tasks, pid);
	close(tasks);
	return 0;
}

int row_each_task(struct processes *self, uint32_t slot,
	bool (*visit)(void *context, int tasks, uint32_t tid), void *context)
{
	int directory, result = row_enter(self, slot, &directory);
	bool single = false;

	if (result != STATE_OK)
		return result;
	result = count_threads(self, directory, &single);
	if (result == 0)
		result = single ? visit_first(directory, self->pids[slot], visit, context)
				: tasks_each(directory, visit, context);
	row_leave(self, slot, directory);
	return result < 0 ? row_state_of(self, slot, -result) : STATE_OK;
}

int row_has_one_thread(struct processes *self, uint32_t slot, bool *ret_single)
{
	int directory, result = row_enter(self, slot, &directory);

	if (result != STATE_OK)
		return result;
	result = count_threads(self, directory, ret_single);
	row_leave(self, slot, directory);
	return result < 0 ? row_state_of(self, slot, -result) : STATE_OK;
}

/* ------------------------------------------------------------------- living threads */

static uint64_t natural(int64_t number)
{
	return number > 0 ? (uint64_t)number : 0;
}

/* Returns 0, -ESRCH when it has ended, or another negative errno. */
int task_stat(int tasks, uint32_t tid, struct task_stat *ret_stat)
{
	char bytes[1024];
	struct stat_line line;
	ssize_t length = task_read(tasks, tid, "stat", bytes, sizeof bytes);

	if (length < 0)
		return length == -ENOENT ? -ESRCH : (int)length;
	if (stat_parse(bytes, (size_t)length, &line) < 0)
		return -EBADMSG;
	if (line.state == 'Z' || line.state == 'X')
		return -ESRCH;
	*ret_stat = (struct task_stat){
		.running = line.state == 'R',
		.user = natural(line.field[14]),
		.system = natural(line.field[15]),
		.start = natural(line.field[22]) + 1,
		.io_delay = natural(line.field[42]),
	};
	return 0;
}

struct living {
	void (*add)(void *context, const struct task_stat *stat);
	void *context;
	uint32_t count;
	int error;
};

static bool add_living(void *context, int tasks, uint32_t tid)
{
	struct living *living = context;
	struct task_stat stat;
	int result = task_stat(tasks, tid, &stat);

	if (result == -ESRCH)
		return true;
	living->error = -result;
	if (result < 0)
		return false;
	living->count++;
	living->add(living->context, &stat);
	return true;
}

int row_add_tasks(struct processes *self, uint32_t slot,
	void (*add)(void *context, const struct task_stat *stat), void *context)
{
	struct living living = {.add = add, .context = context};
	int result = row_each_task(self, slot, add_living, &living);

	if (result != STATE_OK)
		return result;
	if (living.error)
		return row_state_of(self, slot, living.error);
	if (living.count)
		return STATE_OK;
	return row_alive(self, slot) ? STATE_NONE : SAMPLE_GONE;
}
