/* path: where the socket is, and which directories are refused. */
#include "path.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"

#define OTHER_UID 65534

static char root[64];

/* An empty directory of our own, and an environment without opinions. */
static void set_up(void)
{
	unsetenv("PROCMON_SOCKET");
	unsetenv("XDG_RUNTIME_DIR");
	snprintf(root, sizeof root, "/tmp/test_path.XXXXXX");
	CHECK(mkdtemp(root));
}

static const char *in_root(const char *name)
{
	static char paths[4][256];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof paths[0], "%s/%s", root, name);
	return path;
}

static void tear_down(void)
{
	char command[128];

	snprintf(command, sizeof command, "rm -rf '%s'", root);
	CHECK_INT(system(command), 0);
}

static void need_root(void)
{
	if (geteuid() != 0) {
		tear_down();
		test_skip("needs root, to make things that belong to others");
	}
}

static const char *usual_place(void)
{
	static char path[128];
	struct stat status;
	char directory[64];

	snprintf(directory, sizeof directory, "/run/user/%u", (unsigned)geteuid());
	if (stat(directory, &status) == 0 && status.st_uid == geteuid() &&
		!(status.st_mode & 022))
		snprintf(path, sizeof path, "%s/procmond/socket", directory);
	else if (geteuid() == 0)
		snprintf(path, sizeof path, "/run/procmond/socket");
	else
		snprintf(path, sizeof path, "/tmp/procmond-%u/socket", (unsigned)geteuid());
	return path;
}

static void check_socket(const char *expected)
{
	char path[PATH_SOCKET_MAX + 1];

	CHECK_INT(path_socket(path, sizeof path), 0);
	CHECK_TEXT(path, expected);
}

TEST(socket_from_the_environment)
{
	set_up();
	setenv("PROCMON_SOCKET", "/somewhere/s", 1);
	setenv("XDG_RUNTIME_DIR", root, 1);
	check_socket("/somewhere/s");

	/* Relative: as seen from here, for the server will go elsewhere. */
	CHECK_INT(chdir(root), 0);
	setenv("PROCMON_SOCKET", "run/s", 1);
	check_socket(in_root("run/s"));

	setenv("PROCMON_SOCKET", "", 1);
	check_socket(in_root("procmond/socket"));
	CHECK_INT(chdir("/"), 0);
	tear_down();
}

TEST(socket_in_the_runtime_directory)
{
	set_up();
	setenv("XDG_RUNTIME_DIR", root, 1);
	check_socket(in_root("procmond/socket"));

	CHECK_INT(chmod(root, 0755), 0);
	check_socket(in_root("procmond/socket"));

	/* A link to a directory of ours is ours. */
	CHECK_INT(mkdir(in_root("real"), 0700), 0);
	CHECK_INT(symlink(in_root("real"), in_root("link")), 0);
	setenv("XDG_RUNTIME_DIR", in_root("link"), 1);
	check_socket(in_root("link/procmond/socket"));
	tear_down();
}

TEST(runtime_directory_that_is_not_ours)
{
	set_up();
	check_socket(usual_place());

	setenv("XDG_RUNTIME_DIR", in_root("missing"), 1);
	check_socket(usual_place());

	setenv("XDG_RUNTIME_DIR", "relative", 1);
	check_socket(usual_place());

	CHECK_INT(mkdir(in_root("open"), 0700), 0);
	CHECK_INT(chmod(in_root("open"), 0777), 0);
	setenv("XDG_RUNTIME_DIR", in_root("open"), 1);
	check_socket(usual_place());

	need_root();
	CHECK_INT(mkdir(in_root("foreign"), 0700), 0);
	CHECK_INT(chown(in_root("foreign"), OTHER_UID, 0), 0);
	setenv("XDG_RUNTIME_DIR", in_root("foreign"), 1);
	check_socket(usual_place());

	CHECK_INT(symlink(in_root("foreign"), in_root("link")), 0);
	setenv("XDG_RUNTIME_DIR", in_root("link"), 1);
	check_socket(usual_place());
	tear_down();
}

/* Another user's server must not be found by somebody who kept the environment (su). */
TEST(socket_of_an_ordinary_user)
{
	char expected[64], path[PATH_SOCKET_MAX + 1];

	set_up();
	need_root();
	setenv("XDG_RUNTIME_DIR", root, 1);
	CHECK_INT(seteuid(OTHER_UID), 0);
	CHECK_INT(path_socket(path, sizeof path), 0);
	CHECK_INT(seteuid(0), 0);
	snprintf(expected, sizeof expected, "/tmp/procmond-%d/socket", OTHER_UID);
	CHECK_TEXT(path, expected);
	tear_down();
}

