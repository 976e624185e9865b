/* Who is whose child: processes by their parents' ids, as a forest. */
#ifndef CLIENT_FAMILY_H
#define CLIENT_FAMILY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAMILY_NONE SIZE_MAX

struct family_member {
	uint64_t pid, ppid; /* or other ids; 0: none */
};

struct family {
	size_t count;
	size_t *parents; /* of each member; FAMILY_NONE: its parent is not among them */
	size_t *order;   /* all members: parents before their children, a child after its
			    elder's descendants; else as they came */
	size_t *depths;  /* of each member; 0: no parent here */
};

/*
 * A parent that is missing (it is outside the pid namespace, or was not asked for) makes its
 * children roots. Nobody is his own ancestor: ids that were read at different moments may
 * say so, and then one of them becomes a root.
 */
void family_init(struct family *self, const struct family_member *members, size_t count);
void family_finish(struct family *self);

/* Marks the descendants of marked members. */
void family_spread(const struct family *self, bool *marks);

#endif
