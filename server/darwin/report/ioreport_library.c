#include "ioreport_library.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#include "../property.h"
#include "ioreport.h"

const struct report_group report_groups[] = {
	{"Energy Model", NULL, REPORT_ENERGY, false},
	{"PMP", "Energy Counters", REPORT_ENERGY, true}, /* of the first M1 */
	{"CPU Stats", "CPU Core Performance States", REPORT_CORES, false},
	{"GPU Stats", "GPU Performance States", REPORT_GPU, false},
};
_Static_assert(sizeof report_groups / sizeof *report_groups == REPORT_GROUPS, "all groups");

/* ---------------------------------------------------------------------------- library */

#define FUNCTION(name)                                                                         \
	{                                                                                      \
		"IOReport" #name, offsetof(struct ioreport_functions, name)                    \
	}

static const struct {
	const char *symbol;
	size_t offset;
} functions[] = {
	FUNCTION(CopyChannelsInGroup),
	FUNCTION(MergeChannels),
	FUNCTION(CreateSubscription),
	FUNCTION(CreateSamples),
	FUNCTION(CreateSamplesDelta),
	FUNCTION(ChannelGetGroup),
	FUNCTION(ChannelGetSubGroup),
	FUNCTION(ChannelGetChannelName),
	FUNCTION(ChannelGetUnitLabel),
	FUNCTION(ChannelGetFormat),
	FUNCTION(SimpleGetIntegerValue),
	FUNCTION(StateGetCount),
	FUNCTION(StateGetNameForIndex),
	FUNCTION(StateGetResidency),
};

_Static_assert(sizeof(void (*)(void)) == sizeof(void *),
	"dlsym() gives functions as pointers to data");

static bool load(struct report_library *self)
{
	void *library = dlopen(IOREPORT_LIBRARY, RTLD_LAZY | RTLD_LOCAL);

	if (!library)
		return false;
	for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
		void *function = dlsym(library, functions[i].symbol);
		if (!function)
			return false;
		memcpy((char *)&self->call + functions[i].offset, &function, sizeof function);
	}
	return true;
}

/* It stays: as a part of the shared cache it costs nothing. */
bool report_library_open(struct report_library *self)
{
	if (!self->tried)
		self->there = load(self);
	self->tried = true;
	return self->there;
}

/* ----------------------------------------------------------------------------- groups */

static CFMutableDictionaryRef copy_group(
	const struct report_library *self, const struct report_group *group)
{
	CFStringRef name = CFStringCreateWithCString(NULL, group->name, kCFStringEncodingUTF8);
	CFStringRef subgroup = NULL;
	CFMutableDictionaryRef channels;

	if (group->subgroup)
		subgroup =
			CFStringCreateWithCString(NULL, group->subgroup, kCFStringEncodingUTF8);
	channels = self->call.CopyChannelsInGroup(name, subgroup, 0, 0, 0);
	property_release(name);
	property_release(subgroup);
	return channels;
}

CFMutableDictionaryRef report_library_copy(
	const struct report_library *self, uint32_t groups, uint32_t *ret_found)
{
	CFMutableDictionaryRef all = NULL, some;
	uint32_t found = 0;

	for (uint32_t i = 0; i < REPORT_GROUPS; i++) {
		some = groups & report_groups[i].bit ? copy_group(self, &report_groups[i])
						     : NULL;
		if (!some)
			continue;
		found |= report_groups[i].bit;
		if (!all) {
			all = some;
			continue;
		}
		self->call.MergeChannels(all, some, NULL);
		CFRelease(some);
	}
	if (ret_found)
		*ret_found = found;
	return all;
}

uint32_t report_library_group(const struct report_library *self, CFDictionaryRef channel)
{
	char name[64], subgroup[64];

	property_text(self->call.ChannelGetGroup(channel), name, sizeof name);
	property_text(self->call.ChannelGetSubGroup(channel), subgroup, sizeof subgroup);
	for (uint32_t i = 0; i < REPORT_GROUPS; i++)
		if (strcmp(report_groups[i].name, name) == 0 &&
			(!report_groups[i].subgroup ||
				strcmp(report_groups[i].subgroup, subgroup) == 0))
			return i;
	return REPORT_GROUPS;
}

CFArrayRef report_library_channels(CFDictionaryRef dictionary)
{
	return dictionary ? property_array(property_get(dictionary, IOREPORT_CHANNELS)) : NULL;
}

/* ---------------------------------------------------------------------- subscriptions */

static bool try(
	struct report_subscription *self, const struct report_library *library, uint32_t groups)
{
	CFMutableDictionaryRef wanted = report_library_copy(library, groups, NULL);

	*self = (struct report_subscription){0};
	if (!wanted)
		return false;
	self->subscription =
		library->call.CreateSubscription(NULL, wanted, &self->channels, 0, NULL);
	CFRelease(wanted);
	if (self->subscription && self->channels)
		return true;
	report_unsubscribe(self);
	return false;
}

/* One group that may not be subscribed refuses all of them: which ones those are is found out by
 * trying each. */
static uint32_t find_willing(const struct report_library *library, uint32_t groups)
{
	struct report_subscription one;
	uint32_t willing = 0;

	for (uint32_t rest = groups; rest; rest &= rest - 1) {
		uint32_t bit = rest & -rest;
		if (!try(&one, library, bit))
			continue;
		willing |= bit;
		report_unsubscribe(&one);
	}
	return willing;
}

uint32_t report_subscribe(
	struct report_subscription *self, const struct report_library *library, uint32_t groups)
{
	uint32_t willing;

	if (try(self, library, groups))
		return groups;
	willing = find_willing(library, groups);
	return willing && try(self, library, willing) ? willing : 0;
}

void report_unsubscribe(struct report_subscription *self)
{
	property_release(self->subscription);
	property_release(self->channels);
	property_release(self->latest);
	*self = (struct report_subscription){0};
}

bool report_sample(struct report_subscription *self, const struct report_library *library,
	CFDictionaryRef *ret_growth)
{
	uint64_t now_ns = reports_now_ns();
	CFDictionaryRef sample =
		library->call.CreateSamples(self->subscription, self->channels, NULL);

	*ret_growth = NULL;
	if (!sample)
		return false;
	if (self->latest)
		*ret_growth = library->call.CreateSamplesDelta(self->latest, sample, NULL);
	bool good = !self->latest || *ret_growth;
	property_release(self->latest);
	self->latest = sample;
	self->latest_ns = now_ns;
	return good;
}
