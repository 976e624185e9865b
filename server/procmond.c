/*
 * procmond: one server a user, that samples for all who watch.
 *
 * The order of the start: arguments, the place of the socket and its lock, limits and
 * privileges, the platform, the loop. Only then it says that it is ready.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "activation.h"
#include "alloc.h"
#include "arguments.h"
#include "daemon.h"
#include "limit.h"
#include "listener.h"
#include "log.h"
#include "loop.h"
#include "path.h"
#include "seccomp.h"

enum {
	EXIT_USAGE = 2,
	EXIT_PLACE = 78, /* the place of the socket is not safe: EX_CONFIG */
	ON_DEMAND_IDLE_S = 60,
};

/* A server on demand has nobody's terminal: its log is kept beside the socket. */
static void leave_terminal(const char *socket)
{
	char path[PATH_SOCKET_MAX + 8];
	int result = path_beside(socket, "log", path, sizeof path);

	daemon_leave_terminal();
	if (result == 0)
		result = log_open_file(path, LOG_FILE_MAX);
	if (result < 0)
		log_error("%s: no log is kept: %s", path, strerror(-result));
}

static int run(const struct arguments *arguments, struct daemon_ready *ready,
	struct listener *listener, struct platform *platform)
{
	const struct loop_config config = {
		.platform = platform,
		.listener = listener,
		.workers = arguments->workers,
		.budget_percent = arguments->budget_percent,
		.idle_exit_s = arguments->idle_exit_s,
		.path_check_s = arguments->path_check_s,
		.allow_strangers = arguments->allow_other_ns,
		.log_level = arguments->log_level,
	};
	struct loop loop;

	if (loop_init(&loop, &config) < 0)
		return EXIT_FAILURE;
	if (arguments->on_demand || (listener->inherited && !activation_keeps_log()))
		leave_terminal(listener->place.path);
	log_info("%s: ready, version %s", listener->place.path, PROCMON_VERSION);
	log_debug("%s", platform_describe(platform));
	daemon_tell_ready(ready);
	loop_run(&loop);
	loop_finish(&loop);
	return EXIT_SUCCESS;
}

static int serve(const struct arguments *arguments, struct daemon_ready *ready,
	struct listener *listener)
{
	struct platform *platform;
	const char *error = NULL;
	int result, status;

	daemon_harden(arguments->debug);
	alloc_keep_reserve();
	if (platform_create(&arguments->platform, &platform, &error) < 0) {
		log_error("%s", error ? error : "the processes of this host cannot be sampled");
		return EXIT_FAILURE;
	}
	result = seccomp_install(arguments->seccomp);
	if (result < 0)
		log_error("--seccomp: %s", result == -ENOTSUP ? "this system has no such filter"
							      : strerror(-result));
	status = result < 0 ? EXIT_FAILURE : run(arguments, ready, listener, platform);
	platform_destroy(platform);
	return status;
}

static int find_place(
	const struct arguments *arguments, char *path, size_t path_size, int *ret_inherited)
{
	char error[512];
	int result;

	*ret_inherited = -1;
	if (arguments->socket)
		setenv("PROCMON_SOCKET", arguments->socket, 1);
	else
		*ret_inherited = activation_take(path, path_size);
	if (*ret_inherited < 0) {
		result = path_socket(path, path_size);
		if (result < 0) {
			log_error("the path of the socket: %s", strerror(-result));
			return EXIT_PLACE;
		}
	}
	if (path_prepare_directory(path, error, sizeof error) < 0) {
		log_error("%s", error);
		return EXIT_PLACE;
	}
	return EXIT_SUCCESS;
}

static int take_place_and_serve(struct arguments *arguments, struct daemon_ready *ready)
{
	char path[PATH_SOCKET_MAX + 1], error[512];
	struct listener listener;
	int inherited, result, status;

	status = find_place(arguments, path, sizeof path, &inherited);
	if (status != EXIT_SUCCESS)
		return status;
	if (!arguments->idle_exit_given && (arguments->on_demand || inherited >= 0))
		arguments->idle_exit_s = ON_DEMAND_IDLE_S;
	result = listener_open(&listener, path, inherited, error, sizeof error);
	if (result == -EBUSY && arguments->on_demand)
		return EXIT_SUCCESS; /* what was wanted is there */
	if (result < 0) {
		log_error("%s", error);
		return result == -EPERM ? EXIT_PLACE : EXIT_FAILURE;
	}
	status = serve(arguments, ready, &listener);
	listener_close(&listener);
	return status;
}

static int show_version(const struct arguments *arguments)
{
	struct platform *platform;
	const char *error = NULL;

	printf("procmond %s\n", PROCMON_VERSION);
	if (platform_create(&arguments->platform, &platform, &error) < 0) {
		fprintf(stderr, "procmond: %s\n", error ? error : "cannot sample here");
		return EXIT_FAILURE;
	}
	printf("%s\n%s\n", platform_describe(platform), seccomp_describe());
	platform_destroy(platform);
	return EXIT_SUCCESS;
}

static void say(void *context, const char *line)
{
	(void)context;
	printf("%s\n", line);
	fflush(stdout); /* the next answer may take seconds */
}

/* Where nothing is in question nothing is said. */
static int show_questions(const struct arguments *arguments)
{
	struct platform *platform;
	const char *error = NULL;

	if (platform_create(&arguments->platform, &platform, &error) < 0) {
		fprintf(stderr, "procmond: %s\n", error ? error : "cannot sample here");
		return EXIT_FAILURE;
	}
	if (platform->ask)
		platform->ask(platform, say, NULL);
	platform_destroy(platform);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct daemon_ready ready;
	struct arguments arguments;
	int result;

	if (arguments_parse(&arguments, argc, argv) < 0)
		return EXIT_USAGE;
	if (arguments.show_help) {
		arguments_print_help();
		return EXIT_SUCCESS;
	}
	if (arguments.show_version)
		return show_version(&arguments);
	if (arguments.show_questions)
		return show_questions(&arguments);
	if (arguments.parent_fd >= 0)
		fcntl(arguments.parent_fd, F_SETFD, FD_CLOEXEC);
	log_set_level((enum log_level)arguments.log_level);
	daemon_reset_signals();
	ready = (struct daemon_ready){.fd = arguments.ready_fd, .parent = arguments.parent_fd};
	if (arguments.on_demand && ready.parent < 0) {
		result = daemon_detach(&ready, argv);
		if (result < 0) {
			log_error("going to the background: %s", strerror(-result));
			return EXIT_FAILURE;
		}
	}
	return take_place_and_serve(&arguments, &ready);
}
