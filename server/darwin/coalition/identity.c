/*
 * Source coalition_identity: the name of the job, and the bundle identifier of the application, as
 * libxpc learns them from launchd, which is a message that may take its time: a worker asks, once.
 * Where launchd does not tell it is the application, or the program, of its oldest process, which
 * everybody may know. A worker asks for the path as well, which the kernel looks up anew. As long as
 * nothing was found it is tried again, for the oldest process may have ended.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../private/libproc.h"
#include "alloc.h"
#include "coalition.h"

#define NAME_AGAIN_NS UINT64_C(10000000000)

/* ------------------------------------------------------------------------- launchd's name */

/* As sysmond calls it; launchd has no name for it. */
static const char system_name[] = "com.apple.system";

struct name_job {
	uint64_t id; /* launchd is asked; or */
	/* The path of the oldest process is looked up; pid 0: there is none. */
	uint64_t unique_id;
	int pid;
	char name[COALITION_NAME], bundle[COALITION_NAME];
};

struct xpc {
	xpc_coalition_copy_info_call copy_info;
	xpc_dictionary_get_string_call get_string;
	xpc_get_type_call get_type;
	xpc_release_call release;
	const void *dictionary; /* the type */
	const char *const *name_key, *const *bundle_key;
};

static bool take(void *library, const char *name, void *ret_address)
{
	void *address = dlsym(library, name);

	memcpy(ret_address, &address, sizeof address);
	return address != NULL;
}

static bool open_xpc(struct xpc *self)
{
	void *library = dlopen(XPC_LIBRARY, RTLD_LAZY | RTLD_LOCAL);

	return library && take(library, "xpc_coalition_copy_info", &self->copy_info) &&
	       take(library, "xpc_dictionary_get_string", &self->get_string) &&
	       take(library, "xpc_get_type", &self->get_type) &&
	       take(library, "xpc_release", &self->release) &&
	       take(library, "_xpc_type_dictionary", &self->dictionary) &&
	       take(library, "XPC_COALITION_INFO_KEY_NAME", &self->name_key) &&
	       take(library, "XPC_COALITION_INFO_KEY_BUNDLE_IDENTIFIER", &self->bundle_key);
}

static void copy_text(const struct xpc *xpc, void *info, const char *key, char *text)
{
	const char *found = key ? xpc->get_string(info, key) : NULL;

	snprintf(text, COALITION_NAME, "%s", found ? found : "");
}

static void ask_launchd(struct name_job *own)
{
	struct xpc xpc;
	void *info;

	if (!open_xpc(&xpc))
		return;
	info = xpc.copy_info(own->id);
	if (!info)
		return;
	if (xpc.get_type(info) == xpc.dictionary) {
		copy_text(&xpc, info, *xpc.name_key, own->name);
		copy_text(&xpc, info, *xpc.bundle_key, own->bundle);
	}
	xpc.release(info);
}

/* -------------------------------------------------------------------- the oldest process */

struct coalition_oldest {
	uint64_t coalition, unique_id;
	int pid;
};

static struct coalition_oldest *oldest_of(struct coalitions *self, uint64_t coalition)
{
	for (uint32_t i = 0; i < self->oldest_count; i++)
		if (self->oldest[i].coalition == coalition)
			return &self->oldest[i];
	return NULL;
}

static void note(struct coalitions *self, uint64_t coalition, uint64_t unique_id, int pid)
{
	struct coalition_oldest *oldest = oldest_of(self, coalition);

	if (oldest && oldest->unique_id < unique_id)
		return;
	if (!oldest) {
		if (self->oldest_count == self->oldest_room) {
			self->oldest_room = self->oldest_room ? self->oldest_room * 2 : 256;
			self->oldest = xreallocarray(
				self->oldest, self->oldest_room, sizeof *self->oldest);
		}
		oldest = &self->oldest[self->oldest_count++];
	}
	*oldest = (struct coalition_oldest){coalition, unique_id, pid};
}

