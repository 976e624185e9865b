#include "label.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"

enum {
	ID_LENGTH = 64, /* of a container, in hexadecimal */
	ID_SHOWN = 12,  /* as the runtimes show it */
	POD_SHOWN = 8,
	UUID_LENGTH = 36,
};

/* A piece of a path. */
struct piece {
	const char *at;
	size_t length;
};

/* ------------------------------------------------------------------------------ pieces */

static struct piece piece_of(const char *text)
{
	return (struct piece){text, strlen(text)};
}

static bool is(struct piece piece, const char *text)
{
	return piece.length == strlen(text) && memcmp(piece.at, text, piece.length) == 0;
}

/* Takes it off the beginning; false: it begins otherwise, or that is all. */
static bool take_prefix(struct piece *piece, const char *prefix)
{
	size_t length = strlen(prefix);

	if (piece->length <= length || memcmp(piece->at, prefix, length) != 0)
		return false;
	*piece = (struct piece){piece->at + length, piece->length - length};
	return true;
}

static bool take_suffix(struct piece *piece, const char *suffix)
{
	size_t length = strlen(suffix);

	if (piece->length <= length ||
		memcmp(piece->at + piece->length - length, suffix, length) != 0)
		return false;
	piece->length -= length;
	return true;
}

/* Cuts it in two at the first such character, or the last; false: there is none. */
static bool split(
	struct piece piece, char at, bool last, struct piece *ret_head, struct piece *ret_tail)
{
	const char *found =
		last ? memrchr(piece.at, at, piece.length) : memchr(piece.at, at, piece.length);

	if (!found)
		return false;
	*ret_head = (struct piece){piece.at, (size_t)(found - piece.at)};
	*ret_tail = (struct piece){found + 1, piece.length - ret_head->length - 1};
	return true;
}

static bool is_of(struct piece piece, const char *characters)
{
	for (size_t i = 0; i < piece.length; i++)
		if (!piece.at[i] || !strchr(characters, piece.at[i]))
			return false;
	return piece.length > 0;
}

static bool is_id(struct piece piece)
{
	return piece.length == ID_LENGTH && is_of(piece, "0123456789abcdef");
}

static int hexadecimal(char c)
{
	const char *digit = c ? strchr("0123456789abcdef", c) : NULL;

	return digit ? (int)(digit - "0123456789abcdef") : -1;
}

/* As systemd-escape(1) does: "\x2d" is "-". What is no such thing stays as it is. */
static char *unescape(struct piece piece)
{
	char *text = xcalloc(1, piece.length + 1), *out = text;

	for (size_t i = 0; i < piece.length; i++) {
		if (piece.length - i >= 4 && piece.at[i] == '\\' && piece.at[i + 1] == 'x') {
			int high = hexadecimal(piece.at[i + 2]);
			int low = hexadecimal(piece.at[i + 3]);
			if (high >= 0 && low >= 0 && high + low > 0) {
				*out++ = (char)(high << 4 | low);
				i += 3;
				continue;
			}
		}
		*out++ = piece.at[i];
	}
	return text;
}

static void set(char **text, char *own)
{
	free(*text);
	*text = own;
}

static void set_piece(char **text, struct piece piece)
{
	set(text, xstrndup(piece.at, piece.length));
}

/* -------------------------------------------------------------------------- containers */

/* How each runtime calls the cgroup of a container: PREFIX-ID.scope, or without ".scope" where
 * it makes cgroups without systemd. */
static const struct {
	const char *name, *runtime;
} runtimes[] = {
	{"docker", "docker"},
	{"libpod", "podman"},
	{"cri-containerd", "containerd"},
	{"nerdctl", "containerd"},
	{"crio", "crio"},
};

enum { RUNTIMES = sizeof runtimes / sizeof *runtimes };

static const char *runtime_named(struct piece name)
{
	for (int i = 0; i < RUNTIMES; i++)
		if (is(name, runtimes[i].name))
			return runtimes[i].runtime;
	return NULL;
}

static void be_container(struct label *self, const char *runtime, struct piece id)
{
	self->kind = LABEL_CONTAINER;
	self->runtime = runtime;
	set_piece(&self->container, id);
	set(&self->name,
		xasprintf("%s %.*s", runtime ? runtime : "container", ID_SHOWN, id.at));
}

