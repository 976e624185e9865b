/*
 * Sources net_stack and net_state: what may change of an interface, from the kernel's memory.
 * Sources net_link and net_address: what takes a lock that is held while drivers talk to their
 * cards, so slow lane. Documentation/ABI/testing/sysfs-class-net.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "network.h"

enum { TEXT = 128 };

static int open_row(const struct devices *self, const struct interface *row)
{
	char path[4096];

	if (!row->index)
		return -1;
	snprintf(path, sizeof path, "%s/class/net/%s", self->host->sysfs, row->name);
	return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* ------------------------------------------------------------------- net_stack */

/*
 * In a container often no interface has a device. Then those count that lead out of it: they are
 * linked to an interface elsewhere, and are not the near end of a link to a container in this
 * one. The totals of table SYSTEM follow the same rule.
 */
static bool is_counted(
	const struct interfaces *self, const struct interface *row, int directory)
{
	int64_t link = 0;

	if (*row->lower)
		return false;
	if (self->any_device)
		return row->has_device;
	sysfs_number(directory, "iflink", &link);
	return link && (uint64_t)link != row->index && row->is_ether && !*row->upper;
}

static void read_upper(int directory, char *upper, size_t size)
{
	char target[256];
	ssize_t length = readlinkat(directory, "master", target, sizeof target - 1);
	const char *slash;

	target[length > 0 ? length : 0] = '\0';
	slash = strrchr(target, '/');
	snprintf(upper, size, "%.*s", (int)size - 1, slash ? slash + 1 : target);
}

static int stack_read(struct devices *self, void *memory, void *out)
{
	struct interface *row = memory;
	struct linux_net_stack *sample = out;
	int directory = open_row(self, row);

	if (directory < 0)
		return STATE_NONE;
	sysfs_names(directory, ".", "lower_", row->lower, sizeof row->lower);
	read_upper(directory, row->upper, sizeof row->upper);
	sample->lower = device_text(row->lower);
	sample->upper = device_text(row->upper);
	sample->counted = is_counted((struct interfaces *)self, row, directory);
	sample->mtu = sysfs_natural(directory, "mtu");
	close(directory);
	return STATE_OK;
}

const struct device_source net_stack_source = {
	.source = {.name = "net_stack",
		.sample_size = sizeof(struct linux_net_stack),
		.lane = LANE_FAST,
		.period_ns = UINT64_C(5000000000)},
	.read = stack_read,
};

/* ------------------------------------------------------------------- net_state */

static int state_read(struct devices *self, void *memory, void *out)
{
	static const char *const paths[] = {"operstate", NULL};
	struct interface *row = memory;
	struct linux_net_state *sample = out;
	int directory = open_row(self, row);

	if (directory < 0)
		return STATE_NONE;
	sample->state = sysfs_sample_text(directory, paths, row->state, sizeof row->state);
	sample->carrier_changes = sysfs_natural(directory, "carrier_changes");
	close(directory);
	return STATE_OK;
}

const struct device_source net_state_source = {
	.source = {.name = "net_state",
		.sample_size = sizeof(struct linux_net_state),
		.lane = LANE_FAST,
		.period_ns = UINT64_C(2000000000)},
	.read = state_read,
};

/* ------------------------------------------------------------------- net_link */

static bool has_link(const struct interface *row)
{
	return row->has_device || row->kind == NET_BOND || row->kind == NET_VLAN;
}

/* The speeds of veth, tun and bridges are made up by their drivers. */
static int link_prepare(struct devices *self, void *memory, void **ret_data)
{
	const struct interface *row = memory;

	*ret_data = has_link(row) ? net_directory(self, row) : NULL;
	return *ret_data ? STATE_OK : STATE_NONE;
}

/* -1, in older kernels as an unsigned number: not known. While a link is down most drivers
 * refuse to tell. */
static uint64_t read_speed(int directory)
{
	int64_t speed = 0;
	int error = sysfs_number(directory, "speed", &speed);

	if (error == -EINVAL || error == -EOPNOTSUPP)
		return ABSENT_U64(STATE_NONE);
	if (error < 0)
		return ABSENT_U64(sysfs_state(error));
	if (speed <= 0 || speed == UINT32_MAX)
		return ABSENT_U64(STATE_NONE);
	return speed > INT32_MAX ? ABSENT_U64(STATE_FAILED) : (uint64_t)speed;
}

static struct sample_text read_duplex(int directory, char *text)
{
	ssize_t length = sysfs_text(directory, "duplex", text, TEXT);

	if (length == -EINVAL || length == -EOPNOTSUPP || strcmp(text, "unknown") == 0)
		return (struct sample_text){.state = STATE_NONE};
	if (length < 0)
		return (struct sample_text){.state = sysfs_state((int)length)};
	return device_text(text);
}

static int link_run(void *path, struct job *job)
{
	struct linux_net_link *sample = job->sample;
	int directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (directory < 0)
		return (int)sysfs_state(-errno);
	sample->megabits = read_speed(directory);
	sample->duplex = read_duplex(directory, job->text);
	close(directory);
	return STATE_OK;
}

const struct device_source net_link_source = {
	.source = {.name = "net_link",
		.sample_size = sizeof(struct linux_net_link),
		.text_size = TEXT,
		.lane = LANE_SLOW,
		.period_ns = UINT64_C(5000000000)},
	.prepare = link_prepare,
	.run = link_run,
};

/* ------------------------------------------------------------------- net_address */

static int address_prepare(struct devices *self, void *memory, void **ret_data)
{
	const struct interface *row = memory;

	*ret_data = row->kind != NET_LOOPBACK ? net_directory(self, row) : NULL;
	return *ret_data ? STATE_OK : STATE_NONE;
}

static int address_run(void *path, struct job *job)
{
	static const char *const paths[] = {"address", NULL};
	struct linux_net_address *sample = job->sample;
	int directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (directory < 0)
		return (int)sysfs_state(-errno);
	sample->text = sysfs_sample_text(directory, paths, job->text, TEXT);
	close(directory);
	return STATE_OK;
}

const struct device_source net_address_source = {
	.source = {.name = "net_address",
		.sample_size = sizeof(struct linux_net_address),
		.text_size = TEXT,
		.lane = LANE_SLOW,
		.period_ns = UINT64_C(10000000000)},
	.prepare = address_prepare,
	.run = address_run,
};
