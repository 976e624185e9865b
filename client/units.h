/* Units: the socket and the service of systemd that `make install` brings, and systemctl. */
#ifndef CLIENT_UNITS_H
#define CLIENT_UNITS_H

#include <stdbool.h>

struct units {
	const char *systemctl; /* NULL: there is none */
	const char *runtime;   /* of the user; systemd has a folder there if it runs */
	const char *directory; /* where the units are */
};

/* Each returns 0, or an exit code after a complaint. */
int units_check(const struct units *self);
bool units_are_active(const struct units *self);
int units_enable(const struct units *self);
int units_disable(const struct units *self);

#endif
