#include "clients.h"

#include <stdlib.h>
#include <string.h>

#include "../private/libproc.h"
#include "../registry.h"
#include "accelerator.h"
#include "alloc.h"

/* After so many walks a process without clients is looked at: has it ended? */
enum { CLIENTS_CHECK_WALKS = 64 };

enum client_kind {
	CLIENT_OTHER,  /* nobody's, or it tells no time */
	CLIENT_APPLE,  /* an array AppUsage, of each interface that the process uses */
	CLIENT_DIRECT, /* the time alone: Intel's and AMD's drivers */
};

struct client {
	uint64_t id; /* of its entry */
	uint64_t unique_id;
	uint64_t last_ns;
	uint64_t walk; /* when it was met last */
	enum client_kind kind;
};

struct device {
	uint64_t id;   /* of its entry */
	uint64_t walk; /* when it was met last; 0: never was one here */
	char name[ACCELERATOR_NAME];
	bool is_apple;
};

struct clients {
	uint64_t walk; /* counts them */
	struct device devices[CLIENTS_DEVICES];
	struct client *clients; /* in the order of the registry */
	size_t client_count, client_capacity;
	size_t next; /* where the next client is looked for first */
	struct client_account *accounts;
	size_t account_count, account_capacity;
	/* A hash table by unique_id: 1 + place in `accounts`. The size is a power of 2. */
	uint32_t *index;
	size_t index_size;
};

struct clients *clients_create(void)
{
	return xcalloc(1, sizeof(struct clients));
}

void clients_destroy(struct clients *self)
{
	if (!self)
		return;
	free(self->clients);
	free(self->accounts);
	free(self->index);
	free(self);
}

uint32_t clients_parse_creator(const char *creator)
{
	static const char before[] = "pid ";
	uint32_t pid = 0;

	if (strncmp(creator, before, sizeof before - 1) != 0)
		return 0;
	for (creator += sizeof before - 1; *creator >= '0' && *creator <= '9'; creator++) {
		if (pid > INT32_MAX / 10)
			return 0;
		pid = pid * 10 + (uint32_t)(*creator - '0');
	}
	return *creator == ',' || *creator == '\0' ? pid : 0;
}

/* ------------------------------------------------------------------------- accounts */

static size_t place_of(const struct clients *self, uint64_t unique_id)
{
	size_t at = (size_t)unique_id & (self->index_size - 1);

	while (self->index[at] && self->accounts[self->index[at] - 1].unique_id != unique_id)
		at = (at + 1) & (self->index_size - 1);
	return at;
}

static struct client_account *account_of(const struct clients *self, uint64_t unique_id)
{
	size_t at;

	if (!self->index_size || !unique_id)
		return NULL;
	at = place_of(self, unique_id);
	return self->index[at] ? &self->accounts[self->index[at] - 1] : NULL;
}

const struct client_account *clients_account_of(const struct clients *self, uint64_t unique_id)
{
	return account_of(self, unique_id);
}

static void make_index(struct clients *self)
{
	size_t size = 64;

	while (size < 2 * (self->account_count + 1))
		size *= 2;
	if (size > self->index_size) {
		self->index = xreallocarray(self->index, size, sizeof *self->index);
		self->index_size = size;
	}
	memset(self->index, 0, self->index_size * sizeof *self->index);
	for (size_t i = 0; i < self->account_count; i++)
		self->index[place_of(self, self->accounts[i].unique_id)] = (uint32_t)i + 1;
}

static struct client_account *open_account(
	struct clients *self, uint64_t unique_id, uint32_t pid)
{
	struct client_account *account = account_of(self, unique_id);

	if (account)
		return account;
	if (self->account_count == self->account_capacity) {
		self->account_capacity = 2 * self->account_capacity + 32;
		self->accounts = xreallocarray(
			self->accounts, self->account_capacity, sizeof *self->accounts);
	}
	account = &self->accounts[self->account_count++];
	*account = (struct client_account){.unique_id = unique_id, .pid = pid};
	make_index(self);
	return account;
}

/* 0: there is no such process. `zombies`: those that ended and were not waited for are some too. */
static uint64_t unique_id_of(uint32_t pid, bool zombies)
{
	struct proc_uniqidentifierinfo info;

	if (proc_pidinfo((int)pid, PROC_PIDUNIQIDENTIFIERINFO, zombies, &info, sizeof info) !=
		(int)sizeof info)
		return 0;
	return info.p_uniqueid;
}

/* The registry may keep the client of a process for some time after it has ended, and the sum is
 * kept for as long as the process is there. */
static bool is_over(struct clients *self, struct client_account *account)
{
	if (account->clients ||
		(account->checked && self->walk - account->checked < CLIENTS_CHECK_WALKS))
		return false;
	account->checked = self->walk;
	return unique_id_of(account->pid, true) != account->unique_id;
}

static void close_accounts(struct clients *self)
{
	size_t kept = 0, count = self->account_count;

	for (size_t i = 0; i < count; i++)
		if (!is_over(self, &self->accounts[i]))
			self->accounts[kept++] = self->accounts[i];
	self->account_count = kept;
	if (kept < count)
		make_index(self);
}

/* -------------------------------------------------------------------------- clients */

static struct client *find_client(struct clients *self, uint64_t id)
{
	for (size_t i = 0; i < self->client_count; i++) {
		size_t at = (self->next + i) % self->client_count;
		if (self->clients[at].id == id) {
			self->next = at + 1;
			return &self->clients[at];
		}
	}
	return NULL;
}

static enum client_kind kind_of(io_registry_entry_t entry, const struct device *device)
{
	io_name_t name;

