/* Catalog: what can be asked of the server that we are connected to. */
#ifndef CLIENT_CATALOG_H
#define CLIENT_CATALOG_H

#include "attribute.h"
#include "procmon.h"
#include "wire.h"

struct catalog_entry {
	struct procmon_attribute attribute;
	enum attribute_rule rule; /* derived attributes: how to compute them */
};

struct catalog {
	struct catalog_entry *entries;
	size_t count;
	char *texts; /* that the entries point into */
};

/*
 * Takes over what the server said. Entries that this build cannot handle (a type, kind, unit
 * or rule of a later version) are left out. On failure (-ENOMEM; -EPROTO: more than may be) the catalog
 * stays empty.
 */
int catalog_init(struct catalog *self, const Procmon__Catalog *message);
void catalog_finish(struct catalog *self);

/* NULL if there is none. */
const struct catalog_entry *catalog_find_id(
	const struct catalog *self, uint32_t table, uint32_t id);
const struct catalog_entry *catalog_find_name(
	const struct catalog *self, uint32_t table, const char *name);

#endif
