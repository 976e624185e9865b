/*
 * Service: the server as a service of the user's, started by launchd or systemd when somebody
 * connects. service_linux.c, service_darwin.c; command_server.c calls them.
 */
#ifndef CLIENT_SERVICE_H
#define CLIENT_SERVICE_H

#include "options.h"

/* Both say what they did, do nothing where there is nothing to do, and return an exit code. */
int service_install(const struct options *options);
int service_uninstall(const struct options *options);

/* Of command_server.c: ends the server that is there, if there is one, so that its place is free. */
int server_make_way(const struct options *options);

#endif
