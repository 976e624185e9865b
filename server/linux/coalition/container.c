/*
 * Source container: what its owner called a container. Only the runtime's own files tell, and
 * they are on a disk: slow lane. They are looked for below /proc/self/root, which is our own.
 *
 * The files are JSON as Go writes it, without blanks, and quotes within texts are escaped: so
 * "KEY":"VALUE" is found as it stands, and nothing that somebody put into a text looks so.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../read.h"
#include "alloc.h"
#include "coalition.h"

enum { NAME_SIZE = 256, FILE_MAX = 4 << 20 };

/* Where each runtime has it. The id goes into the path. */
static const struct place {
	const char *runtime, *path, *key;
} places[] = {
	{"docker", "/var/lib/docker/containers/%s/config.v2.json", "\"Name\":\"/"},
	{"containerd", "/run/containerd/io.containerd.runtime.v2.task/k8s.io/%s/config.json",
		"\"io.kubernetes.cri.container-name\":\""},
	{"crio", "/run/containers/storage/overlay-containers/%s/userdata/config.json",
		"\"io.kubernetes.container.name\":\""},
};

/* One file for all containers of podman, of root or of a user. */
#define PODMAN_FILE "containers/storage/overlay-containers/containers.json"

/* What the worker needs. */
struct wish {
	char id[NAME_SIZE];
	char path[4096]; /* "": the id is the name */
	const char *key; /* NULL: podman's */
};

/* ------------------------------------------------------------------------------- parsing */

static bool is_plain(const char *bytes, size_t length)
{
	return length > 0 && length < NAME_SIZE && !memchr(bytes, '\\', length);
}

int json_text_find(const char *bytes, size_t length, const char *key, const char **ret_text,
	size_t *ret_length)
{
	const char *found = memmem(bytes, length, key, strlen(key)), *end;

	if (!found)
		return -ENOENT;
	found += strlen(key);
	end = memchr(found, '"', length - (size_t)(found - bytes));
	if (!end || !is_plain(found, (size_t)(end - found)))
		return -EBADMSG;
	*ret_text = found;
	*ret_length = (size_t)(end - found);
	return 0;
}

/* {"id":"ID","names":["NAME"], .. },{"id": .. */
int podman_name_find(const char *bytes, size_t length, const char *id, const char **ret_name,
	size_t *ret_length)
{
	char key[NAME_SIZE + 16];
	const char *end = bytes + length, *found, *next;

	snprintf(key, sizeof key, "\"id\":\"%s\"", id);
	found = memmem(bytes, length, key, strlen(key));
	if (!found)
		return -ENOENT;
	found += strlen(key);
	next = memmem(found, (size_t)(end - found), "\"id\":\"", 6);
	return json_text_find(found, (size_t)((next ? next : end) - found), "\"names\":[\"",
		ret_name, ret_length);
}

/* ------------------------------------------------------------------------------- the job */

static const struct place *place_of(const struct label *label)
{
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (label->runtime && strcmp(places[i].runtime, label->runtime) == 0)
			return &places[i];
	return NULL;
}

/* A user's own containers are in the user's home. */
static int find_podman(const struct label *label, const char *procfs, struct wish *wish)
{
	const char *home = getenv("HOME");

	if (label->user == UINT64_MAX)
		snprintf(wish->path, sizeof wish->path, "%s/self/root/var/lib/" PODMAN_FILE,
			procfs);
	else if (label->user == geteuid() && home)
		snprintf(wish->path, sizeof wish->path,
			"%s/self/root%s/.local/share/" PODMAN_FILE, procfs, home);
	else
		return STATE_DENIED;
	return STATE_OK;
}

static int find_file(const struct label *label, const char *procfs, struct wish *wish)
{
	const struct place *place = place_of(label);
	const char *percent;

	if (!label->runtime)
		return STATE_NONE;
	if (strcmp(label->runtime, "lxc") == 0 || strcmp(label->runtime, "nspawn") == 0)
		return STATE_OK;
	if (strcmp(label->runtime, "podman") == 0)
		return find_podman(label, procfs, wish);
	if (!place)
		return STATE_NONE;
	percent = strchr(place->path, '%');
	snprintf(wish->path, sizeof wish->path, "%s/self/root%.*s%s%s", procfs,
		(int)(percent - place->path), place->path, wish->id, percent + 2);
	wish->key = place->key;
	return STATE_OK;
}

static int container_prepare(struct devices *devices, void *memory, void **ret_data)
{
	const struct coalition *row = memory;
	struct wish *wish;
	int state;

	if (!*row->label.container || strlen(row->label.container) >= NAME_SIZE)
		return STATE_NONE;
	wish = xcalloc(1, sizeof *wish);
	snprintf(wish->id, sizeof wish->id, "%s", row->label.container);
	state = find_file(&row->label, devices->host->procfs, wish);
	if (state == STATE_OK)
		*ret_data = wish;
	else
		free(wish);
	return state;
}

static int find_name(const struct wish *wish, const char *bytes, size_t length, struct job *job)
{
	struct linux_coalition_container *sample = job->sample;
	const char *name;
	size_t name_length;
	int error = wish->key ? json_text_find(bytes, length, wish->key, &name, &name_length)
			      : podman_name_find(bytes, length, wish->id, &name, &name_length);

	if (error)
		return error == -ENOENT ? STATE_NONE : STATE_FAILED;
	memcpy(job->text, name, name_length);
	sample->name = (struct sample_text){job->text, (uint32_t)name_length, STATE_OK};
	return STATE_OK;
}

static int container_run(void *data, struct job *job)
{
	struct linux_coalition_container *sample = job->sample;
	const struct wish *wish = data;
	char *bytes;
	ssize_t length;
	int state;

	if (!*wish->path) {
		snprintf(job->text, NAME_SIZE, "%s", wish->id);
		sample->name = device_text(job->text);
		return STATE_OK;
	}
	bytes = malloc(FILE_MAX);
	if (!bytes)
		return STATE_FAILED;
	length = read_file(AT_FDCWD, wish->path, bytes, FILE_MAX);
	state = length < 0 ? (int)coalition_state_of(length)
			   : find_name(wish, bytes, (size_t)length, job);
	free(bytes);
	return state;
}

const struct device_source coalition_container_source = {
	.source = {.name = "coalition_container",
		.sample_size = sizeof(struct linux_coalition_container),
		.text_size = NAME_SIZE,
		.lane = LANE_SLOW,
		.period_ns = UINT64_C(60000000000),
		.remedy =
			"the files of docker, containerd, crio and of other users' podman are "
			"closed to your user: run procmond as root"},
	.unsupported = coalition_unsupported,
	.prepare = container_prepare,
	.run = container_run,
};
