/*
 * Label: what people call a cgroup. Those who make cgroups write it into the name of the
 * directory, each in a way of its own: systemd.unit(5), systemd.slice(5), the naming of
 * applications at systemd.io/DESKTOP_ENVIRONMENTS, and the runtimes of containers. All pure.
 */
#ifndef LINUX_COALITION_LABEL_H
#define LINUX_COALITION_LABEL_H

#include <stdbool.h>
#include <stdint.h>

enum label_kind {
	LABEL_ROOT,      /* of the machine */
	LABEL_NAMESPACE, /* of a cgroup namespace: a container sees itself so */
	LABEL_SLICE,
	LABEL_USER, /* the slice of a user */
	LABEL_SERVICE,
	LABEL_APP,
	LABEL_SESSION,
	LABEL_SCOPE,
	LABEL_UNIT, /* of systemd, of another type */
	LABEL_CONTAINER,
	LABEL_POD,
	LABEL_MACHINE,
	LABEL_GROUP, /* a directory that tells nothing */
};

/* Texts are "" where there is none. */
struct label {
	enum label_kind kind;
	char *name;
	/* Its own, or of what it is inside of. */
	char *app, *container, *pod;
	const char *runtime; /* static */
	uint64_t user;       /* UINT64_MAX: nobody's */
	char *within; /* the name of the container or machine that it is, or is inside of */
	bool joined;  /* its name begins with that of what it is inside of */
};

/* The kind in one word. */
const char *label_kind_name(enum label_kind kind);

/* Of the path "/a/b/c", whose directory c is in that of the parent. */
void label_init(struct label *self, const char *path, const struct label *parent);
/* Of the uppermost that can be seen: with the path "/" the root, or that of a namespace. */
void label_init_top(struct label *self, const char *path, bool namespaced);
void label_finish(struct label *self);

#endif
