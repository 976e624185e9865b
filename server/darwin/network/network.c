#include "network.h"

#include <stdlib.h>
#include <string.h>

static int find(struct devices *devices)
{
	struct network *self = (struct network *)devices;
	int error = interfaces_read(&self->interfaces);
	char key[INTERFACE_KEY];
	bool is_new;

	for (uint32_t i = 0; !error && i < self->interfaces.count; i++) {
		const struct interface *interface = &self->interfaces.all[i];
		struct network_row *row;
		if (!interface->there)
			continue;
		interface_key(interface, i + 1, key, sizeof key);
		row = devices_found(devices, key, &is_new);
		if (row)
			row->index = i + 1;
	}
	return error;
}

static void network_close(struct devices *devices)
{
	struct network *self = (struct network *)devices;

	interfaces_finish(&self->interfaces);
	free(self->message);
}

/* ------------------------------------------------------------------- net_device */

/*
 * The kernel does not tell Wi-Fi from Ethernet by its type, so what is called en0 can be either.
 * The others of that type have names that say it: a peer to peer link and an access point of the
 * Wi-Fi.
 */
static const char *kind_of_ether(const char *name)
{
	static const char *const wireless[] = {"awdl", "llw", "nan", "ap"};

	for (size_t i = 0; i < sizeof wireless / sizeof *wireless; i++)
		if (strncmp(name, wireless[i], strlen(wireless[i])) == 0)
			return "wifi";
	if (strncmp(name, "bridge", 6) == 0)
		return "bridge";
	return strncmp(name, "vmenet", 6) == 0 || strncmp(name, "feth", 4) == 0 ? "veth" : NULL;
}

static const char *kind_of(const struct interface *interface)
{
	switch (interface->data.ifmd_data.ifi_type) {
	case IFT_LOOP:
		return "loopback";
	case IFT_BRIDGE:
		return "bridge";
	case IFT_IEEE8023ADLAG:
		return "bond";
	case IFT_L2VLAN:
		return "vlan";
	case IFT_CELLULAR:
		return "wwan";
	case IFT_PPP:
	case IFT_GIF:
	case IFT_STF:
		return "tunnel";
	case IFT_ETHER:
		return kind_of_ether(interface->name);
	default:
		return interface->data.ifmd_flags & IFF_POINTOPOINT ? "tunnel" : "other";
	}
}

static const char *state_of(const struct interface *interface)
{
	uint32_t both = IFF_UP | IFF_RUNNING;

	return (interface->data.ifmd_flags & both) == both ? "up" : "down";
}

static uint64_t speed_of(const struct if_data64 *data)
{
	if (data->ifi_baudrate == 0 || data->ifi_baudrate == BAUDRATE_UNKNOWN)
		return ABSENT_U64(STATE_NONE);
	return data->ifi_baudrate;
}

static uint64_t received(uint64_t in, uint64_t out)
{
	return in || !out ? in : ABSENT_U64(STATE_NONE);
}

static void describe(const struct interface *interface, struct darwin_net_device *sample)
{
	sample->name = device_text(interface->name);
	sample->kind = device_text(kind_of(interface));
	sample->state = device_text(state_of(interface));
	sample->counted = interface_is_counted(interface);
	sample->mtu = interface->data.ifmd_data.ifi_mtu;
	sample->bits = speed_of(&interface->data.ifmd_data);
}

static void count(const struct interface *interface, struct darwin_net_device *sample)
{
	const struct if_data64 *data = &interface->data.ifmd_data;

	sample->received_bytes = received(data->ifi_ibytes, data->ifi_obytes);
	sample->received_packets = received(data->ifi_ipackets, data->ifi_opackets);
	sample->receive_errors = data->ifi_ierrors;
	sample->receive_dropped = data->ifi_iqdrops;
	sample->multicast = data->ifi_imcasts;
	sample->sent_bytes = data->ifi_obytes;
	sample->sent_packets = data->ifi_opackets;
	sample->send_errors = data->ifi_oerrors;
	sample->send_dropped = interface->send_dropped;
	sample->collisions = data->ifi_collisions;
}

static int device_read(struct devices *devices, void *memory, void *out)
{
	struct network *self = (struct network *)devices;
	const struct network_row *row = memory;
	const struct interface *interface = &self->interfaces.all[row->index - 1];
	struct darwin_net_device *sample = out;

	if (interface->error)
		return host_state_of(interface->error);
	sample->index = row->index;
	describe(interface, sample);
	count(interface, sample);
	return STATE_OK;
}

const struct device_source net_device_source = {
	.source = {.name = "net_device",
		.sample_size = sizeof(struct darwin_net_device),
		.lane = LANE_FAST},
	.read = device_read,
};

/* --------------------------------------------------------------------- the table */

static const struct device_source *const sources[NETWORK_SOURCE_COUNT] = {
	[SOURCE_net_device] = &net_device_source,
	[SOURCE_net_addresses] = &net_addresses_source,
};

const struct device_table network_table = {
	.id = TABLE_NETWORK,
	.sources = sources,
	.source_count = NETWORK_SOURCE_COUNT,
	.size = sizeof(struct network),
	.row_size = sizeof(struct network_row),
	.close = network_close,
	.find = find,
};
