/*
 * Category: what a mapping is for, by its name, its rights and its neighbours. Some of it is a
 * guess: nothing says which anonymous mapping is a thread's stack.
 */
#ifndef LINUX_CATEGORY_H
#define LINUX_CATEGORY_H

#include "map.h"

/* The mapping's category into it. `before` and `after` are its neighbours, NULL where there is
 * none; `is_program`: of the same file there is code beside it. The name in it lives as long
 * as the mapping's own text. */
void category_of(struct mapping *mapping, bool is_program, const struct mapping *before,
	const struct mapping *after);

#endif
