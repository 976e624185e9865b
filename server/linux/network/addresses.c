/*
 * Source net_addresses: the IP addresses of an interface, by rtnetlink(7). The kernel is asked
 * for one interface; those of before 4.20 tell of all. The answer may wait for a lock that is
 * held while drivers talk to their cards: slow lane.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "alloc.h"
#include "network.h"

enum { ADDRESSES_TEXT = 1024 };

/* One attribute of a message: its bytes and their number; NULL: there is none. */
static const unsigned char *attribute_of(
	const unsigned char *at, size_t left, uint16_t type, size_t *ret_length)
{
	struct rtattr header;

	while (left >= sizeof header) {
		memcpy(&header, at, sizeof header);
		if (header.rta_len < sizeof header || header.rta_len > left)
			return NULL;
		*ret_length = header.rta_len - sizeof header;
		if (header.rta_type == type)
			return at + sizeof header;
		size_t step = RTA_ALIGN(header.rta_len);
		if (step > left)
			return NULL;
		at += step;
		left -= step;
	}
	return NULL;
}

/* Where there is no room any more, the text ends with "...". */
static void add_address(char *text, size_t size, const char *address, unsigned prefix)
{
	size_t used = strlen(text);

	if (used >= 3 && strcmp(text + used - 3, "...") == 0)
		return;
	if (used + strlen(address) + sizeof ",/128,..." > size)
		snprintf(text + used, size - used, "%s...", used ? "," : "");
	else
		snprintf(text + used, size - used, "%s%s/%u", used ? "," : "", address, prefix);
}

/* Of a link between two points IFA_ADDRESS is the other one. */
static void take_address(
	const unsigned char *body, size_t length, uint64_t index, char *text, size_t size)
{
	char address[INET6_ADDRSTRLEN];
	const unsigned char *bytes;
	struct ifaddrmsg message;
	size_t needed, found = 0;

	if (length < sizeof message)
		return;
	memcpy(&message, body, sizeof message);
	if (message.ifa_index != index ||
		(message.ifa_family != AF_INET && message.ifa_family != AF_INET6))
		return;
	body += NLMSG_ALIGN(sizeof message);
	length -= sizeof message;
	bytes = attribute_of(body, length, IFA_LOCAL, &found);
	if (!bytes)
		bytes = attribute_of(body, length, IFA_ADDRESS, &found);
	needed = message.ifa_family == AF_INET ? 4 : 16;
	if (bytes && found == needed &&
		inet_ntop(message.ifa_family, bytes, address, sizeof address))
		add_address(text, size, address, message.ifa_prefixlen);
}

int net_addresses_parse(
	const void *bytes, size_t length, uint64_t index, char *text, size_t size)
{
	const unsigned char *at = bytes;
	struct nlmsghdr header;

	while (length >= sizeof header) {
		memcpy(&header, at, sizeof header);
		if (header.nlmsg_len < sizeof header || header.nlmsg_len > length)
			return -EBADMSG;
		if (header.nlmsg_type == NLMSG_DONE)
			return 1;
		if (header.nlmsg_type == NLMSG_ERROR)
			return -EBADMSG;
		if (header.nlmsg_type == RTM_NEWADDR)
			take_address(at + NLMSG_HDRLEN, header.nlmsg_len - sizeof header, index,
				text, size);
		size_t step = NLMSG_ALIGN(header.nlmsg_len);
		if (step >= length)
			break;
		at += step;
		length -= step;
	}
	return 0;
}

/* ------------------------------------------------------------------- the socket */

static int ask(int link, uint64_t index)
{
	struct {
		struct nlmsghdr header;
		struct ifaddrmsg message;
	} request = {
		.header = {.nlmsg_len = sizeof request,
			.nlmsg_type = RTM_GETADDR,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.message = {.ifa_index = (unsigned)index},
	};
	int on = 1;

	setsockopt(link, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof on);
	return send(link, &request, sizeof request, 0) < 0 ? -errno : 0;
}

static int hear(int link, uint64_t index, char *text, size_t size)
{
	enum { ROOM = 32768 }; /* the most that the kernel sends at a time */
	char *bytes = xcalloc(1, ROOM);
	int result = 0;

	while (result == 0) {
		ssize_t length = recv(link, bytes, ROOM, 0);
		if (length < 0 && errno == EINTR)
			continue;
		result = length <= 0 ? -EIO
				     : net_addresses_parse(
					       bytes, (size_t)length, index, text, size);
	}
	free(bytes);
	return result;
}

static int read_addresses(uint64_t index, char *text, size_t size)
{
	int link = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct timeval patience = {.tv_sec = 5};
	int result;

	if (link < 0)
		return -errno;
	*text = '\0';
	setsockopt(link, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	result = ask(link, index);
	if (result == 0)
		result = hear(link, index, text, size);
	close(link);
	return result;
}

/* ------------------------------------------------------------------- the source */

static const char *unsupported(const struct host *host, enum cell_state *ret_state)
{
	(void)ret_state;
	return host->native ? NULL
			    : "the interfaces in another --procfs are not those of the server";
}

static int addresses_prepare(struct devices *self, void *memory, void **ret_data)
{
	const struct interface *row = memory;
	uint64_t *index;

	(void)self;
	if (!row->index)
		return STATE_NONE;
	index = xcalloc(1, sizeof *index);
	*index = row->index;
	*ret_data = index;
	return STATE_OK;
}

static int addresses_run(void *data, struct job *job)
{
	const uint64_t *index = data;
	struct linux_net_addresses *sample = job->sample;
	int result = read_addresses(*index, job->text, ADDRESSES_TEXT);

	if (result < 0)
		return (int)sysfs_state(result);
	sample->text = device_text(job->text);
	return STATE_OK;
}

const struct device_source net_addresses_source = {
	.source = {.name = "net_addresses",
		.sample_size = sizeof(struct linux_net_addresses),
		.text_size = ADDRESSES_TEXT,
		.lane = LANE_SLOW,
		.period_ns = UINT64_C(10000000000)},
	.unsupported = unsupported,
	.prepare = addresses_prepare,
	.run = addresses_run,
};
