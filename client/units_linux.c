#include "units.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "alloc.h"
#include "command.h"
#include "program.h"

#define SOCKET  "procmond.socket"
#define SERVICE "procmond.service"

static bool is_there(const char *directory, const char *name)
{
	char *path = xasprintf("%s/%s", directory, name);
	bool there = access(path, F_OK) == 0;

	free(path);
	return there;
}

int units_check(const struct units *self)
{
	if (!self->systemctl || !is_there(self->runtime, "systemd")) {
		complain(
			"systemd does not run for you here. Nothing need be installed: "
			"programs "
			"start the server when they need it, and any other service manager may "
			"run 'procmond --foreground'");
		return EXIT_FAILED;
	}
	if (is_there(self->directory, SOCKET) && is_there(self->directory, SERVICE))
		return EXIT_DONE;
	complain("%s has no " SOCKET ": 'make install' brings it", self->directory);
	return EXIT_FAILED;
}

/* systemctl --user VERB OPTION UNIT; an empty option is none. */
static int run(const struct units *self, const char *verb, const char *option, const char *unit,
	bool quiet)
{
	const char *const with[] = {self->systemctl, "--user", verb, option, unit, NULL};
	const char *const without[] = {self->systemctl, "--user", verb, unit, NULL};

	return program_run(*option ? with : without, quiet);
}

static int refuse(const struct units *self, const char *what, int status)
{
	char *why = program_explain(status);

	complain("%s --user %s: %s", self->systemctl, what, why);
	free(why);
	return EXIT_FAILED;
}

bool units_are_active(const struct units *self)
{
	return run(self, "is-enabled", "--quiet", SOCKET, true) == 0 &&
	       run(self, "is-active", "--quiet", SOCKET, true) == 0;
}

/* By their paths: they are found also where systemd does not look for units. */
int units_enable(const struct units *self)
{
	char *socket = xasprintf("%s/" SOCKET, self->directory);
	char *service = xasprintf("%s/" SERVICE, self->directory);
	int status = run(self, "link", "--quiet", service, false);

	if (status == 0)
		status = run(self, "enable", "--now", socket, false);
	if (status != 0)
		refuse(self, "enable --now " SOCKET, status);
	free(socket);
	free(service);
	return status == 0 ? EXIT_DONE : EXIT_FAILED;
}

int units_disable(const struct units *self)
{
	int status = run(self, "disable", "--now", SOCKET, false);

	if (status != 0)
		return refuse(self, "disable --now " SOCKET, status);
	/* It has no link of its own unless it was linked. */
	run(self, "stop", "", SERVICE, true);
	run(self, "disable", "--quiet", SERVICE, true);
	return EXIT_DONE;
}
