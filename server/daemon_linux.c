#include "daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "log.h"

#ifdef __SANITIZE_ADDRESS__
#define LEAK_CHECKED true /* the leak checker traces its own process */
#else
#define LEAK_CHECKED false
#endif
#define TABLES_FROM      (512 * 1024)
#define OOM_SCORE_ADJUST "300" /* the monitor goes before the work that it watches */

/* Large tables are given back when they are freed, whatever was freed before. */
static void settle_allocator(void)
{
#ifdef __GLIBC__
	mallopt(M_MMAP_THRESHOLD, TABLES_FROM);
#endif
}

/* What root's server needs of root, by what it is for. */
static const int kept_capabilities[] = {
	CAP_DAC_READ_SEARCH, /* files of processes and below them, whoever they belong to */
	CAP_SYS_PTRACE,      /* io, exe, smaps and descriptors of all processes */
	CAP_PERFMON,         /* smaps too, if it was given that instead */
	CAP_NET_ADMIN,       /* taskstats */
};

/* It never writes to what others own, loads a module, mounts or sends a signal. */
static void drop_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct had[_LINUX_CAPABILITY_U32S_3];
	uint32_t kept[_LINUX_CAPABILITY_U32S_3] = {0};

	for (size_t i = 0; i < sizeof kept_capabilities / sizeof *kept_capabilities; i++)
		kept[CAP_TO_INDEX(kept_capabilities[i])] |= CAP_TO_MASK(kept_capabilities[i]);
	if (syscall(SYS_capget, &header, had) < 0)
		return;
	/* What root would get by an exec; ends where the kernel knows no more, or allows none. */
	for (int i = 0; i <= CAP_LAST_CAP; i++)
		if (!(kept[CAP_TO_INDEX(i)] & CAP_TO_MASK(i)) &&
			prctl(PR_CAPBSET_DROP, i, 0, 0, 0) < 0)
			break;
	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		had[i].permitted &= kept[i];
		had[i].effective &= kept[i];
		had[i].inheritable = 0;
	}
	if (syscall(SYS_capset, &header, had) < 0)
		log_debug("capset: %s", strerror(errno));
}

void daemon_harden_more(bool debug)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	/* Each of these is an extra: where the kernel refuses, the server is as good without. */
	if (fd >= 0) {
		if (write(fd, OOM_SCORE_ADJUST, strlen(OOM_SCORE_ADJUST)) < 0)
			log_debug("oom_score_adj: %s", strerror(errno));
		close(fd);
	}
	settle_allocator();
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	drop_capabilities();
	/* Others of our user cannot read our memory then. Nor can we our own /proc/self/io and
	 * the like: the row of the server itself lacks those. */
	if (!debug && !LEAK_CHECKED)
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/* getrusage() would tell what the program was that started this one, if that was larger. */
void daemon_peak_memory(uint64_t *ret_bytes)
{
	char text[4096] = "";
	int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	const char *line;

	if (file < 0)
		return;
	if (read(file, text, sizeof text - 1) > 0 && (line = strstr(text, "\nVmHWM:")))
		*ret_bytes = strtoull(line + sizeof "\nVmHWM:", NULL, 10) * 1024;
	close(file);
}
