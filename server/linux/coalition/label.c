#include "label.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "label_parts.h"

void label_set(char **text, char *own)
{
	free(*text);
	*text = own;
}

void label_set_piece(char **text, struct piece piece)
{
	label_set(text, xstrndup(piece.at, piece.length));
}

static void label_plain(struct label *self, struct piece name, struct piece parent)
{
	struct piece rest = name;

	if (piece_is(parent, "lxc"))
		label_named_container(self, LABEL_CONTAINER, "lxc", name);
	else if (piece_take_prefix(&rest, "lxc.payload."))
		label_named_container(self, LABEL_CONTAINER, "lxc", rest);
	else if (!piece_take_prefix(&rest, "pod") || rest.length < 32 || !label_pod(self, rest))
		self->kind = LABEL_GROUP;
}

static void inherit(struct label *self, const struct label *parent)
{
	*self = (struct label){
		.app = xstrdup(parent->app),
		.container = xstrdup(parent->container),
		.pod = xstrdup(parent->pod),
		.within = xstrdup(parent->within),
		.runtime = parent->runtime,
		.user = parent->user,
	};
}

/* A directory within a unit, or within another such directory, says too little by itself. */
static bool needs_parent(const struct label *self, const struct label *parent)
{
	switch (parent->kind) {
	case LABEL_SERVICE:
	case LABEL_APP:
	case LABEL_SESSION:
	case LABEL_SCOPE:
	case LABEL_GROUP:
		return self->kind == LABEL_GROUP &&
		       (parent->kind != LABEL_GROUP || parent->joined);
	default:
		return false;
	}
}

/* A container may have the same units as the machine, and as other containers. */
static void join(struct label *self, const struct label *parent)
{
	const char *before = needs_parent(self, parent) ? parent->name : parent->within;

	if (*before) {
		label_set(&self->name, xasprintf("%s/%s", before, self->name));
		self->joined = true;
	}
	if (self->kind == LABEL_CONTAINER || self->kind == LABEL_MACHINE)
		label_set(&self->within, xstrdup(self->name));
}

void label_init(struct label *self, const char *path, const struct label *parent)
{
	struct piece above = {"", 0}, name = piece_of(path), parent_name = {"", 0}, rest;

	inherit(self, parent);
	piece_split(name, '/', true, &above, &name);
	piece_split(above, '/', true, &rest, &parent_name);
	label_set_piece(&self->name, name);
	if (!label_container(self, name, parent_name) && !label_unit(self, name))
		label_plain(self, name, parent_name);
	join(self, parent);
}

void label_init_top(struct label *self, const char *path, bool namespaced)
{
	static char empty[1];
	const struct label nothing = {.kind = LABEL_ROOT,
		.app = empty,
		.container = empty,
		.pod = empty,
		.within = empty,
		.user = UINT64_MAX};

	if (strcmp(path, "/") != 0) {
		label_init(self, path, &nothing);
		return;
	}
	inherit(self, &nothing);
	self->kind = namespaced ? LABEL_NAMESPACE : LABEL_ROOT;
	self->name = xstrdup(path);
}

void label_finish(struct label *self)
{
	free(self->name);
	free(self->app);
	free(self->container);
	free(self->pod);
	free(self->within);
}

const char *label_kind_name(enum label_kind kind)
{
	static const char *const names[] = {
		[LABEL_ROOT] = "root",
		[LABEL_NAMESPACE] = "namespace",
		[LABEL_SLICE] = "slice",
		[LABEL_USER] = "user",
		[LABEL_SERVICE] = "service",
		[LABEL_APP] = "app",
		[LABEL_SESSION] = "session",
		[LABEL_SCOPE] = "scope",
		[LABEL_UNIT] = "unit",
		[LABEL_CONTAINER] = "container",
		[LABEL_POD] = "pod",
		[LABEL_MACHINE] = "machine",
		[LABEL_GROUP] = "group",
	};

	return names[kind];
}
