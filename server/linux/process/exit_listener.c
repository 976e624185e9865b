#include "exit_listener.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/acct.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/taskstats.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../read.h"
#include "alloc.h"

enum {
	VERSION_MIN = 12,      /* the first with ac_tgid, Linux 5.19 */
	VERSION_TORN = 15,     /* had new fields in the middle; 16 has them at the end */
	BUFFER_SIZE = 8 << 20, /* for what exits between two looks: some 3,000 threads */
	MESSAGE_SIZE = 8192,   /* of one exit: two structs of 560 bytes, in 2025 */
	LEADERS_MAX = 1024,
};

/* A main thread that has exited while others of its process go on. */
struct leader {
	uint32_t pid;
	uint64_t elapsed_ns;
	char comm[32];
};

struct exit_listener {
	int socket; /* or -1 */
	uint16_t family;
	uint64_t overflows;
	struct leader *leaders; /* a ring: the oldest is overwritten */
	uint32_t leader_count;
};

/* ------------------------------------------------------------------------- attributes */

/* Finds an attribute among others; false: it is not there. */
static bool find_attribute(const char *bytes, uint32_t length, uint16_t type,
	const char **ret_bytes, uint32_t *ret_length)
{
	struct nlattr attribute;

	while (length >= sizeof attribute) {
		memcpy(&attribute, bytes, sizeof attribute);
		if (attribute.nla_len < NLA_HDRLEN || attribute.nla_len > length)
			return false;
		if ((attribute.nla_type & NLA_TYPE_MASK) == type) {
			*ret_bytes = bytes + NLA_HDRLEN;
			*ret_length = attribute.nla_len - (uint32_t)NLA_HDRLEN;
			return true;
		}
		uint32_t step = (uint32_t)NLA_ALIGN(attribute.nla_len);
		if (step > length)
			return false;
		bytes += step;
		length -= step;
	}
	return false;
}

/* The record of a thread or the sums of a process. The struct of a kernel of another age may be
 * longer or shorter: what is missing is 0. */
static bool find_record(
	const char *bytes, uint32_t length, uint16_t aggregate, struct taskstats *ret)
{
	const char *content;
	uint32_t size;

	memset(ret, 0, sizeof *ret);
	if (!find_attribute(bytes, length, aggregate, &content, &size) ||
		!find_attribute(content, size, TASKSTATS_TYPE_STATS, &content, &size))
		return false;
	memcpy(ret, content, size < sizeof *ret ? size : sizeof *ret);
	return ret->version >= VERSION_MIN && ret->version != VERSION_TORN;
}

/* The attributes of a message of the family; false: it is none. */
static bool open_message(uint16_t family, const char *bytes, uint32_t length,
	const char **ret_bytes, uint32_t *ret_length)
{
	enum { HEADERS = NLMSG_HDRLEN + GENL_HDRLEN };
	struct nlmsghdr header;

	if (length < HEADERS)
		return false;
	memcpy(&header, bytes, sizeof header);
	if (header.nlmsg_type != family || header.nlmsg_len < HEADERS ||
		header.nlmsg_len > length)
		return false;
	*ret_bytes = bytes + HEADERS;
	*ret_length = header.nlmsg_len - HEADERS;
	return true;
}

/* ------------------------------------------------------------------------ the kernel */

/* A command with one attribute. */
static int send_command(const struct exit_listener *self, uint8_t command, uint16_t attribute,
	const void *value, size_t length)
{
	struct {
		struct nlmsghdr header;
		struct genlmsghdr generic;
		struct nlattr attribute;
		char value[128];
	} request = {
		.header.nlmsg_type = self->family,
		.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
		.generic.cmd = command,
		.generic.version = 1,
		.attribute.nla_type = attribute,
	};

	if (length > sizeof request.value)
		return -EMSGSIZE;
	memcpy(request.value, value, length);
	request.attribute.nla_len = (uint16_t)(NLA_HDRLEN + length);
	request.header.nlmsg_len =
		(uint32_t)(NLMSG_HDRLEN + GENL_HDRLEN + NLA_ALIGN(NLA_HDRLEN + length));
	return send(self->socket, &request, request.header.nlmsg_len, 0) < 0 ? -errno : 0;
}

