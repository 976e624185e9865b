/*
 * Source exit: how and when a process ended, and with how much CPU time.
 *
 * A zombie tells it by /proc/PID/stat, where the kernel writes 0 for the status that it hides
 * from us. When it has been reaped its pidfd still tells (Linux 6.15), to everybody; and
 * taskstats have told before, if we may listen to them (endings.c).
 *
 * The CPU time of a zombie is final. For who is reaped before we look at it there is only what
 * taskstats told. The kernel fills these without bringing its own count up to date, and before
 * the process gives its memory back: they lack what it ran since the last timer tick or
 * switch. For who ran no longer than that they say 0, which is no value.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "alloc.h"
#include "pidfd_info.h"
#include "process.h"

enum { STATUS_FIELD = 52 };

/* What is known of the end of a row's process. */
struct row_exit {
	uint64_t seen_ns;        /* since 1970 */
	uint64_t status, cpu_ns; /* or absent */
	bool told;               /* by the listener: */
	struct exit_record record;
};

static uint64_t realtime_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	return (uint64_t)time.tv_sec * SECOND_NS + (uint64_t)time.tv_nsec;
}

static struct row_exit *exit_create(void)
{
	struct row_exit *self = xcalloc(1, sizeof *self);

	self->seen_ns = realtime_ns();
	self->status = ABSENT_U64(STATE_UNSUPPORTED);
	self->cpu_ns = ABSENT_U64(STATE_FAILED);
	return self;
}

static struct row_exit *exit_of(struct processes *self, uint32_t slot)
{
	struct row *row = &self->rows[slot];

	if (!row->exit)
		row->exit = exit_create();
	return row->exit;
}

void exit_note(struct processes *self, uint32_t slot)
{
	exit_of(self, slot);
}

void exit_forget(struct processes *self, uint32_t slot)
{
	free(self->rows[slot].exit);
	self->rows[slot].exit = NULL;
}

/* ----------------------------------------------------------------------------- zombies */

int exit_parse(const char *bytes, size_t length, int64_t *ret_status)
{
	const char *close = memrchr(bytes, ')', length);
	struct scan scan = {close ? close + 1 : bytes, bytes + length};

	if (!close || scan.end - scan.at < 3)
		return -EBADMSG;
	scan.at += 2; /* " Z" */
	for (int field = 4; field <= STATUS_FIELD; field++)
		if (!scan_number(&scan, ret_status))
			return -EBADMSG;
	return *ret_status < 0 ? -EBADMSG : 0;
}

/* May we see what the kernel hides? The same right as for the links in ns/; a zombie lacks all
 * else that would show it. */
static bool is_open_to_us(struct processes *self, uint32_t slot)
{
	char link[64];
	int directory;
	ssize_t length;

	if (row_enter(self, slot, &directory) != STATE_OK)
		return false;
	length = readlinkat(directory, "ns/user", link, sizeof link);
	row_leave(self, slot, directory);
	return length >= 0;
}

/* Reads what a zombie tells; NULL sample: only remembers it. */
static int read_zombie(struct processes *self, uint32_t slot)
{
	struct stat_line line = {0};
	struct row_exit *own;
	int64_t status;
	size_t length;
	int result = row_read(self, slot, FILE_STAT, &length);

	if (result != STATE_OK)
		return result;
	if (stat_parse(self->buffer, length, &line) < 0 ||
		exit_parse(self->buffer, length, &status) < 0)
		return STATE_FAILED;
	/* Other threads may live on without the first. */
	if ((line.state != 'Z' && line.state != 'X') || line.field[20] > 1)
		return STATE_NONE;
	own = exit_of(self, slot);
	own->status = (uint64_t)status;
	own->cpu_ns = saturating_multiply(
		(uint64_t)(line.field[14] + line.field[15]), self->host->tick_ns);
	if (self->flags[slot] & ROW_SETTLED)
		own->cpu_ns = self->clocks[slot];
	if (status == 0 && !is_open_to_us(self, slot))
		own->status = ABSENT_U64(STATE_DENIED);
	return STATE_OK;
}

