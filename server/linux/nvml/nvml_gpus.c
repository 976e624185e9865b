#include "nvml_gpus.h"

#include <stdio.h>
#include <string.h>

#include "devices.h"
#include "nvml_devices.h"

/* More cannot be true. */
enum {
	CLOCK_MAX_MHZ = 20000,
	POWER_MAX_MW = 20000000,
	CELSIUS_MAX = 250,
	FAN_MAX = 200, /* percent of the speed that it was designed for */
	PERFORMANCE_MAX = 15,
};

/* What a value is worth that came with that code: STATE_OK, or why there is none. */
static enum cell_state state_of(int code)
{
	switch (code) {
	case NVML_SUCCESS:
		return STATE_OK;
	case NVML_NO_PERMISSION:
		return STATE_DENIED;
	case NVML_NOT_SUPPORTED:
	case NVML_INVALID_ARGUMENT:
	case NVML_FUNCTION_NOT_FOUND:
	case NVML_ARGUMENT_VERSION_MISMATCH:
		return STATE_UNSUPPORTED;
	default:
		return STATE_FAILED;
	}
}

/* After these there is nothing more to be asked. */
static bool is_fatal(int code)
{
	return code == NVML_UNINITIALIZED || code == NVML_DRIVER_NOT_LOADED ||
	       code == NVML_GPU_IS_LOST || code == NVML_LIB_RM_VERSION_MISMATCH;
}

/* While one device is asked. */
struct asking {
	const struct nvml_library *library;
	void *handle;
	int fatal; /* the first such code; NVML_SUCCESS: none */
};

static enum cell_state note(struct asking *self, int code)
{
	if (is_fatal(code) && self->fatal == NVML_SUCCESS)
		self->fatal = code;
	return state_of(code);
}

static void take(struct asking *self, uint64_t *ret, int code, uint64_t value, uint64_t most)
{
	enum cell_state state = note(self, code);

	if (state == STATE_OK && value > most)
		state = STATE_FAILED;
	*ret = state == STATE_OK ? value : ABSENT_U64(state);
}

/* A function of one number. */
static void ask(
	struct asking *self, uint64_t *ret, int (*function)(void *, unsigned *), uint64_t most)
{
	unsigned value = 0;
	int code = function ? function(self->handle, &value) : NVML_FUNCTION_NOT_FOUND;

	take(self, ret, code, value, most);
}

static void ask_clock(struct asking *self, uint64_t *ret,
	int (*function)(void *, unsigned, unsigned *), enum nvml_clock clock)
{
	unsigned mhz = 0;
	int code = function ? function(self->handle, clock, &mhz) : NVML_FUNCTION_NOT_FOUND;

	take(self, ret, code, mhz, CLOCK_MAX_MHZ);
}

static void ask_video(
	struct asking *self, uint64_t *ret, int (*function)(void *, unsigned *, unsigned *))
{
	unsigned percent = 0, period_us = 0;
	int code = function ? function(self->handle, &percent, &period_us)
			    : NVML_FUNCTION_NOT_FOUND;

	take(self, ret, code, percent, 100);
}

/* ------------------------------------------------------------------------------ the parts */

static void ask_text(
	struct asking *self, char text[NVML_TEXT], int (*function)(void *, char *, unsigned))
{
	int code = function ? function(self->handle, text, NVML_TEXT) : NVML_FUNCTION_NOT_FOUND;

	if (note(self, code) != STATE_OK)
		text[0] = '\0';
	text[NVML_TEXT - 1] = '\0';
}

/* They are what they are as long as the library stays. */
static void ask_names(struct asking *self, struct nvml_gpu *gpu)
{
	if (gpu->name[0])
		return;
	ask_text(self, gpu->name, self->library->name);
	ask_text(self, gpu->uuid, self->library->uuid);
}

