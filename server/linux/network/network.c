/*
 * Table NETWORK. Which interfaces there are: the lines of /proc/net/dev, which is about our own
 * network namespace. /sys/class/net may be about another one, in containers that were given
 * the host's: then nothing is taken from there.
 */
#include "network.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../read.h"
#include "alloc.h"

#define LOOK_NS UINT64_C(2000000000)

static const struct device_source *const sources[NETWORK_SOURCE_COUNT] = {
	[SOURCE_net_device] = &net_device_source,
	[SOURCE_net_io] = &net_io_source,
	[SOURCE_net_stack] = &net_stack_source,
	[SOURCE_net_state] = &net_state_source,
	[SOURCE_net_link] = &net_link_source,
	[SOURCE_net_address] = &net_address_source,
	[SOURCE_net_addresses] = &net_addresses_source,
};

/* ------------------------------------------------------------------- what it is */

void net_uevent_parse(
	const char *bytes, size_t length, const char *key, char *value, size_t size)
{
	struct scan scan = {bytes, bytes + length}, line;
	size_t key_length = strlen(key);

	*value = '\0';
	while (scan_line(&scan, &line)) {
		size_t left = (size_t)(line.end - line.at);
		if (left <= key_length || memcmp(line.at, key, key_length) != 0 ||
			line.at[key_length] != '=')
			continue;
		snprintf(value, size, "%.*s", (int)(left - key_length - 1),
			line.at + key_length + 1);
		return;
	}
}

/* What drivers call themselves, SET_NETDEV_DEVTYPE(). */
static enum net_kind kind_of_driver(int directory)
{
	static const struct {
		const char *type;
		enum net_kind kind;
	} known[] = {{"wlan", NET_WIFI}, {"wwan", NET_WWAN}, {"bridge", NET_BRIDGE},
		{"bond", NET_BOND}, {"vlan", NET_VLAN}, {"vxlan", NET_TUNNEL},
		{"geneve", NET_TUNNEL}, {"wireguard", NET_TUNNEL}, {"gtp", NET_TUNNEL},
		{"gre", NET_TUNNEL}, {"ppp", NET_TUNNEL}};
	char bytes[1024], type[32];
	ssize_t length = read_file(directory, "uevent", bytes, sizeof bytes);

	net_uevent_parse(bytes, length > 0 ? (size_t)length : 0, "DEVTYPE", type, sizeof type);
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strcmp(type, known[i].type) == 0)
			return known[i].kind;
	return NET_UNKNOWN;
}

/* Of linux/if_arp.h, which does not go together with the library's. */
enum { HARDWARE_IP6GRE = 823 };

static enum net_kind kind_of_hardware(int64_t type)
{
	switch (type) {
	case ARPHRD_LOOPBACK:
		return NET_LOOPBACK;
	case ARPHRD_NONE: /* tun, without Ethernet's frames */
	case ARPHRD_PPP:
	case ARPHRD_TUNNEL:
	case ARPHRD_TUNNEL6:
	case ARPHRD_SIT:
	case ARPHRD_IPGRE:
	case HARDWARE_IP6GRE:
		return NET_TUNNEL;
	default:
		return type == ARPHRD_ETHER ? NET_ETHERNET : NET_OTHER;
	}
}

/* One end of a pair has the other one's number, from whatever namespace, and nothing below. So has
 * in a container what was made of an interface of the host (macvlan, ipvlan). */
static bool is_veth(int directory, const struct interface *row)
{
	int64_t link = 0;
	char lower[8];

	sysfs_names(directory, ".", "lower_", lower, sizeof lower);
	return sysfs_number(directory, "iflink", &link) == 0 && (uint64_t)link != row->index &&
	       *lower == '\0';
}

static bool has(int directory, const char *name)
{
	return faccessat(directory, name, F_OK, 0) == 0;
}

static enum net_kind kind_of(int directory, const struct interface *row)
{
	enum net_kind kind = kind_of_driver(directory);
	int64_t type = -1;

	if (kind != NET_UNKNOWN)
		return kind;
	if (sysfs_number(directory, "type", &type) < 0)
		return NET_UNKNOWN;
	kind = kind_of_hardware(type);
	if (kind != NET_ETHERNET)
		return kind;
	if (has(directory, "phy80211") || has(directory, "wireless"))
		return NET_WIFI;
	if (has(directory, "bridge"))
		return NET_BRIDGE;
	if (has(directory, "bonding"))
		return NET_BOND;
	if (has(directory, "tun_flags"))
		return NET_TUNNEL;
	if (row->has_device)
		return NET_ETHERNET;
	return is_veth(directory, row) ? NET_VETH : NET_OTHER;
}

char *net_directory(const struct devices *self, const struct interface *row)
{
	return row->index ? xasprintf("%s/class/net/%s", self->host->sysfs, row->name) : NULL;
}

