/*
 * Network interfaces, by sysctl: the interface MIB and NET_RT_IFLIST.
 *
 *	[interface NAME]
 *	index = NUMBER                     flags = NUMBER (IFF_*)      type = NUMBER (IFT_*)
 *	mtu baudrate ipackets opackets ibytes obytes ierrors oerrors collisions imcasts iqdrops
 *	snd_drops = NUMBER                 0 without
 *	mac = HEX                          inet = A.B.C.D/PREFIX, more with blanks
 *	inet6 = 32 HEX DIGITS/PREFIX, more with blanks
 *
 * The number of interfaces is the largest index; what lies between is a gap. Calls are counted as
 * "ifmib", by IFMIB_SYSTEM (1) or IFMIB_IFDATA (2) and the index; and as "iflist" by the index.
 */
#include <errno.h>
#include <net/if_dl.h>
#include <net/route.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysctl.h>

#include "parts.h"
#include "private/ifmib.h"
#include "store.h"

static int fail(int number)
{
	sim_set_errno(number);
	return -1;
}

static const struct sim_section *find_interface(int index)
{
	for (struct sim_section *i = sim_next("interface", NULL); i;
		i = sim_next("interface", i))
		if (sim_u64(i, "index", 0) == (uint64_t)index)
			return i;
	return NULL;
}

static int count_interfaces(void)
{
	int count = 0;

	for (struct sim_section *i = sim_next("interface", NULL); i;
		i = sim_next("interface", i))
		if ((int)sim_u64(i, "index", 0) > count)
			count = (int)sim_u64(i, "index", 0);
	return count;
}

/* ------------------------------------------------------------------------------ MIB */

static int answer_data(int index, void *old, size_t *length)
{
	const struct sim_section *i = find_interface(index);
	struct ifmibdata data = {.ifmd_flags = (uint32_t)sim_u64(i, "flags", 0),
		.ifmd_snd_drops = (uint32_t)sim_u64(i, "snd_drops", 0)};

	if (!i)
		return fail(ENOENT);
	strncpy(data.ifmd_name, sim_name(i), sizeof data.ifmd_name);
	data.ifmd_data.ifi_type = (unsigned char)sim_u64(i, "type", IFT_ETHER);
	data.ifmd_data.ifi_mtu = (uint32_t)sim_u64(i, "mtu", 0);
	data.ifmd_data.ifi_baudrate = sim_u64(i, "baudrate", 0);
	data.ifmd_data.ifi_ipackets = sim_u64(i, "ipackets", 0);
	data.ifmd_data.ifi_ierrors = sim_u64(i, "ierrors", 0);
	data.ifmd_data.ifi_opackets = sim_u64(i, "opackets", 0);
	data.ifmd_data.ifi_oerrors = sim_u64(i, "oerrors", 0);
	data.ifmd_data.ifi_collisions = sim_u64(i, "collisions", 0);
	data.ifmd_data.ifi_ibytes = sim_u64(i, "ibytes", 0);
	data.ifmd_data.ifi_obytes = sim_u64(i, "obytes", 0);
	data.ifmd_data.ifi_imcasts = sim_u64(i, "imcasts", 0);
	data.ifmd_data.ifi_iqdrops = sim_u64(i, "iqdrops", 0);
	return sim_answer(&data, sizeof data, old, length);
}

int sim_sysctl_ifmib(const int *name, unsigned count, void *old, size_t *length)
{
	int interfaces, error;

	if (count < 5 || name[0] != CTL_NET || name[1] != PF_LINK || name[2] != NETLINK_GENERIC)
		return SIM_NOT_MINE;
	error = sim_enter("ifmib", name[3], name[4]);
	if (error)
		return fail(error);
	if (name[3] == IFMIB_SYSTEM && name[4] == IFMIB_IFCOUNT) {
		interfaces = count_interfaces();
		return sim_answer(&interfaces, sizeof interfaces, old, length);
	}
	if (count == 6 && name[3] == IFMIB_IFDATA && name[5] == IFDATA_GENERAL)
		return answer_data(name[4], old, length);
	return fail(ENOENT);
}

/* ---------------------------------------------------------------------- NET_RT_IFLIST */

struct message {
	unsigned char bytes[32768];
	size_t length;
};

