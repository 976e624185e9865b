#include "service.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"
#include "command.h"
#include "path.h"
#include "server_program.h"

/* Where everything is. */
struct places {
	char server[PATH_MAX], socket[PATH_SOCKET_MAX + 1];
};

static int find_server(char *out, size_t size)
{
	char error[PATH_MAX + 256];

	if (server_program_find(out, size, error, sizeof error) == 0)
		return EXIT_DONE;
	complain("%s", error);
	return EXIT_FAILED;
}

static int find_socket(const struct options *options, char *out, size_t size)
{
	int error;

	if (options->socket)
		setenv("PROCMON_SOCKET", options->socket, 1);
	error = path_socket(out, size);
	if (error == -ENAMETOOLONG)
		complain("the path of the socket is longer than %d bytes: give a shorter one "
			 "with --socket",
			PATH_SOCKET_MAX);
	else if (error)
		complain("the path of the socket: %s", strerror(-error));
	return error ? EXIT_FAILED : EXIT_DONE;
}

static int look(const struct options *options, struct places *places, struct agent *agent)
{
	const struct passwd *user = getpwuid(getuid());
	int code;

	if (geteuid() == 0) {
		complain("an agent belongs to a user who logs in: do this as that user");
		return EXIT_FAILED;
	}
	if (!user || !user->pw_dir || user->pw_dir[0] != '/') {
		complain("user %lu has no home", (unsigned long)getuid());
		return EXIT_FAILED;
	}
	code = find_server(places->server, sizeof places->server);
	if (code == EXIT_DONE)
		code = find_socket(options, places->socket, sizeof places->socket);
	if (code != EXIT_DONE)
		return code;
	*agent = (struct agent){.launchctl = "/bin/launchctl",
		.home = user->pw_dir,
		.server = places->server,
		.socket = places->socket,
		.uid = getuid()};
	return agent_look(agent);
}

/* launchd makes the socket, but not its directory. */
static int prepare_directory(const struct agent *agent)
{
	char error[512];

	if (path_prepare_directory(agent->socket, error, sizeof error) == 0)
		return EXIT_DONE;
	complain("%s", error);
	return EXIT_PERMISSION;
}

int service_install(const struct options *options)
{
	struct places places;
	struct agent agent = {0};
	int code = look(options, &places, &agent);
	bool is_new = code == EXIT_DONE && !agent_is_done(&agent);

	if (code == EXIT_DONE)
		code = prepare_directory(&agent);
	if (code == EXIT_DONE && is_new)
		code = agent_unload(&agent);
	if (code == EXIT_DONE && is_new)
		code = server_make_way(options);
	if (code == EXIT_DONE && !agent.is_written)
		code = agent_write(&agent);
	if (code == EXIT_DONE && is_new)
		code = agent_load(&agent);
	if (code == EXIT_DONE)
		printf("%s: launchd listens at %s%s, and starts %s when somebody connects\n",
			agent.path, agent.socket, is_new ? "" : " already", agent.server);
	agent_finish(&agent);
	return code == EXIT_DONE ? finish_output() : code;
}

int service_uninstall(const struct options *options)
{
	struct places places;
	struct agent agent = {0};
	int code = look(options, &places, &agent);
	bool is_there = code == EXIT_DONE && access(agent.path, F_OK) == 0;

	if (code == EXIT_DONE)
		code = agent_unload(&agent);
	if (code == EXIT_DONE)
		code = agent_remove(&agent);
	if (code == EXIT_DONE && (is_there || agent.loaded))
		printf("removed %s\n", agent.path);
	else if (code == EXIT_DONE)
		printf("there is no %s\n", agent.path);
	agent_finish(&agent);
	return code == EXIT_DONE ? finish_output() : code;
}
