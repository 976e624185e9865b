/* log: one line an event, few of them, never in the way. */
#include "limit.h"
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"

static char path[64];
static char content[65536];

static void set_up(void)
{
	int fd;

	snprintf(path, sizeof path, "/tmp/test_log.XXXXXX");
	fd = mkstemp(path);
	CHECK(fd >= 0);
	close(fd);
}

static const char *read_log(void)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size;

	CHECK(fd >= 0);
	size = read(fd, content, sizeof content - 1);
	CHECK(size >= 0);
	content[size] = '\0';
	close(fd);
	return content;
}

static unsigned count_lines(const char *text)
{
	unsigned count = 0;

	while ((text = strchr(text, '\n'))) {
		count++;
		text++;
	}
	return count;
}

TEST(levels)
{
	set_up();
	CHECK_INT(log_open_file(path, 100000), 0);
	CHECK_INT(log_get_level(), LOG_LEVEL_INFO);
	log_debug("not this");
	log_info("number %d", 7);
	log_error("bad");
	log_set_level(LOG_LEVEL_DEBUG);
	log_debug("now this");
	log_set_level(LOG_LEVEL_ERROR);
	log_info("nor this");
	read_log();
	CHECK(!strstr(content, "not this") && !strstr(content, "nor this"));
	CHECK(strstr(content, "Z info: number 7\n"));
	CHECK(strstr(content, "Z error: bad\n"));
	CHECK(strstr(content, "Z debug: now this\n"));
	CHECK_INT(count_lines(content), 3);
	unlink(path);
}

/* Without a file: the program's name, no time. */
TEST(standard_error)
{
	int fd;

	set_up();
	fd = open(path, O_WRONLY | O_CLOEXEC);
	CHECK(dup2(fd, STDERR_FILENO) == STDERR_FILENO);
	close(fd);
	errno = EEXIST;
	log_error("it is %s", "full");
	CHECK_INT(errno, EEXIST);
	CHECK_TEXT(read_log(), "test_log: it is full\n");
	unlink(path);
}

TEST(one_event_is_one_line)
{
	char text[3000];

	set_up();
	CHECK_INT(log_open_file(path, 100000), 0);
	log_info("a\nb\033[2Jc\177");
	memset(text, 'x', sizeof text);
	text[sizeof text - 1] = '\0';
	log_info("%s", text);
	read_log();
	CHECK(strstr(content, "a?b?[2Jc?\n"));
	CHECK_INT(count_lines(content), 2);
	CHECK(strlen(content) < 1200);
	unlink(path);
}

/* With its time and its newline. */
TEST(a_line_has_an_end)
{
	size_t most = LOG_LINE_MAX - strlen("2026-11-21T03:11:16Z info: \n");
	char text[LOG_LINE_MAX];

	memset(text, 'x', sizeof text);
	for (size_t length = most - 1; length <= most + 1; length++) {
		set_up();
		CHECK_INT(log_open_file(path, 100000), 0);
		log_info("%.*s", (int)length, text);
		CHECK_INT(strlen(read_log()), LOG_LINE_MAX - (length < most));
		CHECK_INT(count_lines(content), 1);
		unlink(path);
	}
}

TEST(ten_lines_a_second)
{
	set_up();
	CHECK_INT(log_open_file(path, 100000), 0);
	for (unsigned i = 1; i <= LOG_LINES_A_SECOND + 1; i++) {
		log_info("line %u", i);
		CHECK_INT(count_lines(read_log()),
			i < LOG_LINES_A_SECOND ? i : LOG_LINES_A_SECOND);
	}
	for (int i = LOG_LINES_A_SECOND + 1; i < 1000; i++)
		log_info("line %d", i);
	CHECK_INT(count_lines(read_log()), LOG_LINES_A_SECOND);
	usleep(1010 * 1000);
	log_info("later");
	read_log();
	CHECK_INT(count_lines(content), 12);
	CHECK(strstr(content, "info: 990 lines left out\n"));
	CHECK(strstr(content, "info: later\n"));
	unlink(path);
}

TEST(file_is_bounded)
{
	struct stat status;

	set_up();
	CHECK_INT(log_open_file(path, 200), 0);
	for (int i = 0; i < 9; i++) {
		log_info("line %d", i);
		CHECK_INT(stat(path, &status), 0);
		CHECK(status.st_size > 0 && status.st_size <= 200);
	}
	CHECK(strstr(read_log(), "line 8\n"));
	CHECK(!strstr(content, "line 0\n"));

	/* What an earlier server left counts too. */
	CHECK_INT(log_open_file(path, (unsigned long)status.st_size + 1), 0);
	log_info("anew");
	CHECK_INT(count_lines(read_log()), 1);
	unlink(path);
}

/* One byte less than is left, as many, and one more: then it starts anew. */
TEST(a_file_that_is_full)
{
	size_t line = strlen("2026-11-21T03:11:16Z info: x\n");

	for (size_t more = 0; more < 3; more++) {
		off_t there = LOG_FILE_MAX - (off_t)line - 1 + (off_t)more;
		struct stat status;

		set_up();
		CHECK_INT(truncate(path, there), 0);
		CHECK_INT(log_open_file(path, LOG_FILE_MAX), 0);
		log_info("x");
		CHECK_INT(stat(path, &status), 0);
		CHECK_INT(status.st_size, (more < 2 ? there : 0) + (off_t)line);
		unlink(path);
	}
}

TEST(only_a_file_of_our_own)
{
	char link[80], pipe[80];

	set_up();
	snprintf(link, sizeof link, "%s.link", path);
	snprintf(pipe, sizeof pipe, "%s.pipe", path);
	CHECK_INT(symlink(path, link), 0);
	CHECK_INT(mkfifo(pipe, 0600), 0);
	CHECK_INT(log_open_file(link, 1000), -ELOOP);
	CHECK(log_open_file(pipe, 1000) < 0);
	CHECK_INT(log_open_file("/nowhere/log", 1000), -ENOENT);
	CHECK_TEXT(read_log(), "");
	if (geteuid() == 0) {
		CHECK_INT(chown(path, 65534, 0), 0);
		CHECK_INT(log_open_file(path, 1000), -EPERM);
	}
	unlink(link);
	unlink(pipe);
	unlink(path);
}

TEST(a_failing_write_is_ignored)
{
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		test_skip("no /dev/full");
	CHECK(dup2(fd, STDERR_FILENO) == STDERR_FILENO);
	close(fd);
	errno = 0;
	log_error("gone");
	CHECK_INT(errno, 0);
}

TESTS(CASE(levels), CASE(standard_error), CASE(one_event_is_one_line), CASE(a_line_has_an_end),
	CASE(ten_lines_a_second), CASE(file_is_bounded), CASE(a_file_that_is_full),
	CASE(only_a_file_of_our_own), CASE(a_failing_write_is_ignored))
