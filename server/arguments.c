#include "arguments.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "limit.h"
#include "log.h"

enum {
	PATH_CHECK_S = 60,
	WORKERS = 3,
	BUDGET_PERCENT = 25,
	BUDGET_PERCENT_MAX = 100,
};

enum option_id {
	OPTION_SOCKET = 256,
	OPTION_ON_DEMAND,
	OPTION_FOREGROUND,
	OPTION_IDLE_EXIT,
	OPTION_PATH_CHECK,
	OPTION_ALLOW_OTHER_NS,
	OPTION_PROCFS,
	OPTION_SYSFS,
	OPTION_WITHOUT,
	OPTION_WORKERS,
	OPTION_BUDGET,
	OPTION_SECCOMP,
	OPTION_LOG_LEVEL,
	OPTION_READY_FD,
	OPTION_DETACHED,
	OPTION_DEBUG,
	OPTION_QUESTIONS,
	OPTION_VERSION,
	OPTION_HELP,
};

static const struct option options[] = {
	{"socket", required_argument, NULL, OPTION_SOCKET},
	{"on-demand", no_argument, NULL, OPTION_ON_DEMAND},
	{"foreground", no_argument, NULL, OPTION_FOREGROUND},
	{"idle-exit", required_argument, NULL, OPTION_IDLE_EXIT},
	{"path-check", required_argument, NULL, OPTION_PATH_CHECK},
	{"allow-other-ns", no_argument, NULL, OPTION_ALLOW_OTHER_NS},
	{"procfs", required_argument, NULL, OPTION_PROCFS},
	{"sysfs", required_argument, NULL, OPTION_SYSFS},
	{"without", required_argument, NULL, OPTION_WITHOUT},
	{"workers", required_argument, NULL, OPTION_WORKERS},
	{"budget", required_argument, NULL, OPTION_BUDGET},
	{"seccomp", required_argument, NULL, OPTION_SECCOMP},
	{"log-level", required_argument, NULL, OPTION_LOG_LEVEL},
	{"ready-fd", required_argument, NULL, OPTION_READY_FD},
	/* Not for people: of daemon_detach(). */
	{"detached", required_argument, NULL, OPTION_DETACHED},
	{"debug", no_argument, NULL, OPTION_DEBUG},
	{"questions", no_argument, NULL, OPTION_QUESTIONS},
	{"version", no_argument, NULL, OPTION_VERSION},
	{"help", no_argument, NULL, OPTION_HELP},
	{NULL, 0, NULL, 0},
};

void arguments_print_help(void)
{
	printf("procmond samples the processes of this machine, once for all who watch.\n"
	       "\n"
	       "usage: procmond [OPTION]...\n"
	       "\n"
	       "  --socket PATH        listen there (else: $PROCMON_SOCKET or the user's "
	       "place)\n"
	       "  --foreground         stay with the terminal, log to stderr (the default)\n"
	       "  --on-demand          leave the terminal, log to `log` beside the socket;\n"
	       "                       succeeds when a server is there, this one or another\n"
	       "  --idle-exit SECONDS  end when nobody was connected for so long; 0: never\n"
	       "                       (60 on demand and when a service manager holds the\n"
	       "                       socket, else 0)\n"
	       "  --path-check SECONDS look so often whether the socket is still there (60)\n"
	       "  --allow-other-ns     let in clients of other pid namespaces: of containers\n"
	       "  --workers N          threads for what may block, 2 to 4 (3)\n"
	       "  --budget PERCENT     of one core, for all sampling; 0: as much as it takes "
	       "(25)\n"
	       "  --seccomp MODE       let the kernel refuse what no server does: deny, or "
	       "kill\n"
	       "                       it for trying (off)\n"
	       "  --procfs DIR         read this tree instead of /proc\n"
	       "  --sysfs DIR          read this tree instead of /sys\n"
	       "  --without NAME,..    do as if the kernel lacked these features\n"
	       "  --log-level LEVEL    error, info or debug (info; SIGUSR2 toggles debug)\n"
	       "  --ready-fd N         write a newline to descriptor N when ready\n"
	       "  --debug              may be traced, may dump core, logs everything\n"
	       "  --questions          ask this machine what only it can answer about the\n"
	       "                       platform, for a bug report (macOS)\n"
	       "  --version            show the version and what the kernel offers\n"
	       "  --help               show this\n"
	       "\n"
	       "Exit status: 0 done, 1 failed, 2 bad usage, 78 the socket's place is unsafe.\n"
	       "`procctl subscribe` shows what it samples; procmond(8) tells the rest.\n");
}

static int complain(const char *option, const char *value, const char *expected)
{
	fprintf(stderr, "procmond: --%s %s: %s\n", option, value, expected);
	return -EINVAL;
}

