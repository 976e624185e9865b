/* Labels of containers and pods. */
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "label_parts.h"

enum {
	ID_SHOWN = 12, /* as the runtimes show it */
	POD_SHOWN = 8,
};

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
		if (piece_is(name, runtimes[i].name))
			return runtimes[i].runtime;
	return NULL;
}

static void be_container(struct label *self, const char *runtime, struct piece id)
{
	self->kind = LABEL_CONTAINER;
	self->runtime = runtime;
	label_set_piece(&self->container, id);
	label_set(&self->name,
		xasprintf("%s %.*s", runtime ? runtime : "container", ID_SHOWN, id.at));
}

bool label_pod(struct label *self, struct piece uid)
{
	if (!piece_is_of(uid, "0123456789abcdef-_") || uid.length < POD_SHOWN)
		return false;
	self->kind = LABEL_POD;
	self->runtime = NULL;
	label_set_piece(&self->pod, uid);
	for (char *at = self->pod; (at = strchr(at, '_'));)
		*at = '-';
	label_set(&self->name, xasprintf("pod %.*s", POD_SHOWN, uid.at));
	return true;
}

/* "kubepods-burstable-podUID", the ".slice" taken off. */
static bool is_pod_slice(struct piece slice, struct piece *ret_uid)
{
	struct piece rest = slice;

	if (!piece_take_prefix(&rest, "kubepods") ||
		!piece_split(rest, '-', true, &rest, ret_uid))
		return false;
	return piece_take_prefix(ret_uid, "pod");
}

/* "SLICE.slice:RUNTIME:ID": a name for systemd, taken by a runtime that does not use it. */
static bool is_colon_container(struct label *self, struct piece name)
{
	struct piece head, id, slice, runtime, uid;

	if (!piece_split(name, ':', true, &head, &id) || !piece_is_id(id) ||
		!piece_split(head, ':', true, &slice, &runtime))
		return false;
	if (piece_take_suffix(&slice, ".slice") && is_pod_slice(slice, &uid))
		label_pod(self, uid);
	be_container(self, runtime_named(runtime), id);
	return true;
}

bool label_container(struct label *self, struct piece name, struct piece parent)
{
	struct piece head, id;

	piece_take_suffix(&name, ".scope");
	if (piece_is_id(name)) {
		be_container(self, piece_is(parent, "docker") ? "docker" : NULL, name);
		return true;
	}
	if (piece_split(name, '-', true, &head, &id) && piece_is_id(id) &&
		runtime_named(head)) {
		be_container(self, runtime_named(head), id);
		return true;
	}
	return is_colon_container(self, name);
}

void label_named_container(
	struct label *self, enum label_kind kind, const char *runtime, struct piece name)
{
	self->kind = kind;
	self->runtime = runtime;
	label_set(&self->name, piece_unescape(name));
	label_set(&self->container, xstrdup(self->name));
}

/* "machine-libpod_pod_ID" is one of podman. */
bool label_pod_slice(struct label *self, struct piece slice)
{
	struct piece uid, head, id;

	if (is_pod_slice(slice, &uid))
		return label_pod(self, uid);
	if (!piece_split(slice, '_', true, &head, &id) || !piece_is_id(id) ||
		!piece_take_suffix(&head, "libpod_pod"))
		return false;
	label_pod(self, id);
	self->runtime = "podman";
	label_set(&self->name, xasprintf("podman pod %.*s", ID_SHOWN, id.at));
	return true;
}
