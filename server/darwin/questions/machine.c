/* Questions about the machine: sensors, memory, network, and the cache of libraries. */
#include <mach/mach.h>
#include <mach/mach_host.h>
#include <string.h>

#include "../hid.h"
#include "../memory/cache.h"
#include "../network/interfaces.h"
#include "../private/dyld.h"
#include "../smc.h"
#include "questions.h"

/* --------------------------------------------------------------------------- sensors */

static void tell_key(const struct asking *self, const struct smc *smc, const char *name)
{
	struct smc_key key;
	char type[SMC_NAME_SIZE];
	double number = 0;
	enum cell_state state = smc_find(smc, smc_code(name), &key);

	if (state != STATE_OK) {
		tell(self, "%s: none (state %d)", name, (int)state);
		return;
	}
	smc_name(key.type, type);
	state = smc_number(smc, &key, &number);
	tell(self, "%s: type %s, %u bytes, attributes 0x%x, state %d, %.3f", name, type,
		key.size, key.attributes, (int)state, number);
}

/* How many keys begin so, and one of them. */
static void tell_family(const struct asking *self, const struct smc *smc,
	const struct smc_keys *keys, const char *beginning)
{
	char name[SMC_NAME_SIZE], first[SMC_NAME_SIZE] = "";
	unsigned count = 0;

	for (size_t i = 0; i < keys->count; i++) {
		smc_name(keys->keys[i].code, name);
		if (strncmp(name, beginning, strlen(beginning)) != 0)
			continue;
		if (count++ == 0)
			memcpy(first, name, sizeof first);
	}
	tell(self, "%s..: %u keys", beginning, count);
	if (count)
		tell_key(self, smc, first);
}

static void ask_smc(const struct asking *self)
{
	static const char *const names[] = {"PSTR", "PDTR", "PPBR", "TCMb", "TCMz", "FNum"};
	static const char *const families[] = {"TB", "Tp", "Te", "Tf", "Ts", "Tg", "TC"};
	struct smc_keys *keys = NULL;
	struct smc smc;
	enum cell_state state = smc_open(&smc);

	tell(self, "AppleSMC: state %d", (int)state);
	if (state != STATE_OK)
		return;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		tell_key(self, &smc, names[i]);
	if (smc_keys_find(&smc, &keys) == STATE_OK)
		for (size_t i = 0; i < sizeof families / sizeof *families; i++)
			tell_family(self, &smc, keys, families[i]);
	smc_keys_release(keys);
	smc_close(&smc);
}

static void ask_hid(const struct asking *self)
{
	struct hid *hid = hid_open();

	if (!hid) {
		tell(self, "its functions are not there");
		return;
	}
	for (size_t i = 0; i < hid_count(hid); i++) {
		const struct hid_sensor *sensor = hid_sensor(hid, i);
		char place[SMC_NAME_SIZE];
		double number = 0;
		enum cell_state state = hid_number(hid, i, &number);
		smc_name(sensor->location, place);
		tell(self, "%s: kind %d, place 0x%x %.4s, state %d, %.3f", sensor->name,
			(int)sensor->kind, sensor->location, place, (int)state, number);
	}
	hid_close(hid);
}

void ask_sensors(const struct asking *self)
{
	ask_smc(self);
	ask_hid(self);
}

/* ---------------------------------------------------------------------------- memory */

void ask_vm_statistics(const struct asking *self)
{
	enum { FIRST = 38, ROOM = 256, TIMES = 20 };
	natural_t words[ROOM];
	unsigned failed = 0;
	kern_return_t error = 0;
	mach_msg_type_number_t count = 0;

	for (int i = 0; i < TIMES; i++) {
		kern_return_t result;
		count = FIRST;
		result = host_statistics64(
			self->host->port, HOST_VM_INFO64, (host_info64_t)words, &count);
		failed += result != 0;
		error = result ? result : error;
	}
	tell(self, "room for %d words: %u of %d failed, error %d, the last count %u",
		(int)FIRST, failed, (int)TIMES, error, count);
}

/* --------------------------------------------------------------------------- network */

void ask_interfaces(const struct asking *self)
{
	struct interfaces before = {0}, after = {0};
	int error = interfaces_read(&before);

	wait_a_while(UINT64_C(1000000000));
	if (!error)
		error = interfaces_read(&after);
	if (error)
		tell(self, "error %d", -error);
	for (uint32_t i = 0; !error && i < after.count && i < before.count; i++) {
		const struct interface *then = &before.all[i], *now = &after.all[i];
		if (!now->there || now->error || !then->there)
			continue;
		tell(self, "%s: received %llu + %llu, sent %llu + %llu", now->name,
			(unsigned long long)then->data.ifmd_data.ifi_ibytes,
			(unsigned long long)(now->data.ifmd_data.ifi_ibytes -
					     then->data.ifmd_data.ifi_ibytes),
			(unsigned long long)then->data.ifmd_data.ifi_obytes,
			(unsigned long long)(now->data.ifmd_data.ifi_obytes -
					     then->data.ifmd_data.ifi_obytes));
	}
	interfaces_finish(&before);
	interfaces_finish(&after);
}

/* ----------------------------------------------------------------------------- cache */

void ask_shared_cache(const struct asking *self)
{
	const char *path = dyld_shared_cache_file_path();
	struct cache *cache = cache_create();

	tell(self, "its file: %s", path ? path : "none");
	if (!cache) {
		tell(self, "we have none");
		return;
	}
	tell(self, "from 0x%llx to 0x%llx, %u images", (unsigned long long)cache->start,
		(unsigned long long)cache->end, cache->count);
	if (cache->count)
		tell(self, "the first: %s", cache->images[0].path);
	cache_release(cache);
}
