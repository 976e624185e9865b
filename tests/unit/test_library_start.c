/* Finding the server, and starting one. */
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "clock.h"
#include "limit.h"
#include "peer.h"

static volatile sig_atomic_t children;

static void on_child(int number)
{
	(void)number;
	children = children + 1;
}

/* A place without a server, and a program that says how it was started. */
struct place {
	struct peer peer;
	char server[64], info[64];
};

static void place_open(struct place *self, const char *script)
{
	peer_open(&self->peer);
	close(self->peer.listener);
	self->peer.listener = -1;
	unlink(self->peer.path);
	snprintf(self->server, sizeof self->server, "%s/server", self->peer.directory);
	snprintf(self->info, sizeof self->info, "%s/info", self->peer.directory);
	int fd = open(self->server, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	CHECK(fd >= 0);
	CHECK(write(fd, script, strlen(script)) == (ssize_t)strlen(script));
	close(fd);
	CHECK(setenv("PROCMON_SERVER", self->server, 1) == 0);
}

static void place_close(struct place *self)
{
	unlink(self->server);
	unlink(self->info);
	peer_close(&self->peer);
}

/* Reads what the program said, once it has said it all. */
static char *read_info(const struct place *self)
{
	static char text[8192];
	int fd = -1;

	for (int i = 0; fd < 0 && i < 5000; i++) {
		fd = open(self->info, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			usleep(1000);
	}
	CHECK(fd >= 0);
	ssize_t size = read(fd, text, sizeof text - 1);
	CHECK(size > 0);
	text[size] = '\0';
	close(fd);
	return text;
}

/* The value of "name: ..." in the text. */
static const char *find_line(const char *text, const char *name)
{
	static char value[1024];
	const char *line = strstr(text, name);

	CHECK(line);
	snprintf(value, sizeof value, "%.*s", (int)strcspn(line, "\n") - (int)strlen(name),
		line + strlen(name));
	return value;
}

/* Plays the server as soon as the program has been started. */
static void *serve_when_started(void *context)
{
	struct place *place = context;
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	read_info(place);
	place->peer.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	strcpy(address.sun_path, place->peer.path);
	CHECK(bind(place->peer.listener, (struct sockaddr *)&address, sizeof address) == 0);
	CHECK(listen(place->peer.listener, 4) == 0);
	return peer_accept(&place->peer);
}

TEST(a_server_is_started_and_is_on_its_own)
{
	static const char script[] =
		"#!/bin/sh\n"
		"standard=$(for fd in 0 1 2; do\n"
		"  echo fd $fd: $(readlink /proc/$$/fd/$fd)\n"
		"done)\n"
		"cd ${2%/*}\n"
		"{ echo arguments: \"$@\"\n"
		"  echo session: $(cut -d' ' -f4,5,6 /proc/$$/stat)\n"
		"  while read name value; do\n"
		"    case $name in Sig*) echo $name $value; esac\n"
		"  done </proc/$$/status\n" /* a child would be waited for with signals blocked */
		"  echo \"$standard\"; for fd in /proc/$$/fd/*; do readlink $fd; done\n"
		"  echo cwd: $OLDPWD\n"
		"} >info.new 2>&1\n"
		"mv info.new info\n";
	struct place place;
	struct procmon_connection *connection;
	pthread_t thread;
	char expected[128], *error = NULL;
	Procmon__Attribute catalog[PEER_ATTRIBUTES];
	sigset_t blocked;

	place_open(&place, script);
	/* What the server must not inherit. */
	int low = open(place.peer.directory, O_RDONLY), leak = fcntl(low, F_DUPFD, 50);
	signal(SIGINT, SIG_IGN);
	signal(SIGCHLD, on_child);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &blocked, NULL);

	peer_fill_catalog(catalog);
	peer_greet_welcome(&place.peer);
	peer_greet_catalog(&place.peer, catalog, PEER_ATTRIBUTES);
	CHECK(pthread_create(&thread, NULL, serve_when_started, &place) == 0);
	CHECK_INT(procmon_connect(
			  place.peer.path, "a test", PROCMON_START_SERVER, &connection, &error),
		0);
	CHECK(!error);
	pthread_join(thread, NULL);
	procmon_release(connection);

	const char *info = read_info(&place);
	snprintf(expected, sizeof expected, " --socket %s --on-demand", place.peer.path);
	CHECK_TEXT(find_line(info, "arguments:"), expected);
	CHECK_TEXT(find_line(info, "cwd:"), " /");
	CHECK_TEXT(find_line(info, "fd 0:"), " /dev/null");
	CHECK_TEXT(find_line(info, "fd 1:"), " /dev/null");
	CHECK_TEXT(find_line(info, "fd 2:"), " /dev/null");
	snprintf(expected, sizeof expected, "\n%s\n", place.peer.directory);
	CHECK(leak >= 0 && !strstr(info, expected));
	unsigned parent, group, session;
	CHECK_INT(
		sscanf(find_line(info, "session:"), "%u %u %u", &parent, &group, &session), 3);
	CHECK(parent != (unsigned)getpid());
	CHECK(group != (unsigned)getpgrp());
	CHECK(session != (unsigned)getsid(0));
	CHECK_INT(strtoull(find_line(info, "SigBlk:"), NULL, 16), 0);
	/* Signals 32 and 33 are glibc's own: its posix_spawn(), as make uses it, leaves one of
	 * them ignored, and nobody can change that. */
	CHECK_INT(strtoull(find_line(info, "SigIgn:"), NULL, 16) & ~(UINT64_C(3) << 31), 0);
	/* No child is left to us, and none has sent us a signal. */
	CHECK_INT(waitpid(-1, NULL, __WALL | WNOHANG), -1);
	CHECK_INT(errno, ECHILD);
	CHECK_INT(children, 0);
	close(leak);
	close(low);
	place_close(&place);
}

/* Connects where no server will come; returns the error and checks the sentence. */
static int connect_in_vain(const char *path, unsigned flags, const char *in_sentence)
{
	struct procmon_connection *connection = (void *)1;
	char *error = NULL;
	int result = procmon_connect(path, NULL, flags, &connection, &error);

	CHECK(!connection);
	if (!error || !strstr(error, in_sentence))
		test_fail(__FILE__, __LINE__, "%d: \"%s\" has no \"%s\"", result, error,
			in_sentence);
	free(error);
	/* and nobody has to ask for the sentence */
	CHECK_INT(procmon_connect(path, NULL, flags, &connection, NULL), result);
	CHECK_INT(waitpid(-1, NULL, __WALL | WNOHANG), -1);
	return result;
}

TEST(without_a_server_it_says_what_to_do)
{
	struct place place;
	char path[128];

	place_open(&place, "this is no program");
	CHECK_INT(connect_in_vain(place.peer.path, 0, "start procmond"), -ENOENT);
	snprintf(path, sizeof path, "%s/nowhere/socket", place.peer.directory);
	CHECK_INT(connect_in_vain(path, 0, "start procmond"), -ENOENT);
	/* a socket that nobody listens at any more */
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	strcpy(address.sun_path, place.peer.path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK(bind(fd, (struct sockaddr *)&address, sizeof address) == 0);
	CHECK_INT(connect_in_vain(place.peer.path, 0, "start procmond"), -ECONNREFUSED);
	close(fd);
	place_close(&place);
}

TEST(what_cannot_be_started_is_named)
{
	struct place place;

	place_open(&place, "\x7f"
			   "ELF is a lie");
	CHECK_INT(
		connect_in_vain(place.peer.path, PROCMON_START_SERVER, place.server), -ENOENT);
	setenv("PROCMON_SERVER", "/nonexistent/procmond", 1);
	CHECK_INT(
		connect_in_vain(place.peer.path, PROCMON_START_SERVER, "/nonexistent/procmond"),
		-ENOENT);
	setenv("PROCMON_SERVER", "relative/procmond", 1);
	CHECK_INT(connect_in_vain(place.peer.path, PROCMON_START_SERVER, "PROCMON_SERVER"),
		-ENOENT);
	place_close(&place);
}

/* A server that starts and ends at once: after 5 s we have waited enough. */
TEST(a_server_that_does_not_come_is_not_waited_for)
{
	struct procmon_connection *connection;
	struct place place;
	char *error;

	place_open(&place, "#!/bin/sh\nexit 1\n");
	uint64_t begin_ns = clock_now_ns();
	CHECK_INT(procmon_connect(
			  place.peer.path, NULL, PROCMON_START_SERVER, &connection, &error),
		-ENOENT);
	/* It does not pause for the last time if that would be too long. */
	CHECK(clock_now_ns() - begin_ns >= CONNECT_S * SECOND_NS - SECOND_NS / 10);
	CHECK(strstr(error, "see the file log beside it (a directory is for one server)"));
	free(error);
	place_close(&place);
}

/* Nobody would read why in a log that has no place. */
TEST(a_place_that_cannot_be_made)
{
	CHECK_INT(connect_in_vain("/nowhere/at/all", PROCMON_START_SERVER,
			  "/nowhere/at cannot be created"),
		-ENOENT);
}

TEST(unsafe_places_are_refused)
{
	struct place place;

	place_open(&place, "#!/bin/sh\n");
	CHECK(chmod(place.peer.directory, 0777) == 0);
	CHECK_INT(
		connect_in_vain(place.peer.path, PROCMON_START_SERVER, "(mode 0700)"), -EPERM);
	place_close(&place);
}

TEST(paths_have_a_length)
{
	char path[200];

	memset(path, 'a', sizeof path);
	path[0] = '/';
	path[104] = '\0'; /* one more than fits everywhere */
	CHECK_INT(connect_in_vain(path, 0, "longer than 103 bytes"), -ENAMETOOLONG);
	path[103] = '\0';
	path[1] = '/';
	CHECK(connect_in_vain(path, 0, "/") != -ENAMETOOLONG);
	path[0] = 'a'; /* relative to a directory that makes it too long */
	CHECK_INT(connect_in_vain(path, 0, "longer than 103 bytes"), -ENAMETOOLONG);
}

/* The path of the environment, and one relative to the directory. */
TEST(the_place_may_come_from_the_environment)
{
	Procmon__Attribute catalog[PEER_ATTRIBUTES];
	struct procmon_connection *connection;
	struct peer peer;
	pthread_t thread;

	peer_open(&peer);
	peer_fill_catalog(catalog);
	peer_greet_welcome(&peer);
	peer_greet_catalog(&peer, catalog, PEER_ATTRIBUTES);
	setenv("PROCMON_SOCKET", peer.path, 1);
	CHECK(chdir(peer.directory) == 0);
	for (int relative = 0; relative < 2; relative++) {
		CHECK(pthread_create(&thread, NULL, peer_accept, &peer) == 0);
		CHECK_INT(
			procmon_connect(relative ? "socket" : NULL, NULL, 0, &connection, NULL),
			0);
		pthread_join(thread, NULL);
		procmon_release(connection);
		peer_hang_up(&peer);
	}
	peer_close(&peer);
}

/* Hangs up on the first who comes, as a server does that is about to end. */
static void *hang_up_once(void *context)
{
	struct peer *peer = context;

	peer->fd = accept(peer->listener, NULL, NULL);
	peer_hang_up(peer);
	return peer_accept(peer);
}

TEST(a_server_that_hangs_up_is_tried_again)
{
	Procmon__Attribute catalog[PEER_ATTRIBUTES];
	struct procmon_connection *connection;
	struct peer peer;
	pthread_t thread;

	peer_open(&peer);
	peer_fill_catalog(catalog);
	peer_greet_welcome(&peer);
	peer_greet_catalog(&peer, catalog, PEER_ATTRIBUTES);
	CHECK(pthread_create(&thread, NULL, hang_up_once, &peer) == 0);
	CHECK_INT(procmon_connect(peer.path, NULL, PROCMON_START_SERVER, &connection, NULL), 0);
	pthread_join(thread, NULL);
	procmon_release(connection);
	peer_hang_up(&peer);

	/* Who does not start servers is told. */
	CHECK(pthread_create(&thread, NULL, hang_up_once, &peer) == 0);
	CHECK_INT(procmon_connect(peer.path, NULL, 0, &connection, NULL), -ECONNRESET);
	CHECK_INT(procmon_connect(peer.path, NULL, 0, &connection, NULL), 0);
	pthread_join(thread, NULL);
	procmon_release(connection);
	peer_close(&peer);
}

/* A server that accepts nobody: its backlog is full, and connect would hang. */
TEST(a_full_backlog_is_not_waited_for)
{
	struct procmon_connection *connection;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct peer peer;
	int waiting[16];
	char *error;

	peer_open(&peer);
	CHECK(listen(peer.listener, 0) == 0);
	strcpy(address.sun_path, peer.path);
	for (int i = 0; i < 16; i++) {
		waiting[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		(void)!connect(waiting[i], (struct sockaddr *)&address, sizeof address);
	}
	CHECK_INT(procmon_connect(peer.path, NULL, 0, &connection, &error), -ETIMEDOUT);
	CHECK(strstr(error, peer.path));
	free(error);
	for (int i = 0; i < 16; i++)
		close(waiting[i]);
	peer_close(&peer);
}

/* A server that says nothing. */
TEST(a_silent_server_is_not_waited_for)
{
	struct procmon_connection *connection;
	struct peer peer;
	char *error;

	peer_open(&peer);
	uint64_t begin_ns = clock_now_ns();
	CHECK_INT(peer_connect_error(&peer, &connection, &error), -ETIMEDOUT);
	CHECK(clock_now_ns() - begin_ns >= ANSWER_MS * UINT64_C(1000000));
	CHECK(strstr(error, "does not answer"));
	free(error);
	peer_close(&peer);
}

TESTS(CASE(a_server_is_started_and_is_on_its_own), CASE(without_a_server_it_says_what_to_do),
	CASE(what_cannot_be_started_is_named),
	CASE(a_server_that_does_not_come_is_not_waited_for), CASE(a_place_that_cannot_be_made),
	CASE(unsafe_places_are_refused), CASE(paths_have_a_length),
	CASE(the_place_may_come_from_the_environment),
	CASE(a_server_that_hangs_up_is_tried_again), CASE(a_full_backlog_is_not_waited_for),
	CASE(a_silent_server_is_not_waited_for))
