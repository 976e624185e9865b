/*
 * Where the socket is, and whether its directory can be trusted.
 *
 * The rules read the environment and look at directories, but never create or change one,
 * but for path_prepare_directory(), which makes the last component and nothing else.
 */
#include "path.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "path_usual.h"

static int put_path(char *out, size_t out_size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int put_path(char *out, size_t out_size, const char *format, ...)
{
	char path[PATH_SOCKET_MAX + 2];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(path, sizeof path, format, arguments);
	va_end(arguments);
	if (length < 0)
		return -EINVAL;
	if (length > PATH_SOCKET_MAX || (size_t)length >= out_size)
		return -ENAMETOOLONG;
	memcpy(out, path, (size_t)length + 1);
	return 0;
}

/* The server leaves the directory that it was started in, so a relative path is resolved
 * at once. */
static int put_absolute(char *out, size_t out_size, const char *path)
{
	char directory[PATH_SOCKET_MAX + 1];

	if (path[0] == '/')
		return put_path(out, out_size, "%s", path);
	if (!getcwd(directory, sizeof directory))
		return errno == ERANGE ? -ENAMETOOLONG : -errno;
	return put_path(out, out_size, "%s/%s", directory, path);
}

int path_socket(char *out, size_t out_size)
{
	const char *path = getenv("PROCMON_SOCKET");
	char directory[PATH_DIRECTORY_MAX];
	int result;

	if (path && path[0])
		return put_absolute(out, out_size, path);
	result = path_usual_directory(directory, sizeof directory);
	return result < 0 ? result : put_path(out, out_size, "%s/socket", directory);
}

/* The directory of a socket's path; it ends before the last slash. */
static int put_directory(const char *socket, char *out, size_t out_size)
{
	const char *slash = strrchr(socket, '/');
	size_t length;

	if (!slash)
		return put_path(out, out_size, ".");
	length = slash == socket ? 1 : (size_t)(slash - socket);
	if (length >= out_size)
		return -ENAMETOOLONG;
	memcpy(out, socket, length);
	out[length] = '\0';
	return 0;
}

static int check_status(
	const char *directory, const struct stat *status, char *error, size_t error_size)
{
	unsigned long uid = geteuid();

	if (S_ISLNK(status->st_mode))
		snprintf(error, error_size,
			"%s is a symbolic link: remove it, or set PROCMON_SOCKET to a path in "
			"a "
			"directory of your own",
			directory);
	else if (!S_ISDIR(status->st_mode))
		snprintf(error, error_size,
			"%s is not a directory: remove it, or set PROCMON_SOCKET to a path in "
			"a "
			"directory of your own",
			directory);
	else if (status->st_uid != uid)
		snprintf(error, error_size,
			"%s belongs to user %lu and not to user %lu: set PROCMON_SOCKET to a "
			"path "
			"in a directory of your own",
			directory, (unsigned long)status->st_uid, uid);
	else if (status->st_mode & (S_IRWXG | S_IRWXO))
		snprintf(error, error_size,
			"%s is open to other users (mode %04o): set PROCMON_SOCKET to a path "
			"in a "
			"directory that is open to you alone (mode 0700)",
			directory, (unsigned)(status->st_mode & 07777));
	else
		return 0;
	return -EPERM;
}

static int check_directory(const char *socket, bool create, char *error, size_t error_size)
{
	char directory[PATH_SOCKET_MAX + 1];
	struct stat status;
	int result;

	if (error_size)
		error[0] = '\0';
	result = put_directory(socket, directory, sizeof directory);
	if (result < 0) {
		snprintf(error, error_size, "%s is longer than %d bytes: set PROCMON_SOCKET",
			socket, PATH_SOCKET_MAX);
		return result;
	}
	/* If somebody else makes it at the same moment, what he made is checked below. */
	if (create && mkdir(directory, S_IRWXU) < 0 && errno != EEXIST) {
		result = -errno;
		snprintf(error, error_size,
			"%s cannot be created (%s): set PROCMON_SOCKET to a path in a "
			"directory of your own",
			directory, strerror(-result));
		return result;
	}
	if (lstat(directory, &status) < 0) {
		result = -errno;
		snprintf(error, error_size, "%s: %s", directory, strerror(-result));
		return result;
	}
	return check_status(directory, &status, error, error_size);
}

int path_prepare_directory(const char *socket, char *error, size_t error_size)
{
	return check_directory(socket, true, error, error_size);
}

int path_check_directory(const char *socket, char *error, size_t error_size)
{
	return check_directory(socket, false, error, error_size);
}

int path_beside(const char *socket, const char *name, char *out, size_t out_size)
{
	const char *slash = strrchr(socket, '/');
	int length = slash ? (int)(slash - socket) + 1 : 0;
	int written = snprintf(out, out_size, "%.*s%s", length, socket, name);

	return written >= 0 && (size_t)written < out_size ? 0 : -ENAMETOOLONG;
}