static int exit_read(struct processes *self, uint32_t slot, void *memory)
{
	struct linux_exit *sample = memory;
	uint8_t flags = self->flags[slot];
	int result;

	if ((flags & ROW_WATCHED) && !(flags & ROW_ZOMBIE))
		return STATE_NONE;
	result = read_zombie(self, slot);
	if (result != STATE_OK)
		return result;
	sample->status = self->rows[slot].exit->status;
	sample->time_ns = self->rows[slot].exit->seen_ns;
	sample->cpu_ns = self->rows[slot].exit->cpu_ns;
	return STATE_OK;
}

/* ----------------------------------------------------------------------- the last values */

bool exit_take_record(struct processes *self, uint32_t slot, const struct exit_record *record)
{
	const struct row *row = &self->rows[slot];
	uint64_t seen_for_ns =
		self->before_ns > row->begun_ns ? self->before_ns - row->begun_ns : 0;
	struct row_exit *own;

	/* It may be about another process that got the pid later, and lived less long. */
	if (record->elapsed_ns && record->elapsed_ns < seen_for_ns)
		return false;
	own = exit_of(self, slot);
	if (own->told)
		return false;
	own->told = true;
	own->record = *record;
	return true;
}

/* All that is known, put together: the better source first. */
static void settle(struct processes *self, uint32_t slot, struct row_exit *own)
{
	struct pidfd_answer answer;
	int pidfd = self->rows[slot].pidfd;

	if (self->flags[slot] & ROW_SETTLED)
		own->cpu_ns = self->clocks[slot];
	else if (own->cpu_ns == ABSENT_U64(STATE_FAILED) && own->told && own->record.cpu_ns)
		own->cpu_ns = own->record.cpu_ns;
	if (own->status <= UINT32_MAX)
		return;
	if (host_has(self->host, FEATURE_PIDFD_EXIT) && pidfd >= 0 &&
		pidfd_ask(pidfd, PIDFD_ANSWER_EXIT, &answer) == 0)
		own->status = (uint32_t)answer.exit_code;
	else if (own->told)
		own->status = own->record.status;
}

static void fill_stat(const struct row_exit *own, struct linux_stat *sample)
{
	uint32_t length = (uint32_t)strnlen(own->record.comm, sizeof own->record.comm);

	if (length)
		sample->comm = (struct sample_text){own->record.comm, length, STATE_OK};
	sample->ppid = own->record.ppid;
}

static void fill_status(const struct row_exit *own, struct linux_status *sample)
{
	sample->ruid = own->record.uid;
	sample->rgid = own->record.gid;
	sample->peak = own->record.peak_kib ? own->record.peak_kib : ABSENT_U64(STATE_NONE);
}

int exit_read_last(struct processes *self, uint32_t slot, uint32_t source, void *sample)
{
	const struct row_exit *own = self->rows[slot].exit;
	struct linux_exit *exit = sample;
	struct linux_clock *clock = sample;

	switch (source) {
	case SOURCE_exit:
		exit->status = own->status;
		exit->time_ns = own->seen_ns;
		exit->cpu_ns = own->cpu_ns;
		break;
	case SOURCE_clock:
		if (own->cpu_ns != ABSENT_U64(STATE_FAILED))
			clock->total_ns = own->cpu_ns;
		break;
	case SOURCE_stat:
		if (own->told)
			fill_stat(own, sample);
		break;
	case SOURCE_status:
		if (own->told)
			fill_status(own, sample);
		break;
	default:
		return process_sources[source]->read(self, slot, sample);
	}
	return STATE_OK;
}

void exit_tell(struct processes *self, struct roster *roster, uint32_t slot)
{
	settle(self, slot, exit_of(self, slot));
	self->ending = true;
	roster->ops->ended(roster, slot);
	self->ending = false;
}

const struct process_source exit_source = {
	.source = {.name = "exit",
		.sample_size = sizeof(struct linux_exit),
		.lane = LANE_FAST,
		.gated = true,
		.last = true,
		.remedy = REMEDY_TRACED},
	.read = exit_read,
};