static int open_directory(int class, const char *name)
{
	return openat(class, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static void describe(int class, struct interface *row)
{
	int directory = row->index ? open_directory(class, row->name) : -1;
	int64_t type = -1;

	if (directory < 0)
		return;
	row->has_device = has(directory, "device");
	row->is_ether = sysfs_number(directory, "type", &type) == 0 && type == ARPHRD_ETHER;
	row->kind = kind_of(directory, row);
	close(directory);
}

/* ------------------------------------------------------------------- the rows */

/* What was found out of a line. */
struct net_look {
	char name[NET_NAME_SIZE];
	uint64_t index, received, sent;
};

enum { SENT = offsetof(struct linux_net_io, sent_bytes) / sizeof(uint64_t) };

/* 0: not known. A number is not used again while the namespace is there. */
static uint64_t index_of(int class, const char *name)
{
	char path[NET_NAME_SIZE + 16];
	int64_t index = 0;

	snprintf(path, sizeof path, "%s/ifindex", name);
	if (class < 0 || sysfs_number(class, path, &index) < 0 || index < 0)
		return 0;
	return (uint64_t)index;
}

static void count(struct interface *row, const struct net_line *line)
{
	for (int i = 0; i < NET_COUNTS; i++) {
		row->counts[i] = line->counts[i];
		if (LONGS_ARE_SHORT && row->counts[i] < ABSENT_U64(STATE_END))
			row->counts[i] = unwrap_count(&row->unwrap[i], row->counts[i]);
	}
}

/* The number of the interface of a line. It is looked up where the line has another name than at
 * the last time, its counters began again, or LOOK_NS have passed. */
static uint64_t look_at(
	struct interfaces *self, int class, uint32_t at, const struct net_line *line, bool look)
{
	struct net_look *own;

	if (at == self->look_count) {
		self->looks =
			xreallocarray(self->looks, ++self->look_count, sizeof *self->looks);
		self->looks[at] = (struct net_look){0};
	}
	own = &self->looks[at];
	if (look || strcmp(own->name, line->name) != 0 || line->counts[0] < own->received ||
		line->counts[SENT] < own->sent) {
		snprintf(own->name, sizeof own->name, "%s", line->name);
		own->index = index_of(class, line->name);
	}
	own->received = line->counts[0];
	own->sent = line->counts[SENT];
	return own->index;
}

static void found(
	struct interfaces *self, int class, const struct net_line *line, uint64_t index)
{
	const struct host *host = self->devices.host;
	char key[64];
	struct interface *row;
	bool is_new;

	if (index)
		snprintf(key, sizeof key, "%llu", (unsigned long long)index);
	else
		snprintf(key, sizeof key, "name %s", line->name);
	row = devices_found(&self->devices, key, &is_new);
	if (!row)
		return;
	snprintf(row->name, sizeof row->name, "%s", line->name);
	if (is_new && (!host->native || if_nametoindex(line->name) == index)) {
		row->index = index;
		describe(class, row);
	}
	self->any_device |= row->has_device;
	count(row, line);
}

/* By a procfs that is not that of our pid namespace, such as the host's seen from inside of a
 * container, the interfaces are those of its first process. */
static int read_stats(struct interfaces *self)
{
	const struct host *host = self->devices.host;
	int error = -ENOENT;

	if (!host->native)
		error = whole_file_read(&self->stats, host->procfs, "1/net/dev");
	return error < 0 ? whole_file_read(&self->stats, host->procfs, "net/dev") : error;
}

static int find(struct devices *devices)
{
	struct interfaces *self = (struct interfaces *)devices;
	int error = read_stats(self);
	struct scan scan, text;
	struct net_line line;
	uint32_t at = 0;
	char path[4096];
	bool look;
	int class;

	if (error < 0)
		return error == -ENOENT ? 0 : error; /* a kernel without networks */
	look = !self->looked_ns || devices->now_ns - self->looked_ns >= LOOK_NS;
	if (look)
		self->looked_ns = devices->now_ns;
	snprintf(path, sizeof path, "%s/class/net", devices->host->sysfs);
	class = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	self->any_device = false;
	scan = (struct scan){self->stats.bytes, self->stats.bytes + self->stats.length};
	while (scan_line(&scan, &text))
		if (net_line_parse(text, &line)) {
			uint64_t index = look_at(self, class, at++, &line, look);
			found(self, class, &line, index);
		}
	if (class >= 0)
		close(class);
	return 0;
}

static void close_table(struct devices *memory)
{
	struct interfaces *self = (struct interfaces *)memory;

	whole_file_finish(&self->stats);
	free(self->looks);
}

const struct device_table network_table = {
	.id = TABLE_NETWORK,
	.sources = sources,
	.source_count = NETWORK_SOURCE_COUNT,
	.size = sizeof(struct interfaces),
	.row_size = sizeof(struct interface),
	.close = close_table,
	.find = find,
};

/* ------------------------------------------------------------------- source net_device */

static const char *const kinds[] = {
	[NET_ETHERNET] = "ethernet",
	[NET_WIFI] = "wifi",
	[NET_WWAN] = "wwan",
	[NET_LOOPBACK] = "loopback",
	[NET_BRIDGE] = "bridge",
	[NET_BOND] = "bond",
	[NET_VLAN] = "vlan",
	[NET_TUNNEL] = "tunnel",
	[NET_VETH] = "veth",
	[NET_OTHER] = "other",
};

static int device_read(struct devices *self, void *memory, void *out)
{
	const struct interface *row = memory;

	(void)self;
	*(struct linux_net_device *)out = (struct linux_net_device){
		.name = device_text(row->name),
		.kind = device_text(kinds[row->kind]),
		.index = row->index ? row->index : ABSENT_U64(STATE_NONE),
	};
	return STATE_OK;
}

const struct device_source net_device_source = {
	.source = {.name = "net_device",
		.sample_size = sizeof(struct linux_net_device),
		.lane = LANE_FAST},
	.read = device_read,
};
