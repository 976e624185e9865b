/* Labels of the units of systemd, and of the applications and machines that are units. */
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "label_parts.h"

enum {
	ID_SHOWN = 12,
	UUID_LENGTH = 36,
};

static bool is_user_number(struct piece piece, uint64_t *ret_uid)
{
	uint64_t uid = 0;

	if (!piece_is_of(piece, "0123456789") || piece.length > 10)
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
	struct piece rest = slice;

	if (piece_take_prefix(&rest, "user-") && is_user_number(rest, &self->user))
		self->kind = LABEL_USER;
	else if (!label_pod_slice(self, slice))
		self->kind = LABEL_SLICE;
}

/* "app[-LAUNCHER]-ID-RANDOM.scope" and "app[-LAUNCHER]-ID[@RANDOM].service": the application's
 * id is that of its .desktop file, and a "-" in it is escaped. */
static bool is_app(struct label *self, struct piece name, bool scope)
{
	struct piece launcher = {"", 0}, random, rest;

	if (!piece_take_prefix(&name, "app-"))
		return false;
	if (piece_split(name, scope ? '-' : '@', scope, &rest, &random))
		name = rest;
	if (piece_split(name, '-', false, &launcher, &rest))
		name = rest;
	piece_take_suffix(&name, ".desktop");
	if (!name.length)
		return false;
	self->kind = LABEL_APP;
	self->runtime = piece_is(launcher, "flatpak") ? "flatpak" : NULL;
	label_set(&self->app, piece_unescape(name));
	label_set(&self->name, xstrdup(self->app));
	return true;
}

/* "snap.NAME.APP-UUID.scope", or with a dot before the UUID: snapd names its .desktop file
 * NAME_APP. */
static bool is_snap(struct label *self, struct piece name)
{
	struct piece snap, app, hook, rest;

	if (!piece_take_prefix(&name, "snap.") || name.length <= UUID_LENGTH + 1)
		return false;
	name.length -= UUID_LENGTH;
	if (!piece_is_of(
		    (struct piece){name.at + name.length, UUID_LENGTH}, "0123456789abcdef-") ||
		!strchr("-.", name.at[name.length - 1]))
		return false;
	name.length--;
	if (!piece_split(name, '.', false, &snap, &app) || !snap.length || !app.length)
		return false;
	self->runtime = "snap";
	if (piece_split(app, '.', false, &hook, &rest)) /* "hook.configure": no application */
		return false;
	self->kind = LABEL_APP;
	label_set(&self->app,
		xasprintf("%.*s_%.*s", (int)snap.length, snap.at, (int)app.length, app.at));
	if (snap.length == app.length && memcmp(snap.at, app.at, app.length) == 0)
		label_set_piece(&self->name, snap);
	else
		label_set_piece(&self->name, name);
	return true;
}

/* "machine-NAME.scope" of machined; libvirt's NAME is "qemu-NUMBER-NAME". */
static bool is_machine(struct label *self, struct piece name)
{
	struct piece number, rest;

	if (!piece_take_prefix(&name, "machine-"))
		return false;
	self->kind = LABEL_MACHINE;
	self->runtime = NULL;
	label_set(&self->name, piece_unescape(name));
	rest = piece_of(self->name);
	if (piece_take_prefix(&rest, "qemu-") &&
		piece_split(rest, '-', false, &number, &rest) &&
		piece_is_of(number, "0123456789") && rest.length) {
		self->runtime = "libvirt";
		label_set_piece(&self->name, rest);
	}
	return true;
}

static void label_scope(struct label *self, struct piece name)
{
	struct piece head, id, rest = name;

	if (is_app(self, name, true) || is_snap(self, name) || is_machine(self, name))
		return;
	self->kind = piece_take_prefix(&rest, "session-") ? LABEL_SESSION : LABEL_SCOPE;
	/* "libpod-conmon-ID" and its like: what looks after a container. */
	if (piece_split(name, '-', true, &head, &id) && piece_is_id(id))
		label_set(&self->name,
			xasprintf("%.*s %.*s", (int)head.length, head.at, ID_SHOWN, id.at));
}

static void label_service(struct label *self, struct piece name)
{
	struct piece rest = name;

	if (is_app(self, name, false))
		return;
	if (piece_take_prefix(&rest, "systemd-nspawn@")) {
		label_named_container(self, LABEL_MACHINE, "nspawn", rest);
		return;
	}
	self->kind = LABEL_SERVICE;
	if (piece_take_prefix(&rest, "user@"))
		is_user_number(rest, &self->user);
	else if (piece_take_prefix(&rest, "snap."))
		self->runtime = "snap";
}

bool label_unit(struct label *self, struct piece name)
{
	static const char *const others[] = {".mount", ".socket", ".swap", ".automount"};

	if (piece_take_suffix(&name, ".slice")) {
		label_slice(self, name);
		return true;
	}
	if (piece_take_suffix(&name, ".scope")) {
		label_scope(self, name);
		return true;
	}
	if (piece_take_suffix(&name, ".service")) {
		label_service(self, name);
		return true;
	}
	self->kind = LABEL_UNIT;
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (piece_take_suffix(&name, others[i]))
			return true;
	return false;
}
