/*
 * Registry: the IORegistry, a tree of what drivers there are, on what they sit and who uses them.
 * Everyone may read it.
 */
#ifndef DARWIN_REGISTRY_H
#define DARWIN_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "private/iokit.h"
#include "property.h"

/*
 * A list of entries, as it was when the walk began:
 *
 *	for (registry_services(&walk, "IOAccelerator"); registry_next(&walk);)
 *		... walk.entry, until the next one ...
 *
 * It has given everything back when registry_next() says that there is no more; who leaves it before
 * calls registry_end().
 */
struct registry_walk {
	io_iterator_t iterator;
	io_registry_entry_t entry;
};

/* All registered services of a class or of one that is derived from it. False: the kernel did not
 * answer, so that an empty list does not mean that there is nothing. */
bool registry_services(struct registry_walk *self, const char *class_name);
/* What sits on an entry, user clients among it, and what it sits on. */
bool registry_children(struct registry_walk *self, io_registry_entry_t entry);
bool registry_parents(struct registry_walk *self, io_registry_entry_t entry);
bool registry_next(struct registry_walk *self);
void registry_end(struct registry_walk *self);

/* An entry to keep, which is given back with registry_release(); 0: there is none. */
io_registry_entry_t registry_service(const char *class_name);
io_registry_entry_t registry_parent(io_registry_entry_t entry);
io_registry_entry_t registry_keep(io_registry_entry_t entry);
void registry_release(io_registry_entry_t entry);

/* 0: it has none, which is that of no entry. */
uint64_t registry_id(io_registry_entry_t entry);
/* "" where the kernel does not say. */
void registry_name(io_registry_entry_t entry, io_name_t ret_name);
void registry_class(io_registry_entry_t entry, io_name_t ret_name);
/* Is it of that class, or of one that is derived from it? */
bool registry_is(io_registry_entry_t entry, const char *class_name);

/* One property, to be released by property_release(); NULL: it has none of that name. Much cheaper than
 * all of them. */
__attribute__((cf_returns_retained)) CFTypeRef registry_property(
	io_registry_entry_t entry, const char *key);
/* All of them, likewise. */
__attribute__((cf_returns_retained)) CFDictionaryRef registry_properties(
	io_registry_entry_t entry);
/* One property by its type, see property.h. */
bool registry_u64(io_registry_entry_t entry, const char *key, uint64_t *ret_number);
bool registry_text(io_registry_entry_t entry, const char *key, char *text, size_t size);

#endif
