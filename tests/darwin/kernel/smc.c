/*
 * AppleSMC: the user client of the system management controller.
 *
 *	[smc]
 *	KEY = TYPE NUMBER [little]     flt ioft ui8 ui16 ui32 ui64 si8 si16 si32 si64 flag spXY
 *	                               fpXY; "little": its bytes are in that order, and the key's
 *	                               attributes say so. Of flt and ioft they always are.
 *	KEY = TYPE hex BYTES           any type, these bytes
 *	KEY = TYPE error NUMBER        reading it answers that result
 *
 * A blank at the end of a type is left out, the key "#KEY" is made up. The service itself is an
 * entry of the registry: of class AppleSMC, and on Apple Silicon with the name AppleSMCKeysEndpoint.
 *
 * What it takes and answers: beltex/SMCKit, and the driver's habit of checking sizes first. Calls
 * are counted as "smc" by command, and fail for a key's number as the subject.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "parts.h"
#include "private/iokit.h"
#include "private/smc.h"
#include "store.h"

/* Results that no backend need know by name. */
enum { BAD_COMMAND = 0x82, NOT_OF_THAT_SIZE = 0x87, NO_SUCH_INDEX = 0xB8 };

/* ----------------------------------------------------------------------------- values */

struct value {
	char type[5];
	uint32_t size;
	uint8_t attributes, result;
	uint8_t bytes[32];
};

static void put(struct value *self, uint64_t bits, uint32_t size, bool little)
{
	self->size = size;
	self->attributes |= little ? SMC_LITTLE_ENDIAN : 0;
	for (uint32_t i = 0; i < size; i++)
		self->bytes[little ? i : size - 1 - i] = (uint8_t)(bits >> 8 * i);
}

static uint32_t size_of(const char *type)
{
	return strstr(type, "64") ? 8 : strstr(type, "32") ? 4 : strstr(type, "16") ? 2 : 1;
}

static int digit(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

static void put_number(struct value *self, double number, bool little)
{
	float single = (float)number;
	uint32_t word;

	if (strcmp(self->type, "flt ") == 0) {
		memcpy(&word, &single, sizeof word);
		put(self, word, sizeof word, true);
	} else if (strcmp(self->type, "ioft") == 0)
		put(self, (uint64_t)(int64_t)llround(number * 65536), 8, true);
	else if (strncmp(self->type, "sp", 2) == 0 || strncmp(self->type, "fp", 2) == 0)
		put(self, (uint64_t)(int64_t)llround(number * (1 << digit(self->type[3]))), 2,
			false);
	else
		put(self, (uint64_t)(int64_t)number, size_of(self->type), little);
}

static struct value value_of(const char *key)
{
	const char *text = sim_text(sim_section("smc", ""), key, "");
	struct value self = {.type = "    ", .attributes = 0x80};
	size_t length = strcspn(text, " ");
	char number[64];

	if (length > 4 || !text[length])
		sim_panic("[smc] %s cannot be \"%s\"", key, text);
	memcpy(self.type, text, length);
	text += length + 1;
	if (strncmp(text, "hex ", 4) == 0) {
		self.size = (uint32_t)sim_hex(text + 4, self.bytes, sizeof self.bytes);
		return self;
	}
	if (strncmp(text, "error ", 6) == 0) {
		put_number(&self, 0, false);
		self.result = (uint8_t)sim_parse(text + 6);
		return self;
	}
	length = strcspn(text, " ");
	bool little = strcmp(text + length, " little") == 0;
	snprintf(number, sizeof number, "%.*s", (int)(little ? length : strlen(text)), text);
	put_number(&self, sim_parse_f64(number), little);
	return self;
}

/* ------------------------------------------------------------------------------- keys */

/* What is short ends with blanks, which the text does not keep. */
static uint32_t code_of(const char *text)
{
	uint32_t code = 0;

	for (int i = 0; i < 4; i++) {
		code = code << 8 | (uint8_t)(*text ? *text : ' ');
		text += *text != '\0';
	}
	return code;
}

static uint32_t count_keys(void)
{
	const struct sim_section *section = sim_section("smc", "");
	uint32_t count = 0;

	while (section && sim_key(section, count))
		count++;
	return count + 1;
}

static bool find_key(uint32_t code, struct value *ret_value)
{
	char name[5] = {(char)(code >> 24), (char)(code >> 16), (char)(code >> 8), (char)code};

	for (int end = 4; end && name[end - 1] == ' ';)
		name[--end] = '\0';
	if (strcmp(name, "#KEY") == 0) {
		*ret_value = (struct value){.type = "ui32"};
		put(ret_value, count_keys(), 4, false);
		return true;
	}
	if (!sim_has(sim_section("smc", ""), name))
		return false;
	*ret_value = value_of(name);
	return true;
}

static uint8_t answer_key(const struct smc_message *question, struct smc_message *answer)
{
	struct value value;

	if (!find_key(question->key, &value))
		return SMC_NO_SUCH_KEY;
	if (question->command == SMC_KEY_INFO) {
		answer->info =
			(struct smc_info){value.size, code_of(value.type), value.attributes};
		return SMC_OK;
	}
	if (question->info.size != value.size)
		return NOT_OF_THAT_SIZE;
	if (value.result)
		return value.result;
	memcpy(answer->bytes, value.bytes, sizeof answer->bytes);
	return SMC_OK;
}

static uint8_t answer_index(const struct smc_message *question, struct smc_message *answer)
{
	if (question->index >= count_keys())
		return NO_SUCH_INDEX;
	answer->key = question->index == 0
			      ? code_of("#KEY")
			      : code_of(sim_key(sim_section("smc", ""), question->index - 1));
	return SMC_OK;
}

static uint8_t answer_command(const struct smc_message *question, struct smc_message *answer)
{
	switch (question->command) {
	case SMC_KEY_INFO:
	case SMC_READ_BYTES:
		return answer_key(question, answer);
	case SMC_KEY_OF_INDEX:
		return answer_index(question, answer);
	default:
		return BAD_COMMAND;
	}
}

static int open_smc(const struct sim_section *entry, unsigned type)
{
	(void)entry;
	return type == 0 ? kIOReturnSuccess : kIOReturnUnsupported;
}

static int call_smc(const struct sim_section *entry, unsigned selector, const void *input,
	size_t input_size, void *output, size_t *output_size)
{
	struct smc_message question, answer = {0};
	int error;

	if (!entry)
		return kIOReturnNoDevice;
	if (selector != SMC_HANDLE_EVENT || input_size != sizeof question ||
		*output_size != sizeof answer)
		return kIOReturnBadArgument;
	memcpy(&question, input, sizeof question);
	error = sim_enter("smc", question.command, (int64_t)question.key);
	if (error)
		return error;
	answer.result = answer_command(&question, &answer);
	memcpy(output, &answer, sizeof answer);
	return kIOReturnSuccess;
}

const struct sim_service sim_smc = {"AppleSMC", open_smc, call_smc};
