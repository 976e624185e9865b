/*
 * Exit listener: what the kernel's taskstats tell of every process that exits, whether or not
 * anybody saw it alive (Documentation/accounting/taskstats.rst). It takes CAP_NET_ADMIN, the
 * first namespaces, and Linux 5.19, which says what process an exiting thread belongs to.
 *
 * The kernel forgets a listener that is gone, however it went.
 */
#ifndef LINUX_EXIT_LISTENER_H
#define LINUX_EXIT_LISTENER_H

#include <stdbool.h>
#include <stdint.h>

struct exit_listener;

/* A process that has exited, as it was just before it gave its memory back. */
struct exit_record {
	uint32_t pid, ppid;
	uint32_t uid, gid;   /* real ones */
	uint64_t status;     /* as wait(2) tells it */
	uint64_t cpu_ns;     /* of all threads it ever had, up to a timer tick too little */
	uint64_t elapsed_ns; /* since it was started; 0: not known */
	uint64_t peak_kib;   /* of resident memory; 0: none, a kernel thread */
	char comm[32];       /* of its main thread; "": not known */
};

/* Would it work? Returns 0, or a negative errno: -EPERM, -EPROTONOSUPPORT ... */
int exit_listener_probe(void);

/* Listens to all exits from now on. Returns 0, or a negative errno: -EPERM ... */
int exit_listener_open(struct exit_listener **ret_self);
void exit_listener_close(struct exit_listener *self); /* accepts NULL */

/* More messages than the kernel keeps for us: whoever takes so many has had all that were there
 * when he began. */
enum { EXIT_MESSAGES_MAX = 16384 };

/*
 * The next process that has exited; false: no other for now, or the budget of messages is spent
 * (threads exit as well, and all of it may be faster than we are). Never waits.
 */
bool exit_listener_next(
	struct exit_listener *self, uint32_t *budget, struct exit_record *ret_end);

/* How often the kernel had more to tell than its buffer holds. */
uint64_t exit_listener_get_overflows(const struct exit_listener *self);

/* ------------------------------------------------------------------- its pure part */

/* Takes one netlink message; true if with it a process has exited. */
bool exit_listener_take(struct exit_listener *self, const void *bytes, uint32_t length,
	struct exit_record *ret_end);
/* One that listens to nothing, for messages of that family. */
struct exit_listener *exit_listener_create(uint16_t family);

#endif
