/*
 * Sources brief and bsd: what BSD knows of a process.
 *
 * The kernel tells everybody a short part of it (PROC_PIDT_SHORTBSDINFO), and all of it to the same
 * user (PROC_PIDTBSDINFO). Of others sysctl has the rest for everybody. So of one process it is one
 * call, if both sources are wanted too; and none while it sleeps, but every few seconds, as others
 * can change its priority or stop it. Who has another parent now is read again by the list.
 */
#include <string.h>
#include <sys/proc.h>

#include "process.h"

/* ---------------------------------------------------------------------------- the call */

static void take_short(struct row *row, const struct proc_bsdshortinfo *info)
{
	row->bsd = (struct proc_bsdinfo){
		.pbi_flags = info->pbsi_flags,
		.pbi_status = info->pbsi_status,
		.pbi_pid = info->pbsi_pid,
		.pbi_ppid = info->pbsi_ppid,
		.pbi_pgid = info->pbsi_pgid,
		.pbi_uid = info->pbsi_uid,
		.pbi_gid = info->pbsi_gid,
		.pbi_ruid = info->pbsi_ruid,
		.pbi_rgid = info->pbsi_rgid,
		.pbi_svuid = info->pbsi_svuid,
		.pbi_svgid = info->pbsi_svgid,
	};
	memcpy(row->bsd.pbi_comm, info->pbsi_comm, sizeof info->pbsi_comm);
}

static bool is_fresh(const struct processes *self, const struct row *row, bool whole)
{
	bool sleeps = !(row->flags & (ROW_UNGATED | ROW_MOVED));

	if (!row->bsd_round || (whole && !row->bsd_is_whole))
		return false;
	return row->bsd_round == self->round ||
	       (sleeps && self->now_ns - row->bsd_ns < PROCESS_REFRESH_NS);
}

static void note(struct processes *self, struct row *row, bool whole)
{
	row->bsd_is_whole = whole;
	row->bsd_round = self->round;
	row->bsd_ns = self->now_ns;
}

int row_bsd(struct processes *self, uint32_t slot, bool whole)
{
	struct row *row = &self->rows[slot];
	struct proc_bsdshortinfo info;
	bool both = self->wanted >> SOURCE_bsd & 1;
	int result;

	if (is_fresh(self, row, whole))
		return STATE_OK;
	if (whole || (both && !row_is_denied(self, slot))) {
		row->bsd_round = 0;
		result = row_info(self, slot, PROC_PIDTBSDINFO, 1, &row->bsd, sizeof row->bsd);
		if (result == STATE_OK)
			note(self, row, true);
		if (result != STATE_DENIED || whole)
			return result;
	}
	result = row_info(self, slot, PROC_PIDT_SHORTBSDINFO, 1, &info, sizeof info);
	if (result != STATE_OK)
		return result;
	take_short(row, &info);
	note(self, row, false);
	return STATE_OK;
}

/* --------------------------------------------------------------------------- source brief */

static int brief_read(struct processes *self, uint32_t slot, void *memory)
{
	struct darwin_brief *sample = memory;
	const struct proc_bsdinfo *bsd = &self->rows[slot].bsd;
	int result = row_bsd(self, slot, false);

	if (result != STATE_OK)
		return result;
	memcpy(self->comm, bsd->pbi_comm, sizeof bsd->pbi_comm);
	sample->ppid = bsd->pbi_ppid;
	sample->pgid = bsd->pbi_pgid;
	sample->status = bsd->pbi_status;
	sample->uid = bsd->pbi_uid;
	sample->gid = bsd->pbi_gid;
	sample->ruid = bsd->pbi_ruid;
	sample->rgid = bsd->pbi_rgid;
	sample->svuid = bsd->pbi_svuid;
	sample->svgid = bsd->pbi_svgid;
	/* The tracer is the parent as long as it traces. xnu: bsd/kern/mach_process.c. */
	sample->tracer =
		bsd->pbi_flags & PROC_FLAG_TRACED ? bsd->pbi_ppid : ABSENT_U64(STATE_NONE);
	sample->app_sleep = (bsd->pbi_flags & PROC_FLAG_SUPPRESSED) != 0;
	sample->comm = (struct sample_text){
		self->comm, (uint32_t)strnlen(self->comm, MAXCOMLEN), STATE_OK};
	if (!sample->comm.length)
		sample->comm = (struct sample_text){.state = STATE_NONE};
	return STATE_OK;
}

/* ----------------------------------------------------------------------------- source bsd */

static const struct {
	uint32_t flag;
	const char *word;
} words[] = {
	{PROC_FLAG_SYSTEM, "kernel"},
	{PROC_FLAG_SLEADER, "leader"},
	{PROC_FLAG_CONTROLT, "terminal"},
	{PROC_FLAG_INEXIT, "exiting"},
	{PROC_FLAG_APPLICATION, "application"},
	{PROC_FLAG_SUPPRESSED, "suppressed"},
	{PROC_FLAG_DARWINBG | PROC_FLAG_EXT_DARWINBG, "background"},
	{PROC_FLAG_IMPORTANCE_DONOR, "donor"},
	{PROC_FLAG_ROSETTA, "translated"},
	{PROC_FLAG_PSUGID, "privileged"},
	{PROC_FLAG_TRACED, "traced"},
};

