/* Network: table NETWORK, a row for each interface. All of it but the addresses is of one call an
 * interface, which the list makes. */
#ifndef DARWIN_NETWORK_H
#define DARWIN_NETWORK_H

#include "../host.h"
#include "devices.h"
#include "interfaces.h"

/* In the order in which the table has them. */
enum network_source_index {
	SOURCE_net_device,
	SOURCE_net_addresses,
	NETWORK_SOURCE_COUNT,
};

/* ------------------------------------------------------------------- samples */

/* struct ifmibdata. */
struct darwin_net_device {
	struct sample_text name, kind, state;
	uint64_t index, counted, mtu, bits; /* a second */
	uint64_t received_bytes, received_packets, receive_errors, receive_dropped, multicast;
	uint64_t sent_bytes, sent_packets, send_errors, send_dropped, collisions;
};

/* sysctl NET_RT_IFLIST. */
struct darwin_net_addresses {
	struct sample_text hardware, internet;
};

/* --------------------------------------------------------------------- the table */

struct network {
	struct devices devices;
	struct interfaces interfaces;
	char *message; /* of net_addresses: what the kernel said, and what was made of it */
	size_t message_size;
	char hardware[64], internet[1024];
};

struct network_row {
	uint32_t index;
};

extern const struct device_source net_device_source, net_addresses_source;
extern const struct device_table network_table;

#endif
