/* Watch: what the tests of the Linux platform share besides: children to look at. */
#ifndef TESTS_UNIT_LINUX_WATCH_H
#define TESTS_UNIT_LINUX_WATCH_H

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "linux/process/samples.h"
#include "watch.h"

/* -------------------------------------------------------------------------- the children */

/* A child that calls body() (or nothing), says so, and sleeps until it is killed. */
static inline pid_t child_start(void (*body)(void))
{
	int ready[2];
	char byte;
	pid_t child;

	CHECK(pipe(ready) == 0);
	child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (body)
			body();
		if (write(ready[1], "r", 1) != 1)
			_exit(1);
		close(ready[0]);
		close(ready[1]);
		for (;;)
			pause();
	}
	close(ready[1]);
	CHECK(read(ready[0], &byte, 1) == 1);
	close(ready[0]);
	return child;
}

static inline void child_end(pid_t child)
{
	kill(child, SIGKILL);
	CHECK_INT(waitpid(child, NULL, 0), child);
}

/* Root as in many containers; the test is skipped where that cannot be. */
static inline void give_up_ptrace(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	CHECK_INT(syscall(SYS_capget, &header, data), 0);
	if (!(data[0].permitted >> CAP_SYS_PTRACE & 1))
		test_skip("it takes CAP_SYS_PTRACE to give it up");
	data[0].permitted &= ~(UINT32_C(1) << CAP_SYS_PTRACE);
	data[0].effective &= ~(UINT32_C(1) << CAP_SYS_PTRACE);
	CHECK_INT(syscall(SYS_capset, &header, data), 0);
}

static inline void pause_ms(long milliseconds)
{
	struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};

	while (nanosleep(&time, &time) < 0 && errno == EINTR)
		;
}

/* The text of /proc/PID/NAME (any pid: 0 for /proc/NAME); its length, or -1. */
static inline ssize_t proc_text(pid_t pid, const char *name, char *text, size_t size)
{
	char path[512];
	size_t length = 0;
	ssize_t got;
	int file;

	if (pid)
		snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
	else
		snprintf(path, sizeof path, "/proc/%s", name);
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return -1;
	while ((got = read(file, text + length, size - 1 - length)) > 0)
		length += (size_t)got;
	text[length] = '\0';
	close(file);
	return got < 0 ? -1 : (ssize_t)length;
}

/* The number that follows KEY at the beginning of a line of /proc/PID/NAME, or -1. */
static inline long long proc_number(pid_t pid, const char *name, const char *key)
{
	static char text[262144];
	size_t length = strlen(key);

	if (proc_text(pid, name, text, sizeof text) < 0)
		return -1;
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n')
		if (strncmp(line, key, length) == 0)
			return strtoll(line + length, NULL, 10);
	return -1;
}

/* Field N (from 3 on) of /proc/PID/stat, as text. */
static inline const char *proc_field(pid_t pid, int number)
{
	static char text[4096];
	char *at;

	CHECK(proc_text(pid, "stat", text, sizeof text) > 0);
	at = strrchr(text, ')');
	CHECK(at);
	at = strtok(at + 2, " \n");
	for (int i = 3; i < number && at; i++)
		at = strtok(NULL, " \n");
	CHECK(at);
	return at;
}

static inline void wait_for_state(pid_t pid, char state)
{
	for (int i = 0; i < 1000 && proc_field(pid, 3)[0] != state; i++)
		pause_ms(5);
	CHECK_INT(proc_field(pid, 3)[0], state);
}

#endif