TEST(length_at_the_limit)
{
	char text[PATH_SOCKET_MAX + 2], path[PATH_SOCKET_MAX + 1], small[8];

	memset(text, 'x', sizeof text);
	text[0] = '/';
	for (size_t length = PATH_SOCKET_MAX - 1; length <= PATH_SOCKET_MAX; length++) {
		text[length] = '\0';
		setenv("PROCMON_SOCKET", text, 1);
		CHECK_INT(path_socket(path, sizeof path), 0);
		CHECK_TEXT(path, text);
		text[length] = 'x';
	}
	CHECK_INT(path_socket(small, sizeof small), -ENAMETOOLONG);

	text[PATH_SOCKET_MAX + 1] = '\0';
	setenv("PROCMON_SOCKET", text, 1);
	CHECK_INT(path_socket(path, sizeof path), -ENAMETOOLONG);
}

TEST(directory_is_made)
{
	char error[256];
	struct stat status;

	set_up();
	CHECK_INT(path_check_directory(in_root("run/socket"), error, sizeof error), -ENOENT);
	CHECK(strstr(error, "run"));
	umask(0);
	CHECK_INT(path_prepare_directory(in_root("run/socket"), error, sizeof error), 0);
	CHECK_TEXT(error, "");
	CHECK_INT(stat(in_root("run"), &status), 0);
	CHECK_INT(status.st_mode & 07777, 0700);
	CHECK_INT(path_prepare_directory(in_root("run/socket"), error, sizeof error), 0);
	CHECK_INT(path_check_directory(in_root("run/socket"), error, sizeof error), 0);

	/* Its parents are not. */
	CHECK_INT(path_prepare_directory(in_root("a/b/socket"), error, sizeof error), -ENOENT);
	CHECK(strstr(error, "PROCMON_SOCKET"));
	CHECK(access(in_root("a"), F_OK) < 0);
	tear_down();
}

/* Refused, said why, and as it was before. */
static void check_refused(const char *name, const char *reason)
{
	char socket[256], error[256];
	struct stat before, after;

	snprintf(socket, sizeof socket, "%s/%s/socket", root, name);
	CHECK_INT(lstat(in_root(name), &before), 0);
	CHECK_INT(path_prepare_directory(socket, error, sizeof error), -EPERM);
	CHECK(strstr(error, reason));
	CHECK(strstr(error, in_root(name)));
	CHECK_INT(path_check_directory(socket, error, sizeof error), -EPERM);
	CHECK_INT(lstat(in_root(name), &after), 0);
	CHECK_INT(after.st_mode, before.st_mode);
	CHECK_INT(after.st_uid, before.st_uid);
	CHECK_INT(after.st_mtime, before.st_mtime);
	CHECK_INT(after.st_ino, before.st_ino);
}

TEST(unsafe_directories_are_refused)
{
	int fd;

	set_up();
	CHECK_INT(mkdir(in_root("good"), 0700), 0);
	CHECK_INT(symlink(in_root("good"), in_root("link")), 0);
	check_refused("link", "symbolic link");
	CHECK_INT(symlink(in_root("nowhere"), in_root("dangling")), 0);
	check_refused("dangling", "symbolic link");
	CHECK(access(in_root("nowhere"), F_OK) < 0);

	fd = open(in_root("file"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	CHECK(fd >= 0);
	close(fd);
	check_refused("file", "not a directory");

	CHECK_INT(mkdir(in_root("open"), 0700), 0);
	CHECK_INT(chmod(in_root("open"), 0777), 0);
	check_refused("open", "(mode 0700)");
	CHECK_INT(chmod(in_root("open"), 01777), 0);
	check_refused("open", "mode 1777");
	/* Others may not even look: who connects is checked, but why give it away. */
	CHECK_INT(chmod(in_root("open"), 0710), 0);
	check_refused("open", "mode 0710");

	need_root();
	CHECK_INT(mkdir(in_root("foreign"), 0700), 0);
	CHECK_INT(chown(in_root("foreign"), OTHER_UID, 0), 0);
	check_refused("foreign", "belongs to user 65534");
	tear_down();
}

TEST(names_beside_the_socket)
{
	char path[32];

	CHECK_INT(path_beside("/run/procmond/socket", "lock", path, sizeof path), 0);
	CHECK_TEXT(path, "/run/procmond/lock");
	CHECK_INT(path_beside("/socket", "log", path, sizeof path), 0);
	CHECK_TEXT(path, "/log");
	CHECK_INT(path_beside("/run/procmond/socket", "lock", path, 18), -ENAMETOOLONG);
	CHECK_INT(path_beside("/run/procmond/socket", "lock", path, 19), 0);
}

TESTS(CASE(socket_from_the_environment), CASE(socket_in_the_runtime_directory),
	CASE(runtime_directory_that_is_not_ours), CASE(socket_of_an_ordinary_user),
	CASE(length_at_the_limit), CASE(directory_is_made),
	CASE(unsafe_directories_are_refused), CASE(names_beside_the_socket))
