/*
 * Interfaces: all network interfaces, by the interface MIB, for table NETWORK and for the sums in
 * table SYSTEM.
 */
#ifndef DARWIN_INTERFACES_H
#define DARWIN_INTERFACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../private/ifmib.h"

enum { INTERFACE_KEY = 32 }; /* at most, with its 0 */

/* One that there is or was, by its index. */
struct interface {
	bool there;
	int error; /* it is there, and this errno is all that was said of it */
	/* Another one has this name and index: the counters have begun anew. */
	uint32_t generation;
	struct ifmibdata data;
	uint64_t send_dropped; /* the kernel's count of 32 bits, which wraps */
	char name[17];
};

struct interfaces {
	struct interface *all; /* [index - 1] */
	uint32_t count, capacity;
};

/* Asks for all of them: one call for their number and one for each index. 0 or a negative errno:
 * nothing has changed. */
int interfaces_read(struct interfaces *self);
void interfaces_finish(struct interfaces *self);

/* A key that no other interface has while the host is up. */
void interface_key(const struct interface *self, uint32_t index, char *key, size_t size);

/*
 * Does Activity Monitor count it? All but the loopback, links from point to point (tunnels) other
 * than cellular ones, and Apple's internal network to its co-processors.
 */
bool interface_is_counted(const struct interface *self);

/*
 * On some Macs of macOS 26 and 27 Wi-Fi and Ethernet say 0 for what they have received, while they
 * send: the kernel does not count it (netstat says 0 too). So 0 is no value then.
 */
bool interface_counts_received(const struct interface *self);

#endif
