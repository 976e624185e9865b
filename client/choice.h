/* Which attributes a user means: the names after --attrs against the catalog. */
#ifndef CLIENT_CHOICE_H
#define CLIENT_CHOICE_H

#include <stddef.h>

#include "procmon.h"

/* Attributes of one table, borrowed from the catalog. {0} is an empty one. */
struct choice {
	const struct procmon_attribute **items;
	size_t count;
	bool whole; /* groups are added with all that is in them */
};

void choice_finish(struct choice *self);

/* Adds an attribute at the end unless it is there. */
void choice_add(struct choice *self, const struct procmon_attribute *attribute);

/* Adds all of another one, also what is there already. */
void choice_append(struct choice *self, const struct choice *other);

/*
 * Adds what a comma list names: attributes, groups ("mem": what most people want of it,
 * "mem.*": all of it), "all", and last parts that only one attribute has ("footprint"). In PROCESS groups
 * and "all" leave out what is SLOW, and everywhere what is unsupported here unless all of the group is.
 * `available` are the attributes of the table. Returns 0, or -ENOENT with a sentence in
 * *ret_error (to be freed) that says which name is wrong and what was meant.
 */
int choice_parse(struct choice *self, const struct choice *available, const char *list,
	char **ret_error);

/* One name that must stand for one attribute. The same result in *ret_attribute. */
int choice_find(const struct choice *available, const char *name,
	const struct procmon_attribute **ret_attribute, char **ret_error);

/* Adds what most people want of a table: all but details, and as "all" what is of use here. */
void choice_add_main(struct choice *self, const struct choice *available);

/* Whether a value needs two samples: is it the rate of a counter, or a mean by one? */
bool choice_has_rate(const struct choice *self, const struct choice *available);
/* Whether these samples are read by workers, and maybe seldom. */
bool choice_is_slow_rate(
	const struct procmon_attribute *attribute, const struct choice *available);

#endif
