/*
 * IOReport: channels of drivers, and subscriptions to them.
 *
 *	[ioreport]
 *	takes_ns = N                a sample takes that long; 0 without. Between two of them it is
 *	                            what makes the difference where the clock stands.
 *
 *	[report_group NAME]
 *	refused = 1                 no subscription with it: NULL
 *
 *	[report GROUP / SUBGROUP / CHANNEL]      in the order of the samples; - is no subgroup
 *	unit = mJ
 *	value = NUMBER              a simple channel. none: INT64_MIN
 *	state NAME = NUMBER         or one with states, in this order
 *	every_ns = N                it publishes what it has every N ns of the clock, in between it
 *	                            shows what it had
 *	until_ns = N                it publishes nothing more after that time
 *	format = N                  another one than 1 (simple) or 2 (states)
 *
 * The library is in dl.c. A Mac without any [report ..] has the library, but no groups in it, as Intel
 * Macs and virtual machines. Channels are dictionaries here as there, and what a function with
 * Get in its name returns belongs to them.
 */
#include "private/ioreport.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parts.h"
#include "store.h"
#include "value.h"

/* --------------------------------------------------------------------------- channels */

static CFTypeRef get(CFDictionaryRef dictionary, const char *key)
{
	CFStringRef name = CFStringCreateWithCString(NULL, key, kCFStringEncodingUTF8);
	CFTypeRef value = CFDictionaryGetValue(dictionary, name);

	CFRelease(name);
	return value;
}

static CFTypeRef text(const char *bytes)
{
	return CFStringCreateWithCString(NULL, bytes, kCFStringEncodingUTF8);
}

static CFTypeRef number(int64_t value)
{
	return CFNumberCreate(NULL, kCFNumberSInt64Type, &value);
}

static int64_t number_of(CFTypeRef value)
{
	int64_t out = 0;

	if (value)
		CFNumberGetValue(value, kCFNumberSInt64Type, &out);
	return out;
}

static CFMutableArrayRef array(void)
{
	return CFArrayCreateMutable(NULL, 0, &kCFTypeArrayCallBacks);
}

static void append(CFMutableArrayRef to, CFTypeRef value)
{
	CFArrayAppendValue(to, value);
	CFRelease(value);
}

static CFMutableDictionaryRef dictionary(void)
{
	return CFDictionaryCreateMutable(
		NULL, 0, &kCFTypeDictionaryKeyCallBacks, &kCFTypeDictionaryValueCallBacks);
}

/* "GROUP / SUBGROUP / CHANNEL" */
struct names {
	char group[64], subgroup[64], channel[64];
};

static struct names split(const char *name)
{
	struct names names;
	const char *first = strstr(name, " / ");
	const char *second = first ? strstr(first + 3, " / ") : NULL;

	if (!second)
		sim_panic("[report %s] is no GROUP / SUBGROUP / CHANNEL", name);
	snprintf(names.group, sizeof names.group, "%.*s", (int)(first - name), name);
	snprintf(names.subgroup, sizeof names.subgroup, "%.*s", (int)(second - first - 3),
		first + 3);
	snprintf(names.channel, sizeof names.channel, "%s", second + 3);
	if (strcmp(names.subgroup, "-") == 0)
		names.subgroup[0] = '\0';
	return names;
}

/* What it has published by now. */
static int64_t published(const struct sim_section *section, const char *key)
{
	const char *value = sim_text(section, key, "0"), *plus = strstr(value, " + ");
	uint64_t now_ns = sim_now_ns(), every_ns = sim_u64(section, "every_ns", 1);
	uint64_t until_ns = sim_u64(section, "until_ns", UINT64_MAX);

	if (strcmp(value, "none") == 0)
		return INT64_MIN;
	if (!plus)
		return (int64_t)sim_parse(value);
	now_ns = now_ns < until_ns ? now_ns : until_ns;
	now_ns -= now_ns % every_ns;
	return strtoll(value, NULL, 0) +
	       (int64_t)((double)strtoll(plus + 3, NULL, 10) * ((double)now_ns / 1e9) + 0.5);
}

