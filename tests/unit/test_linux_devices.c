/* Devices: rows by key, however many there are and however they come and go. */
#include "devices.h"
#include "linux_watch.h"

enum { MANY = 5000 };

struct things {
	struct devices devices;
};

struct thing {
	uint64_t identity;
	bool forgotten;
};

static uint64_t there[2 * MANY];
static uint32_t there_count, forgotten;
static int find_result;

static int find(struct devices *devices)
{
	for (uint32_t i = 0; i < there_count; i++) {
		bool is_new;
		struct thing *thing = devices_found_number(devices, there[i], 0, &is_new);
		CHECK(thing);
		CHECK(is_new == (thing->identity == 0));
		thing->identity = there[i];
	}
	return find_result;
}

static void forget(struct devices *devices, void *row)
{
	(void)devices;
	CHECK(((struct thing *)row)->identity != 0);
	forgotten++;
}

static int thing_read(struct devices *devices, void *row, void *sample)
{
	(void)devices;
	*(uint64_t *)sample = ((struct thing *)row)->identity;
	return *(uint64_t *)sample == 13 ? SAMPLE_GONE : STATE_OK;
}

static const struct device_source source = {
	.source = {.name = "thing", .sample_size = 8}, .read = thing_read};
static const struct device_source *const sources[] = {&source};
static const struct device_table table = {.id = TABLE_DISK,
	.sources = sources,
	.source_count = 1,
	.size = sizeof(struct things),
	.row_size = sizeof(struct thing),
	.find = find,
	.forget = forget};

static struct watch *begin(void)
{
	static struct devices_provider provider;
	struct watch *watch = watch_open(NULL, NULL, NULL);
	struct target target = {0};

	watch->provider->close(watch->handle);
	devices_provider_init(&provider, &table, watch->platform->context);
	watch->provider = &provider.provider;
	CHECK_INT(
		provider.provider.open(provider.provider.context, &target, &watch->handle), 0);
	there_count = forgotten = 0;
	find_result = 0;
	return watch;
}

static void check_rows(struct watch *watch)
{
	uint32_t alive = 0;

	for (uint32_t slot = 0; slot < watch->count; slot++) {
		uint64_t identity;
		if (!watch->rows[slot].alive)
			continue;
		CHECK_INT(watch->provider->read(watch->handle, slot, 0, &identity), STATE_OK);
		CHECK(identity == watch->rows[slot].identity);
		alive++;
	}
	CHECK_INT(alive, there_count);
}

static uint64_t next_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *state >> 33;
}

TEST(rows_keep_their_places_in_any_order)
{
	struct watch *watch = begin();
	uint64_t state = 7;

	for (uint32_t i = 0; i < MANY; i++)
		there[i] = UINT64_C(1000003) * (i + 1);
	there_count = MANY;
	watch_list(watch);
	CHECK_INT(watch->births, MANY);
	for (int round = 0; round < 5; round++) {
		for (uint32_t i = MANY - 1; i > 0; i--) {
			uint32_t other = (uint32_t)(next_random(&state) % (i + 1));
			uint64_t kept = there[i];
			there[i] = there[other];
			there[other] = kept;
		}
		watch_list(watch);
		CHECK_INT(watch->births + watch->deaths, 0);
		check_rows(watch);
	}
	watch_close(watch);
}

TEST(who_comes_and_goes_is_found_and_forgotten)
{
	struct watch *watch = begin();
	uint64_t state = 11, next = 100;
	uint32_t births = 0;

	for (int round = 0; round < 300; round++) {
		uint32_t kept = 0;
		for (uint32_t i = 0; i < there_count; i++)
			if (next_random(&state) % 4)
				there[kept++] = there[i];
		there_count = kept;
		for (int i = 0; i < 50; i++)
			there[there_count++] = next++ * 4096; /* equal in their low bits */
		watch_list(watch);
		births += watch->births;
		check_rows(watch);
	}
	CHECK_INT(births, 300 * 50);
	CHECK_INT(forgotten, births - there_count);
	watch_close(watch);
}

TEST(after_an_error_rows_stay_as_they_are)
{
	struct watch *watch = begin();
	struct row_scope scope = {.all = true};

	there[0] = 5;
	there[1] = 6;
	there_count = 2;
	watch_list(watch);
	there_count = 1;
	find_result = -EIO;
	CHECK_INT(watch->provider->list(watch->handle, &watch->roster, &scope), -EIO);
	CHECK_INT(forgotten, 0);
	find_result = 0;
	watch_list(watch);
	CHECK_INT(watch->deaths, 1);
	watch_close(watch);
}

TEST(a_row_that_turns_out_to_be_gone_is_forgotten_at_once)
{
	struct watch *watch = begin();
	uint64_t identity;

	there[0] = 13;
	there_count = 1;
	watch_list(watch);
	CHECK_INT(watch->provider->read(watch->handle, 0, 0, &identity), SAMPLE_GONE);
	CHECK_INT(forgotten, 1);
	watch_remove(watch, 0); /* as the core does */
	there_count = 0;
	watch_list(watch);
	CHECK_INT(watch->deaths, 0);
	watch_close(watch);
}

TESTS(CASE(rows_keep_their_places_in_any_order),
	CASE(who_comes_and_goes_is_found_and_forgotten),
	CASE(after_an_error_rows_stay_as_they_are),
	CASE(a_row_that_turns_out_to_be_gone_is_forgotten_at_once))
