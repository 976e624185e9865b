/* Task: what mach.c asks task.c. */
#ifndef TESTS_DARWIN_KERNEL_TASK_H
#define TESTS_DARWIN_KERNEL_TASK_H

#include <stdbool.h>
#include <stdint.h>

/* One reference less; false: it is none of a task. */
bool sim_task_port_release(uint32_t name);

#endif
