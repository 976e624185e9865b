/*
 * Source stat: /proc/PID/stat, proc(5).
 *
 * The second field is the name of the process in parentheses, raw: it may contain blanks,
 * newlines, parentheses, anything but NUL and "/". So it ends at the last ")" of all.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "process.h"

/* Of field 9; include/linux/sched.h calls them PF_EXITING and PF_KTHREAD. */
#define FLAG_EXITING       0x4
#define FLAG_KERNEL_THREAD 0x200000

int stat_parse(const char *bytes, size_t length, struct stat_line *ret_line)
{
	const char *open = memchr(bytes, '(', length);
	const char *close = memrchr(bytes, ')', length);
	struct scan scan = {NULL, bytes + length};

	/* ") S 1 ..." */
	if (!open || !close || close < open || scan.end - close < 4 || close[1] != ' ')
		return -EBADMSG;
	ret_line->comm = open + 1;
	ret_line->comm_length = (uint32_t)(close - open - 1);
	ret_line->state = close[2];
	scan.at = close + 3;
	for (int i = 4; i <= STAT_FIELDS; i++)
		if (!scan_number(&scan, &ret_line->field[i]))
			return -EBADMSG;
	return 0;
}

/* sysmond gives the numbers of BSD's sys/proc.h. */
static uint64_t status_of(char state)
{
	switch (state) {
	case 'R':
		return 2;
	case 'T':
	case 't':
		return 4;
	case 'Z':
	case 'X':
	case 'x':
		return 5;
	default: /* S, D, I, P: asleep, for one reason or another */
		return 3;
	}
}

static uint64_t natural(int64_t number)
{
	return number >= 0 ? (uint64_t)number : ABSENT_U64(STATE_NONE);
}

static struct sample_text text_of(const char *bytes, uint32_t length)
{
	if (!length)
		return (struct sample_text){.state = STATE_NONE};
	return (struct sample_text){.bytes = bytes, .length = length};
}

/* By bits: kernel, leader, terminal, exiting. */
static const char *const flag_texts[16] = {"", "kernel", "leader", "kernel,leader", "terminal",
	"kernel,terminal", "leader,terminal", "kernel,leader,terminal", "exiting",
	"kernel,exiting", "leader,exiting", "kernel,leader,exiting", "terminal,exiting",
	"kernel,terminal,exiting", "leader,terminal,exiting", "kernel,leader,terminal,exiting"};

/* The flags of the kernel are those of the first thread, which may end before the others: as
 * long as there are any, the process is not exiting (field 20). */
static struct sample_text flags_of(const struct stat_line *line, uint32_t pid)
{
	int64_t flags = line->field[9];
	unsigned words = (flags & FLAG_KERNEL_THREAD ? 1U : 0) |
			 (line->field[6] == pid ? 2U : 0) | (line->field[7] ? 4U : 0) |
			 ((flags & FLAG_EXITING) && line->field[20] <= 1 ? 8U : 0);

	return text_of(flag_texts[words], (uint32_t)strlen(flag_texts[words]));
}

static void fill_texts(
	struct processes *self, const struct stat_line *line, struct linux_stat *sample)
{
	uint32_t length = line->comm_length < sizeof self->comm ? line->comm_length
								: (uint32_t)sizeof self->comm;

	memcpy(self->comm, line->comm, length);
	sample->comm = (struct sample_text){.bytes = self->comm, .length = length};
	self->state[0] = line->state;
	sample->state = text_of(self->state, 1);
	sample->status = status_of(line->state);
}

static void fill_terminal(
	struct processes *self, const struct stat_line *line, struct linux_stat *sample)
{
	uint64_t device = (uint64_t)line->field[7];

	sample->tty_device = device ? device : ABSENT_U64(STATE_NONE);
	sample->tty_pgid = natural(line->field[8]);
	sample->tty_name = text_of(self->tty, tty_name(self, device));
	if (device && !sample->tty_name.bytes)
		sample->tty_name.state =
			STATE_UNSUPPORTED; /* it has one, but who knows which */
}

/*
 * The wall clock may be set while a process lives, so its start in wall time is computed
 * once. Both clocks here count suspended time, as field 22 does.
 */
static uint64_t start_realtime(struct row *row, uint64_t boottime_ns)
{
	struct timespec real, boot;

	if (!row->start_realtime_ns) {
		clock_gettime(CLOCK_REALTIME, &real);
		clock_gettime(CLOCK_BOOTTIME, &boot);
		row->start_realtime_ns = (uint64_t)(real.tv_sec - boot.tv_sec) * SECOND_NS +
					 (uint64_t)(real.tv_nsec - boot.tv_nsec) + boottime_ns;
	}
	return row->start_realtime_ns;
}

static uint64_t ticks_of(const struct stat_line *line, int field)
{
	return line->field[field] > 0 ? (uint64_t)line->field[field] : 0;
}

/*
 * The kernel counts user and system time by samples and scales them so that their sum is
 * exact, but shows them in units of 10 ms. So they tell how the exact total divides. Both
 * parts only grow, and always sum up to the total.
 */
