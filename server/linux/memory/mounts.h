/*
 * Mounts: which devices are memory and nothing else: those of tmpfs and of hugetlbfs. The pages of
 * their files belong to whoever wrote them, for there is no disk behind.
 */
#ifndef LINUX_MOUNTS_H
#define LINUX_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct memory_device {
	uint32_t major, minor;
	bool is_huge; /* of reserved huge pages */
};

/* Zeroed at first. */
struct memory_mounts {
	struct memory_device *devices;
	uint32_t count;
};

/* Adds those of a text of mountinfo, whatever it is. */
void memory_mounts_parse(struct memory_mounts *self, const char *bytes, size_t length);
/* Adds those that the process of this directory sees. */
void memory_mounts_read(struct memory_mounts *self, int directory);
/* NULL: it is no such device. */
const struct memory_device *memory_mounts_find(
	const struct memory_mounts *self, uint32_t major, uint32_t minor);
void memory_mounts_finish(struct memory_mounts *self);

#endif
