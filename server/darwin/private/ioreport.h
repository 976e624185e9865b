/*
 * IOReport: /usr/lib/libIOReport.dylib, which has no header and no file: dlopen() finds it in the
 * shared cache. Taken by dlopen(), so that a Mac without it lacks a table and not the server. What is
 * known of it is in vladkens/macmon (src_lib/sources.rs) and in exelban/stats (bridge.h);
 * IOReportTypes.h of apple-oss-distributions/xnu (iokit/IOKit) has the formats of channels.
 *
 * Copy and Create give what is ours, Get what belongs to the argument, as in CoreFoundation.
 */
#ifndef DARWIN_PRIVATE_IOREPORT_H
#define DARWIN_PRIVATE_IOREPORT_H

#include <stdint.h>

#include "cf.h"

#define IOREPORT_LIBRARY "/usr/lib/libIOReport.dylib"
/* In samples: a CFArray of channels, which are CFDictionaries. */
#define IOREPORT_CHANNELS "IOReportChannels"

/* IOReportTypes.h: kIOReportFormatSimple and kIOReportFormatState. */
enum { IOREPORT_FORMAT_SIMPLE = 1, IOREPORT_FORMAT_STATE = 2 };

/* An object of CoreFoundation. */
typedef struct IOReportSubscription *IOReportSubscriptionRef;

/* The functions of those names, without "IOReport". */
struct ioreport_functions {
	/* The subgroup may be NULL: any. NULL: there is no such group. */
	CFMutableDictionaryRef (*CopyChannelsInGroup)(CFStringRef group, CFStringRef subgroup,
		uint64_t zero, uint64_t also_zero, uint64_t this_too);
	void (*MergeChannels)(
		CFMutableDictionaryRef into, CFMutableDictionaryRef from, CFTypeRef null);
	/* NULL: one of the groups may not be subscribed. */
	IOReportSubscriptionRef (*CreateSubscription)(void *null, CFMutableDictionaryRef wanted,
		CFMutableDictionaryRef *ret_subscribed, uint64_t zero, CFTypeRef null_too);
	CFDictionaryRef (*CreateSamples)(IOReportSubscriptionRef self,
		CFMutableDictionaryRef subscribed, CFTypeRef null);
	CFDictionaryRef (*CreateSamplesDelta)(
		CFDictionaryRef older, CFDictionaryRef newer, CFTypeRef null);
	CFStringRef (*ChannelGetGroup)(CFDictionaryRef channel);
	CFStringRef (*ChannelGetSubGroup)(CFDictionaryRef channel);
	CFStringRef (*ChannelGetChannelName)(CFDictionaryRef channel);
	CFStringRef (*ChannelGetUnitLabel)(CFDictionaryRef channel);
	int32_t (*ChannelGetFormat)(CFDictionaryRef channel);
	/* INT64_MIN: the channel told nothing in that time. */
	int64_t (*SimpleGetIntegerValue)(CFDictionaryRef channel, int32_t zero);
	int32_t (*StateGetCount)(CFDictionaryRef channel);
	CFStringRef (*StateGetNameForIndex)(CFDictionaryRef channel, int32_t index);
	int64_t (*StateGetResidency)(CFDictionaryRef channel, int32_t index);
};

#endif