static void ask_rates(struct asking *self, struct nvml_gpu *gpu)
{
	const struct nvml_library *library = self->library;
	struct nvml_rates rates = {0};
	int code =
		library->rates ? library->rates(self->handle, &rates) : NVML_FUNCTION_NOT_FOUND;

	take(self, &gpu->busy, code, rates.gpu, 100);
	take(self, &gpu->busy_memory, code, rates.memory, 100);
}

static void ask_load(struct asking *self, struct nvml_gpu *gpu)
{
	const struct nvml_library *library = self->library;

	ask_rates(self, gpu);
	ask_video(self, &gpu->busy_encoder, library->encoder);
	ask_video(self, &gpu->busy_decoder, library->decoder);
	ask_clock(self, &gpu->clock, library->clock, NVML_CLOCK_GRAPHICS);
	ask_clock(self, &gpu->clock_memory, library->clock, NVML_CLOCK_MEMORY);
	ask_clock(self, &gpu->clock_video, library->clock, NVML_CLOCK_VIDEO);
	ask(self, &gpu->performance, library->performance, PERFORMANCE_MAX);
}

/* Before 2022 the driver's own memory was counted as used. */
static void ask_memory(struct asking *self, struct nvml_gpu *gpu)
{
	const struct nvml_library *library = self->library;
	struct nvml_memory_v2 memory = {.version = NVML_MEMORY_V2};
	struct nvml_memory first = {0};
	int code = library->memory_v2 ? library->memory_v2(self->handle, &memory)
				      : NVML_FUNCTION_NOT_FOUND;

	take(self, &gpu->memory_reserved, code, memory.reserved, memory.total);
	if ((code == NVML_FUNCTION_NOT_FOUND || code == NVML_ARGUMENT_VERSION_MISMATCH) &&
		library->device_memory) {
		code = library->device_memory(self->handle, &first);
		memory.total = first.total;
		memory.used = first.used;
	}
	if (code == NVML_SUCCESS && memory.total == 0) /* GPU and CPU share theirs */
		code = NVML_NOT_SUPPORTED;
	take(self, &gpu->memory_total, code, memory.total, INT64_MAX);
	take(self, &gpu->memory_used, code, memory.used, memory.total);
}

static void take_celsius(struct asking *self, int64_t *ret, int code, int64_t celsius)
{
	enum cell_state state = note(self, code);

	if (state == STATE_OK && (celsius > CELSIUS_MAX || celsius < -CELSIUS_MAX))
		state = STATE_FAILED;
	*ret = state == STATE_OK ? celsius : ABSENT_I64(state);
}

static void ask_temperature(struct asking *self, struct nvml_gpu *gpu)
{
	struct nvml_temperature reading = {
		.version = NVML_TEMPERATURE_V1, .sensor = NVML_SENSOR_GPU};
	unsigned celsius = 0;
	int code = NVML_FUNCTION_NOT_FOUND;

	if (self->library->temperature_v)
		code = self->library->temperature_v(self->handle, &reading);
	if (state_of(code) == STATE_UNSUPPORTED && self->library->temperature) {
		code = self->library->temperature(self->handle, NVML_SENSOR_GPU, &celsius);
		reading.celsius = celsius <= INT32_MAX ? (int)celsius : INT32_MAX;
	}
	take_celsius(self, &gpu->temperature, code, reading.celsius);
}

/* 0 is what some boards without such a sensor say. */
static void ask_memory_temperature(struct asking *self, struct nvml_gpu *gpu)
{
	struct nvml_field field = {.field = NVML_FIELD_MEMORY_TEMPERATURE};
	int code = self->library->fields ? self->library->fields(self->handle, 1, &field)
					 : NVML_FUNCTION_NOT_FOUND;

	if (code == NVML_SUCCESS)
		code = field.code;
	if (code == NVML_SUCCESS && field.value.bits32 == 0)
		code = NVML_NOT_SUPPORTED;
	take_celsius(self, &gpu->temperature_memory, code, field.value.bits32);
}

