/*
 * Activation: what a service manager has for us (the socket that it listens on) and wants to hear.
 * systemd on Linux, launchd on macOS.
 */
#ifndef SERVER_ACTIVATION_H
#define SERVER_ACTIVATION_H

#include <stdbool.h>
#include <stddef.h>

/* A socket that the service manager listens on for us and its path, or -1. To be asked once. */
int activation_take(char *ret_path, size_t path_size);

/* Does the service manager keep what we write to stderr, and does not let it grow? */
bool activation_keeps_log(void);

/* We can be reached. */
void activation_tell_ready(void);

#endif
