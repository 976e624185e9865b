/*
 * Files of a process: descriptors, paths, and the memory where its arguments are.
 *
 *	[process PID]
 *	path = TEXT             of its executable; without: it has none
 *	path_error = NUMBER     an errno instead: 2, the file was deleted
 *	cwd root = TEXT         directories; without: it has none of its own
 *	fds = WORD..            what is open: file inet inet6 unix pipe kqueue
 *	fds_table = NUMBER      size of the table; as many as are open without
 *	arguments = TEXT        joined by |; without: its memory is not there
 *	environment = TEXT      likewise
 *	restricted = 1          its environment is left out (System Integrity Protection)
 *	area = TEXT             instead of these all that stands there, with | for a zero
 *	argument_count = NUMBER what the kernel says; as many as there are without
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/sysctl.h>
#include <sys/syslimits.h>

#include "parts.h"
#include "private/libproc.h"
#include "proc.h"

/* ------------------------------------------------------------------------- descriptors */

static const struct kind {
	const char *word;
	uint32_t type;
	int family;
} kinds[] = {
	{"file", PROX_FDTYPE_VNODE, 0},
	{"inet", PROX_FDTYPE_SOCKET, AF_INET},
	{"inet6", PROX_FDTYPE_SOCKET, AF_INET6},
	{"unix", PROX_FDTYPE_SOCKET, AF_UNIX},
	{"pipe", PROX_FDTYPE_PIPE, 0},
	{"kqueue", PROX_FDTYPE_KQUEUE, 0},
};

/* The next word of the list; NULL: no more. */
static const struct kind *next_kind(const char **at)
{
	size_t length;

	*at += strspn(*at, " ");
	length = strcspn(*at, " ");
	for (size_t i = 0; length && i < sizeof kinds / sizeof *kinds; i++)
		if (strlen(kinds[i].word) == length &&
			strncmp(kinds[i].word, *at, length) == 0) {
			*at += length;
			return &kinds[i];
		}
	if (length)
		sim_panic("there is no descriptor \"%s\"", *at);
	return NULL;
}

/* Without room: what there could be, and 20 more. */
static int fill_fds(
	const struct sim_section *process, int pid, uint64_t argument, void *buffer, int size)
{
	const char *at = sim_text(process, "fds", "");
	const struct kind *kind;
	int used = 0;

	(void)pid, (void)argument;
	if (!buffer)
		return (int)(sim_u64(process, "fds_table", 0) + 20) *
		       (int)sizeof(struct proc_fdinfo);
	for (int fd = 0; (kind = next_kind(&at)); fd++) {
		struct proc_fdinfo info = {fd, kind->type};
		if (used + (int)sizeof info > size)
			break;
		memcpy((char *)buffer + used, &info, sizeof info);
		used += (int)sizeof info;
	}
	return used;
}

int proc_pidfdinfo(int pid, int fd, int flavor, void *buffer, int size)
{
	int error = sim_enter("proc_pidfdinfo", flavor, pid);
	const struct sim_section *process = sim_process(pid, false);
	const char *at = sim_text(process, "fds", "");
	const struct kind *kind = NULL;
	struct socket_fdinfo info;

	if (flavor != PROC_PIDFDSOCKETINFO)
		sim_panic("proc_pidfdinfo() of flavor %d", flavor);
	for (int i = 0; process && i <= fd; i++)
		kind = next_kind(&at);
	if (!error)
		error = !process                           ? ESRCH
			: !sim_may_see(process)            ? EPERM
			: size < (int)sizeof info          ? ENOMEM
			: !kind                            ? EBADF
			: kind->type != PROX_FDTYPE_SOCKET ? ENOTSUP
							   : 0;
	if (error) {
		sim_set_errno(error);
		return 0;
	}
	memset(&info, 0, sizeof info);
	info.psi.soi_family = kind->family;
	memcpy(buffer, &info, sizeof info);
	return sizeof info;
}

/* ------------------------------------------------------------------------------- paths */

