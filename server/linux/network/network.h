/*
 * Network: table NETWORK, a row for each interface of our network namespace. One file a
 * source.
 */
#ifndef LINUX_NETWORK_H
#define LINUX_NETWORK_H

#include "../disk/device_files.h"
#include "../parse.h"

/* In the order in which the table has them. */
enum network_source_index {
	SOURCE_net_device,
	SOURCE_net_io,
	SOURCE_net_stack,
	SOURCE_net_state,
	SOURCE_net_link,
	SOURCE_net_address,
	SOURCE_net_addresses,
	NETWORK_SOURCE_COUNT,
};

/* ------------------------------------------------------------------- samples */

struct linux_net_device {
	struct sample_text name, kind;
	uint64_t index;
};

/* In the order of the kernel's file, net/core/net-procfs.c. */
struct linux_net_io {
	uint64_t received_bytes, received_packets, receive_errors, receive_dropped;
	uint64_t receive_overruns, receive_frame_errors, received_compressed,
		received_multicast;
	uint64_t sent_bytes, sent_packets, send_errors, send_dropped;
	uint64_t send_overruns, collisions, carrier_errors, sent_compressed;
};

struct linux_net_stack {
	struct sample_text lower, upper;
	uint64_t counted, mtu;
};

struct linux_net_state {
	struct sample_text state;
	uint64_t carrier_changes;
};

struct linux_net_link {
	struct sample_text duplex;
	uint64_t megabits;
};

struct linux_net_address {
	struct sample_text text;
};

struct linux_net_addresses {
	struct sample_text text;
};

extern const struct device_source net_device_source, net_io_source, net_stack_source,
	net_state_source, net_link_source, net_address_source, net_addresses_source;
extern const struct device_table network_table;

/* ------------------------------------------------------------------- the table */

enum { NET_NAME_SIZE = 32, NET_LOWER_SIZE = 256 };
enum { NET_COUNTS = sizeof(struct linux_net_io) / sizeof(uint64_t) };

enum net_kind {
	NET_UNKNOWN, /* without sysfs */
	NET_ETHERNET,
	NET_WIFI,
	NET_WWAN,
	NET_LOOPBACK,
	NET_BRIDGE,
	NET_BOND,
	NET_VLAN,
	NET_TUNNEL,
	NET_VETH,
	NET_OTHER,
};

/* A row. */
struct interface {
	char name[NET_NAME_SIZE];
	uint64_t index;
	enum net_kind kind;
	bool is_ether;
	bool has_device; /* a card, or what a hypervisor has in its place */
	char lower[NET_LOWER_SIZE], upper[NET_NAME_SIZE], state[32];
	uint64_t counts[NET_COUNTS];
	struct unwrap unwrap[NET_COUNTS];
};

struct interfaces {
	struct devices devices;
	struct whole_file stats;
	struct net_look *looks; /* by line of the file */
	uint32_t look_count;
	uint64_t looked_ns;
	bool any_device; /* some interface has one */
};

/* The directory of a row in sysfs; NULL: there is none. */
char *net_directory(const struct devices *self, const struct interface *row);

/* ------------------------------------------------------------------- parsers */

/* A line of /proc/net/dev. */
struct net_line {
	char name[NET_NAME_SIZE];
	uint64_t counts[NET_COUNTS]; /* what is missing or no number says so */
};

/* false: it is none. */
bool net_line_parse(struct scan line, struct net_line *ret_line);

/* The value of KEY= in a uevent file; "" if there is none. */
void net_uevent_parse(
	const char *bytes, size_t length, const char *key, char *value, size_t size);
/* Adds the addresses of an interface in messages of rtnetlink, "ADDRESS/PREFIX" with commas,
 * to the text. Returns 1 at the end of the list, 0: there is more to come, or -EBADMSG. */
int net_addresses_parse(
	const void *bytes, size_t length, uint64_t index, char *text, size_t size);

#endif
