/*
 * From names to attributes. A name is tried as the whole name, as a group and as the last
 * part, in this order; what is none of these gets the names that are near.
 */
#include "choice.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "text.h"

void choice_finish(struct choice *self)
{
	free(self->items);
	*self = (struct choice){0};
}

void choice_add(struct choice *self, const struct procmon_attribute *attribute)
{
	for (size_t i = 0; i < self->count; i++)
		if (self->items[i]->table == attribute->table &&
			self->items[i]->id == attribute->id)
			return;
	self->items = xreallocarray(self->items, self->count + 1, sizeof *self->items);
	self->items[self->count++] = attribute;
}

void choice_append(struct choice *self, const struct choice *other)
{
	self->items =
		xreallocarray(self->items, self->count + other->count, sizeof *self->items);
	for (size_t i = 0; i < other->count; i++)
		self->items[self->count++] = other->items[i];
}

static const char *last_part(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot ? dot + 1 : name;
}

static bool is_in_group(const char *name, const char *group)
{
	size_t length = strlen(group);

	return strncmp(name, group, length) == 0 && name[length] == '.';
}

/* " name, name" appended to a list that is freed. */
static char *list_append(char *list, const char *name)
{
	char *longer = list ? xasprintf("%s, %s", list, name) : xstrdup(name);

	free(list);
	return longer;
}

/* Names that are a slip or two away, as a list; NULL if there are none. */
static char *near_names(const struct choice *available, const char *name)
{
	size_t length = strlen(name), best = length < 4 ? 1 : length < 8 ? 2 : 3;
	char *list = NULL;

	for (size_t i = 0; i < available->count; i++) {
		const char *whole = available->items[i]->name, *part = last_part(whole);
		size_t distance = text_distance(name, whole, best);
		size_t part_distance = text_distance(name, part, best);

		if (part_distance < distance)
			distance = part_distance;
		if (distance > best)
			continue;
		if (distance < best) { /* nearer than what was found so far */
			free(list);
			list = NULL;
			best = distance;
		}
		list = list_append(list, whole);
	}
	return list;
}

/* Groups that are a slip away; NULL if there are none. */
static char *near_group(const struct choice *available, const char *name)
{
	for (size_t i = 0; i < available->count; i++) {
		const char *whole = available->items[i]->name, *dot = strchr(whole, '.');
		if (!dot)
			continue;
		char *group = xstrndup(whole, (size_t)(dot - whole));
		if (text_distance(name, group, 1) == 1)
			return group;
		free(group);
	}
	return NULL;
}

static void explain_unknown(const struct choice *available, const char *name, char **ret_error)
{
	char *near = near_group(available, name);

	if (!near)
		near = near_names(available, name);
	if (near)
		*ret_error = xasprintf("there is no attribute \"%s\"; near: %s", name, near);
	else
		*ret_error = xasprintf("there is no attribute or group \"%s\"; "
				       "'procctl attributes' lists them",
			name);
	free(near);
}

int choice_find(const struct choice *available, const char *name,
	const struct procmon_attribute **ret_attribute, char **ret_error)
{
	const struct procmon_attribute *found = NULL, *member = NULL;
	char *candidates = NULL;
	size_t count = 0;

	for (size_t i = 0; i < available->count; i++) {
		const struct procmon_attribute *attribute = available->items[i];

		if (strcmp(attribute->name, name) == 0) {
			free(candidates);
			*ret_attribute = attribute;
			return 0;
		}
		if (!member && is_in_group(attribute->name, name))
			member = attribute;
		if (strcmp(last_part(attribute->name), name) == 0) {
			candidates = list_append(candidates, attribute->name);
			found = attribute;
			count++;
		}
	}
	if (count == 1)
		*ret_attribute = found;
	else if (member)
		*ret_error = xasprintf(
			"\"%s\" is a group: name one of it, such as %s", name, member->name);
	else if (count > 1)
		*ret_error = xasprintf("\"%s\" may be %s: say which", name, candidates);
	else
		explain_unknown(available, name, ret_error);
	free(candidates);
	return count == 1 ? 0 : -ENOENT;
}

