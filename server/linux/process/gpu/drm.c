#include "drm.h"

#include <string.h>

#include "../../parse.h"

/* THE table of engines: by the names that drivers give them. */
static const struct {
	const char *name;
	enum gpu_class class;
} engine_classes[] = {
	{"render", GPU_RENDER},         /* i915, v3d */
	{"copy", GPU_COPY},             /* i915 */
	{"video", GPU_VIDEO},           /* i915 */
	{"video-enhance", GPU_ENHANCE}, /* i915 */
	{"compute", GPU_COMPUTE},       /* i915, amdgpu */
	{"rcs", GPU_RENDER},            /* xe, by the names of command streamers */
	{"bcs", GPU_COPY},
	{"vcs", GPU_VIDEO},
	{"vecs", GPU_ENHANCE},
	{"ccs", GPU_COMPUTE},
	{"gfx", GPU_RENDER}, /* amdgpu */
	{"dma", GPU_COPY},
	{"dec", GPU_VIDEO},
	{"enc", GPU_VIDEO},
	{"enc_1", GPU_VIDEO},
	{"jpeg", GPU_VIDEO},
	{"vpe", GPU_ENHANCE},
	{"gpu", GPU_RENDER},      /* msm: all in one */
	{"panthor", GPU_RENDER},  /* panthor: all in one */
	{"fragment", GPU_RENDER}, /* panfrost */
	{"vertex-tiler", GPU_RENDER},
	{"compute-only", GPU_COMPUTE},
	{"bin", GPU_RENDER}, /* v3d */
	{"tfu", GPU_COPY},   /* lays out textures */
	{"csd", GPU_COMPUTE},
	{"gp", GPU_RENDER}, /* lima */
	{"pp", GPU_RENDER},
	{"2D", GPU_RENDER}, /* etnaviv: what a core can do */
	{"3D", GPU_RENDER},
	{"2D/3D", GPU_RENDER},
	{"NN", GPU_COMPUTE},
	{"npu-amdxdna", GPU_COMPUTE},
};

/* Memory of a board: the rest is main memory, under whichever name. */
static const char *const device_regions[] = {"vram", "local", "stolen-local"};

/* No memory, but places on the chip and pages of registers, which amdgpu lists alike. */
static const char *const chip_regions[] = {"gds", "gws", "oa", "doorbell", "mmio-remap"};

static const struct drm_driver drivers[] = {
	/* Up to 8 compute rings and 16 copy engines under one name each. */
	{"amdgpu", .idle_unlisted = true, .capacity = 16},
	{"i915", .capacity = 1},
	{"xe", .slow = true, .capacity = 1}, /* holds the device awake to read its clock */
	{"msm", .capacity = 1},
	{"panfrost", .capacity = 2}, /* a job counts from when it is queued behind another */
	{"panthor", .capacity = 1},
	{"v3d", .capacity = 1},
	{"etnaviv", .capacity = 1},
	{"lima", .capacity = 1},
	{"nouveau", .capacity = 1},
	{"radeon", .capacity = 1},
	{"virtio_gpu", .capacity = 1},
	{"vmwgfx", .capacity = 1},
	{"asahi", .capacity = 1},
	{"nvidia-drm", .capacity = 1},
	{"vc4", .capacity = 1},
};

static const struct drm_driver unknown_driver = {"", .slow = true, .capacity = 1};

const struct drm_driver *drm_driver_find(const char *name)
{
	for (size_t i = 0; i < sizeof drivers / sizeof *drivers; i++)
		if (strcmp(drivers[i].name, name) == 0)
			return &drivers[i];
	return &unknown_driver;
}

enum gpu_class drm_engine_class(const char *name)
{
	for (size_t i = 0; i < sizeof engine_classes / sizeof *engine_classes; i++)
		if (strcmp(engine_classes[i].name, name) == 0)
			return engine_classes[i].class;
	return GPU_OTHER;
}

/* ------------------------------------------------------------------------------ words */

/* The part of a line's key behind a prefix, if it has that prefix. */
static bool after(const struct scan *key, const char *prefix, struct scan *ret_rest)
{
	size_t length = strlen(prefix);

	if ((size_t)(key->end - key->at) <= length || memcmp(key->at, prefix, length) != 0)
		return false;
	*ret_rest = (struct scan){key->at + length, key->end};
	return true;
}