/* With values: of a sample. */
static CFMutableDictionaryRef make_channel(const struct sim_section *section, int with_values)
{
	struct names names = split(sim_name(section));
	CFMutableDictionaryRef channel = dictionary();
	CFMutableArrayRef states = array(), residencies = array();
	int has_states = 0;

	for (size_t i = 0; sim_key(section, i); i++) {
		const char *key = sim_key(section, i);
		if (strncmp(key, "state ", 6) != 0)
			continue;
		has_states = 1;
		append(states, text(key + 6));
		append(residencies, number(with_values ? published(section, key) : 0));
	}
	sim_put(channel, "section", text(sim_name(section)));
	sim_put(channel, "group", text(names.group));
	sim_put(channel, "subgroup", text(names.subgroup));
	sim_put(channel, "name", text(names.channel));
	sim_put(channel, "unit", text(sim_text(section, "unit", "")));
	sim_put(channel, "format",
		number(sim_i64(section, "format",
			has_states ? IOREPORT_FORMAT_STATE : IOREPORT_FORMAT_SIMPLE)));
	sim_put(channel, "states", states);
	sim_put(channel, "residencies", residencies);
	sim_put(channel, "value", number(with_values ? published(section, "value") : 0));
	return channel;
}

static CFMutableDictionaryRef make_list(CFMutableArrayRef channels)
{
	CFMutableDictionaryRef list = dictionary();

	sim_put(list, IOREPORT_CHANNELS, channels);
	return list;
}

static CFArrayRef channels_of(CFDictionaryRef list)
{
	CFArrayRef channels = get(list, IOREPORT_CHANNELS);

	if (!channels)
		sim_panic("IOReport was given something that has no channels");
	return channels;
}

/* --------------------------------------------------------------------------- functions */

static void copy_text(CFTypeRef string, char *out, size_t size)
{
	out[0] = '\0';
	if (string)
		CFStringGetCString(string, out, (CFIndex)size, kCFStringEncodingUTF8);
}

static CFMutableDictionaryRef copy_channels(CFStringRef group, CFStringRef subgroup,
	uint64_t zero, uint64_t also_zero, uint64_t this_too)
{
	char wanted_group[64], wanted_subgroup[64];
	CFMutableArrayRef channels;

	if (zero || also_zero || this_too)
		sim_panic("IOReportCopyChannelsInGroup: nobody knows what these arguments do");
	if (sim_enter("IOReportCopyChannelsInGroup", 0, -1))
		return NULL;
	channels = array();
	copy_text(group, wanted_group, sizeof wanted_group);
	copy_text(subgroup, wanted_subgroup, sizeof wanted_subgroup);
	for (struct sim_section *i = sim_next("report", NULL); i; i = sim_next("report", i)) {
		struct names names = split(sim_name(i));
		if (strcmp(names.group, wanted_group) == 0 &&
			(!subgroup || strcmp(names.subgroup, wanted_subgroup) == 0))
			append(channels, make_channel(i, 0));
	}
	if (CFArrayGetCount(channels))
		return make_list(channels);
	CFRelease(channels);
	return NULL;
}

static void merge_channels(
	CFMutableDictionaryRef into, CFMutableDictionaryRef from, CFTypeRef null)
{
	CFArrayRef more = channels_of(from);

	(void)null;
	sim_enter("IOReportMergeChannels", 0, -1);
	for (CFIndex i = 0; i < CFArrayGetCount(more); i++)
		CFArrayAppendValue((CFMutableArrayRef)(uintptr_t)channels_of(into),
			CFArrayGetValueAtIndex(more, i));
}

static int is_refused(CFDictionaryRef channel)
{
	char group[64];

	copy_text(get(channel, "group"), group, sizeof group);
	return sim_u64(sim_section("report_group", group), "refused", 0) != 0;
}

static IOReportSubscriptionRef create_subscription(void *null, CFMutableDictionaryRef wanted,
	CFMutableDictionaryRef *ret_subscribed, uint64_t zero, CFTypeRef null_too)
{
	CFArrayRef channels = channels_of(wanted);
	CFMutableArrayRef mine;

	(void)null, (void)zero, (void)null_too;
	if (sim_enter("IOReportCreateSubscription", 0, -1))
		return NULL;
	for (CFIndex i = 0; i < CFArrayGetCount(channels); i++)
		if (is_refused(CFArrayGetValueAtIndex(channels, i)))
			return NULL;
	mine = array();
	for (CFIndex i = 0; i < CFArrayGetCount(channels); i++)
		CFArrayAppendValue(mine, CFArrayGetValueAtIndex(channels, i));
	*ret_subscribed = make_list(mine);
	return (IOReportSubscriptionRef)dictionary();
}

