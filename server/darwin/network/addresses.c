/*
 * Source net_addresses: the addresses of an interface, by sysctl NET_RT_IFLIST: a message about
 * the interface, then one for each address. Each has some socket addresses behind it, in the order
 * of RTAX_*, each rounded up to 4 bytes. xnu: bsd/net/rtsock.c.
 */
#include <errno.h>
#include <net/if_dl.h>
#include <net/route.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysctl.h>

#include "alloc.h"
#include "network.h"

enum { TRIES = 4 };

/* ------------------------------------------------------------------- what is said */

/* What stands in a message behind its head, by RTAX_*; NULL: nothing. */
struct parts {
	const unsigned char *part[RTAX_MAX];
};

/* A part has its length in its first byte, the family in the second. */
static struct parts parts_of(const unsigned char *at, const unsigned char *end, int which)
{
	struct parts parts = {{NULL}};

	for (int i = 0; i < RTAX_MAX && at < end; i++) {
		size_t length = *at;
		if (!(which & 1 << i))
			continue;
		if (length > (size_t)(end - at))
			break;
		if (length)
			parts.part[i] = at;
		length = length ? (length + 3) & ~(size_t)3 : 4;
		at = length < (size_t)(end - at) ? at + length : end;
	}
	return parts;
}

static int prefix_of(const unsigned char *mask, size_t offset)
{
	int bits = 0;

	for (size_t i = offset; mask && i < mask[0]; i++)
		for (int bit = 0x80; bit; bit >>= 1) {
			if (!(mask[i] & bit))
				return bits;
			bits++;
		}
	return bits;
}

/* ---------------------------------------------------------------- what is written */

static void append(char *text, size_t size, const char *piece)
{
	size_t length = strlen(text);

	if (length + strlen(piece) + 2 <= size)
		snprintf(text + length, size - length, "%s%s", length ? "," : "", piece);
}

static void write_hardware(struct network *self, const unsigned char *part)
{
	const struct sockaddr_dl *link = (const struct sockaddr_dl *)(const void *)part;
	size_t from = offsetof(struct sockaddr_dl, sdl_data) + (part ? link->sdl_nlen : 0);

	if (!part || part[1] != AF_LINK || link->sdl_alen < 6 ||
		from + link->sdl_alen > part[0])
		return;
	for (size_t i = 0; i < link->sdl_alen && i < 20; i++)
		snprintf(self->hardware + i * 3 - (i > 0), 4, "%s%02x", i ? ":" : "",
			part[from + i]);
}

/* The longest run of zeros, if it is longer than one, is left out. RFC 5952. */
static void find_zeros(const unsigned char *bytes, int *ret_from, int *ret_to)
{
	*ret_from = *ret_to = -1;
	for (int from = 0, to; from < 8; from = to + 1) {
		for (to = from; to < 8 && !bytes[2 * to] && !bytes[2 * to + 1]; to++)
			;
		if (to - from > 1 && to - from > *ret_to - *ret_from) {
			*ret_from = from;
			*ret_to = to;
		}
	}
}

static void write_v6(char *out, size_t size, const unsigned char *bytes)
{
	int from, to;

	find_zeros(bytes, &from, &to);
	*out = '\0';
	for (int i = 0; i < 8; i++) {
		size_t length = strlen(out);
		if (i == from) {
			snprintf(out + length, size - length, "::");
			i = to - 1;
			continue;
		}
		snprintf(out + length, size - length, "%s%x", i && i != to ? ":" : "",
			(unsigned)bytes[2 * i] << 8 | bytes[2 * i + 1]);
	}
}

static void write_internet(struct network *self, const struct parts *parts)
{
	const unsigned char *part = parts->part[RTAX_IFA], *mask = parts->part[RTAX_NETMASK];
	unsigned char bytes[16];
	char text[64], piece[80];
	size_t at;

	if (part && part[1] == AF_INET && part[0] >= sizeof(struct sockaddr_in)) {
		at = offsetof(struct sockaddr_in, sin_addr);
		snprintf(text, sizeof text, "%d.%d.%d.%d", part[at], part[at + 1], part[at + 2],
			part[at + 3]);
	} else if (part && part[1] == AF_INET6 && part[0] >= sizeof(struct sockaddr_in6)) {
		at = offsetof(struct sockaddr_in6, sin6_addr);
		memcpy(bytes, part + at, sizeof bytes);
		if (bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80)
			bytes[2] = bytes[3] =
				0; /* the kernel has the interface's index there */
		write_v6(text, sizeof text, bytes);
	} else {
		return;
	}
	snprintf(piece, sizeof piece, "%s/%d", text, prefix_of(mask, at));
	append(self->internet, sizeof self->internet, piece);
}

static void take_message(struct network *self, const unsigned char *at, size_t length)
{
	const struct if_msghdr *about = (const struct if_msghdr *)(const void *)at;
	const struct ifa_msghdr *address = (const struct ifa_msghdr *)(const void *)at;
	struct parts parts;

	if (about->ifm_type == RTM_IFINFO && length >= sizeof *about) {
		parts = parts_of(at + sizeof *about, at + length, about->ifm_addrs);
		write_hardware(self, parts.part[RTAX_IFP]);
	} else if (about->ifm_type == RTM_NEWADDR && length >= sizeof *address) {
		parts = parts_of(at + sizeof *address, at + length, address->ifam_addrs);
		write_internet(self, &parts);
	}
}

/* ----------------------------------------------------------------------- the call */

/* 0, or an errno. What there is may grow between two calls. */
static int ask(struct network *self, uint32_t index, size_t *ret_length)
{
	int name[] = {CTL_NET, PF_ROUTE, 0, 0, NET_RT_IFLIST, (int)index};

	for (int i = 0; i < TRIES; i++) {
		*ret_length = self->message_size;
		if (self->message_size &&
			sysctl(name, 6, self->message, ret_length, NULL, 0) == 0)
			return 0;
		if (self->message_size && errno != ENOMEM)
			return errno;
		self->message_size = self->message_size ? self->message_size * 2 : 4096;
		self->message = xreallocarray(self->message, self->message_size, 1);
	}
	return ENOMEM;
}

static int addresses_read(struct devices *devices, void *memory, void *out)
{
	struct network *self = (struct network *)devices;
	const struct network_row *row = memory;
	const unsigned char *at, *end;
	size_t length;
	int error = ask(self, row->index, &length);

	if (error)
		return host_state_of(error);
	*self->hardware = *self->internet = '\0';
	at = (const unsigned char *)self->message;
	for (end = at + length; end - at >= 4; at += length) {
		uint16_t size;
		memcpy(&size, at, sizeof size);
		length = size;
		if (length < 4 || length > (size_t)(end - at))
			break;
		take_message(self, at, length);
	}
	*(struct darwin_net_addresses *)out = (struct darwin_net_addresses){
		.hardware = device_text(self->hardware),
		.internet = device_text(self->internet),
	};
	return STATE_OK;
}

const struct device_source net_addresses_source = {
	.source = {.name = "net_addresses",
		.sample_size = sizeof(struct darwin_net_addresses),
		.lane = LANE_FAST},
	.read = addresses_read,
};