static void ask_power(struct asking *self, struct nvml_gpu *gpu)
{
	const struct nvml_library *library = self->library;
	unsigned long long energy = 0;
	int code = library->energy ? library->energy(self->handle, &energy)
				   : NVML_FUNCTION_NOT_FOUND;

	take(self, &gpu->energy, code, energy, INT64_MAX / 1000000);
	ask(self, &gpu->power, library->power, POWER_MAX_MW);
	ask_temperature(self, gpu);
	ask_memory_temperature(self, gpu);
	ask(self, &gpu->fan, library->fan, FAN_MAX);
}

static void ask_limits(struct asking *self, struct nvml_gpu *gpu)
{
	const struct nvml_library *library = self->library;

	ask_clock(self, &gpu->clock_max, library->clock_max, NVML_CLOCK_GRAPHICS);
	ask_clock(self, &gpu->clock_memory_max, library->clock_max, NVML_CLOCK_MEMORY);
	ask(self, &gpu->power_limit, library->power_limit, POWER_MAX_MW);
}

/* -------------------------------------------------------------------------- the devices */

static bool wants(const struct nvml_session *self, enum nvml_part part)
{
	return self->parts >> part & 1;
}

/* What an instance does not have of its own. */
static void begin_instance(struct nvml_gpu *self, const char *address)
{
	*self = (struct nvml_gpu){.instance = true};
	memcpy(self->address, address, sizeof self->address);
	device_fill(&self->busy, &self->power_limit, STATE_UNSUPPORTED);
	self->temperature = self->temperature_memory = ABSENT_I64(STATE_UNSUPPORTED);
}

/* They can be made and deleted at any time, so they are always asked for all that they have. */
static int sample_parts(struct nvml_session *self, struct nvml_device *device)
{
	const struct nvml_library *library = &self->library;
	int code = NVML_SUCCESS;

	nvml_devices_partition(library, device);
	device->part_count = 0;
	for (unsigned i = 0; i < device->instances && code == NVML_SUCCESS &&
			     device->part_count < NVML_INSTANCES_MAX;
		i++) {
		struct asking asking = {.library = library};
		struct nvml_gpu *part = &device->parts[device->part_count];
		int found = library->mig_handle(device->handle, i, &asking.handle);
		if (is_fatal(found))
			return found;
		if (found != NVML_SUCCESS) /* the place is empty */
			continue;
		begin_instance(part, device->address);
		ask_names(&asking, part);
		ask_memory(&asking, part);
		device->part_count += part->uuid[0] != '\0';
		code = asking.fatal;
	}
	return code;
}

static int sample_device(struct nvml_session *self, struct nvml_device *device)
{
	struct asking asking = {.library = &self->library, .handle = device->handle};
	struct nvml_gpu *gpu = &device->gpu;

	if (wants(self, NVML_NAMES))
		ask_names(&asking, gpu);
	if (wants(self, NVML_LOAD))
		ask_load(&asking, gpu);
	if (wants(self, NVML_MEMORY))
		ask_memory(&asking, gpu);
	if (wants(self, NVML_POWER))
		ask_power(&asking, gpu);
	if (wants(self, NVML_LIMITS))
		ask_limits(&asking, gpu);
	return asking.fatal != NVML_SUCCESS ? asking.fatal : sample_parts(self, device);
}

int nvml_gpus_sample(struct nvml_session *self)
{
	int code = NVML_SUCCESS;

	if (!(self->parts & ~(1u << NVML_PROCESSES)))
		return code;
	for (uint32_t i = 0; i < self->device_count && code == NVML_SUCCESS; i++)
		code = sample_device(self, &self->devices[i]);
	return code;
}

bool nvml_gpus_used(struct nvml_session *self)
{
	bool used = false;

	for (uint32_t i = 0; i < self->device_count; i++) {
		struct nvml_device *device = &self->devices[i];
		struct asking asking = {.library = &self->library, .handle = device->handle};
		struct nvml_gpu now = {.instance = false};
		ask_rates(&asking, &now);
		ask_memory(&asking, &now);
		used |= now.busy > 0 && now.busy <= 100;
		used |= now.memory_used != device->used_before;
		device->used_before = now.memory_used;
	}
	return used;
}
