#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "alloc.h"
#include "command.h"
#include "program.h"

#define MARK       "Written by: procctl server install"
#define FILE_MAX   65536
#define LOAD_TRIES 10 /* what was unloaded a moment ago may not be gone yet */

/*
 * Interactive: launchd slows the others down, and a tick would come late just when the machine is
 * busy. 384 is 0600 and 63 is 077: a property list has no octal numbers.
 */
static const char head[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			   "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "
			   "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"
			   "<!-- " MARK "; what removes it is: procctl server uninstall -->\n"
			   "<plist version=\"1.0\">\n"
			   "<dict>\n"
			   "\t<key>Label</key>\n"
			   "\t<string>" AGENT_LABEL "</string>\n"
			   "\t<key>ProcessType</key>\n"
			   "\t<string>Interactive</string>\n"
			   "\t<key>Umask</key>\n"
			   "\t<integer>63</integer>\n";

/* ------------------------------------------------------------------------------- the text */

/* As it stands in XML; to be freed. */
static char *escape(const char *text)
{
	char *out = xcalloc(strlen(text) + 1, sizeof "&quot;"), *end = out;

	for (; *text; text++) {
		const char *name = *text == '&'   ? "&amp;"
				   : *text == '<' ? "&lt;"
				   : *text == '>' ? "&gt;"
						  : NULL;
		if (name)
			end = stpcpy(end, name);
		else
			*end++ = *text;
	}
	return out;
}

/* An agent without a session type is for whoever has logged in on the screen. */
char *agent_text(const struct agent *self)
{
	const char *slash = strrchr(self->socket, '/');
	char *server = escape(self->server), *socket = escape(self->socket);
	char *directory = xstrndup(self->socket, (size_t)(slash - self->socket));
	char *folder = escape(directory);
	char *text = xasprintf("%s"
			       "\t<key>ProgramArguments</key>\n"
			       "\t<array>\n"
			       "\t\t<string>%s</string>\n"
			       "\t</array>\n"
			       "\t<key>Sockets</key>\n"
			       "\t<dict>\n"
			       "\t\t<key>Listener</key>\n"
			       "\t\t<dict>\n"
			       "\t\t\t<key>SockType</key>\n"
			       "\t\t\t<string>stream</string>\n"
			       "\t\t\t<key>SockPathName</key>\n"
			       "\t\t\t<string>%s</string>\n"
			       "\t\t\t<key>SockPathMode</key>\n"
			       "\t\t\t<integer>384</integer>\n"
			       "\t\t</dict>\n"
			       "\t</dict>\n"
			       "\t<key>StandardErrorPath</key>\n"
			       "\t<string>%s/log</string>\n"
			       "%s"
			       "</dict>\n"
			       "</plist>\n",
		head, server, socket, folder,
		strcmp(self->domain, "gui") == 0 ? ""
						 : "\t<key>LimitLoadToSessionType</key>\n"
						   "\t<string>Background</string>\n");

	free(server);
	free(socket);
	free(directory);
	free(folder);
	return text;
}

/* ------------------------------------------------------------------------------- the file */

/* What is in it, to be freed; NULL with a negative errno. A link is not followed. */
static char *read_file(const char *path, int *ret_error)
{
	int file = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char *text = NULL;
	ssize_t size;

	*ret_error = file < 0 ? -errno : 0;
	if (file < 0)
		return NULL;
	text = xcalloc(FILE_MAX + 1, 1);
	size = read(file, text, FILE_MAX);
	*ret_error = size < 0 ? -errno : 0;
	close(file);
	return text;
}

/* The whole of it or nothing is at the path, whenever we are ended. */
static int replace_file(const char *path, const char *text)
{
	char *beside = xasprintf("%s.XXXXXX", path);
	size_t size = strlen(text);
	ssize_t written;
	int file = mkstemp(beside), error = file < 0 ? -errno : 0;

	if (!error && fchmod(file, 0644) < 0)
		error = -errno;
	if (!error && (written = write(file, text, size)) != (ssize_t)size)
		error = written < 0 ? -errno : -ENOSPC;
	if (file >= 0)
		close(file);
	if (!error && rename(beside, path) < 0)
		error = -errno;
	if (error && file >= 0)
		unlink(beside);
	free(beside);
	return error;
}

int agent_write(const struct agent *self)
{
	char *folder = xasprintf("%s/Library/LaunchAgents", self->home), *text = NULL;
	int error = mkdir(folder, 0755) < 0 && errno != EEXIST ? -errno : 0;

	if (error) {
		complain("%s: %s", folder, strerror(-error));
	} else {
		text = agent_text(self);
		error = replace_file(self->path, text);
		if (error)
			complain("%s: %s", self->path, strerror(-error));
	}
	free(folder);
	free(text);
	return error ? EXIT_FAILED : EXIT_DONE;
}

int agent_remove(const struct agent *self)
{
	if (unlink(self->path) == 0 || errno == ENOENT)
		return EXIT_DONE;
	complain("%s: %s", self->path, strerror(errno));
	return EXIT_FAILED;
}

/* ------------------------------------------------------------------------------- launchctl */

/* Whether launchctl does it without an error. `what` is a domain, or a job in it. */
static bool ask(const struct agent *self, const char *verb, const char *what)
{
	const char *const arguments[] = {self->launchctl, verb, what, NULL};

	return program_run(arguments, true) == 0;
}

/* The job, or all of them. */
static char *name_job(const struct agent *self, const char *domain)
{
	return xasprintf("%s/%lu/" AGENT_LABEL, domain, (unsigned long)self->uid);
}

static char *name_domain(const struct agent *self)
{
	return xasprintf("%s/%lu", self->domain, (unsigned long)self->uid);
}

static bool has_job(const struct agent *self, const char *domain)
{
	char *job = name_job(self, domain);
	bool has = ask(self, "print", job);

	free(job);
	return has;
}

static void look_at_launchd(struct agent *self)
{
	char *screen;

	self->domain = "gui";
	screen = name_domain(self);
	if (!ask(self, "print", screen))
		self->domain = "user";
	free(screen);
	self->loaded = has_job(self, "gui") ? "gui" : has_job(self, "user") ? "user" : NULL;
}

int agent_look(struct agent *self)
{
	char *there, *wanted;
	int error, code = EXIT_DONE;

	self->path = xasprintf("%s/Library/LaunchAgents/" AGENT_LABEL ".plist", self->home);
	look_at_launchd(self);
	there = read_file(self->path, &error);
	wanted = agent_text(self);
	self->is_written = there && strcmp(there, wanted) == 0;
	if (error == -ELOOP || (there && *there && !strstr(there, MARK))) {
		complain("%s is not procctl's: remove it, or put it elsewhere", self->path);
		code = EXIT_FAILED;
	} else if (error && error != -ENOENT) {
		complain("%s: %s", self->path, strerror(-error));
		code = EXIT_FAILED;
	}
	free(there);
	free(wanted);
	return code;
}

bool agent_is_done(const struct agent *self)
{
	return self->is_written && self->loaded && strcmp(self->loaded, self->domain) == 0;
}

void agent_finish(struct agent *self)
{
	free(self->path);
	self->path = NULL;
}

int agent_load(const struct agent *self)
{
	const struct timespec pause = {.tv_nsec = 200000000};
	char *domain = name_domain(self), *job = name_job(self, self->domain);
	const char *const arguments[] = {
		self->launchctl, "bootstrap", domain, self->path, NULL};
	int status = -1;

	ask(self, "enable", job); /* `launchctl disable` is remembered for ever */
	for (int i = 1; status != 0 && i <= LOAD_TRIES; i++) {
		status = program_run(arguments, i < LOAD_TRIES);
		if (status != 0 && i < LOAD_TRIES)
			nanosleep(&pause, NULL);
	}
	if (status != 0) {
		char *why = program_explain(status);
		complain("%s bootstrap %s %s: %s", self->launchctl, domain, self->path, why);
		free(why);
	}
	free(domain);
	free(job);
	return status != 0 ? EXIT_FAILED : EXIT_DONE;
}

int agent_unload(const struct agent *self)
{
	char *job;
	bool done;

	if (!self->loaded)
		return EXIT_DONE;
	job = name_job(self, self->loaded);
	done = ask(self, "bootout", job) || !ask(self, "print", job);
	if (!done)
		complain("launchd does not let go of it: %s bootout %s", self->launchctl, job);
	free(job);
	return done ? EXIT_DONE : EXIT_FAILED;
}