static int parse_number(
	const char *option, const char *text, uint32_t min, uint32_t max, uint32_t *ret_number)
{
	char expected[64], *end;
	unsigned long number;

	errno = 0;
	number = strtoul(text, &end, 10);
	if (!isdigit((unsigned char)text[0]) || *end || errno || number < min || number > max) {
		snprintf(expected, sizeof expected, "a number from %u to %u is needed",
			(unsigned)min, (unsigned)max);
		return complain(option, text, expected);
	}
	*ret_number = (uint32_t)number;
	return 0;
}

/* The server goes to / when it starts. */
static int parse_directory(
	const char *option, const char *path, char absolute[PATH_MAX], const char **ret_path)
{
	if (!realpath(path, absolute))
		return complain(option, path, strerror(errno));
	*ret_path = absolute;
	return 0;
}

static int parse_log_level(const char *text, int *ret_level)
{
	static const char *const levels[] = {"error", "info", "debug"};

	for (int level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++) {
		if (!strcmp(text, levels[level])) {
			*ret_level = level;
			return 0;
		}
	}
	return complain("log-level", text, "error, info or debug is needed");
}

static int parse_seccomp(const char *text, enum seccomp_mode *ret_mode)
{
	static const char *const modes[] = {
		[SECCOMP_OFF] = "off", [SECCOMP_DENY] = "deny", [SECCOMP_KILL] = "kill"};

	for (int mode = SECCOMP_OFF; mode <= SECCOMP_KILL; mode++) {
		if (!strcmp(text, modes[mode])) {
			*ret_mode = (enum seccomp_mode)mode;
			return 0;
		}
	}
	return complain("seccomp", text, "off, deny or kill is needed");
}

static int parse_descriptor(const char *option, const char *text, int *ret_fd)
{
	uint32_t fd;
	int result = parse_number(option, text, 0, INT32_MAX, &fd);

	if (result < 0)
		return result;
	if (fcntl((int)fd, F_GETFD) < 0)
		return complain(option, text, "is not open");
	*ret_fd = (int)fd;
	return 0;
}

static int parse_option(struct arguments *self, int option, const char *value)
{
	switch (option) {
	case OPTION_SOCKET:
		self->socket = value;
		return value[0] ? 0 : complain("socket", "''", "a path is needed");
	case OPTION_ON_DEMAND:
		self->on_demand = true;
		return 0;
	case OPTION_FOREGROUND:
		self->on_demand = false;
		return 0;
	case OPTION_IDLE_EXIT:
		self->idle_exit_given = true;
		return parse_number("idle-exit", value, 0, IDLE_EXIT_MAX_S, &self->idle_exit_s);
	case OPTION_PATH_CHECK:
		return parse_number(
			"path-check", value, 1, IDLE_EXIT_MAX_S, &self->path_check_s);
	case OPTION_ALLOW_OTHER_NS:
		self->allow_other_ns = true;
		return 0;
	case OPTION_PROCFS:
		return parse_directory("procfs", value, self->procfs, &self->platform.procfs);
	case OPTION_SYSFS:
		return parse_directory("sysfs", value, self->sysfs, &self->platform.sysfs);
	case OPTION_WITHOUT:
		self->platform.without = value;
		return 0;
	case OPTION_WORKERS:
		return parse_number(
			"workers", value, LANE_WORKERS_MIN, LANE_WORKERS_MAX, &self->workers);
	case OPTION_BUDGET:
		return parse_number(
			"budget", value, 0, BUDGET_PERCENT_MAX, &self->budget_percent);
	case OPTION_SECCOMP:
		return parse_seccomp(value, &self->seccomp);
	case OPTION_LOG_LEVEL:
		return parse_log_level(value, &self->log_level);
	case OPTION_READY_FD:
		return parse_descriptor("ready-fd", value, &self->ready_fd);
	case OPTION_DETACHED:
		self->on_demand = true;
		return parse_descriptor("detached", value, &self->parent_fd);
	case OPTION_DEBUG:
		self->debug = true;
		self->log_level = LOG_LEVEL_DEBUG;
		return 0;
	case OPTION_QUESTIONS:
		self->show_questions = true;
		return 0;
	case OPTION_VERSION:
		self->show_version = true;
		return 0;
	case OPTION_HELP:
		self->show_help = true;
		return 0;
	default:
		fprintf(stderr, "procmond: `procmond --help` lists the options\n");
		return -EINVAL;
	}
}

int arguments_parse(struct arguments *self, int argc, char **argv)
{
	int option, result = 0;

	*self = (struct arguments){
		.path_check_s = PATH_CHECK_S,
		.workers = WORKERS,
		.budget_percent = BUDGET_PERCENT,
		.ready_fd = -1,
		.parent_fd = -1,
		.log_level = LOG_LEVEL_INFO,
		.platform = {.procfs = "/proc", .sysfs = "/sys"},
	};
	while (result == 0 && (option = getopt_long(argc, argv, "", options, NULL)) != -1)
		result = parse_option(self, option, optarg);
	if (result == 0 && optind < argc) {
		fprintf(stderr, "procmond: %s: procmond takes options only, see --help\n",
			argv[optind]);
		result = -EINVAL;
	}
	return result;
}
