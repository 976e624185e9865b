#include "interfaces.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysctl.h>

#include "alloc.h"

/* More than that is no number of interfaces. */
enum { INDEX_MAX = 65535 };

static int read_count(uint32_t *ret_count)
{
	int name[] = {CTL_NET, PF_LINK, NETLINK_GENERIC, IFMIB_SYSTEM, IFMIB_IFCOUNT};
	int count = 0;
	size_t length = sizeof count;

	if (sysctl(name, 5, &count, &length, NULL, 0) != 0)
		return -errno;
	if (length != sizeof count || count < 0 || count > INDEX_MAX)
		return -EIO;
	*ret_count = (uint32_t)count;
	return 0;
}

/* A later kernel may say more than is known here. */
static int read_one(uint32_t index, struct ifmibdata *ret_data)
{
	int name[] = {
		CTL_NET, PF_LINK, NETLINK_GENERIC, IFMIB_IFDATA, (int)index, IFDATA_GENERAL};
	union {
		struct ifmibdata data;
		char room[512];
	} answer;
	size_t length = sizeof answer;

	if (sysctl(name, 6, &answer, &length, NULL, 0) != 0)
		return errno;
	if (length < sizeof answer.data)
		return EIO;
	*ret_data = answer.data;
	return 0;
}

static void make_room(struct interfaces *self, uint32_t count)
{
	if (count > self->capacity) {
		self->all = xreallocarray(self->all, count, sizeof *self->all);
		memset(self->all + self->capacity, 0,
			(count - self->capacity) * sizeof *self->all);
		self->capacity = count;
	}
}

static bool began_anew(const struct ifmibdata *before, const struct ifmibdata *now)
{
	return strncmp(before->ifmd_name, now->ifmd_name, sizeof now->ifmd_name) != 0 ||
	       now->ifmd_data.ifi_ipackets < before->ifmd_data.ifi_ipackets ||
	       now->ifmd_data.ifi_opackets < before->ifmd_data.ifi_opackets ||
	       now->ifmd_data.ifi_ibytes < before->ifmd_data.ifi_ibytes ||
	       now->ifmd_data.ifi_obytes < before->ifmd_data.ifi_obytes;
}

static void take(struct interface *self, const struct ifmibdata *data)
{
	uint32_t growth = data->ifmd_snd_drops - self->data.ifmd_snd_drops;

	if (began_anew(&self->data, data)) {
		self->generation++;
		self->send_dropped = data->ifmd_snd_drops;
	} else {
		self->send_dropped += growth;
	}
	self->data = *data;
	memcpy(self->name, data->ifmd_name, sizeof data->ifmd_name);
}

static void look_at(struct interface *self, uint32_t index)
{
	struct ifmibdata data = {0};
	int error = read_one(index, &data);

	if (error == ENOENT) {
		self->there = false;
		return;
	}
	self->error = error;
	if (error)
		return; /* whether it is there is as before */
	self->there = true;
	take(self, &data);
}

int interfaces_read(struct interfaces *self)
{
	uint32_t count = 0;
	int error = read_count(&count);

	if (error < 0)
		return error;
	make_room(self, count);
	for (uint32_t i = count; i < self->count; i++)
		self->all[i].there = false;
	self->count = count;
	for (uint32_t i = 0; i < count; i++)
		look_at(&self->all[i], i + 1);
	return 0;
}

void interfaces_finish(struct interfaces *self)
{
	free(self->all);
	*self = (struct interfaces){0};
}

void interface_key(const struct interface *self, uint32_t index, char *key, size_t size)
{
	snprintf(key, size, "%x.%x.%s", index, self->generation, self->name);
}

bool interface_is_counted(const struct interface *self)
{
	if (self->data.ifmd_flags & IFF_LOOPBACK)
		return false;
	if (self->data.ifmd_flags & IFF_POINTOPOINT &&
		self->data.ifmd_data.ifi_type != IFT_CELLULAR)
		return false;
	return strncmp(self->name, "anpi", 4) != 0;
}

bool interface_counts_received(const struct interface *self)
{
	const struct if_data64 *data = &self->data.ifmd_data;

	return data->ifi_ibytes || !data->ifi_obytes;
}
