/*
 * Agent: the file that makes launchd listen for the server and start it when somebody connects, and
 * launchctl, which tells launchd of it. Nothing of this needs macOS, so that it is tested anywhere.
 */
#ifndef CLIENT_AGENT_H
#define CLIENT_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define AGENT_LABEL "org.procmond"

struct agent {
	/* Set by the caller, all but the number whole paths. */
	const char *launchctl;
	const char *home;   /* of the user */
	const char *server; /* procmond */
	const char *socket; /* where launchd is to listen */
	uid_t uid;
	/* Found by agent_look(). */
	char *path;         /* of the file; owned */
	const char *domain; /* "gui", or "user" where nobody has logged in on the screen */
	const char *loaded; /* the domain in which launchd has the job; NULL: in none */
	bool is_written;    /* the file is there, with what agent_write() would write */
};

/* Looks what there is. Returns 0 or an exit code after a complaint: another's file is there. */
int agent_look(struct agent *self);
void agent_finish(struct agent *self);

/* Is there nothing left to do for who wants it? */
bool agent_is_done(const struct agent *self);

/* What belongs into the file; to be freed. */
char *agent_text(const struct agent *self);

/* Each returns 0, or an exit code after a complaint. */
int agent_write(const struct agent *self);
int agent_load(const struct agent *self);
int agent_unload(const struct agent *self);
int agent_remove(const struct agent *self);

#endif