/* A pod of Kubernetes, by its uid, whose dashes are "_" in names of slices. */
static bool be_pod(struct label *self, struct piece uid)
{
	if (!is_of(uid, "0123456789abcdef-_") || uid.length < POD_SHOWN)
		return false;
	self->kind = LABEL_POD;
	self->runtime = NULL;
	set_piece(&self->pod, uid);
	for (char *at = self->pod; (at = strchr(at, '_'));)
		*at = '-';
	set(&self->name, xasprintf("pod %.*s", POD_SHOWN, uid.at));
	return true;
}

/* "kubepods-burstable-podUID", the ".slice" taken off. */
static bool is_pod_slice(struct piece slice, struct piece *ret_uid)
{
	struct piece rest = slice;

	if (!take_prefix(&rest, "kubepods") || !split(rest, '-', true, &rest, ret_uid))
		return false;
	return take_prefix(ret_uid, "pod");
}

/* "SLICE.slice:RUNTIME:ID": a name for systemd, taken by a runtime that does not use it. */
static bool is_colon_container(struct label *self, struct piece name)
{
	struct piece head, id, slice, runtime, uid;

	if (!split(name, ':', true, &head, &id) || !is_id(id) ||
		!split(head, ':', true, &slice, &runtime))
		return false;
	if (take_suffix(&slice, ".slice") && is_pod_slice(slice, &uid))
		be_pod(self, uid);
	be_container(self, runtime_named(runtime), id);
	return true;
}

static bool is_container(struct label *self, struct piece name, struct piece parent)
{
	struct piece head, id;

	take_suffix(&name, ".scope");
	if (is_id(name)) {
		be_container(self, is(parent, "docker") ? "docker" : NULL, name);
		return true;
	}
	if (split(name, '-', true, &head, &id) && is_id(id) && runtime_named(head)) {
		be_container(self, runtime_named(head), id);
		return true;
	}
	return is_colon_container(self, name);
}

static void be_named_container(
	struct label *self, enum label_kind kind, const char *runtime, struct piece name)
{
	self->kind = kind;
	self->runtime = runtime;
	set(&self->name, unescape(name));
	set(&self->container, xstrdup(self->name));
}

/* ---------------------------------------------------------------------- units of systemd */

static bool is_user_number(struct piece piece, uint64_t *ret_uid)
{
	uint64_t uid = 0;

	if (!is_of(piece, "0123456789") || piece.length > 10)
		return false;
	for (size_t i = 0; i < piece.length; i++)
		uid = uid * 10 + (uint64_t)(piece.at[i] - '0');
	if (uid >= UINT32_MAX) /* nobody has that one */
		return false;
	*ret_uid = uid;
	return true;
}

static void label_slice(struct label *self, struct piece slice)
{
	struct piece uid, head, id, rest = slice;

	if (take_prefix(&rest, "user-") && is_user_number(rest, &self->user))
		self->kind = LABEL_USER;
	else if (is_pod_slice(slice, &uid) && be_pod(self, uid))
		return;
	else
		self->kind = LABEL_SLICE;
	/* "machine-libpod_pod_ID": a pod of podman. */
	if (split(slice, '_', true, &head, &id) && is_id(id) &&
		take_suffix(&head, "libpod_pod")) {
		be_pod(self, id);
		self->runtime = "podman";
		set(&self->name, xasprintf("podman pod %.*s", ID_SHOWN, id.at));
	}
}

/* "app[-LAUNCHER]-ID-RANDOM.scope" and "app[-LAUNCHER]-ID[@RANDOM].service": the application's
 * id is that of its .desktop file, and a "-" in it is escaped. */
static bool is_app(struct label *self, struct piece name, bool scope)
{
	struct piece launcher = {"", 0}, random, rest;

	if (!take_prefix(&name, "app-"))
		return false;
	if (split(name, scope ? '-' : '@', scope, &rest, &random))
		name = rest;
	if (split(name, '-', false, &launcher, &rest))
		name = rest;
	take_suffix(&name, ".desktop");
	if (!name.length)
		return false;
	self->kind = LABEL_APP;
	self->runtime = is(launcher, "flatpak") ? "flatpak" : NULL;
	set(&self->app, unescape(name));
	set(&self->name, xstrdup(self->app));
	return true;
}

/* "snap.NAME.APP-UUID.scope", or with a dot before the UUID: snapd names its .desktop file
 * NAME_APP. */
