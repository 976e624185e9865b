/*
 * Which rows there are. A quiet tick costs two small reads and one epoll_wait:
 *
 * Deaths. All pidfds are in one epoll set, which tells of exits. An exited process is a
 * zombie, and still a row, until it is reaped; zombies are few and are looked at each time.
 * Rows without pidfd are looked at each time as well.
 *
 * Births. /proc/stat counts forks: when it stands still nothing was born. When it moved, the
 * new processes have pids that were given out since the last look (see by_range()); where
 * that cannot be proven all of /proc is listed, and every LIST_NS as long as something was
 * left to chance.
 *
 * The order matters. The counters are read first, then deaths, then births: a process that
 * reused the pid of a row and is counted was forked after that row was reaped, so the row is
 * found dead and its pid is free when births are looked for. What is forked later is counted
 * by the next call.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "process.h"

/* The safety net: pids can also be chosen by a privileged process (clone3's set_tid). */
#define LIST_NS (5 * SECOND_NS)
/* A fork gets its pid first and is counted later; far later only if it is not run. */
#define FORK_NS SECOND_NS

enum {
	RANGE_MAX = 256,     /* more pids than this are not worth trying one by one */
	RESERVED_PIDS = 300, /* the kernel's: after a wrap pids begin here */
};

/* -------------------------------------------------------------------------- deaths */

bool processes_collect_exits(struct processes *self)
{
	struct epoll_event events[64];
	bool any = false;
	int count;

	if (self->epoll < 0)
		return false;
	do {
		count = epoll_wait(self->epoll, events, 64, 0);
		for (int i = 0; i < count; i++)
			row_mark_zombie(self, events[i].data.u32);
		any |= count > 0;
	} while (count == 64);
	return any;
}

static void bury(struct processes *self, struct roster *roster, uint32_t slot)
{
	endings_tell(self, roster, slot);
	row_end(self, slot);
}

static void look_at_zombies(struct processes *self, struct roster *roster)
{
	/* Backwards: a burial puts the last one in its place. */
	for (uint32_t i = self->zombie_count; i-- > 0;) {
		uint32_t slot = self->zombies[i];
		if (!row_alive(self, slot)) {
			bury(self, roster, slot);
		} else if (self->flags[slot] & ROW_FRESH) {
			self->flags[slot] &= (uint8_t)~ROW_FRESH;
			roster->ops->touched(roster, slot);
		}
	}
}

static void look_at_unwatched(struct processes *self, struct roster *roster)
{
	if (!self->unwatched)
		return;
	for (uint32_t slot = 0; slot < self->capacity; slot++) {
		uint8_t flags = self->flags[slot];
		if ((flags & ROW_ALIVE) && !(flags & (ROW_WATCHED | ROW_ZOMBIE)) &&
			!row_alive(self, slot))
			bury(self, roster, slot);
	}
}

/* The children of an exited process have a new parent, though they did not run. */
static void touch_orphans(struct processes *self, struct roster *roster)
{
	if (!self->ended.count)
		return;
	for (uint32_t slot = 0; slot < self->capacity; slot++)
		if (self->ppids[slot] &&
			pid_map_get(&self->ended, self->ppids[slot]) != UINT32_MAX)
			roster->ops->touched(roster, slot);
	pid_map_clear(&self->ended);
}

/* A parent that is no row (hidepid hides it) ends without our seeing it. */
static void touch_children_of_the_hidden(struct processes *self, struct roster *roster)
{
	if (self->now_ns - self->touched_ns < LIST_NS)
		return;
	self->touched_ns = self->now_ns;
	for (uint32_t slot = 0; slot < self->capacity; slot++)
		if (self->ppids[slot] &&
			pid_map_get(&self->slots, self->ppids[slot]) == UINT32_MAX)
			roster->ops->touched(roster, slot);
}

/* -------------------------------------------------------------------------- births */

static uint64_t number_after(const char *bytes, const char *end, const char *key)
{
	size_t length = strlen(key);
	const char *at = memmem(bytes, (size_t)(end - bytes), key, length);
	struct scan scan = {at ? at + length : end, end};
	int64_t number;

	return scan_number(&scan, &number) && number > 0 ? (uint64_t)number : 0;
}

