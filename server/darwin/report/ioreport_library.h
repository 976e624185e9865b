/*
 * Ioreport library: groups, subscriptions and samples of libIOReport.
 */
#ifndef DARWIN_IOREPORT_LIBRARY_H
#define DARWIN_IOREPORT_LIBRARY_H

#include <stdbool.h>
#include <stdint.h>

#include "../private/ioreport.h"

struct report_library {
	struct ioreport_functions call;
	bool tried, there;
};

/* False: this Mac does not have it, or not all of it. Looks once. */
bool report_library_open(struct report_library *self);

/* Groups are the bits of ioreport.h; a bit can be more than one group of IOReport. */
struct report_group {
	const char *name, *subgroup; /* NULL: any */
	uint32_t bit;
	bool spare; /* for what the other group of that bit does not have */
};
extern const struct report_group report_groups[];
enum { REPORT_GROUPS = 4 };

/* Channels of these groups together, for the caller; NULL: there are none. *ret_found: bits of
 * those that there are; it may be NULL. */
CFMutableDictionaryRef report_library_copy(
	const struct report_library *self, uint32_t groups, uint32_t *ret_found);
/* The group of a channel, as an index of report_groups; REPORT_GROUPS: another one. */
uint32_t report_library_group(const struct report_library *self, CFDictionaryRef channel);
/* The channels of a sample, or of a copy; they belong to it. */
CFArrayRef report_library_channels(CFDictionaryRef dictionary);

struct report_subscription {
	IOReportSubscriptionRef subscription; /* NULL: there is none */
	CFMutableDictionaryRef channels;
	CFDictionaryRef latest; /* sample; NULL: not yet */
	uint64_t latest_ns;
};

/* Returns the bits of the groups that could be subscribed. */
uint32_t report_subscribe(struct report_subscription *self,
	const struct report_library *library, uint32_t groups);
void report_unsubscribe(struct report_subscription *self);
/*
 * Takes a sample. *ret_growth is what came since the one before, for the caller; NULL if this is
 * the first. False: it failed.
 */
bool report_sample(struct report_subscription *self, const struct report_library *library,
	CFDictionaryRef *ret_growth);

#endif