static bool is_snap(struct label *self, struct piece name)
{
	struct piece snap, app, hook, rest;

	if (!take_prefix(&name, "snap.") || name.length <= UUID_LENGTH + 1)
		return false;
	name.length -= UUID_LENGTH;
	if (!is_of((struct piece){name.at + name.length, UUID_LENGTH}, "0123456789abcdef-") ||
		!strchr("-.", name.at[name.length - 1]))
		return false;
	name.length--;
	if (!split(name, '.', false, &snap, &app) || !snap.length || !app.length)
		return false;
	self->runtime = "snap";
	if (split(app, '.', false, &hook, &rest)) /* "hook.configure": no application */
		return false;
	self->kind = LABEL_APP;
	set(&self->app,
		xasprintf("%.*s_%.*s", (int)snap.length, snap.at, (int)app.length, app.at));
	if (snap.length == app.length && memcmp(snap.at, app.at, app.length) == 0)
		set_piece(&self->name, snap);
	else
		set_piece(&self->name, name);
	return true;
}

/* "machine-NAME.scope" of machined; libvirt's NAME is "qemu-NUMBER-NAME". */
static bool is_machine(struct label *self, struct piece name)
{
	struct piece number, rest;

	if (!take_prefix(&name, "machine-"))
		return false;
	self->kind = LABEL_MACHINE;
	self->runtime = NULL;
	set(&self->name, unescape(name));
	rest = piece_of(self->name);
	if (take_prefix(&rest, "qemu-") && split(rest, '-', false, &number, &rest) &&
		is_of(number, "0123456789") && rest.length) {
		self->runtime = "libvirt";
		set_piece(&self->name, rest);
	}
	return true;
}

static void label_scope(struct label *self, struct piece name)
{
	struct piece head, id, rest = name;

	if (is_app(self, name, true) || is_snap(self, name) || is_machine(self, name))
		return;
	self->kind = take_prefix(&rest, "session-") ? LABEL_SESSION : LABEL_SCOPE;
	/* "libpod-conmon-ID" and its like: what looks after a container. */
	if (split(name, '-', true, &head, &id) && is_id(id))
		set(&self->name,
			xasprintf("%.*s %.*s", (int)head.length, head.at, ID_SHOWN, id.at));
}

static void label_service(struct label *self, struct piece name)
{
	struct piece rest = name;

	if (is_app(self, name, false))
		return;
	if (take_prefix(&rest, "systemd-nspawn@")) {
		be_named_container(self, LABEL_MACHINE, "nspawn", rest);
		return;
	}
	self->kind = LABEL_SERVICE;
	if (take_prefix(&rest, "user@"))
		is_user_number(rest, &self->user);
	else if (take_prefix(&rest, "snap."))
		self->runtime = "snap";
}

/* False: it is no unit. */
static bool label_unit(struct label *self, struct piece name)
{
	static const char *const others[] = {".mount", ".socket", ".swap", ".automount"};

	if (take_suffix(&name, ".slice")) {
		label_slice(self, name);
		return true;
	}
	if (take_suffix(&name, ".scope")) {
		label_scope(self, name);
		return true;
	}
	if (take_suffix(&name, ".service")) {
		label_service(self, name);
		return true;
	}
	self->kind = LABEL_UNIT;
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (take_suffix(&name, others[i]))
			return true;
	return false;
}

/* ------------------------------------------------------------------------------ labels */

static void label_plain(struct label *self, struct piece name, struct piece parent)
{
	struct piece rest = name;

	if (is(parent, "lxc"))
		be_named_container(self, LABEL_CONTAINER, "lxc", name);
	else if (take_prefix(&rest, "lxc.payload."))
		be_named_container(self, LABEL_CONTAINER, "lxc", rest);
	else if (!take_prefix(&rest, "pod") || rest.length < 32 || !be_pod(self, rest))
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
		set(&self->name, xasprintf("%s/%s", before, self->name));
		self->joined = true;
	}
	if (self->kind == LABEL_CONTAINER || self->kind == LABEL_MACHINE)
		set(&self->within, xstrdup(self->name));
}

void label_init(struct label *self, const char *path, const struct label *parent)
{
	struct piece above = {"", 0}, name = piece_of(path), parent_name = {"", 0}, rest;

	inherit(self, parent);
	split(name, '/', true, &above, &name);
	split(above, '/', true, &rest, &parent_name);
	set_piece(&self->name, name);
	if (!is_container(self, name, parent_name) && !label_unit(self, name))
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
