/*
 * The log. It always writes to stderr; log_open_file() puts a file there, so that what an
 * assertion or a sanitizer says on its way out is in the log too.
 *
 * Any thread may log. A line goes out in one write, and never changes errno.
 */
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "limit.h"
#include "system.h"

static struct {
	pthread_mutex_t mutex;
	enum log_level level;
	unsigned long max_bytes, size_bytes; /* of the file; max_bytes 0: no file */
	uint64_t window_ns;                  /* when the current second began */
	unsigned lines, suppressed;          /* in this second */
} state = {.mutex = PTHREAD_MUTEX_INITIALIZER, .level = LOG_LEVEL_INFO};

/* On a terminal or in the journal the program's name says most; a file wants the time.
 * (UTC: local time would read files of its own.) */
static size_t put_start(char *line, size_t size, enum log_level level)
{
	static const char *const names[] = {"error", "info", "debug"};
	time_t now = time(NULL);
	struct tm utc;
	char when[32];
	int length;

	if (state.max_bytes && gmtime_r(&now, &utc) &&
		strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &utc))
		length = snprintf(line, size, "%s %s: ", when, names[level]);
	else
		length = snprintf(line, size, "%s: ", system_program_name());
	return length > 0 && (size_t)length < size ? (size_t)length : 0;
}

/* A line is one line: what came from outside may hold anything. */
static void replace_controls(char *text)
{
	for (unsigned char *c = (unsigned char *)text; *c; c++) {
		if (*c < 0x20 || *c == 0x7f)
			*c = '?';
	}
}

static void write_line(enum log_level level, const char *text)
{
	char line[LOG_LINE_MAX];
	size_t start = put_start(line, sizeof line, level);
	size_t size;

	snprintf(line + start, sizeof line - start, "%s", text);
	replace_controls(line + start);
	size = strlen(line);
	line[size++] = '\n';
	if (state.max_bytes) {
		if (state.size_bytes + size > state.max_bytes &&
			ftruncate(STDERR_FILENO, 0) == 0)
			state.size_bytes = 0;
		state.size_bytes += size;
	}
	if (write(STDERR_FILENO, line, size) < 0)
		return; /* a full disk is no reason to stop sampling */
}

static bool within_limit(void)
{
	uint64_t now = clock_now_ns();
	char text[64];

	if (now - state.window_ns >= SECOND_NS) {
		state.window_ns = now;
		state.lines = 0;
		if (state.suppressed) {
			snprintf(text, sizeof text, "%u lines left out", state.suppressed);
			state.suppressed = 0;
			state.lines = 1;
			write_line(LOG_LEVEL_INFO, text);
		}
	}
	if (state.lines < LOG_LINES_A_SECOND) {
		state.lines++;
		return true;
	}
	state.suppressed++;
	return false;
}

__attribute__((format(printf, 2, 0))) static void log_line(
	enum log_level level, const char *format, va_list arguments)
{
	char text[LOG_LINE_MAX];
	int saved = errno;

	pthread_mutex_lock(&state.mutex);
	if (level <= state.level && within_limit()) {
		vsnprintf(text, sizeof text, format, arguments);
		write_line(level, text);
	}
	pthread_mutex_unlock(&state.mutex);
	errno = saved;
}

void log_set_level(enum log_level level)
{
	pthread_mutex_lock(&state.mutex);
	state.level = level;
	pthread_mutex_unlock(&state.mutex);
}

enum log_level log_get_level(void)
{
	enum log_level level;

	pthread_mutex_lock(&state.mutex);
	level = state.level;
	pthread_mutex_unlock(&state.mutex);
	return level;
}

int log_open_file(const char *path, unsigned long max_bytes)
{
	/* O_NONBLOCK: a pipe that somebody put there must not hold us up. */
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
		S_IRUSR | S_IWUSR);
	struct stat status;
	int result = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) < 0) {
		result = -errno;
	} else if (!S_ISREG(status.st_mode) || status.st_uid != geteuid()) {
		result = -EPERM;
	} else if (dup2(fd, STDERR_FILENO) < 0) {
		result = -errno;
	} else {
		pthread_mutex_lock(&state.mutex);
		state.max_bytes = max_bytes;
		state.size_bytes = (unsigned long)status.st_size;
		pthread_mutex_unlock(&state.mutex);
	}
	close(fd);
	return result;
}

void log_error(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_line(LOG_LEVEL_ERROR, format, arguments);
	va_end(arguments);
}

void log_info(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_line(LOG_LEVEL_INFO, format, arguments);
	va_end(arguments);
}

void log_debug(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_line(LOG_LEVEL_DEBUG, format, arguments);
	va_end(arguments);
}