static CFDictionaryRef create_samples(
	IOReportSubscriptionRef subscription, CFMutableDictionaryRef subscribed, CFTypeRef null)
{
	CFArrayRef channels = channels_of(subscribed);
	CFMutableArrayRef values;

	(void)null;
	CFDictionaryGetCount((CFDictionaryRef)subscription); /* it must still be one */
	if (sim_enter("IOReportCreateSamples", 0, -1))
		return NULL;
	values = array();
	for (CFIndex i = 0; i < CFArrayGetCount(channels); i++) {
		char name[200];
		const struct sim_section *section;
		copy_text(
			get(CFArrayGetValueAtIndex(channels, i), "section"), name, sizeof name);
		section = sim_section("report", name);
		if (section)
			append(values, make_channel(section, 1));
	}
	sim_advance(sim_u64(sim_section("ioreport", ""), "takes_ns", 0));
	return make_list(values);
}

static int64_t growth(CFTypeRef older, CFTypeRef newer)
{
	int64_t from = number_of(older), to = number_of(newer);

	return from == INT64_MIN || to == INT64_MIN ? INT64_MIN : to - from;
}

static CFMutableDictionaryRef make_growth(CFDictionaryRef older, CFDictionaryRef newer)
{
	CFMutableDictionaryRef channel = CFDictionaryCreateMutableCopy(NULL, 0, newer);
	CFArrayRef from = get(older, "residencies"), to = get(newer, "residencies");
	CFMutableArrayRef residencies = array();

	for (CFIndex i = 0; i < CFArrayGetCount(to); i++)
		append(residencies, number(growth(CFArrayGetValueAtIndex(from, i),
					    CFArrayGetValueAtIndex(to, i))));
	sim_put(channel, "residencies", residencies);
	sim_put(channel, "value", number(growth(get(older, "value"), get(newer, "value"))));
	return channel;
}

static CFDictionaryRef create_delta(
	CFDictionaryRef older, CFDictionaryRef newer, CFTypeRef null)
{
	CFArrayRef from = channels_of(older), to = channels_of(newer);
	CFMutableArrayRef channels;

	(void)null;
	if (sim_enter("IOReportCreateSamplesDelta", 0, -1))
		return NULL;
	channels = array();
	for (CFIndex i = 0; i < CFArrayGetCount(to); i++)
		for (CFIndex at = 0; at < CFArrayGetCount(from); at++) {
			CFDictionaryRef before = CFArrayGetValueAtIndex(from, at);
			CFDictionaryRef after = CFArrayGetValueAtIndex(to, i);
			if (!CFEqual(get(before, "section"), get(after, "section")))
				continue;
			append(channels, make_growth(before, after));
			break;
		}
	return make_list(channels);
}

/* ----------------------------------------------------------------------------- getters */

static CFStringRef get_group(CFDictionaryRef channel)
{
	return get(channel, "group");
}

static CFStringRef get_subgroup(CFDictionaryRef channel)
{
	return get(channel, "subgroup");
}

static CFStringRef get_name(CFDictionaryRef channel)
{
	return get(channel, "name");
}

static CFStringRef get_unit(CFDictionaryRef channel)
{
	return get(channel, "unit");
}

static int32_t get_format(CFDictionaryRef channel)
{
	return (int32_t)number_of(get(channel, "format"));
}

static int64_t get_value(CFDictionaryRef channel, int32_t zero)
{
	(void)zero;
	return number_of(get(channel, "value"));
}

static int32_t get_state_count(CFDictionaryRef channel)
{
	return (int32_t)CFArrayGetCount(get(channel, "states"));
}

static CFStringRef get_state_name(CFDictionaryRef channel, int32_t index)
{
	return CFArrayGetValueAtIndex(get(channel, "states"), index);
}

static int64_t get_residency(CFDictionaryRef channel, int32_t index)
{
	return number_of(CFArrayGetValueAtIndex(get(channel, "residencies"), index));
}

static const struct sim_symbol symbols[] = {
	{"IOReportCopyChannelsInGroup", copy_channels},
	{"IOReportMergeChannels", merge_channels},
	{"IOReportCreateSubscription", create_subscription},
	{"IOReportCreateSamples", create_samples},
	{"IOReportCreateSamplesDelta", create_delta},
	{"IOReportChannelGetGroup", get_group},
	{"IOReportChannelGetSubGroup", get_subgroup},
	{"IOReportChannelGetChannelName", get_name},
	{"IOReportChannelGetUnitLabel", get_unit},
	{"IOReportChannelGetFormat", get_format},
	{"IOReportSimpleGetIntegerValue", get_value},
	{"IOReportStateGetCount", get_state_count},
	{"IOReportStateGetNameForIndex", get_state_name},
	{"IOReportStateGetResidency", get_residency},
	{NULL, NULL},
};

const struct sim_library sim_ioreport = {IOREPORT_LIBRARY, symbols};
