/* Which attributes say whose child a row is. */
#ifndef CLIENT_KIN_H
#define CLIENT_KIN_H

#include <stdint.h>

struct kin {
	const char *id; /* NULL: the row's process id */
	const char *parent, *name;
};

/* NULL: the rows of the table have no parents. */
const struct kin *kin_find(uint32_t table);

#endif
