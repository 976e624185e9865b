/* Questions about the chip: what IOReport counts, which frequencies there are, who uses the GPU. */
#include <stdlib.h>
#include <string.h>

#include "../registry.h"
#include "../report/ioreport_library.h"
#include "alloc.h"
#include "questions.h"

#define WATCH_NS UINT64_C(5000000000)

enum { ALL_GROUPS = -1, NAME_SIZE = 80 };

/* -------------------------------------------------------------------------- IOReport */

static void text(CFStringRef value, char out[NAME_SIZE])
{
	property_text(value, out, NAME_SIZE);
}

/* "Energy Model: PCPU mJ 5300" */
static void tell_channel(const struct asking *self, const struct report_library *library,
	CFDictionaryRef channel)
{
	char group[NAME_SIZE], name[NAME_SIZE], unit[NAME_SIZE];

	text(library->call.ChannelGetGroup(channel), group);
	text(library->call.ChannelGetChannelName(channel), name);
	if (library->call.ChannelGetFormat(channel) == IOREPORT_FORMAT_STATE) {
		tell(self, "%s: %s, %d states", group, name,
			library->call.StateGetCount(channel));
		return;
	}
	text(library->call.ChannelGetUnitLabel(channel), unit);
	tell(self, "%s: %s, %lld %s", group, name,
		(long long)library->call.SimpleGetIntegerValue(channel, 0), unit);
}

static void tell_growth(const struct asking *self, const struct report_library *library,
	struct report_subscription *subscription)
{
	CFDictionaryRef growth = NULL;
	CFArrayRef channels;

	if (!report_sample(subscription, library, &growth)) {
		tell(self, "no sample");
		return;
	}
	property_release(growth);
	growth = NULL;
	wait_a_while(WATCH_NS);
	if (!report_sample(subscription, library, &growth) || !growth) {
		tell(self, "no second sample");
		return;
	}
	channels = report_library_channels(growth);
	for (size_t i = 0; i < property_count(channels); i++)
		tell_channel(self, library, property_dictionary(property_at(channels, i)));
	property_release(growth);
}

void ask_ioreport(const struct asking *self)
{
	struct report_library library = {0};
	struct report_subscription subscription = {0};
	uint32_t found = 0, subscribed;
	CFMutableDictionaryRef channels;

	if (!report_library_open(&library)) {
		tell(self, "there is no libIOReport, or not all of it");
		return;
	}
	channels = report_library_copy(&library, (uint32_t)ALL_GROUPS, &found);
	property_release(channels);
	subscribed = report_subscribe(&subscription, &library, found);
	tell(self, "groups found 0x%x, subscribed 0x%x; in 5 s:", found, subscribed);
	if (subscribed)
		tell_growth(self, &library, &subscription);
	report_unsubscribe(&subscription);
}

/* ----------------------------------------------------------------------- frequencies */

static void tell_states(const struct asking *self, CFDictionaryRef properties)
{
	CFIndex count = CFDictionaryGetCount(properties);
	const void **keys = xcalloc((size_t)count + 1, sizeof *keys);
	const void **values = xcalloc((size_t)count + 1, sizeof *values);

	CFDictionaryGetKeysAndValues(properties, keys, values);
	for (CFIndex i = 0; i < count; i++) {
		char name[NAME_SIZE];
		size_t length;
		const uint8_t *bytes = property_bytes(values[i], &length);
		property_text(keys[i], name, sizeof name);
		if (bytes && strncmp(name, "voltage-states", 14) == 0)
			tell(self, "%s: %zu bytes, %zu states", name, length, length / 8);
	}
	free(keys);
	free(values);
}

void ask_frequencies(const struct asking *self)
{
	struct registry_walk walk;
	io_name_t name;
	bool found = false;

	for (registry_services(&walk, "AppleARMIODevice"); registry_next(&walk);) {
		registry_name(walk.entry, name);
		if (strcmp(name, "pmgr") != 0)
			continue;
		CFDictionaryRef properties = registry_properties(walk.entry);
		found = true;
		if (properties)
			tell_states(self, properties);
		property_release(properties);
	}
	if (!found)
		tell(self, "there is no pmgr");
}

/* ------------------------------------------------------------------------------ GPU */

/* Of all clients together. */
struct gpu_use {
	unsigned clients, with_usage;
	uint64_t time_ns;
};

static void add_client(struct gpu_use *self, io_registry_entry_t client)
{
	CFTypeRef value = registry_property(client, "AppUsage");
	CFArrayRef usage = property_array(value);
	uint64_t time_ns;

	self->clients++;
	self->with_usage += value != NULL;
	for (size_t i = 0; i < property_count(usage); i++) {
		CFDictionaryRef interface = property_dictionary(property_at(usage, i));
		if (property_u64(property_get(interface, "accumulatedGPUTime"), &time_ns))
			self->time_ns += time_ns;
	}
	property_release(value);
}

static struct gpu_use add_clients(io_registry_entry_t accelerator)
{
	struct gpu_use use = {0, 0, 0};
	struct registry_walk walk;

	for (registry_children(&walk, accelerator); registry_next(&walk);)
		add_client(&use, walk.entry);
	return use;
}

/* What the clients used in a second ought to be what the device says of itself. */
static void tell_accelerator(const struct asking *self, io_registry_entry_t entry)
{
	struct gpu_use before = add_clients(entry), after;
	CFTypeRef statistics;
	uint64_t busy = 0;
	bool is_told;
	io_name_t name;

	wait_a_while(UINT64_C(1000000000));
	after = add_clients(entry);
	statistics = registry_property(entry, "PerformanceStatistics");
	is_told = property_u64(
		property_get(property_dictionary(statistics), "Device Utilization %"), &busy);
	registry_class(entry, name);
	tell(self, "%s: %u children, %u with AppUsage, %s PerformanceStatistics", name,
		after.clients, after.with_usage, statistics ? "has" : "no");
	tell(self, "all clients in a second: %lld ns",
		(long long)(after.time_ns - before.time_ns));
	if (is_told)
		tell(self, "Device Utilization: %llu %%", (unsigned long long)busy);
	property_release(statistics);
}

void ask_gpu_clients(const struct asking *self)
{
	struct registry_walk walk;
	bool found = false;

	for (registry_services(&walk, "IOAccelerator"); registry_next(&walk); found = true)
		tell_accelerator(self, walk.entry);
	if (!found)
		tell(self, "there is no IOAccelerator");
}
