/*
 * Processes that people name: by id, by name, by a part of a name. A word of digits is an id,
 * and several with commas between are several; all else is a name. Of those whose name is
 * the word, whose name is so but for capitals, and whose name has the word in it, a word means
 * the first kind that there is.
 */
#ifndef CLIENT_TARGET_H
#define CLIENT_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "procmon.h"

struct target {
	uint32_t pid, ppid, uid;
	const char *name; /* for people, of any length; owned */
	const char *comm; /* the short one that the kernel keeps; owned */
};

/* What it is called; borrowed. */
const char *target_name(const struct target *self);

struct targets {
	struct target *items; /* in the order of their ids */
	size_t count;
};

/* The processes of this machine, now, but for this program itself. Returns EXIT_DONE, or an exit code
 * after a complaint. */
int targets_read(struct procmon_connection *connection, struct targets *ret_targets);
void targets_finish(struct targets *self);

/*
 * Sets the marks of those that a word means. Returns 0; -ESRCH: it means none, -EINVAL: it cannot
 * mean any, both with a sentence in *ret_error, to be freed.
 */
int targets_mark(const struct targets *self, const char *word, bool *marks, char **ret_error);

/* The one that a word means, borrowed. The same result; -EINVAL, too, if it means several: the
 * sentence then names them. */
int targets_pick(const struct targets *self, const char *word, const struct target **ret_target,
	char **ret_error);

/* What a command line may say of processes. */
struct target_words {
	const char *const *words, *const *excluded; /* borrowed */
	size_t word_count, excluded_count;
	bool all;      /* these, or all that there are */
	bool children; /* and their children, and theirs */
};

/*
 * Marks those that the words mean, and of them not those that are excluded, which need not be there.
 * Complains about each word that means none. Returns EXIT_DONE; EXIT_NO_PROCESS if none is left, or
 * EXIT_USAGE, after a complaint.
 */
int targets_choose(const struct targets *self, const struct target_words *words, bool *marks);

/* For commands about one process: reads, and picks. The target is the caller's, for
 * target_finish. Returns EXIT_DONE, EXIT_NO_PROCESS, EXIT_USAGE or what else went wrong, after a complaint. */
int target_find(
	struct procmon_connection *connection, const char *word, struct target *ret_target);
void target_finish(struct target *self);

#endif
