/*
 * Source net_total: /proc/net/dev, all network interfaces of the machine together.
 *
 * An interface counts if it has hardware behind it (/sys/class/net/NAME/device) and no other
 * interface below it (lower_*): what goes through bridges, bonds, VLANs and tunnels is counted
 * there. In a container there is often no such interface; then those count that are one end of a
 * link to outside of the container (veth, macvlan, ipvlan: Ethernet, and `iflink` is the number of
 * an interface elsewhere). The loopback never counts.
 *
 * /sys/class/net may be about another network namespace, in containers that were given the host's.
 * Then there is an interface of which nothing is known, and no sum either.
 *
 * Both files are those of our network namespace. By a procfs that is not that of our pid namespace,
 * such as the host's seen from inside of a container, they are those of its first process.
 */
#include <dirent.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "../read.h"
#include "fields.h"
#include "system.h"

/* Columns behind the name, from 0; and what is made of them: struct linux_net_total. */
enum { COLUMNS = 16, NET_TOTALS = 8 };
static const uint8_t columns[NET_TOTALS] = {0, 1, 2, 3, 8, 9, 10, 11};

#define LOOK_NS UINT64_C(5000000000)

enum interface_rank { NO_INTERFACE = 1, LINK_OUTSIDE, HARDWARE, UNKNOWN };

struct interface_line {
	char name[TOTALS_NAME_MAX];
	uint64_t values[NET_TOTALS];
};

/* "  eth0: 1 2 3 ...". Names may have colons (eth0:1 of old) but no blanks. */
static int scan_interface(struct scan line, struct interface_line *ret)
{
	int64_t numbers[COLUMNS];
	const char *colon, *end;

	while (line.at < line.end && *line.at == ' ')
		line.at++;
	for (colon = NULL, end = line.at; end < line.end && *end != ' '; end++)
		if (*end == ':')
			colon = end;
	if (!colon || colon == line.at || colon - line.at >= TOTALS_NAME_MAX)
		return -EBADMSG;
	memcpy(ret->name, line.at, (size_t)(colon - line.at));
	ret->name[colon - line.at] = '\0';
	line.at = colon + 1;
	for (int i = 0; i < COLUMNS; i++)
		if (!scan_number(&line, &numbers[i]) || numbers[i] < 0 ||
			numbers[i] >= NUMBER_LIMIT)
			return -EBADMSG;
	for (int i = 0; i < NET_TOTALS; i++)
		ret->values[i] = (uint64_t)numbers[columns[i]];
	return 0;
}

/* ------------------------------------------------------------- what is an interface */

static bool is_stacked(const struct host *host, const char *name)
{
	char path[4096];
	const struct dirent *entry;
	bool found = false;
	DIR *directory;

	snprintf(path, sizeof path, "%s/class/net/%s", host->sysfs, name);
	directory = opendir(path);
	if (!directory)
		return false;
	while (!found && (entry = readdir(directory)))
		found = strncmp(entry->d_name, "lower_", 6) == 0;
	closedir(directory);
	return found;
}

static int64_t interface_number(const struct host *host, const char *name, const char *file)
{
	char path[4096], text[32];
	struct scan scan = {text, text};
	int64_t number;

	snprintf(path, sizeof path, "%s/class/net/%s/%s", host->sysfs, name, file);
	if (read_file_line(AT_FDCWD, path, text, sizeof text) > 0)
		scan.end = text + strlen(text);
	return scan_number(&scan, &number) ? number : 0;
}

static bool interface_has(const struct host *host, const char *name, const char *file)
{
	char path[TOTALS_NAME_MAX + 32];

	snprintf(path, sizeof path, "class/net/%s/%s", name, file);
	return system_has(host, SYS, path);
}

/* What is part of a bridge here is the near end of a link to another container in this one. */
static bool is_link_outside(const struct host *host, const char *name)
{
	enum { ETHERNET = 1 }; /* ARPHRD_ETHER */
	int64_t other = interface_number(host, name, "iflink");

	return other && other != interface_number(host, name, "ifindex") &&
	       interface_number(host, name, "type") == ETHERNET &&
	       !interface_has(host, name, "master");
}

/* Is there a directory, and is it of this interface rather than of one elsewhere that has the
 * same name? */
