/* A map from pid to slot: open addressing, never more than half full. */
#ifndef SERVER_PID_MAP_H
#define SERVER_PID_MAP_H

#include <stdint.h>

struct pid_map_entry {
	uint32_t pid; /* 0: free */
	uint32_t slot;
};

struct pid_map {
	struct pid_map_entry *entries;
	uint32_t size; /* a power of two, or 0 */
	uint32_t count;
};

/* UINT32_MAX when it is not there. */
uint32_t pid_map_get(const struct pid_map *self, uint32_t pid);
/* The pid must not be there. */
void pid_map_put(struct pid_map *self, uint32_t pid, uint32_t slot);
void pid_map_remove(struct pid_map *self, uint32_t pid);
void pid_map_clear(struct pid_map *self);
void pid_map_finish(struct pid_map *self);

#endif
