#include "listener.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "alloc.h"
#include "clock.h"
#include "log.h"
#include "system.h"

enum {
	ACCEPT_AT_ONCE = 16,       /* then those who came are heard: they may say hello */
	RESERVED_DESCRIPTORS = 16, /* left for the sampler */
};

#define RETRY_NS     (SECOND_NS / 2)  /* when there is no free descriptor */
#define ROOM_WAIT_NS (SECOND_NS / 10) /* when too many have not said hello yet */

/* ----------------------------------------------------------------------- who comes in */

static void accept_client(struct listener *self, int fd)
{
	/*
	 * The kernel's default of 208 KiB is 213 MB for a thousand clients that do not
	 * read. With 32 KiB (Linux doubles it) a write of up to 64 KB still goes out at
	 * once, and eleven usual frames.
	 */
	int send_buffer = SESSION_SEND_BUFFER;
	uid_t uid;
	uint64_t pid;
	int stranger;

	/* Root may ask for anything; a server of root's tells nobody else. */
	if (system_peer(fd, &uid, &pid) < 0 || (uid != geteuid() && uid != 0)) {
		log_info("a client of another user was turned away");
		close(fd);
		return;
	}
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0) {
		close(fd);
		return;
	}
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer);
	stranger = self->platform && self->platform->is_stranger
			   ? self->platform->is_stranger(self->platform, fd)
			   : 0;
	if (stranger)
		sessions_refuse_stranger(self->sessions, fd, uid, pid, stranger);
	else
		sessions_add(self->sessions, fd, uid, pid);
}

/* Some descriptors stay free for the sampler. Descriptors are given out from the lowest
 * on, so a new one tells how many are in use. */
static bool has_descriptors(const struct listener *self)
{
	struct rlimit limit;
	int probe = fcntl(self->fd, F_DUPFD_CLOEXEC, 0);

	if (probe < 0)
		return false;
	close(probe);
	return getrlimit(RLIMIT_NOFILE, &limit) < 0 ||
	       (rlim_t)probe + RESERVED_DESCRIPTORS < limit.rlim_cur;
}

/* Whoever waits in the backlog makes the socket readable all the time: without a pause
 * the loop would spin. */
static void pause_listening(struct listener *self, uint64_t pause_ns)
{
	struct timeval pause = clock_until(pause_ns, 0);

	event_del(&self->readable);
	event_add(&self->retry, &pause);
}

static void pause_starved(struct listener *self, int error)
{
	if (!self->starved)
		log_error(
			"%s: new clients have to wait: %s", self->place.path, strerror(error));
	self->starved = true;
	pause_listening(self, RETRY_NS);
}

/* The kernel may have no room to remember it: it is tried again. */
static void listen_on(struct listener *self)
{
	if (event_add(&self->readable, NULL) < 0)
		pause_starved(self, errno);
}

/* One client; 0 or a negative errno. */
static int accept_one(struct listener *self)
{
	int fd = accept(self->fd, NULL, NULL);

	if (fd < 0)
		return -errno;
	accept_client(self, fd);
	return 0;
}

/* The same, if it leaves enough for those who are there. */
static int accept_if_affordable(struct listener *self)
{
	if (!alloc_has_room(0))
		return -ENOMEM;
	return has_descriptors(self) ? accept_one(self) : -EMFILE;
}

static void on_connection(evutil_socket_t fd, short what, void *context)
{
	struct listener *self = context;
	int result = 0;

	(void)fd;
	(void)what;
	listen_on(self);
	for (int i = 0; i < ACCEPT_AT_ONCE && result == 0; i++) {
		if (!sessions_have_room(self->sessions)) {
			pause_listening(self, ROOM_WAIT_NS);
			return;
		}
		result = accept_if_affordable(self);
		if (result == 0)
			self->starved = false;
	}
	if (result == -EMFILE || result == -ENFILE || result == -ENOBUFS || result == -ENOMEM)
		pause_starved(self, -result);
}

/* ------------------------------------------------------------------------- life */

int listener_open(struct listener *self, const char *path, int inherited_fd, char *error,
	size_t error_size)
{
	int result;

	*self = (struct listener){.fd = -1, .inherited = inherited_fd >= 0};
	result = place_take(&self->place, path, self->inherited, error, error_size);
	if (result < 0)
		return result;
	self->fd =
		self->inherited ? inherited_fd : place_listen(&self->place, error, error_size);
	if (self->fd >= 0)
		return 0;
	place_leave(&self->place);
	return self->fd;
}

void listener_start(struct listener *self, struct event_base *base, struct sessions *sessions,
	const struct platform *platform)
{
	self->base = base;
	self->platform = platform;
	self->sessions = sessions;
	event_assign(
		&self->readable, base, self->fd, EV_READ | EV_PERSIST, on_connection, self);
	event_assign(&self->retry, base, -1, 0, on_connection, self);
	listen_on(self);
}

static void stop_listening(struct listener *self)
{
	if (self->fd < 0)
		return;
	if (self->base) {
		event_del(&self->readable);
		event_del(&self->retry);
	}
	close(self->fd);
	self->fd = -1;
}

static int listen_again(struct listener *self)
{
	char error[512];

	self->fd = place_listen(&self->place, error, sizeof error);
	if (self->fd < 0) {
		log_error("%s", error);
		return self->fd;
	}
	listener_start(self, self->base, self->sessions, self->platform);
	return 0;
}

int listener_check(struct listener *self)
{
	char error[512];

	if (self->inherited || (self->fd >= 0 && place_is_ours(&self->place)))
		return 0;
	if (self->fd >= 0)
		log_error("%s: the socket was removed or replaced", self->place.path);
	stop_listening(self);
	/* The lock file went too if the whole directory did, so it is taken anew. */
	if (path_prepare_directory(self->place.path, error, sizeof error) < 0 ||
		place_take_again(&self->place, error, sizeof error) < 0 ||
		listen_again(self) < 0)
		return -ESTALE;
	log_info("%s: listening again", self->place.path);
	return 0;
}

bool listener_retire(struct listener *self)
{
	if (self->inherited || self->fd < 0)
		return true; /* whoever comes now starts the next server */
	place_remove_socket(&self->place);
	while (accept_one(self) == 0)
		;
	if (self->sessions->count == 0)
		return true;
	stop_listening(self);
	listen_again(self);
	return false;
}

void listener_close(struct listener *self)
{
	if (!self->inherited && self->fd >= 0)
		place_remove_socket(&self->place);
	stop_listening(self);
	place_leave(&self->place);
}