/* Reads until the command is confirmed; what comes before that goes to `take`. The kernel
 * answers within send(), so it is all there. */
static int await_answer(struct exit_listener *self,
	int (*take)(struct exit_listener *self, const char *bytes, uint32_t length))
{
	_Alignas(struct nlmsghdr) char bytes[MESSAGE_SIZE];
	struct nlmsghdr header;
	int error, result = 0;

	for (;;) {
		ssize_t length = recv(self->socket, bytes, sizeof bytes, MSG_DONTWAIT);
		if (length < 0)
			return -errno;
		if ((size_t)length < sizeof header)
			return -EBADMSG;
		memcpy(&header, bytes, sizeof header);
		if (header.nlmsg_type != NLMSG_ERROR) {
			result = take(self, bytes, (uint32_t)length);
		} else if ((size_t)length >= NLMSG_HDRLEN + sizeof error) {
			memcpy(&error, bytes + NLMSG_HDRLEN, sizeof error);
			return error ? error : result;
		}
	}
}

static int take_family(struct exit_listener *self, const char *bytes, uint32_t length)
{
	if (!open_message(GENL_ID_CTRL, bytes, length, &bytes, &length) ||
		!find_attribute(bytes, length, CTRL_ATTR_FAMILY_ID, &bytes, &length) ||
		length < sizeof self->family)
		return -EBADMSG;
	memcpy(&self->family, bytes, sizeof self->family);
	return 0;
}

static int take_sample(struct exit_listener *self, const char *bytes, uint32_t length)
{
	struct taskstats record;

	if (!open_message(self->family, bytes, length, &bytes, &length) ||
		!find_record(bytes, length, TASKSTATS_TYPE_AGGR_PID, &record))
		return -EPROTONOSUPPORT;
	return 0;
}

static int take_nothing(struct exit_listener *self, const char *bytes, uint32_t length)
{
	(void)self;
	(void)bytes;
	(void)length;
	return 0;
}

/* Asks for our own record: may we, and do we know the version? */
static int find_family(struct exit_listener *self)
{
	uint32_t pid = (uint32_t)getpid();
	int result;

	self->family = GENL_ID_CTRL;
	result = send_command(self, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME,
		TASKSTATS_GENL_NAME, sizeof TASKSTATS_GENL_NAME);
	if (result == 0)
		result = await_answer(self, take_family);
	if (result == 0)
		result = send_command(
			self, TASKSTATS_CMD_GET, TASKSTATS_CMD_ATTR_PID, &pid, sizeof pid);
	return result == 0 ? await_answer(self, take_sample) : result;
}

/* An exit is reported for the core that it happens on: we want all there may ever be, in the
 * form in which the kernel writes them. */
static int listen_to_all(struct exit_listener *self)
{
	char cores[128];
	ssize_t length = read_file_line(
		AT_FDCWD, "/sys/devices/system/cpu/possible", cores, sizeof cores);
	int result = length < 0 ? (int)length : 0;

	if (result == 0)
		result = send_command(self, TASKSTATS_CMD_GET,
			TASKSTATS_CMD_ATTR_REGISTER_CPUMASK, cores, strlen(cores) + 1);
	return result == 0 ? await_answer(self, take_nothing) : result;
}

struct exit_listener *exit_listener_create(uint16_t family)
{
	struct exit_listener *self = xcalloc(1, sizeof *self);

	self->socket = -1;
	self->family = family;
	self->leaders = xcalloc(LEADERS_MAX, sizeof *self->leaders);
	return self;
}

static int start(struct exit_listener *self)
{
	struct sockaddr_nl address = {.nl_family = AF_NETLINK};

	self->socket = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (self->socket < 0 ||
		connect(self->socket, (struct sockaddr *)&address, sizeof address) < 0)
		return -errno;
	return find_family(self);
}

