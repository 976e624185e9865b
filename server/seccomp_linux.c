/*
 * A list of what the server calls, and all else is refused: execve and fork, the network, signals,
 * ptrace, mounts, memory that is writable and executable. Whoever takes the server over by a fault of
 * ours can then read what it reads, and do nothing with it.
 *
 * The platform asked the kernel for its features before, among others by a fork. What comes after are
 * the loop, the workers, NVIDIA's library with its threads, and what the C library does for them on any
 * of its versions: so a call may stand here that ours does not make.
 */
#include "seccomp.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__) && defined(__LP64__)
#define OUR_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__) && defined(__LP64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define OUR_ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#ifndef OUR_ARCHITECTURE

int seccomp_install(enum seccomp_mode mode)
{
	return mode == SECCOMP_OFF ? 0 : -ENOTSUP;
}

const char *seccomp_describe(void)
{
	return "seccomp: there is no list of system calls for this processor";
}

#else

/* ------------------------------------------------------------------------- what is allowed */

/* The C library tries newer calls first: to all after this one the answer is the one of a kernel that
 * has not got them. The same numbers on all processors. */
enum { LAST_KNOWN = 450 }; /* set_mempolicy_home_node(), Linux 5.17 */

/* In the order of how often: a kernel before 5.11 looks from the first on, each time. */
static const uint32_t allowed[] = {
	/* reading what the kernel tells */
	SYS_openat,
	SYS_openat2, /* files of a process that must not lead out of its folder */
	SYS_read,
	SYS_pread64,
	SYS_close,
	SYS_getdents64,
	SYS_readlinkat,
	SYS_newfstatat,
	SYS_fstat,
	SYS_statx, /* stat() of newer C libraries on some processors */
	SYS_faccessat,
#ifdef SYS_faccessat2
	SYS_faccessat2, /* faccessat() with flags */
#endif
	SYS_lseek,      /* seekdir(), rewind() */
	SYS_statfs,
	SYS_fstatfs,
	SYS_getxattr, /* the protocol of a socket */
	SYS_pidfd_open,
	SYS_ioprio_get,
	SYS_uname,
	SYS_sysinfo,
#ifdef SYS_open /* older names of the same, on older processors */
	SYS_open,
	SYS_readlink,
	SYS_access,
	SYS_stat,
	SYS_lstat,
	SYS_unlink,
	SYS_mkdir,
	SYS_pipe,
	SYS_dup2,
	SYS_poll,
	SYS_epoll_wait,
	SYS_epoll_create,
	SYS_time, /* where the kernel's page for the clock is not mapped */
#endif
	/* the loop */
	SYS_epoll_pwait,
#ifdef SYS_epoll_pwait2
	SYS_epoll_pwait2, /* libevent 2.2 */
#endif
	SYS_epoll_ctl,
	SYS_epoll_create1,
	SYS_timerfd_create,
	SYS_timerfd_settime,
	SYS_eventfd2,
	SYS_pipe2,
	SYS_ppoll,
	SYS_clock_gettime,
	SYS_clock_getres,
	SYS_gettimeofday,
	SYS_clock_nanosleep,
	SYS_nanosleep,
	SYS_restart_syscall, /* a wait goes on after SIGSTOP */
	/* clients, and the socket that they find: it is made anew when somebody removed it */
	SYS_accept,
	SYS_accept4,
	SYS_writev,
	SYS_readv,
	SYS_write,
	SYS_sendto,
	SYS_recvfrom,
	SYS_getsockopt,
	SYS_setsockopt,
	SYS_getsockname,
	SYS_getpeername,
	SYS_connect, /* is there another server? */
	SYS_bind,
	SYS_listen,
	SYS_shutdown,
	SYS_fcntl,
	SYS_flock,
	SYS_mkdirat,
	SYS_unlinkat,
	SYS_umask,
	/* the log */
	SYS_dup3,
	SYS_ftruncate, /* it starts anew when it is full */
	/* who we are */
	SYS_getpid,
	SYS_gettid,
	SYS_getuid,
	SYS_geteuid,
	SYS_getgid,
	SYS_getegid,
	/* memory, threads, signals, the end */
	SYS_futex,
	SYS_brk,
	SYS_munmap,
	SYS_mremap, /* realloc() */
	SYS_madvise,
	SYS_set_robust_list,
#ifdef SYS_rseq
	SYS_rseq,              /* each thread, from glibc 2.35 on */
#endif
	SYS_sched_getaffinity, /* malloc(): one arena for each processor */
	SYS_sched_yield,
	SYS_getrandom,
	SYS_membarrier, /* dlopen() in a program with threads */
	SYS_rt_sigaction,
	SYS_rt_sigprocmask,
	SYS_rt_sigreturn,
	SYS_sigaltstack,
	SYS_exit,
	SYS_exit_group,
};

