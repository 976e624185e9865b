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
	result = entry ? 0 : -errno;
	closedir(stream);
	return result;
}

static bool open_living(void *context, int tasks, uint32_t tid)
{
	int *found = context;
	struct task_stat stat;
	char name[16];
	int result = task_stat(tasks, tid, &stat);

	if (result == 0) {
		snprintf(name, sizeof name, "%u", (unsigned)tid);
		result = openat(tasks, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (result < 0)
			result = errno == ENOENT ? -ESRCH : -errno;
	}
	*found = result;
	return result == -ESRCH; /* it has ended: the next one */
}

/* Instead of that error: nothing was seen, or not allowed. A living thread knows better. */
static int read_living(
	int error, int directory, int (*read)(void *context, int directory), void *context)
{
	int living = -ESRCH, result = tasks_each(directory, open_living, &living);

	if (result == 0)
		result = living < 0 ? living : read(context, living);
	if (living >= 0)
		close(living);
	return result == -ESRCH || result == -ENOENT ? error : result; /* there is none */
}

int job_read_shared(
	const struct process_job *job, int (*read)(void *context, int directory), void *context)
{
	int result = read(context, job->directory);

	if (result == -ESRCH || result == -EACCES)
		result = read_living(result, job->directory, read, context);
	if (result == -ESRCH)
		return directory_is_there(job->directory) ? STATE_NONE : SAMPLE_GONE;
	return result < 0 ? job_state_of(job, -result) : STATE_OK;
}

int task_open(int tasks, uint32_t tid, const char *name)
{
	char path[48];
	int file;

	snprintf(path, sizeof path, "%u/%s", (unsigned)tid, name);
	file = openat(tasks, path, READ_FLAGS);
	return file < 0 ? -errno : file;
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

/* Most of those that have nothing are kernel threads and zombies, with a single thread. */
int row_read_shared(struct processes *self, uint32_t slot,
	int (*read)(void *context, int directory), void *context)
{
	int directory, result = row_enter(self, slot, &directory);
	bool single = true;

	if (result != STATE_OK)
		return result;
	result = read(context, directory);
	if ((result == -ESRCH || result == -EACCES) &&
		count_threads(self, directory, &single) == 0 && !single)
		result = read_living(result, directory, read, context);
	row_leave(self, slot, directory);
	if (result == -ESRCH)
		return row_alive(self, slot) ? STATE_NONE : SAMPLE_GONE;
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

/* ------------------------------------------------------------------- files of threads */

struct task_files {
	struct processes *self;
	const char *name;
	int (*add)(void *context, const char *bytes, size_t length);
	void *context;
	uint32_t count;
	int error;
};

static bool add_file(void *context, int tasks, uint32_t tid)
{
	struct task_files *files = context;
	int file = task_open(tasks, tid, files->name);
	ssize_t length = file < 0 ? file : read_whole(files->self, file);

	if (file >= 0)
		close(file);
	if (length == -ENOENT || length == -ESRCH) /* it has ended since it was listed */
		return true;
	files->count++;
	files->error =
		length < 0 ? (int)-length
			   : -files->add(files->context, files->self->buffer, (size_t)length);
	return !files->error;
}

int row_add_task_files(struct processes *self, uint32_t slot, const char *name,
	int (*add)(void *context, const char *bytes, size_t length), void *context)
{
	struct task_files files = {.self = self, .name = name, .add = add, .context = context};
	int result = row_each_task(self, slot, add_file, &files);

	if (result != STATE_OK)
		return result;
	if (files.error || !files.count)
		return row_state_of(self, slot, files.error ? files.error : ESRCH);
	return STATE_OK;
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
	int file = task_open(tasks, tid, "stat");
	ssize_t length = file < 0 ? file : read_fully(file, bytes, sizeof bytes);

	if (file >= 0)
		close(file);
	if (length < 0)
		return length == -ENOENT ? -ESRCH : (int)length;
	if (stat_parse(bytes, (size_t)length, &line) < 0)
		return -EBADMSG;
	/* Without threads (field 20) it is being reaped, and the kernel writes zeros. */
	if (line.state == 'Z' || line.state == 'X' || line.field[20] == 0)
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
