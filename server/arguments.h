/* Arguments: the command line of procmond. */
#ifndef SERVER_ARGUMENTS_H
#define SERVER_ARGUMENTS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "platform.h"
#include "seccomp.h"

struct arguments {
	bool on_demand, debug, show_help, show_version, show_questions;
	bool idle_exit_given;
	bool allow_other_ns;
	uint32_t idle_exit_s;  /* 0: never */
	uint32_t path_check_s; /* between two looks whether the socket is still there */
	uint32_t workers;
	uint32_t budget_percent;
	enum seccomp_mode seccomp;
	int ready_fd;       /* -1: none */
	int parent_fd;      /* where the process waits that detached us; -1: none */
	int log_level;      /* enum log_level */
	const char *socket; /* NULL: the usual place */
	struct platform_config platform; /* paths are absolute: they are these two */
	char procfs[PATH_MAX], sysfs[PATH_MAX];
};

/* 0; or -EINVAL, and what is wrong was printed. */
int arguments_parse(struct arguments *self, int argc, char **argv);

void arguments_print_help(void);

#endif