static void look_at(struct coalitions *self, int pid)
{
	struct proc_pidcoalitioninfo info;
	struct proc_uniqidentifierinfo who;

	if (proc_pidinfo(pid, PROC_PIDCOALITIONINFO, 0, &info, sizeof info) ==
			(int)sizeof info &&
		proc_pidinfo(pid, PROC_PIDUNIQIDENTIFIERINFO, 0, &who, sizeof who) ==
			(int)sizeof who)
		note(self, info.coalition_id[COALITION_TYPE_RESOURCE], who.p_uniqueid, pid);
}

/* Of all coalitions, once in a sampling in which a name is missing. */
static void find_oldest(struct coalitions *self)
{
	int room, used, *pids;

	if (self->oldest_round == self->devices.round)
		return;
	self->oldest_round = self->devices.round;
	self->oldest_count = 0;
	room = proc_listpids(PROC_ALL_PIDS, 0, NULL, 0) + 1024;
	pids = xcalloc((size_t)room, 1);
	used = proc_listpids(PROC_ALL_PIDS, 0, pids, room);
	for (int i = 0; i < used / (int)sizeof *pids; i++)
		look_at(self, pids[i]);
	free(pids);
}

/* "/Applications/Safari.app/Contents/MacOS/Safari": Safari; else the last part. */
static void name_of_path(const char *path, char *name)
{
	const char *app = strstr(path, ".app/"), *end = app ? app : path + strlen(path);
	const char *start = end;

	while (start > path && start[-1] != '/')
		start--;
	snprintf(name, COALITION_NAME, "%.*s", (int)(end - start), start);
}

static void ask_process(struct name_job *own)
{
	char path[PROC_PIDPATHINFO_MAXSIZE] = "";

	if (!own->pid ||
		__proc_info_extended_id(PROC_INFO_CALL_PIDINFO, own->pid, PROC_PIDPATHINFO,
			PIF_COMPARE_UNIQUEID, own->unique_id, 0, path, sizeof path) < 0)
		return;
	path[sizeof path - 1] = '\0';
	name_of_path(path, own->name);
}

/* ---------------------------------------------------------------------------- source */

static void fill(const struct coalition *row, struct darwin_coalition_identity *sample)
{
	sample->name = device_text(row->name);
	sample->bundle = device_text(row->bundle);
}

static int identity_read(struct devices *self, void *memory, void *out)
{
	struct coalition *row = memory;

	if (row->id == COALITION_SYSTEM && !row->asked) {
		snprintf(row->name, sizeof row->name, "%s", system_name);
		snprintf(row->bundle, sizeof row->bundle, "%s", system_name);
		row->asked = true;
	}
	if (!row->asked || (!*row->name && (!row->named_ns || self->now_ns - row->named_ns >=
								      NAME_AGAIN_NS)))
		return SAMPLE_LATER;
	fill(row, out);
	return STATE_OK;
}

static int identity_prepare(struct devices *devices, void *memory, void **ret_data)
{
	struct coalitions *self = (struct coalitions *)devices;
	const struct coalition *row = memory;
	const struct coalition_oldest *oldest = NULL;
	struct name_job *own = xcalloc(1, sizeof *own);

	if (row->asked) {
		find_oldest(self);
		oldest = oldest_of(self, row->id);
	} else {
		own->id = row->id;
	}
	if (oldest) {
		own->pid = oldest->pid;
		own->unique_id = oldest->unique_id;
	}
	*ret_data = own;
	return STATE_OK;
}

static int identity_run(void *data, struct job *job)
{
	struct name_job *own = data;

	(void)job;
	if (own->id)
		ask_launchd(own);
	else
		ask_process(own);
	return STATE_OK;
}

static int identity_finish(
	struct devices *devices, void *memory, void *data, struct job *job, int result)
{
	struct coalition *row = memory;
	const struct name_job *own = data;

	memcpy(row->name, own->name, sizeof row->name);
	if (own->id)
		memcpy(row->bundle, own->bundle, sizeof row->bundle);
	else
		row->named_ns = devices->now_ns;
	row->asked = true;
	fill(row, job->sample);
	return result;
}

const struct device_source coalition_identity_source = {
	.source = {.name = "coalition_identity",
		.sample_size = sizeof(struct darwin_coalition_identity),
		.lane = LANE_EITHER},
	.read = identity_read,
	.prepare = identity_prepare,
	.run = identity_run,
	.finish = identity_finish,
};
