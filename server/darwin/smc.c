#include "smc.h"

#include <mach/mach.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "private/smc.h"
#include "registry.h"

enum {
	/* More keys than any Mac has: that has some 3400. */
	KEYS_MAX = 65536,
};

/* ------------------------------------------------------------------------ connection */

/* On Apple Silicon several services are of that class, and one of them has the keys. */
static io_service_t find_service(void)
{
	struct registry_walk walk;
	io_service_t found = 0;
	io_name_t name;

	for (registry_services(&walk, "AppleSMC"); registry_next(&walk);) {
		registry_name(walk.entry, name);
		bool has_keys = strcmp(name, "AppleSMCKeysEndpoint") == 0;
		if (found && !has_keys)
			continue;
		registry_release(found);
		found = registry_keep(walk.entry);
	}
	return found;
}

static enum cell_state state_of(kern_return_t error)
{
	switch (error) {
	case KERN_SUCCESS:
		return STATE_OK;
	case kIOReturnNotPrivileged:
	case kIOReturnNotPermitted:
		return STATE_DENIED;
	case kIOReturnNoDevice:
	case kIOReturnNotFound:
		return STATE_NONE;
	default:
		return STATE_FAILED;
	}
}

bool smc_is_there(void)
{
	io_service_t service = registry_service("AppleSMC");

	registry_release(service);
	return service != 0;
}

enum cell_state smc_open(struct smc *self)
{
	io_service_t service = find_service();
	kern_return_t error;

	self->connection = 0;
	if (!service)
		return STATE_NONE;
	error = IOServiceOpen(service, mach_task_self(), 0, &self->connection);
	registry_release(service);
	if (error)
		self->connection = 0;
	return state_of(error);
}

void smc_close(struct smc *self)
{
	if (self->connection)
		IOServiceClose(self->connection);
	self->connection = 0;
}

/* ------------------------------------------------------------------------------ names */

uint32_t smc_code(const char *name)
{
	if (strlen(name) != SMC_NAME_SIZE - 1)
		return 0;
	return SMC_CODE((uint8_t)name[0], (uint8_t)name[1], (uint8_t)name[2], (uint8_t)name[3]);
}

void smc_name(uint32_t code, char name[SMC_NAME_SIZE])
{
	for (int i = 0; i < SMC_NAME_SIZE - 1; i++)
		name[i] = (char)(code >> (24 - 8 * i));
	name[SMC_NAME_SIZE - 1] = '\0';
}

/* ------------------------------------------------------------------------------ calls */

static enum cell_state call(
	const struct smc *self, const struct smc_message *question, struct smc_message *answer)
{
	size_t size = sizeof *answer;
	kern_return_t error = IOConnectCallStructMethod(
		self->connection, SMC_HANDLE_EVENT, question, sizeof *question, answer, &size);

	if (error)
		return state_of(error);
	if (size != sizeof *answer)
		return STATE_FAILED;
	if (answer->result == SMC_NO_SUCH_KEY)
		return STATE_NONE;
	return answer->result == SMC_OK ? STATE_OK : STATE_FAILED;
}

enum cell_state smc_find(const struct smc *self, uint32_t code, struct smc_key *ret_key)
{
	struct smc_message question = {.key = code, .command = SMC_KEY_INFO}, answer = {0};
	enum cell_state state = call(self, &question, &answer);

	if (state == STATE_OK)
		*ret_key = (struct smc_key){
			code, answer.info.type, answer.info.size, answer.info.attributes};
	return state;
}

enum cell_state smc_at(const struct smc *self, uint32_t index, uint32_t *ret_code)
{
	struct smc_message question = {.index = index, .command = SMC_KEY_OF_INDEX},
			   answer = {0};
	enum cell_state state = call(self, &question, &answer);

	*ret_code = answer.key;
	return state;
}

enum cell_state smc_count(const struct smc *self, uint32_t *ret_count)
{
	struct smc_key key;
	double count = 0;
	enum cell_state state = smc_find(self, SMC_CODE('#', 'K', 'E', 'Y'), &key);

	if (state == STATE_OK)
		state = smc_number(self, &key, &count);
	if (state == STATE_OK && !(count >= 0 && count < KEYS_MAX))
		state = STATE_FAILED;
	*ret_count = state == STATE_OK ? (uint32_t)count : 0;
	return state;
}

enum cell_state smc_bytes(
	const struct smc *self, const struct smc_key *key, uint8_t bytes[SMC_BYTES_MAX])
{
	struct smc_message question = {.key = key->code, .command = SMC_READ_BYTES},
			   answer = {0};
	enum cell_state state;

	question.info.size = key->size;
	state = call(self, &question, &answer);
	memcpy(bytes, answer.bytes, sizeof answer.bytes);
	return state;
}

enum cell_state smc_number(
	const struct smc *self, const struct smc_key *key, double *ret_number)
{
	uint8_t bytes[SMC_BYTES_MAX];
	enum cell_state state = smc_bytes(self, key, bytes);

	if (state == STATE_OK && !smc_decode(key, bytes, ret_number))
		state = STATE_NONE;
	return state;
}

/* --------------------------------------------------------------------------- all keys */

static bool is_of_sensor(uint32_t code)
{
	char quantity = (char)(code >> 24);

	return quantity == 'T' || quantity == 'F' || quantity == 'V' || quantity == 'I';
}

/* One that does not answer costs nobody else's. */
static void add_key(struct smc_keys *keys, const struct smc *self, uint32_t index)
{
	struct smc_key key;
	uint32_t code;

	if (smc_at(self, index, &code) != STATE_OK || !is_of_sensor(code) ||
		smc_find(self, code, &key) != STATE_OK)
		return;
	keys->keys = xreallocarray(keys->keys, keys->count + 1, sizeof *keys->keys);
	keys->keys[keys->count++] = key;
}

