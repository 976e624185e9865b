/*
 * Interface MIB: what the kernel keeps of each network interface, by sysctl. Not NET_RT_IFLIST2,
 * whose bytes are cut to 32 bits for programs that Apple has not signed.
 * xnu: bsd/net/if_mib.h, bsd/net/if_mib.c.
 */
#ifndef DARWIN_IFMIB_H
#define DARWIN_IFMIB_H

#include <net/if.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* {CTL_NET, PF_LINK, NETLINK_GENERIC, IFMIB_SYSTEM, IFMIB_IFCOUNT}: the largest index */
/* {CTL_NET, PF_LINK, NETLINK_GENERIC, IFMIB_IFDATA, index, IFDATA_GENERAL}: struct ifmibdata; ENOENT
 * for an index that no interface has */
#define NETLINK_GENERIC 0
#define IFMIB_SYSTEM    1
#define IFMIB_IFDATA    2
#define IFMIB_IFCOUNT   1
#define IFDATA_GENERAL  1

struct ifmibdata {
	char ifmd_name[16];
	uint32_t ifmd_pcount; /* promiscuous listeners */
	uint32_t ifmd_flags;  /* IFF_* */
	uint32_t ifmd_snd_len, ifmd_snd_maxlen, ifmd_snd_drops;
	uint32_t ifmd_filler[4];
	struct if_data64 ifmd_data;
};

_Static_assert(sizeof(struct if_data64) == 128, "if_data64");
_Static_assert(sizeof(struct ifmibdata) == 180, "ifmibdata");
_Static_assert(offsetof(struct ifmibdata, ifmd_flags) == 20, "ifmd_flags");
_Static_assert(offsetof(struct ifmibdata, ifmd_data) == 52, "ifmd_data");
_Static_assert(offsetof(struct ifmibdata, ifmd_data.ifi_ipackets) == 76, "ifi_ipackets");
_Static_assert(offsetof(struct ifmibdata, ifmd_data.ifi_opackets) == 92, "ifi_opackets");
_Static_assert(offsetof(struct ifmibdata, ifmd_data.ifi_ibytes) == 116, "ifi_ibytes");
_Static_assert(offsetof(struct ifmibdata, ifmd_data.ifi_obytes) == 124, "ifi_obytes");
_Static_assert(PF_LINK == 18, "PF_LINK");

/* ifi_type: bsd/net/if_types.h */
#define IFT_OTHER         0x01
#define IFT_ETHER         0x06
#define IFT_PPP           0x17
#define IFT_LOOP          0x18
#define IFT_GIF           0x37
#define IFT_STF           0x39
#define IFT_L2VLAN        0x87
#define IFT_IEEE8023ADLAG 0x88
#define IFT_BRIDGE        0xd1
#define IFT_CELLULAR      0xff

/* ifi_baudrate of a link whose speed is not known. */
#define BAUDRATE_UNKNOWN UINT32_MAX

#endif