/* The kernel writes it and says that it wrote nothing: proc_pidpath(3) looks for the end itself. */
static int fill_path(
	const struct sim_section *process, int pid, uint64_t argument, void *buffer, int size)
{
	(void)pid, (void)argument;
	if (size > PROC_PIDPATHINFO_MAXSIZE)
		return -EOVERFLOW;
	if (sim_has(process, "path_error"))
		return -(int)sim_u64(process, "path_error", 0);
	if (!sim_has(process, "path"))
		return -ESRCH;
	memset(buffer, 0, (size_t)size);
	strlcpy(buffer, sim_text(process, "path", ""), (size_t)size);
	return 0;
}

static int fill_directories(
	const struct sim_section *process, int pid, uint64_t argument, void *buffer, int size)
{
	struct proc_vnodepathinfo info;

	(void)pid, (void)argument, (void)size;
	memset(&info, 0, sizeof info);
	strlcpy(info.pvi_cdir.vip_path, sim_text(process, "cwd", ""), MAXPATHLEN);
	strlcpy(info.pvi_rdir.vip_path, sim_text(process, "root", ""), MAXPATHLEN);
	memcpy(buffer, &info, sizeof info);
	return sizeof info;
}

const struct sim_flavor sim_file_flavors[] = {
	{PROC_PIDLISTFDS, 0, false, false, fill_fds},
	{PROC_PIDPATHINFO, MAXPATHLEN, true, false, fill_path},
	{PROC_PIDVNODEPATHINFO, sizeof(struct proc_vnodepathinfo), false, false,
		fill_directories},
	{0},
};

/* --------------------------------------------------------------------------- arguments */

/* Where they stand in the memory of the process. */
struct area {
	char bytes[65536];
	size_t used;
	int count;
};

static void add(struct area *self, const char *bytes, size_t length)
{
	if (length > sizeof self->bytes - self->used)
		sim_panic("too many arguments");
	memcpy(self->bytes + self->used, bytes, length);
	self->used += length;
}

/* Returns how many there were. */
static int add_list(struct area *self, const char *list)
{
	int count = 0;

	for (const char *at = list; at; count++) {
		size_t length = strcspn(at, "|");
		add(self, at, length);
		add(self, "", 1);
		at = at[length] ? at + length + 1 : NULL;
	}
	return count;
}

/* exec_extract_strings() of bsd/kern/kern_exec.c: the path, up to the size of a pointer. */
static void make_area(const struct sim_section *process, struct area *self)
{
	const char *path = sim_text(process, "path", "");

	memset(self, 0, sizeof *self);
	if (sim_has(process, "area")) {
		add_list(self, sim_text(process, "area", ""));
		self->used--; /* no zero at the end but those that are said */
		self->count = (int)sim_u64(process, "argument_count", 0);
		return;
	}
	add(self, path, strlen(path) + 1);
	while (self->used % 8)
		add(self, "", 1);
	self->count = add_list(self, sim_text(process, "arguments", ""));
	if (sim_has(process, "environment") && !sim_u64(process, "restricted", 0))
		add_list(self, sim_text(process, "environment", ""));
}

static int fail(int number)
{
	sim_set_errno(number);
	return -1;
}

/* sysctl_procargsx() of bsd/kern/kern_sysctl.c: with too little room it is the end of it. */
int sim_sysctl_arguments(const int *name, unsigned count, void *old, size_t *length)
{
	static struct area area;
	const struct sim_section *process;
	size_t room = old ? *length - sizeof area.count : 0, size;

	if (count != 3 || name[0] != CTL_KERN || name[1] != KERN_PROCARGS2)
		return SIM_NOT_MINE;
	process = sim_process(name[2], false);
	if (old && (*length <= sizeof area.count || *length > ARG_MAX + sizeof area.count))
		return fail(EINVAL);
	if (!process || !sim_may_see(process) ||
		!(sim_has(process, "arguments") || sim_has(process, "area")))
		return fail(EINVAL);
	make_area(process, &area);
	size = old && room < area.used ? room : area.used;
	if (old) {
		memcpy(old, &area.count, sizeof area.count);
		memcpy((char *)old + sizeof area.count, area.bytes + area.used - size, size);
	}
	*length = size + sizeof area.count;
	return 0;
}