enum cell_state smc_keys_find(const struct smc *self, struct smc_keys **ret_keys)
{
	uint32_t count;
	enum cell_state state = smc_count(self, &count);

	if (state != STATE_OK)
		return state;
	*ret_keys = xcalloc(1, sizeof **ret_keys);
	(*ret_keys)->references = 1;
	for (uint32_t i = 0; i < count; i++)
		add_key(*ret_keys, self, i);
	return STATE_OK;
}

struct smc_keys *smc_keys_retain(struct smc_keys *self)
{
	__atomic_add_fetch(&self->references, 1, __ATOMIC_RELAXED);
	return self;
}

void smc_keys_release(struct smc_keys *self)
{
	if (!self || __atomic_sub_fetch(&self->references, 1, __ATOMIC_ACQ_REL))
		return;
	free(self->keys);
	free(self);
}

const struct smc_key *smc_keys_get(const struct smc_keys *self, uint32_t code)
{
	for (size_t i = 0; self && i < self->count; i++)
		if (self->keys[i].code == code)
			return &self->keys[i];
	return NULL;
}

/* ----------------------------------------------------------------------------- numbers */

static uint64_t whole(const uint8_t *bytes, uint32_t size, bool little)
{
	uint64_t number = 0;

	for (uint32_t i = 0; i < size; i++)
		number = number << 8 | bytes[little ? size - 1 - i : i];
	return number;
}

/* Two's complement of that many bytes. */
static int64_t with_sign(uint64_t bits, uint32_t size)
{
	uint32_t unused = 64 - 8 * size;

	return (int64_t)(bits << unused) / (INT64_C(1) << unused);
}

/* Types that are one of a kind. The two with a fraction are Apple Silicon's, and little-endian. */
enum form { FORM_FLOAT, FORM_LONG_FIXED, FORM_UNSIGNED, FORM_SIGNED, FORM_FLAG };
static const struct type {
	uint32_t code, size;
	enum form form;
} types[] = {
	{SMC_CODE('f', 'l', 't', ' '), 4, FORM_FLOAT},
	{SMC_CODE('i', 'o', 'f', 't'), 8, FORM_LONG_FIXED},
	{SMC_CODE('u', 'i', '8', ' '), 1, FORM_UNSIGNED},
	{SMC_CODE('u', 'i', '1', '6'), 2, FORM_UNSIGNED},
	{SMC_CODE('u', 'i', '3', '2'), 4, FORM_UNSIGNED},
	{SMC_CODE('u', 'i', '6', '4'), 8, FORM_UNSIGNED},
	{SMC_CODE('s', 'i', '8', ' '), 1, FORM_SIGNED},
	{SMC_CODE('s', 'i', '1', '6'), 2, FORM_SIGNED},
	{SMC_CODE('s', 'i', '3', '2'), 4, FORM_SIGNED},
	{SMC_CODE('s', 'i', '6', '4'), 8, FORM_SIGNED},
	{SMC_CODE('f', 'l', 'a', 'g'), 1, FORM_FLAG},
};

static const struct type *find_type(const struct smc_key *key)
{
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (types[i].code == key->type && types[i].size == key->size)
			return &types[i];
	return NULL;
}

static int hex_digit(uint8_t c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "sp78": a sign, 7 bits and 8 more behind the point; "fpe2": 14 and 2. */
static bool fixed_point(const struct smc_key *key, int *ret_fraction, bool *ret_signed)
{
	int integer = hex_digit((uint8_t)(key->type >> 8)),
	    fraction = hex_digit((uint8_t)key->type);
	uint32_t kind = key->type >> 16;

	*ret_signed = kind == ('s' << 8 | 'p');
	*ret_fraction = fraction;
	if ((!*ret_signed && kind != ('f' << 8 | 'p')) || key->size != 2)
		return false;
	return integer >= 0 && fraction >= 0 && integer + fraction == (*ret_signed ? 15 : 16);
}

static bool decode_type(const struct type *type, const struct smc_key *key,
	const uint8_t *bytes, double *ret_number)
{
	bool little = type->form == FORM_FLOAT || type->form == FORM_LONG_FIXED ||
		      key->attributes & SMC_LITTLE_ENDIAN;
	uint64_t bits = whole(bytes, key->size, little);
	uint32_t word = (uint32_t)bits;
	float number;

	switch (type->form) {
	case FORM_FLOAT:
		memcpy(&number, &word, sizeof number);
		*ret_number = (double)number;
		return isfinite(number);
	case FORM_LONG_FIXED:
		*ret_number = (double)(int64_t)bits / 65536;
		return true;
	case FORM_SIGNED:
		*ret_number = (double)with_sign(bits, key->size);
		return true;
	case FORM_FLAG:
		*ret_number = (double)bits;
		return bits <= 1;
	default:
		*ret_number = (double)bits;
		return true;
	}
}

bool smc_decode(const struct smc_key *key, const uint8_t *bytes, double *ret_number)
{
	const struct type *type = find_type(key);
	bool is_signed;
	int fraction;

	if (type)
		return decode_type(type, key, bytes, ret_number);
	if (!fixed_point(key, &fraction, &is_signed))
		return false;
	uint64_t bits = whole(bytes, key->size, false);
	double number = is_signed ? (double)with_sign(bits, key->size) : (double)bits;
	*ret_number = number / (double)(1U << fraction);
	return true;
}

bool smc_is_measure(const struct smc_key *key)
{
	const struct type *type = find_type(key);
	bool is_signed;
	int fraction;

	return type ? type->form == FORM_FLOAT || type->form == FORM_LONG_FIXED
		    : fixed_point(key, &fraction, &is_signed);
}