/* "0.06 0.02 0.00 1/91 11049": running/all threads, last pid. */
static void parse_loadavg(const char *bytes, size_t length, struct counters *counters)
{
	const char *slash = memchr(bytes, '/', length);
	struct scan scan = {slash ? slash + 1 : bytes + length, bytes + length};
	int64_t threads, last_pid;

	if (scan_number(&scan, &threads) && scan_number(&scan, &last_pid) && threads > 0 &&
		last_pid > 0) {
		counters->threads = (uint64_t)threads;
		counters->last_pid = (uint64_t)last_pid;
	}
}

static struct counters read_counters(struct processes *self)
{
	struct counters counters = {.time_ns = self->now_ns};
	ssize_t length = self->stat < 0 ? -1 : read_whole(self, self->stat);

	if (length > 0)
		counters.forks =
			number_after(self->buffer, self->buffer + length, "\nprocesses ");
	length = self->loadavg < 0 ? -1 : read_whole(self, self->loadavg);
	if (length > 0)
		parse_loadavg(self->buffer, (size_t)length, &counters);
	return counters;
}

static void read_pid_max(struct processes *self)
{
	int file = openat(self->procfs, "sys/kernel/pid_max", O_RDONLY | O_CLOEXEC);
	ssize_t length = file < 0 ? -1 : read_whole(self, file);
	int64_t number = 0;

	if (file >= 0)
		close(file);
	self->pid_max = length > 0 && number_parse(self->buffer, (size_t)length, &number) == 0
				? (uint64_t)number
				: 0;
}

static const struct counters *before_newest(const struct processes *self, uint32_t steps)
{
	return &self->history[(self->history_count - 1 - steps) % HISTORY];
}

/* The latest listing that is FORK_NS older than the last one, else the oldest known. */
static const struct counters *base_of(const struct processes *self)
{
	uint32_t count = self->history_count < HISTORY ? self->history_count : HISTORY;
	const struct counters *base = NULL;

	for (uint32_t i = 0; i < count; i++) {
		base = before_newest(self, i);
		if (before_newest(self, 0)->time_ns - base->time_ns >= FORK_NS)
			break;
	}
	return base;
}

static void remember(struct processes *self, const struct counters *counters)
{
	/* At short intervals the ring must still reach back FORK_NS. */
	if (self->history_count > 1 &&
		before_newest(self, 0)->time_ns - before_newest(self, 1)->time_ns <
			FORK_NS / (HISTORY - 2))
		self->history_count--;
	self->history[self->history_count++ % HISTORY] = *counters;
}

/*
 * Tries the pids that were given out since `base`; false when that may not be all.
 *
 * The kernel gives out pids of a namespace in ascending order, skips those in use, and begins
 * anew at RESERVED_PIDS after pid_max. The last one given out is in /proc/loadavg. We are in
 * the first namespace (FEATURE_FORK_RANGE), where every fork on the machine gets a pid. Let
 * F be the forks counted since base, R the pids from base's last one to the present one.
 *
 * - If the order has not wrapped, each fork since base has a pid of its own among these R, or
 *   had got its pid before base but was not counted yet. The latter was either found by the
 *   last listing, or it lasted more than FORK_NS, for base is so much older than that
 *   listing. It makes F > R, and so does a pid that was chosen by hand.
 * - Had it wrapped and come back to base or beyond, every free pid would have been given out,
 *   and there are at least pid_max - RESERVED_PIDS - threads of them. These are more than
 *   2 R where we ask for that, while F <= R forks took at most R of them. The rest would be
 *   forks that failed after they got a pid: as many, within a second, as there are pids.
 *
 * So F <= R, and R small, is complete. What it leaves to chance, LIST_NS finds.
 */