static void split_cpu_time(struct row *row, const struct stat_line *line, uint64_t total_ns)
{
	uint64_t user = ticks_of(line, 14), system = ticks_of(line, 15);
	uint64_t user_ns = line->field[9] & FLAG_KERNEL_THREAD ? 0 : total_ns;
	uint64_t told_ns = row->user_ns + row->system_ns;

	if (total_ns < told_ns)
		total_ns = told_ns;
	if (user + system)
		user_ns =
			(uint64_t)((double)total_ns * ((double)user / (double)(user + system)));
	if (user_ns < row->user_ns)
		user_ns = row->user_ns;
	if (user_ns > total_ns - row->system_ns)
		user_ns = total_ns - row->system_ns;
	row->user_ns = user_ns;
	row->system_ns = total_ns - user_ns;
}

static void fill_times(struct processes *self, uint32_t slot, const struct stat_line *line,
	struct linux_stat *sample)
{
	struct row *row = &self->rows[slot];
	uint64_t ticks = ticks_of(line, 14) + ticks_of(line, 15);

	split_cpu_time(row, line,
		self->flags[slot] & ROW_CLOCKED
			? self->clocks[slot]
			: saturating_multiply(ticks, self->host->tick_ns));
	sample->cpu_user_ns = row->user_ns;
	sample->cpu_system_ns = row->system_ns;
	sample->children_user = natural(line->field[16]);
	sample->children_system = natural(line->field[17]);
	sample->start_boottime_ns =
		saturating_multiply(ticks_of(line, 22), self->host->tick_ns);
	sample->start_realtime_ns = start_realtime(row, sample->start_boottime_ns);
}

static void note_state(struct processes *self, uint32_t slot, const struct stat_line *line)
{
	uint8_t running = line->state == 'R' ? ROW_RUNNING : 0;

	self->flags[slot] = (uint8_t)((self->flags[slot] & ~ROW_RUNNING) | running);
	self->ppids[slot] = line->field[4] > 0 ? (uint32_t)line->field[4] : 0;
	/* The leader may have ended before its threads: no zombie yet (field 20). */
	if (line->state == 'Z' && line->field[20] <= 1)
		row_mark_zombie(self, slot);
}

/* The name in the line is in self->buffer. Returns STATE_OK, another state or SAMPLE_GONE. */
static int read_line(struct processes *self, uint32_t slot, struct stat_line *ret_line)
{
	size_t length;
	int result = row_read(self, slot, FILE_STAT, &length);

	if (result != STATE_OK)
		return result;
	if (stat_parse(self->buffer, length, ret_line) < 0)
		return STATE_FAILED;
	/* Every process has a thread. Of one that is being reaped, or whose first thread is being
	 * replaced by another that calls execve(2), the kernel writes zeros. */
	if (ret_line->field[20] == 0)
		return row_alive(self, slot) ? STATE_FAILED : SAMPLE_GONE;
	return STATE_OK;
}

int stat_read_brief(struct processes *self, uint32_t slot, struct stat_brief *ret_brief)
{
	struct stat_line line;
	int result = read_line(self, slot, &line);

	if (result != STATE_OK)
		return result;
	ret_brief->ticks = ticks_of(&line, 14) + ticks_of(&line, 15);
	ret_brief->policy = natural(line.field[41]);
	ret_brief->children_faults = natural(line.field[11]) + natural(line.field[13]);
	return STATE_OK;
}

int stat_read_ticks(struct processes *self, uint32_t slot, uint64_t *ret_ticks)
{
	struct stat_brief brief;
	int result = stat_read_brief(self, slot, &brief);

	if (result == STATE_OK)
		*ret_ticks = brief.ticks;
	return result;
}

int stat_read_ppid(struct processes *self, uint32_t slot, uint32_t *ret_ppid)
{
	struct stat_line line;
	int result = read_line(self, slot, &line);

	if (result != STATE_OK)
		return result;
	note_state(self, slot, &line);
	*ret_ppid = self->ppids[slot];
	return STATE_OK;
}

static int stat_read(struct processes *self, uint32_t slot, void *memory)
{
	struct linux_stat *sample = memory;
	struct stat_line line;
	int result = read_line(self, slot, &line);

	if (result != STATE_OK)
		return result;
	note_state(self, slot, &line);
	fill_texts(self, &line, sample);
	fill_terminal(self, &line, sample);
	sample->flags = flags_of(&line, self->pids[slot]);
	fill_times(self, slot, &line, sample);
	sample->ppid = natural(line.field[4]);
	sample->pgid = natural(line.field[5]);
	sample->sid = natural(line.field[6]);
	sample->faults = natural(line.field[10] + line.field[12]);
	sample->faults_major = natural(line.field[12]);
	sample->children_faults = natural(line.field[11] + line.field[13]);
	sample->children_faults_major = natural(line.field[13]);
	sample->priority = line.field[18];
	sample->nice = line.field[19];
	sample->threads = natural(line.field[20]);
	sample->last_cpu = natural(line.field[39]);
	sample->policy = natural(line.field[41]);
	return STATE_OK;
}

const struct process_source stat_source = {
	.source = {.name = "stat",
		.sample_size = sizeof(struct linux_stat),
		.lane = LANE_FAST,
		.gated = true,
		.last = true,
		.remedy = REMEDY_HIDDEN},
	.read = stat_read,
};
