/*
 * The floor: what the kernel makes a sampler pay, and nothing else. It is the yardstick
 * of the server, so it does all the reads that one tick needs, as cheaply as they come,
 * and parses the numbers; but it has no table, no clients and no output.
 *
 *   floor [--interval MS]
 *
 * Each tick, for every process its CPU clock: one that stands still did not run. Those
 * that ran are read (stat, status, io) by kept descriptors; of the others, whose memory
 * may change while they sleep, each is read once in 5 s (status, opened below a kept
 * directory). The list of processes is only read when the kernel's fork counter moved.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SECOND_NS UINT64_C(1000000000)
#define NOT_READ  UINT64_MAX

enum { PIDS_MAX = 65536, REFRESH_S = 5 };

enum { STAT, STATUS, IO, FILES };
static const char *const file_names[FILES] = {"stat", "status", "io"};

struct process {
	pid_t pid;
	int directory;
	int files[FILES]; /* opened when it first runs; -1: not open */
	uint64_t clock_ns;
	bool has_memory; /* kernel threads and zombies have none */
	/* What a client would see. */
	uint64_t ppid, cpu_user, cpu_system, threads, faults;
	uint64_t uid, resident_kib, footprint_kib;
	uint64_t disk_read, disk_written;
	char comm[16];
	char state;
};

struct floor {
	int procfs, stat;
	uint64_t forks;
	struct process **processes; /* ascending pids */
	size_t count;
	char buffer[65536];
};

/* ---- parsing */

static uint64_t number(const char **text)
{
	uint64_t value = 0;

	while (**text == ' ' || **text == '\t' || **text == '-')
		(*text)++;
	for (; (unsigned char)(**text - '0') < 10; (*text)++)
		value = value * 10 + (unsigned char)(**text - '0');
	return value;
}

static void parse_stat(struct process *process, char *text)
{
	char *open = strchr(text, '('), *close = strrchr(text, ')');
	uint64_t fields[21]; /* by their number in proc_pid_stat(5) */
	const char *at;
	size_t length;

	if (!open || !close)
		return;
	length = (size_t)(close - open - 1);
	length = length < sizeof process->comm ? length : sizeof process->comm - 1;
	memcpy(process->comm, open + 1, length);
	process->comm[length] = 0;
	process->state = close[2];
	at = close + 3;
	for (int i = 4; i <= 20; i++)
		fields[i] = number(&at);
	process->ppid = fields[4];
	process->faults = fields[10] + fields[12];
	process->cpu_user = fields[14];
	process->cpu_system = fields[15];
	process->threads = fields[20];
}

static void parse_status(struct process *process, const char *text)
{
	static const struct {
		const char *key;
		bool footprint;
	} lines[] = {{"VmRSS:", false}, {"RssAnon:", true}, {"VmPTE:", true}, {"VmSwap:", true},
		{"HugetlbPages:", true}};
	const char *at = strstr(text, "\nUid:");

	if (!at)
		return;
	at += 5;
	number(&at); /* the real one */
	process->uid = number(&at);
	process->footprint_kib = 0;
	process->has_memory = false;
	/* The lines stand in this order. */
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		const char *line = strstr(at, lines[i].key);

		if (!line)
			continue;
		process->has_memory = true;
		at = line + strlen(lines[i].key);
		if (lines[i].footprint)
			process->footprint_kib += number(&at);
		else
			process->resident_kib = number(&at);
	}
}

static void parse_io(struct process *process, const char *text)
{
	uint64_t fields[7]; /* rchar wchar syscr syscw read_bytes write_bytes cancelled_..
			     */

	for (int i = 0; i < 7 && (text = strchr(text, ':')); i++) {
		text++;
		fields[i] = number(&text);
		if (i == 6) {
			process->disk_read = fields[4];
			process->disk_written = fields[5] - fields[6];
		}
	}
}

/* ---- reading */

static void parse(struct process *process, int file, char *text)
{
	if (file == STAT)
		parse_stat(process, text);
	else if (file == STATUS)
		parse_status(process, text);
	else
		parse_io(process, text);
}

/* Reads a file of the process; with `keep` it stays open for the next time. False: it is
 * not to be read, or the process has ended. */