static struct sample_text flags_in_words(struct processes *self, uint32_t flags)
{
	size_t length = 0;

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (!(flags & words[i].flag))
			continue;
		if (length)
			self->flags[length++] = ',';
		memcpy(self->flags + length, words[i].word, strlen(words[i].word));
		length += strlen(words[i].word);
	}
	if (!length)
		return (struct sample_text){.state = STATE_NONE};
	return (struct sample_text){self->flags, (uint32_t)length, STATE_OK};
}

/* The name of a terminal of macOS, by its numbers: ttys000 of the major number 16, and console. */
static struct sample_text terminal_name(struct processes *self, uint32_t device)
{
	enum { PTY_MAJOR = 16, CONSOLE_MAJOR = 0 };
	uint32_t major = device >> 24, minor = device & 0xFFFFFF;
	char *at = self->tty;

	if (major == CONSOLE_MAJOR && minor == 0)
		return (struct sample_text){"console", 7, STATE_OK};
	if (major != PTY_MAJOR || minor > 999)
		return (struct sample_text){.state = STATE_UNSUPPORTED};
	memcpy(at, "ttys", 4);
	at[4] = (char)('0' + minor / 100);
	at[5] = (char)('0' + minor / 10 % 10);
	at[6] = (char)('0' + minor % 10);
	return (struct sample_text){at, 7, STATE_OK};
}

static void fill_terminal(
	struct processes *self, struct darwin_bsd *sample, uint32_t device, uint32_t group)
{
	sample->tty_name = (struct sample_text){.state = STATE_NONE};
	sample->tty_device = sample->tty_pgid = ABSENT_U64(STATE_NONE);
	if (device == (uint32_t)NODEV)
		return;
	sample->tty_device = device;
	sample->tty_name = terminal_name(self, device);
	if (group)
		sample->tty_pgid = group;
}

static int read_own(struct processes *self, uint32_t slot, struct darwin_bsd *sample)
{
	const struct proc_bsdinfo *bsd = &self->rows[slot].bsd;

	sample->nice = bsd->pbi_nice;
	sample->jobc = bsd->pbi_pjobc;
	sample->files_table = bsd->pbi_nfiles;
	sample->bsd_flags = bsd->pbi_flags;
	sample->flags = flags_in_words(self, bsd->pbi_flags);
	fill_terminal(self, sample, bsd->e_tdev, bsd->e_tpgid);
	return STATE_OK;
}

/* sysctl has the two flags that the short part lacks. */
static int read_foreign(struct processes *self, uint32_t slot, struct darwin_bsd *sample)
{
	int result = STATE_OK;
	const struct kinfo_proc *kinfo = row_kinfo(self, slot, &result);
	uint32_t flags;

	if (!kinfo)
		return result;
	result = row_bsd(self, slot, false);
	if (result != STATE_OK)
		return result;
	flags = self->rows[slot].bsd.pbi_flags;
	if (kinfo->kp_eproc.e_flag & EPROC_CTTY)
		flags |= PROC_FLAG_CTTY;
	if (kinfo->kp_eproc.e_flag & EPROC_SLEADER)
		flags |= PROC_FLAG_SLEADER;
	/* NOLINTNEXTLINE(bugprone-signed-char-misuse): a number, down to -20 */
	sample->nice = kinfo->kp_proc.p_nice;
	sample->jobc = (uint64_t)(uint16_t)kinfo->kp_eproc.e_jobc;
	sample->files_table = ABSENT_U64(STATE_DENIED);
	sample->bsd_flags = flags;
	sample->flags = flags_in_words(self, flags);
	fill_terminal(self, sample, (uint32_t)kinfo->kp_eproc.e_tdev,
		(uint32_t)kinfo->kp_eproc.e_tpgid);
	return STATE_OK;
}

static int bsd_read(struct processes *self, uint32_t slot, void *memory)
{
	int result = row_is_denied(self, slot) ? STATE_DENIED : row_bsd(self, slot, true);

	if (result == STATE_OK)
		return read_own(self, slot, memory);
	return result == STATE_DENIED ? read_foreign(self, slot, memory) : result;
}

const struct process_source brief_source = {
	.source = {.name = "brief",
		.sample_size = sizeof(struct darwin_brief),
		.lane = LANE_FAST},
	.read = brief_read,
};

const struct process_source bsd_source = {
	.source = {.name = "bsd",
		.sample_size = sizeof(struct darwin_bsd),
		.lane = LANE_FAST,
		.remedy = REMEDY_OTHERS},
	.read = bsd_read,
};
