#include "checkup.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"

/* Takes the texts; without a remedy nothing is wrong. */
static size_t add(struct sheet *sheet, const char *name, char *detail, char *remedy)
{
	struct procmon_value *row = sheet_add_row(sheet);

	row[0] = sheet_text(name);
	row[1] = sheet_text(remedy ? "wrong" : "ok");
	row[2] = sheet_text(sheet_keep_text(sheet, detail));
	if (remedy)
		row[3] = sheet_text(sheet_keep_text(sheet, remedy));
	return remedy ? 1 : 0;
}

static size_t check_server(const struct checkup *self, struct sheet *sheet)
{
	const struct procmon_server *server = self->server;
	char *detail = xasprintf("process %u, version %s, protocol %u, %s", server->pid,
		server->version, server->protocol,
		self->started ? "started by this command" : "was running");

	return add(sheet, "server", detail,
		strcmp(server->version, PROCMON_VERSION) == 0
			? NULL
			: xasprintf("this is procctl %s: 'procctl server stop', and the next "
				    "command starts the server that belongs to it",
				  PROCMON_VERSION));
}

/* Is it closed to others, and does it belong to us or to root? */
static bool is_private(const char *path, char **ret_remedy)
{
	struct stat status;

	if (stat(path, &status) < 0 || (status.st_uid != geteuid() && status.st_uid != 0))
		*ret_remedy =
			xasprintf("%s is not ours: use another place ($PROCMON_SOCKET)", path);
	else if (status.st_mode & (S_IRWXG | S_IRWXO))
		*ret_remedy = xasprintf("others may use %s: chmod go= %s", path, path);
	return *ret_remedy == NULL;
}

static size_t check_socket(const struct checkup *self, struct sheet *sheet)
{
	char *directory = xstrdup(self->socket), *remedy = NULL;
	char *slash = strrchr(directory, '/');

	if (slash)
		slash[slash == directory] = '\0';
	if (*self->socket && (!slash || is_private(directory, &remedy)))
		is_private(self->socket, &remedy);
	free(directory);
	return add(sheet, "socket",
		*self->socket ? xasprintf("%s, %s", self->socket,
					remedy ? "not closed to others" : "ours alone")
			      : xstrdup("handed over by another program, without a name"),
		remedy);
}

/* On Linux two descriptors of each process are kept, and some files of those that run. */
static size_t check_descriptors(const struct checkup *self, struct sheet *sheet)
{
	uint64_t wanted = 3 * self->processes + 100;

	if (self->files_limit == 0 || strcmp(self->server->platform, "linux") != 0)
		return 0;
	return add(sheet, "descriptors",
		xasprintf("the server may open %" PRIu64 ", and would use up to %" PRIu64
			  " for %" PRIu64 " processes",
			self->files_limit, wanted, self->processes),
		self->files_limit >= wanted
			? NULL
			: xstrdup("it reads by path what it cannot keep open, which costs "
				  "more: raise its hard limit (ulimit -Hn, or LimitNOFILE= "
				  "of its unit)"));
}

/* The option of the mount of /proc that hides processes; false: there is none. */
static bool find_hidepid(const char *path, char out[32])
{
	FILE *file = fopen(path, "r");
	char place[256], type[64], options[1024];
	bool found = false;

	/* device, place, type, options, two numbers */
	while (file &&
		fscanf(file, "%*s %255s %63s %1023s %*[^\n]", place, type, options) == 3) {
		const char *at = strstr(options, "hidepid=");
		if (strcmp(place, "/proc") != 0 || strcmp(type, "proc") != 0)
			continue;
		found = at && strncmp(at, "hidepid=0", 9) != 0 &&
			strncmp(at, "hidepid=off", 11) != 0;
		if (found)
			snprintf(out, 32, "%.*s", (int)strcspn(at, ","), at);
	}
	if (file)
		fclose(file);
	return found;
}

static size_t check_hidepid(const struct checkup *self, struct sheet *sheet)
{
	char option[32] = "";

	if (!self->mounts || access(self->mounts, R_OK) < 0)
		return 0;
	if (!find_hidepid(self->mounts, option))
		return add(sheet, "/proc", xstrdup("shows the processes of all users"), NULL);
	return add(sheet, "/proc", xasprintf("mounted with %s: hides those of others", option),
		geteuid() == 0
			? NULL
			: xstrdup("run procmond as root, or let its group see them: mount -o "
				  "remount,gid=GROUP /proc"));
}

static size_t check_log(const struct checkup *self, struct sheet *sheet)
{
	FILE *file = self->log ? fopen(self->log, "r") : NULL;
	char line[1024], last[1024] = "";
	size_t count = 0;

	if (!file)
		return 0;
	while (fgets(line, sizeof line, file)) {
		if (!strstr(line, " error: "))
			continue;
		line[strcspn(line, "\n")] = '\0';
		memcpy(last, line, sizeof last);
		count++;
	}
	fclose(file);
	if (count == 0)
		return add(sheet, "log", xasprintf("%s has no errors", self->log), NULL);
	return add(sheet, "log", xasprintf("%zu errors, the latest: %s", count, last),
		xasprintf("read %s; when it is done with: rm %s", self->log, self->log));
}

size_t checkup_run(const struct checkup *self, struct sheet *sheet)
{
	size_t wrong = check_server(self, sheet);

	wrong += check_socket(self, sheet);
	if (self->features)
		wrong += add(sheet, "kernel", xstrdup(self->features), NULL);
	wrong += check_hidepid(self, sheet);
	wrong += check_descriptors(self, sheet);
	wrong += add(sheet, "workers",
		self->workers_stuck ? xasprintf("%" PRIu64 " hang in a read of a process",
					      self->workers_stuck)
				    : xstrdup("none hangs"),
		self->workers_stuck ? xstrdup("look for processes in state D (macOS: U); the "
					      "values that they bring fail until then")
				    : NULL);
	return wrong + check_log(self, sheet);
}
