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

static void tell_accelerator(const struct asking *self, io_registry_entry_t entry)
{
	struct registry_walk walk;
	io_name_t name;
	unsigned clients = 0, with_usage = 0;
	CFTypeRef statistics = registry_property(entry, "PerformanceStatistics");

	for (registry_children(&walk, entry); registry_next(&walk);) {
		CFTypeRef usage = registry_property(walk.entry, "AppUsage");
		clients++;
		with_usage += usage != NULL;
		property_release(usage);
	}
	registry_class(entry, name);
	tell(self, "%s: %u children, %u with AppUsage, %s PerformanceStatistics", name, clients,
		with_usage, statistics ? "has" : "no");
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
