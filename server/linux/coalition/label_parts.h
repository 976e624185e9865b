/*
 * Label parts: what each kind of maker writes into names, for label.c alone. All of them fill in a
 * label that has inherited what its parent has, and has the directory's name.
 */
#ifndef LINUX_LABEL_PARTS_H
#define LINUX_LABEL_PARTS_H

#include "label.h"
#include "piece.h"

/* False: it is no container. */
bool label_container(struct label *self, struct piece name, struct piece parent);
/* A container or machine whose id is a name. */
void label_named_container(
	struct label *self, enum label_kind kind, const char *runtime, struct piece name);
/* A pod of Kubernetes, by its uid, whose dashes are "_" in names of slices; or by the name of its
 * slice, without ".slice"; or one of podman. False: it is none. */
bool label_pod(struct label *self, struct piece uid);
bool label_pod_slice(struct label *self, struct piece slice);
/* False: it is no unit of systemd. */
bool label_unit(struct label *self, struct piece name);

/* Takes over the text; or copies it. */
void label_set(char **text, char *own);
void label_set_piece(char **text, struct piece piece);

#endif