/* What is allowed in some cases only: when these bits of an argument are those. */
static const struct condition {
	uint32_t call, argument, bits, value;
} conditions[] = {
	{SYS_clone, 0, CLONE_THREAD, CLONE_THREAD}, {SYS_mmap, 2, PROT_WRITE | PROT_EXEC, 0},
	{SYS_mmap, 2, PROT_WRITE | PROT_EXEC, PROT_WRITE},
	{SYS_mmap, 2, PROT_WRITE | PROT_EXEC, PROT_EXEC}, /* dlopen() */
	{SYS_mprotect, 2, PROT_EXEC, 0}, {SYS_socket, 0, UINT32_MAX, AF_UNIX},
	{SYS_socket, 0, UINT32_MAX, AF_NETLINK}, /* addresses, exits */
	{SYS_ioctl, 1, 0xff00, 0xff00},          /* of pidfds */
	{SYS_ioctl, 1, 0xff00, 'F' << 8},        /* of NVIDIA's driver */
	{SYS_ioctl, 1, UINT32_MAX, 0x8933},      /* SIOCGIFINDEX: if_nametoindex() */
	{SYS_prlimit64, 0, UINT32_MAX, 0},       /* our own limits */
	{SYS_prctl, 0, UINT32_MAX, PR_SET_NAME}, /* of a thread of NVIDIA's library */
#ifdef PR_SET_VMA
	{SYS_prctl, 0, UINT32_MAX, PR_SET_VMA},  /* glibc can name memory */
#endif
};

/* --------------------------------------------------------------------------- the program */

enum {
	HEAD = 8,
	OF_CALL = 2,
	OF_CONDITION = 6,
	CALLS = sizeof allowed / sizeof *allowed,
	CONDITIONS = sizeof conditions / sizeof *conditions,
	INSTRUCTIONS = HEAD + CALLS * OF_CALL + CONDITIONS * OF_CONDITION + 1,
};

#define LOAD(field)                     BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define ANSWER(action)                  BPF_STMT(BPF_RET | BPF_K, action)
/* Unless it is so, `count` instructions are left out. */
#define UNLESS_EQUAL_SKIP(value, count) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, count)

struct program {
	struct sock_filter code[INSTRUCTIONS];
	unsigned short length;
};

static void put(struct program *self, const struct sock_filter *code, size_t count)
{
	for (size_t i = 0; i < count; i++)
		self->code[self->length++] = code[i];
}

/* Both halves of the file are little-endian: the lower half of an argument comes first. */
static void put_condition(struct program *self, const struct condition *condition)
{
	const struct sock_filter code[OF_CONDITION] = {
		UNLESS_EQUAL_SKIP(condition->call, OF_CONDITION - 1),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			(uint32_t)offsetof(struct seccomp_data, args) +
				8 * condition->argument),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, condition->bits),
		UNLESS_EQUAL_SKIP(condition->value, 1),
		ANSWER(SECCOMP_RET_ALLOW),
		LOAD(nr),
	};

	put(self, code, OF_CONDITION);
}

static void build(struct program *self, uint32_t refusal)
{
	const struct sock_filter head[HEAD] = {
		LOAD(arch), /* other numbers for the same calls */
		UNLESS_EQUAL_SKIP(OUR_ARCHITECTURE, 1),
		BPF_JUMP(BPF_JMP | BPF_JA, 1, 0, 0),
		ANSWER(refusal),
		LOAD(nr),
		/* clone3() keeps its flags where no filter looks; the C library does without it */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, LAST_KNOWN, 0, 1),
		ANSWER(SECCOMP_RET_ERRNO | ENOSYS),
	};
	const struct sock_filter tail = ANSWER(refusal);

	self->length = 0;
	put(self, head, HEAD);
	for (size_t i = 0; i < CALLS; i++) {
		const struct sock_filter code[OF_CALL] = {
			UNLESS_EQUAL_SKIP(allowed[i], 1),
			ANSWER(SECCOMP_RET_ALLOW),
		};
		put(self, code, OF_CALL);
	}
	for (size_t i = 0; i < CONDITIONS; i++)
		put_condition(self, &conditions[i]);
	put(self, &tail, 1);
}

int seccomp_install(enum seccomp_mode mode)
{
	struct program program;
	struct sock_fprog filter = {.filter = program.code};

	if (mode == SECCOMP_OFF)
		return 0;
	build(&program,
		mode == SECCOMP_KILL ? SECCOMP_RET_KILL_PROCESS : SECCOMP_RET_ERRNO | EPERM);
	filter.len = program.length;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) < 0)
		return errno == ENOSYS || errno == EINVAL ? -ENOTSUP : -errno;
	return 0;
}

const char *seccomp_describe(void)
{
	return "seccomp: system calls are filtered with --seccomp";
}

#endif