static bool by_range(struct processes *self, struct roster *roster, const struct counters *now)
{
	const struct counters *base = base_of(self);
	uint64_t range, forks;

	if (!host_has(self->host, FEATURE_FORK_RANGE) || !base || !base->last_pid ||
		!now->last_pid || now->last_pid < base->last_pid)
		return false;
	range = now->last_pid - base->last_pid;
	forks = now->forks - base->forks;
	if (range > RANGE_MAX || forks > range ||
		2 * range + now->threads + RESERVED_PIDS >= self->pid_max)
		return false;
	for (uint64_t pid = base->last_pid + 1; pid <= now->last_pid; pid++) {
		uint64_t clock_ns;
		if (pid_map_get(&self->slots, (uint32_t)pid) != UINT32_MAX)
			continue;
		/* Fails for threads too. */
		if (process_clock((uint32_t)pid, &clock_ns))
			row_begin(self, roster, (uint32_t)pid, true);
	}
	return true;
}

struct directory_entry { /* getdents64(2) */
	uint64_t inode;
	int64_t offset;
	uint16_t length;
	uint8_t type;
	char name[];
};

static int by_directory(struct processes *self, struct roster *roster)
{
	_Alignas(struct directory_entry) char bytes[32768];
	long length;

	if (lseek(self->procfs, 0, SEEK_SET) < 0)
		return -errno;
	while ((length = syscall(SYS_getdents64, self->procfs, bytes, sizeof bytes)) > 0) {
		for (long at = 0; at < length;) {
			const struct directory_entry *entry =
				(const struct directory_entry *)(const void *)(bytes + at);
			uint32_t pid = parse_pid(entry->name);
			if (pid && pid_map_get(&self->slots, pid) == UINT32_MAX)
				row_begin(self, roster, pid, true);
			at += entry->length;
		}
	}
	return length < 0 ? -errno : 0;
}

static int births_of_all(
	struct processes *self, struct roster *roster, const struct counters *counters)
{
	bool overdue = self->uncertain && self->now_ns - self->listed_ns >= LIST_NS;
	int result;

	if (self->listed_ns && counters->forks && !overdue) {
		if (counters->forks == before_newest(self, 0)->forks)
			return 0;
		if (by_range(self, roster, counters)) {
			self->uncertain = true;
			remember(self, counters);
			return 0;
		}
	}
	self->uncertain = false; /* unless it turns out otherwise */
	result = by_directory(self, roster);
	if (result < 0) {
		self->uncertain = true;
		return result;
	}
	read_pid_max(self);
	self->listed_ns = self->now_ns;
	remember(self, counters);
	return 0;
}

/* Only these. Their parents may not be rows, so that nobody says when these exit. */
static void births_of_pids(
	struct processes *self, struct roster *roster, const struct row_scope *scope)
{
	bool touch = self->now_ns - self->touched_ns >= LIST_NS;

	for (uint32_t i = 0; i < scope->pid_count; i++) {
		uint64_t pid = scope->pids[i];
		uint32_t slot;
		if (!pid || pid > INT32_MAX)
			continue;
		slot = pid_map_get(&self->slots, (uint32_t)pid);
		if (slot == UINT32_MAX)
			row_begin(self, roster, (uint32_t)pid, false);
		else if (touch)
			roster->ops->touched(roster, slot);
	}
	if (touch)
		self->touched_ns = self->now_ns;
}

int processes_list(void *context, struct roster *roster, const struct row_scope *scope)
{
	struct processes *self = context;
	struct counters counters = {0};
	int result = 0;

	self->before_ns = self->now_ns;
	self->listed_all = scope->all;
	self->now_ns = clock_now_ns();
	endings_begin(self, scope->exits);
	if (scope->all)
		counters = read_counters(self);
	processes_collect_exits(self);
	look_at_zombies(self, roster);
	look_at_unwatched(self, roster);
	touch_orphans(self, roster);
	endings_receive(self);
	if (scope->all) {
		result = births_of_all(self, roster, &counters);
		touch_children_of_the_hidden(self, roster);
	} else {
		births_of_pids(self, roster, scope);
	}
	if (scope->all && result == 0)
		endings_tell_strangers(self, roster);
	descriptors_expire(self);
	return result;
}