static bool is_known(const struct host *host, const char *name)
{
	if (name[0] == '.' || strchr(name, '/') || !interface_has(host, name, "."))
		return false;
	return !host->native || if_nametoindex(name) == interface_number(host, name, "ifindex");
}

static enum interface_rank rank_of(const struct host *host, const char *name)
{
	if (strcmp(name, "lo") == 0)
		return NO_INTERFACE;
	if (!is_known(host, name))
		return UNKNOWN;
	if (is_stacked(host, name))
		return NO_INTERFACE;
	if (interface_has(host, name, "device"))
		return HARDWARE;
	return is_link_outside(host, name) ? LINK_OUTSIDE : NO_INTERFACE;
}

/* ------------------------------------------------------------------------ the source */

/* Two lines are headings. */
static bool begin(struct scan *text)
{
	struct scan line;

	for (int heading = 0; heading < 2; heading++)
		if (!scan_line(text, &line))
			return false;
	return true;
}

/* An interface becomes part of something, or another one has its name: from then on its growth
 * counts or does not, and the sums never step back. */
static bool must_look(struct system *self)
{
	uint64_t now_ns = self->devices.now_ns;

	if (self->ranked_ns && now_ns - self->ranked_ns < LOOK_NS)
		return false;
	self->ranked_ns = now_ns;
	return true;
}

/* Which rank counts: the best that there is. -EBADMSG. */
static int choose(struct system *self, struct scan text)
{
	int best = LINK_OUTSIDE;
	struct interface_line interface;
	struct scan line;
	bool is_new, look = must_look(self);

	if (!begin(&text))
		return -EBADMSG;
	totals_begin(&self->interfaces);
	while (scan_line(&text, &line)) {
		struct total_part *part;
		if (scan_interface(line, &interface) < 0)
			return -EBADMSG;
		part = totals_part(&self->interfaces, interface.name, &is_new);
		if (part && (is_new || look || part->rank == UNKNOWN))
			part->rank = (int)rank_of(self->devices.host, interface.name);
		if (part && part->rank > best)
			best = part->rank;
	}
	return best;
}

static void add_interfaces(struct system *self, struct scan text, int rank)
{
	struct interface_line interface;
	struct scan line;
	bool is_new;

	begin(&text);
	self->interfaces.next = 0;
	while (scan_line(&text, &line) && scan_interface(line, &interface) == 0) {
		struct total_part *part =
			totals_part(&self->interfaces, interface.name, &is_new);
		if (part)
			totals_add(&self->interfaces, part, interface.values, NET_TOTALS,
				part->rank == rank);
	}
	totals_end(&self->interfaces);
}

static int read_interfaces(struct devices *self, struct scan *ret_text)
{
	int result = -ENOENT;

	if (!self->host->native)
		result = system_file(self, PROC, "1/net/dev", ret_text);
	return result < 0 ? system_file(self, PROC, "net/dev", ret_text) : result;
}

static int net_total_read(struct devices *devices, void *row, void *memory)
{
	struct system *self = (struct system *)(void *)devices;
	const uint64_t *sums = self->interfaces.sums;
	struct scan text;
	int result = read_interfaces(devices, &text);

	(void)row;
	if (result < 0)
		return (int)system_state(result);
	result = choose(self, text);
	if (result < 0)
		return STATE_FAILED;
	if (result == UNKNOWN) {
		totals_end(&self->interfaces); /* the growth is for when they are known */
		return STATE_NONE;
	}
	add_interfaces(self, text, result);
	*(struct linux_net_total *)memory = (struct linux_net_total){
		sums[0], sums[1], sums[2], sums[3], sums[4], sums[5], sums[6], sums[7]};
	return STATE_OK;
}

static const char *net_total_unsupported(const struct host *host, enum cell_state *ret_state)
{
	const char *lacking = system_lacks(host, PROC, "net", NO_FILE, ret_state);

	return lacking ? lacking
		       : system_lacks(host, SYS, "class/net",
				 "/sys/class/net is hidden, as in some containers, and without "
				 "it hardware cannot be told from what is made of it",
				 ret_state);
}

const struct device_source net_total_source = {
	.source = {.name = "interfaces",
		.sample_size = sizeof(struct linux_net_total),
		.lane = LANE_FAST},
	.unsupported = net_total_unsupported,
	.read = net_total_read,
};