static bool read_file(struct floor *self, struct process *process, int file, bool keep)
{
	int fd = process->files[file];
	ssize_t n;

	if (fd < 0)
		fd = openat(process->directory, file_names[file], O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = pread(fd, self->buffer, sizeof self->buffer - 1, 0);
	if (n > 0) {
		self->buffer[n] = 0;
		parse(process, file, self->buffer);
	}
	if (keep)
		process->files[file] = fd;
	else if (process->files[file] < 0)
		close(fd);
	return n > 0;
}

static bool read_all(struct floor *self, struct process *process, bool keep)
{
	if (!read_file(self, process, STAT, keep))
		return false;
	read_file(self, process, STATUS, keep);
	read_file(self, process, IO, keep);
	return true;
}

/* ---- the list of processes */

static void process_close(struct process *process)
{
	for (int file = 0; file < FILES; file++)
		if (process->files[file] >= 0)
			close(process->files[file]);
	close(process->directory);
	free(process);
}

static struct process *process_open(struct floor *self, pid_t pid)
{
	struct process *process;
	char name[16];
	int directory;

	snprintf(name, sizeof name, "%d", (int)pid);
	directory = openat(self->procfs, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return NULL;
	process = malloc(sizeof *process);
	if (!process)
		abort();
	*process = (struct process){.pid = pid,
		.directory = directory,
		.clock_ns = NOT_READ,
		.files = {-1, -1, -1}};
	return process;
}

/* Has anything been forked since the last call? */
static bool forks_moved(struct floor *self)
{
	ssize_t n = pread(self->stat, self->buffer, sizeof self->buffer - 1, 0);
	const char *at;
	uint64_t forks;

	if (n <= 0)
		return true;
	self->buffer[n] = 0;
	at = strstr(self->buffer, "\nprocesses ");
	if (!at)
		return true;
	at += strlen("\nprocesses ");
	forks = number(&at);
	if (forks == self->forks)
		return false;
	self->forks = forks;
	return true;
}

/* The pids of /proc, which come ascending. */
static size_t list_pids(struct floor *self, pid_t *ret_pids)
{
	size_t count = 0;
	long n;

	lseek(self->procfs, 0, SEEK_SET);
	while ((n = syscall(SYS_getdents64, self->procfs, self->buffer, sizeof self->buffer)) >
		0)
		for (long at = 0; at < n;) {
			struct dirent64 *entry = (void *)(self->buffer + at);
			const char *name = entry->d_name;

			if ((unsigned char)(*name - '1') < 9 && count < PIDS_MAX)
				ret_pids[count++] = (pid_t)number(&name);
			at += entry->d_reclen;
		}
	return count;
}

/* Merges the list into the processes, both ascending. */
static void list(struct floor *self)
{
	static pid_t pids[PIDS_MAX];
	static struct process *merged[PIDS_MAX];
	size_t pid_count = list_pids(self, pids), old = 0, count = 0;

	for (size_t i = 0; i < pid_count; i++) {
		while (old < self->count && self->processes[old]->pid < pids[i])
			process_close(self->processes[old++]);
		if (old < self->count && self->processes[old]->pid == pids[i])
			merged[count++] = self->processes[old++];
		else if ((merged[count] = process_open(self, pids[i])))
			count++;
	}
	while (old < self->count)
		process_close(self->processes[old++]);
	memcpy(self->processes, merged, count * sizeof(struct process *));
	self->count = count;
}

/* ---- the tick */

/* clockid_t of the CPU time of all threads of a process, as clock_getcpuclockid(3) has
 * it, without its system call. */
static clockid_t cpu_clock(pid_t pid)
{
	return (~(clockid_t)pid << 3) | 2;
}

/* Reads what the tick needs of a process; false when it has ended. */
static bool sample(struct floor *self, struct process *process, bool refresh)
{
	struct timespec now;
	uint64_t clock_ns;
	bool ran, first = process->clock_ns == NOT_READ;

	if (clock_gettime(cpu_clock(process->pid), &now) < 0)
		return false;
	clock_ns = (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
	ran = clock_ns != process->clock_ns || process->state == 'R';
	process->clock_ns = clock_ns;
	if (ran)
		return read_all(self, process, !first);
	if (refresh && process->has_memory)
		read_file(self, process, STATUS, false);
	return true;
}

static void tick(struct floor *self, uint64_t number, uint64_t ticks_a_refresh)
{
	size_t alive = 0;

	if (forks_moved(self))
		list(self);
	for (size_t i = 0; i < self->count; i++) {
		struct process *process = self->processes[i];
		uint64_t turn = (uint64_t)process->pid % ticks_a_refresh;

		if (sample(self, process, turn == number % ticks_a_refresh)) {
			self->processes[alive++] = process;
		} else {
			process_close(process);
			self->forks = 0; /* its pid may be another's now */
		}
	}
	self->count = alive;
}

int main(int argc, char **argv)
{
	static struct process *processes[PIDS_MAX];
	static struct floor self = {.processes = processes};
	uint64_t interval_ns = SECOND_NS, due_ns;
	struct rlimit files;
	struct timespec now;

	if (argc == 3 && strcmp(argv[1], "--interval") == 0)
		interval_ns = strtoull(argv[2], NULL, 10) * 1000000;
	else if (argc != 1)
		interval_ns = 0;
	if (interval_ns == 0 || interval_ns > REFRESH_S * SECOND_NS) {
		fprintf(stderr, "usage: floor [--interval MS]\n");
		return 2;
	}
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	self.procfs = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	self.stat = open("/proc/stat", O_RDONLY | O_CLOEXEC);
	if (self.procfs < 0 || self.stat < 0) {
		perror("floor: /proc");
		return 1;
	}
	clock_gettime(CLOCK_MONOTONIC, &now);
	due_ns = (uint64_t)now.tv_sec * SECOND_NS;
	for (uint64_t n = 0;; n++) {
		tick(&self, n, REFRESH_S * SECOND_NS / interval_ns);
		due_ns += interval_ns;
		now.tv_sec = (time_t)(due_ns / SECOND_NS);
		now.tv_nsec = (long)(due_ns % SECOND_NS);
		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &now, NULL) == EINTR)
			;
	}
}
