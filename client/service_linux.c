#include "service.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "command.h"
#include "units.h"

/* Never by PATH: whoever sets it would choose what runs. */
static const char *find_systemctl(void)
{
	static const char *const places[] = {"/usr/bin/systemctl", "/bin/systemctl"};

	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (access(places[i], X_OK) == 0)
			return places[i];
	return NULL;
}

static int look(const struct options *options, struct units *units)
{
	static char usual[64];

	if (options->socket) {
		complain("the unit's socket is at $XDG_RUNTIME_DIR/procmond/socket, and "
			 "nowhere else");
		return EXIT_USAGE;
	}
	*units = (struct units){.systemctl = find_systemctl(),
		.runtime = getenv("XDG_RUNTIME_DIR"),
		.directory = PROCMON_UNITDIR};
	if (!units->runtime || units->runtime[0] != '/') {
		snprintf(usual, sizeof usual, "/run/user/%lu", (unsigned long)getuid());
		units->runtime = usual;
	}
	return units_check(units);
}

int service_install(const struct options *options)
{
	struct units units;
	int code = look(options, &units);

	if (code != EXIT_DONE)
		return code;
	if (units_are_active(&units)) {
		printf("systemd listens for it already\n");
		return finish_output();
	}
	code = server_make_way(options);
	if (code == EXIT_DONE)
		code = units_enable(&units);
	if (code != EXIT_DONE)
		return code;
	printf("systemd listens at %s/procmond/socket, and starts the server when somebody "
	       "connects\n",
		units.runtime);
	return finish_output();
}

int service_uninstall(const struct options *options)
{
	struct units units;
	int code = look(options, &units);

	if (code == EXIT_DONE)
		code = units_disable(&units);
	if (code != EXIT_DONE)
		return code;
	printf("systemd does not listen for it any more\n");
	return finish_output();
}