/* Socket addresses are rounded up to 4 bytes. */
static void put(struct message *message, const void *bytes, size_t length)
{
	memcpy(message->bytes + message->length, bytes, length);
	message->length += (length + 3) & ~(size_t)3;
}

static void put_about(struct message *message, const struct sim_section *i, int index)
{
	struct if_msghdr head = {.ifm_type = RTM_IFINFO,
		.ifm_addrs = RTA_IFP,
		.ifm_index = (unsigned short)index};
	struct sockaddr_dl link = {.sdl_family = AF_LINK, .sdl_index = (unsigned short)index};
	unsigned char part[64] = {0};

	link.sdl_nlen = (unsigned char)strlen(sim_name(i));
	link.sdl_alen = (unsigned char)sim_bytes(
		i, "mac", part + offsetof(struct sockaddr_dl, sdl_data) + link.sdl_nlen, 20);
	link.sdl_len = (unsigned char)(offsetof(struct sockaddr_dl, sdl_data) + link.sdl_nlen +
				       link.sdl_alen);
	memcpy(part, &link, offsetof(struct sockaddr_dl, sdl_data));
	memcpy(part + offsetof(struct sockaddr_dl, sdl_data), sim_name(i), link.sdl_nlen);
	head.ifm_msglen = (unsigned short)(sizeof head + ((link.sdl_len + 3u) & ~3u));
	put(message, &head, sizeof head);
	put(message, part, link.sdl_len);
}

/* The kernel leaves out the zeros at the end of a mask. */
static size_t make_mask(unsigned char *mask, size_t offset, long bits)
{
	memset(mask, 0, 32);
	for (long i = 0; i < bits; i++)
		mask[offset + (size_t)i / 8] |= (unsigned char)(0x80 >> i % 8);
	mask[0] = (unsigned char)(offset + (size_t)(bits + 7) / 8);
	return mask[0];
}

static void put_address(
	struct message *message, int index, const unsigned char *part, size_t offset, long bits)
{
	struct ifa_msghdr head = {.ifam_type = RTM_NEWADDR,
		.ifam_addrs = RTA_NETMASK | RTA_IFA,
		.ifam_index = (unsigned short)index};
	unsigned char mask[32];
	size_t length = make_mask(mask, offset, bits);

	head.ifam_msglen = (unsigned short)(sizeof head + ((length + 3) & ~(size_t)3) +
					    ((part[0] + 3u) & ~3u));
	put(message, &head, sizeof head);
	put(message, mask, length);
	put(message, part, part[0]);
}

static void put_v4(struct message *message, int index, const char *text)
{
	while (*text) {
		struct sockaddr_in address = {.sin_len = sizeof address, .sin_family = AF_INET};
		unsigned char *bytes = (unsigned char *)&address.sin_addr;
		char *end = (char *)text - 1;
		for (int i = 0; i < 4; i++)
			bytes[i] = (unsigned char)strtoul(end + 1, &end, 10);
		put_address(message, index, (unsigned char *)&address,
			offsetof(struct sockaddr_in, sin_addr), strtol(end + 1, &end, 10));
		text = end + strspn(end, " ");
	}
}

static void put_v6(struct message *message, int index, const char *text)
{
	while (*text) {
		struct sockaddr_in6 address = {
			.sin6_len = sizeof address, .sin6_family = AF_INET6};
		char digits[33] = "", *end;
		strncpy(digits, text, 32);
		sim_hex(digits, &address.sin6_addr, 16);
		long bits = strtol(text + 33, &end, 10);
		put_address(message, index, (unsigned char *)&address,
			offsetof(struct sockaddr_in6, sin6_addr), bits);
		text = end + strspn(end, " ");
	}
}

int sim_sysctl_iflist(const int *name, unsigned count, void *old, size_t *length)
{
	struct message message = {.length = 0};
	const struct sim_section *i;
	int error;

	if (count != 6 || name[0] != CTL_NET || name[1] != PF_ROUTE || name[4] != NET_RT_IFLIST)
		return SIM_NOT_MINE;
	error = sim_enter("iflist", 0, name[5]);
	if (error)
		return fail(error);
	i = find_interface(name[5]);
	if (i) {
		put_about(&message, i, name[5]);
		put_v4(&message, name[5], sim_text(i, "inet", ""));
		put_v6(&message, name[5], sim_text(i, "inet6", ""));
	}
	return sim_answer(message.bytes, message.length, old, length);
}
