/*
 * Buffers: memory that a process holds by its open GPU devices, which no mapping shows: what
 * their drivers tell in fdinfo. NVIDIA's tells nothing there, nor does AMD's of compute queues.
 */
#ifndef LINUX_BUFFERS_H
#define LINUX_BUFFERS_H

#include <stdint.h>

/*
 * Bytes, on the board and in main memory, without those of buffers that others hold too;
 * ABSENT_U64(): STATE_NONE, it has no such device open, or its drivers do not tell, or it is
 * not for us to know; STATE_ASLEEP, a device would have to be woken for it; STATE_FAILED. For
 * workers: some drivers wait for the device.
 */
uint64_t gpu_buffers_read(int directory, const char *sysfs);

#endif