	if (!device->is_apple)
		return CLIENT_DIRECT;
	registry_class(entry, name);
	return strcmp(name, "AGXDeviceUserClient") == 0 ? CLIENT_APPLE : CLIENT_OTHER;
}

static struct client *add_client(struct clients *self, uint64_t id, io_registry_entry_t entry,
	const struct device *device)
{
	char creator[64];
	struct client client = {.id = id, .kind = kind_of(entry, device)};
	struct client_account *account;
	uint32_t pid = 0;

	if (client.kind != CLIENT_OTHER &&
		registry_text(entry, "IOUserClientCreator", creator, sizeof creator))
		pid = clients_parse_creator(creator);
	client.unique_id = pid ? unique_id_of(pid, false) : 0;
	if (client.unique_id) {
		account = open_account(self, client.unique_id, pid);
		account->clients++;
		account->devices |= 1U << (device - self->devices);
	} else {
		client.kind = CLIENT_OTHER;
	}
	if (self->client_count == self->client_capacity) {
		self->client_capacity = 2 * self->client_capacity + 64;
		self->clients = xreallocarray(
			self->clients, self->client_capacity, sizeof *self->clients);
	}
	self->clients[self->client_count] = client;
	self->next = ++self->client_count;
	return &self->clients[self->client_count - 1];
}

/* Its interfaces together; false: it does not say. */
static bool sum_up(CFArrayRef interfaces, uint64_t *ret_ns)
{
	uint64_t ns;

	*ret_ns = 0;
	for (size_t i = 0; i < property_count(interfaces); i++) {
		CFDictionaryRef interface = property_dictionary(property_at(interfaces, i));
		if (property_u64(property_get(interface, "accumulatedGPUTime"), &ns) &&
			ns <= INT64_MAX - *ret_ns)
			*ret_ns += ns;
	}
	return interfaces != NULL;
}

static bool read_time(io_registry_entry_t entry, enum client_kind kind, uint64_t *ret_ns)
{
	CFTypeRef value;
	bool is_told;

	if (kind == CLIENT_OTHER)
		return false;
	if (kind == CLIENT_DIRECT)
		return registry_u64(entry, "accumulatedGPUTime", ret_ns) &&
		       *ret_ns <= INT64_MAX;
	value = registry_property(entry, "AppUsage");
	is_told = sum_up(property_array(value), ret_ns);
	property_release(value);
	return is_told;
}

static void read_client(struct clients *self, struct client *client, io_registry_entry_t entry)
{
	struct client_account *account = account_of(self, client->unique_id);
	uint64_t now_ns;

	client->walk = self->walk;
	if (!account || !read_time(entry, client->kind, &now_ns))
		return;
	account->told = true;
	if (now_ns > client->last_ns)
		account->time_ns += now_ns - client->last_ns;
	client->last_ns = now_ns; /* lower: an interface of it is gone, and was counted */
}

static void drop_clients(struct clients *self)
{
	size_t kept = 0;

	for (size_t i = 0; i < self->client_count; i++) {
		struct client_account *account = account_of(self, self->clients[i].unique_id);
		if (self->clients[i].walk == self->walk)
			self->clients[kept++] = self->clients[i];
		else if (account)
			account->clients--;
	}
	self->client_count = kept;
	self->next = 0;
}

/* ---------------------------------------------------------------------------- walks */

/* The place of one that has been unplugged is somebody else's later. */
static struct device *device_of(struct clients *self, io_registry_entry_t entry)
{
	uint64_t id = registry_id(entry);
	struct accelerator accelerator;
	struct device *place = NULL;

	for (int i = CLIENTS_DEVICES; id && i-- > 0;) {
		struct device *device = &self->devices[i];
		if (device->walk && device->id == id) {
			device->walk = self->walk;
			return device;
		}
		if (!device->walk || device->walk + 1 < self->walk)
			place = device;
	}
	if (!place)
		return NULL;
	accelerator_describe(&accelerator, entry);
	*place = (struct device){id, self->walk, "", accelerator.is_apple};
	accelerator_call(&accelerator, place->name);
	return place;
}

static bool walk_device(struct clients *self, io_registry_entry_t accelerator)
{
	const struct device *device = device_of(self, accelerator);
	struct registry_walk walk;
	bool complete = device && registry_children(&walk, accelerator);

	if (!complete)
		return false;
	while (registry_next(&walk)) {
		uint64_t id = registry_id(walk.entry);
		struct client *client = id ? find_client(self, id) : NULL;
		if (id && !client)
			client = add_client(self, id, walk.entry, device);
		if (client)
			read_client(self, client, walk.entry);
		complete = complete && client;
	}
	return complete;
}

bool clients_walk(struct clients *self)
{
	struct registry_walk walk;
	bool complete = registry_services(&walk, ACCELERATOR_CLASS);

	self->walk++;
	self->next = 0;
	while (registry_next(&walk))
		complete &= walk_device(self, walk.entry);
	/* One that only was not seen must not be forgotten: all of its time would count again. */
	if (complete) {
		drop_clients(self);
		close_accounts(self);
	}
	return complete;
}

void clients_name_devices(const struct clients *self, uint32_t devices, char *text, size_t size)
{
	size_t used = 0;

	*text = '\0';
	for (int i = 0; i < CLIENTS_DEVICES; i++) {
		size_t length = strlen(self->devices[i].name);
		if (!(devices & 1U << i) || used + length + 2 > size)
			continue;
		if (used)
			text[used++] = ',';
		memcpy(text + used, self->devices[i].name, length + 1);
		used += length;
	}
}
