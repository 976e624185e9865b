/*
 * Source net_total: all network interfaces of the machine together, those that Activity Monitor
 * counts. Where one is not counted by the kernel (see interfaces.h) while it sends no small part of
 * all, what the others have received is not the sum.
 */
#include "system.h"

enum {
	BYTES_IN,
	PACKETS_IN,
	ERRORS_IN,
	DROPPED_IN,
	BYTES_OUT,
	PACKETS_OUT,
	ERRORS_OUT,
	DROPPED_OUT
};
enum { SMALL_PART = 100 };

static void add(struct totals *totals, const struct interface *interface, uint32_t index)
{
	const struct if_data64 *data = &interface->data.ifmd_data;
	uint64_t values[] = {data->ifi_ibytes, data->ifi_ipackets, data->ifi_ierrors,
		data->ifi_iqdrops, data->ifi_obytes, data->ifi_opackets, data->ifi_oerrors,
		interface->send_dropped};
	char key[INTERFACE_KEY];
	struct total_part *part;
	bool is_new;

	interface_key(interface, index, key, sizeof key);
	part = totals_part(totals, key, &is_new);
	if (part)
		totals_add(totals, part, values, sizeof values / sizeof *values, true);
}

/* Bytes sent by interfaces that do not count what they receive, and by all. */
static bool is_complete(const struct interfaces *interfaces)
{
	uint64_t deaf = 0, all = 0;

	for (uint32_t i = 0; i < interfaces->count; i++) {
		const struct interface *interface = &interfaces->all[i];
		if (!interface->there || !interface_is_counted(interface))
			continue;
		all += interface->data.ifmd_data.ifi_obytes;
		if (!interface_counts_received(interface))
			deaf += interface->data.ifmd_data.ifi_obytes;
	}
	return deaf <= all / SMALL_PART;
}

static void fill(const uint64_t *sums, bool complete, struct darwin_net_total *sample)
{
	*sample = (struct darwin_net_total){
		.bytes_in = complete ? sums[BYTES_IN] : ABSENT_U64(STATE_NONE),
		.packets_in = complete ? sums[PACKETS_IN] : ABSENT_U64(STATE_NONE),
		.errors_in = sums[ERRORS_IN],
		.dropped_in = sums[DROPPED_IN],
		.bytes_out = sums[BYTES_OUT],
		.packets_out = sums[PACKETS_OUT],
		.errors_out = sums[ERRORS_OUT],
		.dropped_out = sums[DROPPED_OUT],
	};
}

static int net_total_read(struct devices *devices, void *row, void *out)
{
	struct system *self = (struct system *)devices;
	struct interfaces *interfaces = &self->interfaces;
	int error = interfaces_read(interfaces);

	(void)row;
	if (error < 0)
		return host_state_of(-error);
	totals_begin(&self->net);
	for (uint32_t i = 0; i < interfaces->count; i++)
		if (interfaces->all[i].there && interface_is_counted(&interfaces->all[i]))
			add(&self->net, &interfaces->all[i], i + 1);
	totals_end(&self->net);
	fill(self->net.sums, is_complete(interfaces), out);
	return STATE_OK;
}

const struct device_source net_total_source = {
	.source = {.name = "net_total",
		.sample_size = sizeof(struct darwin_net_total),
		.lane = LANE_FAST},
	.read = net_total_read,
};