int exit_listener_probe(void)
{
	struct exit_listener *self = exit_listener_create(0);
	int result = start(self);

	exit_listener_close(self);
	return result;
}

int exit_listener_open(struct exit_listener **ret_self)
{
	struct exit_listener *self = exit_listener_create(0);
	int size = BUFFER_SIZE, result = start(self);

	if (result == 0) {
		setsockopt(self->socket, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
		result = listen_to_all(self);
	}
	if (result < 0)
		exit_listener_close(self);
	else
		*ret_self = self;
	return result;
}

void exit_listener_close(struct exit_listener *self)
{
	if (!self)
		return;
	if (self->socket >= 0)
		close(self->socket);
	free(self->leaders);
	free(self);
}

uint64_t exit_listener_get_overflows(const struct exit_listener *self)
{
	return self->overflows;
}

/* ----------------------------------------------------------------------- receiving */

static void note_leader(struct exit_listener *self, const struct taskstats *record)
{
	struct leader *leader = &self->leaders[self->leader_count++ % LEADERS_MAX];

	leader->pid = record->ac_pid;
	leader->elapsed_ns = record->ac_etime * 1000;
	memcpy(leader->comm, record->ac_comm, sizeof leader->comm);
}

/* The last thread of a process is rarely its first, whose name and age are the process's. */
static void add_leader(struct exit_listener *self, struct exit_record *end)
{
	uint32_t count = self->leader_count < LEADERS_MAX ? self->leader_count : LEADERS_MAX;

	end->elapsed_ns = 0;
	end->comm[0] = '\0';
	for (uint32_t i = 0; i < count; i++) {
		struct leader *leader = &self->leaders[i];
		if (leader->pid != end->pid)
			continue;
		end->elapsed_ns = leader->elapsed_ns;
		memcpy(end->comm, leader->comm, sizeof end->comm);
		leader->pid = 0;
	}
}

bool exit_listener_take(struct exit_listener *self, const void *message, uint32_t length,
	struct exit_record *ret_end)
{
	const char *bytes = message;
	struct taskstats record, sums;

	if (!open_message(self->family, bytes, length, &bytes, &length) ||
		!find_record(bytes, length, TASKSTATS_TYPE_AGGR_PID, &record))
		return false;
	record.ac_comm[sizeof record.ac_comm - 1] = '\0';
	if (!(record.ac_flag & AGROUP)) {
		if (record.ac_pid == record.ac_tgid)
			note_leader(self, &record);
		return false;
	}
	*ret_end = (struct exit_record){
		.pid = record.ac_tgid,
		.ppid = record.ac_ppid,
		.uid = record.ac_uid,
		.gid = record.ac_gid,
		.status = record.ac_exitcode,
		.cpu_ns = record.cpu_run_virtual_total,
		.elapsed_ns = record.ac_etime * 1000,
		.peak_kib = record.hiwater_rss,
	};
	memcpy(ret_end->comm, record.ac_comm, sizeof ret_end->comm);
	/* A process that had other threads comes with their sums. */
	if (find_record(bytes, length, TASKSTATS_TYPE_AGGR_TGID, &sums))
		ret_end->cpu_ns = sums.cpu_run_virtual_total;
	if (record.ac_pid != record.ac_tgid)
		add_leader(self, ret_end);
	return true;
}

bool exit_listener_next(
	struct exit_listener *self, uint32_t *budget, struct exit_record *ret_end)
{
	_Alignas(struct nlmsghdr) char bytes[MESSAGE_SIZE];

	while (*budget > 0) {
		--*budget;
		ssize_t length = recv(self->socket, bytes, sizeof bytes, MSG_DONTWAIT);
		if (length < 0 && errno == ENOBUFS)
			self->overflows++;
		else if (length < 0 && errno != EINTR)
			return false;
		else if (length > 0 &&
			 exit_listener_take(self, bytes, (uint32_t)length, ret_end))
			return true;
	}
	return false;
}