static bool is(const struct scan *word, const char *text)
{
	size_t length = strlen(text);

	return (size_t)(word->end - word->at) == length && memcmp(word->at, text, length) == 0;
}

/* A name that is too long is cut: it stays the same name in the next text. */
static void copy_word(const struct scan *word, char out[DRM_NAME_SIZE])
{
	size_t length = (size_t)(word->end - word->at);

	if (length >= DRM_NAME_SIZE)
		length = DRM_NAME_SIZE - 1;
	memcpy(out, word->at, length);
	out[length] = '\0';
}

/* The next word after blanks. */
static bool next_word(struct scan *line, struct scan *ret_word)
{
	while (line->at < line->end && (*line->at == ' ' || *line->at == '\t'))
		line->at++;
	ret_word->at = line->at;
	while (line->at < line->end && *line->at != ' ' && *line->at != '\t')
		line->at++;
	ret_word->end = line->at;
	return ret_word->at < ret_word->end;
}

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit units[] = {
	{"KiB", 1024},
	{"MiB", 1024 * 1024},
	{"GiB", 1024 * 1024 * 1024},
	{"KHz", 1000},
	{"MHz", 1000 * 1000},
	{"ns", 1},
	{"Hz", 1},
	{"bytes", 1},
};

/* "123 KiB", in base units; false when it is anything else. */
static bool quantity(struct scan value, uint64_t *ret_number)
{
	struct scan unit;
	int64_t number;

	if (!scan_number(&value, &number) || number < 0)
		return false;
	*ret_number = (uint64_t)number;
	if (!next_word(&value, &unit))
		return true;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (is(&unit, units[i].name)) {
			*ret_number = saturating_multiply((uint64_t)number, units[i].factor);
			if (*ret_number > NUMBER_LIMIT)
				*ret_number = NUMBER_LIMIT;
			return true;
		}
	return false;
}

/* --------------------------------------------------------------------------- engines */

static struct drm_engine *engine_of(struct drm_client *client, const struct scan *word)
{
	struct drm_engine *engine = client->engines;
	char name[DRM_NAME_SIZE];

	copy_word(word, name);
	for (; engine < client->engines + client->engine_count; engine++)
		if (strcmp(engine->name, name) == 0)
			return engine;
	if (client->engine_count == DRM_ENGINES)
		return NULL;
	memcpy(engine->name, name, sizeof name);
	client->engine_count++;
	return engine;
}

static void set_key(struct drm_client *client, const struct scan *name, enum drm_engine_key key,
	struct scan value)
{
	struct drm_engine *engine;
	uint64_t number;

	if (!quantity(value, &number))
		return;
	engine = engine_of(client, name);
	if (!engine)
		return;
	engine->keys |= key;
	*(key == DRM_BUSY                 ? &engine->busy_ns
		: key == DRM_CYCLES       ? &engine->cycles
		: key == DRM_TOTAL_CYCLES ? &engine->total_cycles
					  : &engine->max_frequency_hz) = number;
}

static void set_capacity(struct drm_client *client, const struct scan *name, struct scan value)
{
	enum { CAPACITY_MAX = 1024 };
	struct drm_engine *engine;
	uint64_t number;

	if (!quantity(value, &number) || number == 0 || number > CAPACITY_MAX)
		return;
	engine = engine_of(client, name);
	if (engine)
		engine->capacity = number;
}

static bool parse_engine(struct drm_client *client, const struct scan *key, struct scan value)
{
	struct scan name;

	if (after(key, "drm-engine-capacity-", &name))
		set_capacity(client, &name, value);
	else if (after(key, "drm-engine-", &name))
		set_key(client, &name, DRM_BUSY, value);
	else if (after(key, "drm-cycles-", &name))
		set_key(client, &name, DRM_CYCLES, value);
	else if (after(key, "drm-total-cycles-", &name))
		set_key(client, &name, DRM_TOTAL_CYCLES, value);
	else if (after(key, "drm-maxfreq-", &name))
		set_key(client, &name, DRM_MAX_FREQUENCY, value);
	else
		return false;
	return true;
}

/* ---------------------------------------------------------------------------- memory */

enum region_key { TOTAL, SHARED, RESIDENT, MEMORY, REGION_KEYS };

