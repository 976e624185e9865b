/* Daemon: how the process itself behaves towards the system and those who started it. */
#ifndef SERVER_DAEMON_H
#define SERVER_DAEMON_H

#include <stdbool.h>
#include <stdint.h>

/* Who is told when the server can be reached. -1: nobody. */
struct daemon_ready {
	int fd;     /* --ready-fd */
	int parent; /* --detached; see daemon_detach() */
};

/* The program that started us may have left any signal ignored or blocked. */
void daemon_reset_signals(void);

/*
 * Goes on in a child that belongs to no terminal, and keeps of its descriptors stdin, stdout,
 * stderr and ready->fd. The calling process waits for the child to be ready, and then ends
 * with 0; or it ends as the child ended. The child begins main() anew, with the same arguments and
 * --detached; or else this returns in the child only, or a negative errno.
 */
int daemon_detach(struct daemon_ready *ready, char **argv);

/* Sets file modes, limits and privileges; before any thread is started. With `debug` the
 * process may be traced and leaves a core. */
void daemon_harden(bool debug);

/* Of it, what only one system has. */
void daemon_harden_more(bool debug);

/* Tells everybody who waits, a service manager too. */
void daemon_tell_ready(struct daemon_ready *ready);

/* The most memory that this process ever had; nothing is written if that is not known. */
void daemon_peak_memory(uint64_t *ret_bytes);

/* Gives up the terminal that it was started from: all but stderr, which is the log. */
void daemon_leave_terminal(void);

#endif