/* "mem" leaves out details, "mem.*" and "all" do not. */
static bool is_member(
	const struct choice *self, const struct procmon_attribute *attribute, const char *group)
{
	const char *dot = strchr(group, '.');

	if (strcmp(group, "all") == 0)
		return true;
	if (dot && strcmp(dot, ".*") == 0)
		return strncmp(attribute->name, group, (size_t)(dot - group) + 1) == 0;
	return is_in_group(attribute->name, group) && (self->whole || !attribute->detail);
}

/* A slow read for each of a thousand processes is only done for who names it; a machine has
 * few disks and sensors. */
static bool is_costly(const struct procmon_attribute *attribute)
{
	return attribute->cost == PROCMON_SLOW && attribute->table == PROCMON_PROCESS;
}

/* Is there something to show, and without waiting for it? */
static bool is_quick(const struct procmon_attribute *attribute)
{
	return !is_costly(attribute) && attribute->state != PROCMON_UNSUPPORTED;
}

/*
 * Adds one name of the list, which may be a group. One of which this host can tell nothing
 * is added nevertheless, so that it can be said why.
 */
static int parse_name(
	struct choice *self, const struct choice *available, const char *name, char **ret_error)
{
	const struct procmon_attribute *attribute = NULL;
	bool known = false, is_group = false;

	for (size_t i = 0; i < available->count; i++) {
		attribute = available->items[i];
		if (strcmp(attribute->name, name) == 0) {
			choice_add(self, attribute);
			return 0;
		}
		is_group |= is_member(self, attribute, name);
		known |= is_member(self, attribute, name) && is_quick(attribute);
	}
	for (size_t i = 0; is_group && i < available->count; i++) {
		attribute = available->items[i];
		if (is_member(self, attribute, name) &&
			(self->whole || (known ? is_quick(attribute) : !is_costly(attribute))))
			choice_add(self, attribute);
	}
	if (is_group)
		return 0;
	int error = choice_find(available, name, &attribute, ret_error);
	if (error == 0)
		choice_add(self, attribute);
	return error;
}

int choice_parse(
	struct choice *self, const struct choice *available, const char *list, char **ret_error)
{
	char *copy = xstrdup(list), *rest = copy, *name;
	int error = 0;

	while (error == 0 && (name = strsep(&rest, ",")) != NULL) {
		name += strspn(name, " \t\n");
		name[strcspn(name, " \t\n")] = '\0';
		if (*name == '\0') {
			*ret_error = xasprintf("an empty name in \"%s\"", list);
			error = -ENOENT;
		} else
			error = parse_name(self, available, name, ret_error);
	}
	free(copy);
	return error;
}

void choice_add_main(struct choice *self, const struct choice *available)
{
	bool known = false;

	for (size_t i = 0; i < available->count; i++)
		known |= is_quick(available->items[i]);
	for (size_t i = 0; i < available->count; i++) {
		const struct procmon_attribute *attribute = available->items[i];
		if (!attribute->detail && (known ? is_quick(attribute) : !is_costly(attribute)))
			choice_add(self, attribute);
	}
}

/* The counter that it is the rate of, or a mean by; NULL: it is neither. */
static const struct procmon_attribute *find_counter(
	const struct procmon_attribute *attribute, const struct choice *available)
{
	for (size_t i = 0; i < available->count; i++)
		if (attribute->kind == PROCMON_DERIVED &&
			available->items[i]->id == attribute->input &&
			available->items[i]->kind == PROCMON_COUNTER)
			return available->items[i];
	return NULL;
}

bool choice_has_rate(const struct choice *self, const struct choice *available)
{
	for (size_t i = 0; i < self->count; i++)
		if (find_counter(self->items[i], available))
			return true;
	return false;
}

bool choice_is_slow_rate(
	const struct procmon_attribute *attribute, const struct choice *available)
{
	const struct procmon_attribute *counter = find_counter(attribute, available);

	return counter && counter->cost == PROCMON_SLOW;
}