struct region {
	char name[DRM_NAME_SIZE];
	uint32_t keys;
	uint64_t bytes[REGION_KEYS];
};

struct regions {
	uint32_t count;
	struct region list[DRM_REGIONS];
};

static void set_region(
	struct regions *self, const struct scan *word, enum region_key key, struct scan value)
{
	struct region *region = self->list;
	char name[DRM_NAME_SIZE];
	uint64_t bytes;

	if (!quantity(value, &bytes))
		return;
	copy_word(word, name);
	while (region < self->list + self->count && strcmp(region->name, name) != 0)
		region++;
	if (region == self->list + self->count) {
		if (self->count == DRM_REGIONS)
			return;
		memcpy(region->name, name, sizeof name);
		self->count++;
	}
	region->keys |= UINT32_C(1) << key;
	region->bytes[key] = bytes;
}

static void parse_region(struct regions *self, const struct scan *key, struct scan value)
{
	static const char *const prefixes[REGION_KEYS] = {
		[TOTAL] = "drm-total-",
		[SHARED] = "drm-shared-",
		[RESIDENT] = "drm-resident-",
		[MEMORY] = "drm-memory-", /* amdgpu's old name of resident */
	};
	struct scan name;

	for (int i = 0; i < REGION_KEYS; i++)
		if (after(key, prefixes[i], &name)) {
			set_region(self, &name, (enum region_key)i, value);
			return;
		}
}

static bool starts_with_one(const char *name, const char *const *prefixes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}

#define IS_ONE_OF(name, prefixes)                                                              \
	starts_with_one(name, prefixes, sizeof(prefixes) / sizeof *(prefixes))

/* What the region holds now. Drivers that do not tell (v3d) give a buffer its memory when it
 * is made, so that the total is what they hold. */
static uint64_t held_bytes(const struct region *region)
{
	if (region->keys >> RESIDENT & 1)
		return region->bytes[RESIDENT];
	if (region->keys >> MEMORY & 1)
		return region->bytes[MEMORY];
	return region->bytes[TOTAL];
}

static struct drm_memory sum_of(const struct regions *self)
{
	struct drm_memory sum = {0};
	bool has_board = false;

	for (uint32_t i = 0; i < self->count; i++)
		has_board |= IS_ONE_OF(self->list[i].name, device_regions);
	for (uint32_t i = 0; i < self->count; i++) {
		const struct region *region = &self->list[i];
		uint64_t held = held_bytes(region), shared = region->bytes[SHARED];
		if (IS_ONE_OF(region->name, chip_regions))
			continue;
		/* What the firmware took ("stolen") it took from where the GPU's memory is. */
		bool on_board = IS_ONE_OF(region->name, device_regions) ||
				(has_board && strcmp(region->name, "stolen") == 0);
		sum.known = true;
		*(on_board ? &sum.device : &sum.system) += held;
		sum.shared += shared < held ? shared : held; /* not all of it is resident */
	}
	return sum;
}

/* ------------------------------------------------------------------------------- text */

static void parse_identity(struct drm_client *client, const struct scan *key, struct scan value)
{
	struct scan word;
	int64_t number;

	if (is(key, "drm-driver") && next_word(&value, &word))
		copy_word(&word, client->driver);
	else if (is(key, "drm-pdev") && next_word(&value, &word))
		copy_word(&word, client->address);
	else if (is(key, "drm-client-id") && scan_number(&value, &number) && number >= 0) {
		client->id = (uint64_t)number;
		client->has_id = true;
	}
}

bool drm_parse(const char *bytes, size_t length, struct drm_client *ret_client)
{
	struct scan text = {bytes, bytes + length}, line;
	struct regions regions = {0};

	memset(ret_client, 0, sizeof *ret_client);
	while (scan_line(&text, &line)) {
		const char *colon = memchr(line.at, ':', (size_t)(line.end - line.at));
		if (!colon || colon - line.at < 4 || memcmp(line.at, "drm-", 4) != 0)
			continue;
		struct scan key = {line.at, colon}, value = {colon + 1, line.end};
		if (parse_engine(ret_client, &key, value))
			continue;
		parse_identity(ret_client, &key, value);
		parse_region(&regions, &key, value);
	}
	ret_client->memory = sum_of(&regions);
	return ret_client->driver[0] != '\0';
}
