/* Which attributes a user means: the names after --attrs against the catalog. */
#ifndef CLIENT_SELECTION_H
#define CLIENT_SELECTION_H

#include <stddef.h>

#include "procmon.h"

/* Attributes of one table, borrowed from the catalog. {0} is an empty one. */
struct selection {
	const struct procmon_attribute **items;
	size_t count;
};

void selection_finish(struct selection *self);

/* Adds an attribute at the end unless it is there. */
void selection_add(struct selection *self, const struct procmon_attribute *attribute);

/*
 * Adds what a comma list names: attributes, groups ("mem": all of mem.* but what is
 * SLOW), "all" (everything but what is SLOW) and last parts that only one attribute has
 * ("resident"). `available` are the attributes of the table. Returns 0, or -ENOENT with a
 * sentence in *ret_error (to be freed) that says which name is wrong and what was meant.
 */
int selection_parse(struct selection *self, const struct selection *available, const char *list,
	char **ret_error);

/* One name that must stand for one attribute. The same result in *ret_attribute. */
int selection_find(const struct selection *available, const char *name,
	const struct procmon_attribute **ret_attribute, char **ret_error);

/* Whether a value needs two samples: is it the rate of a counter? */
bool selection_has_rate(const struct selection *self, const struct selection *available);

#endif
