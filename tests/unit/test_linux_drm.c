/* fdinfo texts of all drivers, and the times that follow from them. Expected numbers are worked
 * out by hand from tests/fixtures/gpu. */
#include <fcntl.h>
#include <unistd.h>

#include "linux/process/gpu/drm.h"
#include "test.h"

#define KIB    UINT64_C(1024)
#define MIB    (1024 * KIB)
#define GIB    (1024 * MIB)
#define SECOND UINT64_C(1000000000)

static struct drm_client client;
static struct drm_meter meter;

static void parse(const char *text)
{
	CHECK(drm_parse(text, strlen(text), &client));
}

static void parse_fixture(const char *name)
{
	char path[128], text[8192];
	ssize_t length;
	int file;

	snprintf(path, sizeof path, "tests/fixtures/gpu/%s", name);
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		test_skip("run it where tests/fixtures is");
	length = read(file, text, sizeof text);
	close(file);
	CHECK(length > 0 && (size_t)length < sizeof text);
	CHECK(drm_parse(text, (size_t)length, &client));
}

static const struct drm_engine *engine(const char *name)
{
	for (uint32_t i = 0; i < client.engine_count; i++)
		if (strcmp(client.engines[i].name, name) == 0)
			return &client.engines[i];
	test_fail(__FILE__, __LINE__, "there is no engine %s", name);
}

static void check_identity(const char *driver, const char *address, uint64_t id)
{
	CHECK_TEXT(client.driver, driver);
	CHECK_TEXT(client.address, address);
	CHECK(client.has_id);
	CHECK_INT(client.id, id);
}

static void check_memory(uint64_t device, uint64_t system, uint64_t shared)
{
	CHECK(client.memory.known);
	CHECK_INT(client.memory.device, device);
	CHECK_INT(client.memory.system, system);
	CHECK_INT(client.memory.shared, shared);
}

/* After the first reading of a client. */
static void check_times(const uint64_t times[GPU_CLASSES])
{
	memset(&meter, 0, sizeof meter);
	drm_meter_add(&meter, &client, 1000 * SECOND);
	CHECK(meter.known);
	for (int i = 0; i < GPU_CLASSES; i++)
		CHECK_INT(meter.time_ns[i], times[i]);
	CHECK_INT(meter.garbage, 0);
}

/* ---------------------------------------------------------------------------- drivers */

TEST(amdgpu)
{
	static const uint64_t times[GPU_CLASSES] = {[GPU_RENDER] = 3041250100,
		[GPU_COMPUTE] = 500000000,
		[GPU_COPY] = 20000300,
		[GPU_VIDEO] = 1000000007 + 7000000,
		[GPU_ENHANCE] = 11000};

	parse_fixture("amdgpu/fdinfo");
	check_identity("amdgpu", "0000:08:00.0", 74);
	check_memory(480 * MIB, 18560 * KIB, 48 * MIB + 4 * MIB);
	check_times(times);
}

TEST(amdgpu_before_resident)
{
	static const uint64_t times[GPU_CLASSES] = {[GPU_RENDER] = 107322799};

	parse_fixture("amdgpu-legacy/fdinfo");
	check_identity("amdgpu", "0000:08:00.0", 217);
	check_memory(2068 * KIB, 8192 * KIB, 0);
	check_times(times);
}

TEST(i915)
{
	static const uint64_t times[GPU_CLASSES] = {
		[GPU_RENDER] = 9288864723, [GPU_COPY] = 2035071108, [GPU_ENHANCE] = 77};

	parse_fixture("i915/fdinfo");
	check_identity("i915", "0000:00:02.0", 7);
	check_memory(0, 98304 * KIB + 8 * MIB, 64 * MIB);
	CHECK_INT(engine("video")->capacity, 2);
	CHECK_INT(engine("render")->capacity, 0);
	check_times(times);
}

TEST(i915_with_memory_of_its_own)
{
	static const uint64_t times[GPU_CLASSES] = {[GPU_RENDER] = 5000000000,
		[GPU_COPY] = 1000,
		[GPU_VIDEO] = 3000000000,
		[GPU_ENHANCE] = 400,
		[GPU_COMPUTE] = 2500000000};

	parse_fixture("i915-local/fdinfo");
	check_identity("i915", "0000:03:00.0", 19);
	check_memory(896 * MIB + 2 * MIB, 4 * MIB, 24 * MIB);
	check_times(times);
}

TEST(xe_needs_two_readings)
{
	static const uint64_t nothing[GPU_CLASSES] = {0};

	parse_fixture("xe/fdinfo");
	check_identity("xe", "0000:03:00.0", 3);
	check_memory(23992 * KIB, 192 * KIB, 16 * MIB);
	CHECK_INT(engine("ccs")->capacity, 4);
	CHECK(drm_driver_find("xe")->slow);
	check_times(nothing);
	/* The device's clock went on by 19,200,000 cycles in a second; rcs worked 4,800,000. */
	parse_fixture("xe/fdinfo-later");
	drm_meter_add(&meter, &client, 1001 * SECOND);
	CHECK_INT(meter.time_ns[GPU_RENDER], SECOND / 4);
	CHECK_INT(meter.time_ns[GPU_VIDEO], SECOND); /* two engines half of the time each */
	CHECK_INT(meter.time_ns[GPU_COMPUTE], SECOND / 8);
	CHECK_INT(meter.time_ns[GPU_COPY], 0);
	CHECK_INT(meter.garbage, 0);
}

TEST(msm)
{
	static const uint64_t times[GPU_CLASSES] = {[GPU_RENDER] = 4215388213};

	parse_fixture("msm/fdinfo");
	check_identity("msm", "", 11);
	check_memory(0, 40 * MIB, 8112 * KIB);
	CHECK_INT(engine("gpu")->max_frequency_hz, 710000000);
	check_times(times); /* its ns rather than its cycles */
}

TEST(panfrost)
{
	static const uint64_t times[GPU_CLASSES] = {[GPU_RENDER] = 1846584880 + 71932239};

	parse_fixture("panfrost/fdinfo");
	check_identity("panfrost", "", 14);
	check_memory(0, 36496 * KIB, 0);
	check_times(times);
}

TEST(panfrost_without_profiling_tells_no_time)
{
	parse_fixture("panfrost/fdinfo-unprofiled");
	memset(&meter, 0, sizeof meter);
	drm_meter_add(&meter, &client, SECOND);
	CHECK(!meter.known);
	check_memory(0, 36496 * KIB, 0);
}

TEST(panthor)
{
	static const uint64_t times[GPU_CLASSES] = {[GPU_RENDER] = 111110952750};

	parse_fixture("panthor/fdinfo");
	check_identity("panthor", "", 10);
	check_memory(0, 16480 * KIB, 0);
	check_times(times);
}

TEST(v3d)
{
	static const uint64_t times[GPU_CLASSES] = {[GPU_RENDER] = 331110900 + 2200330004,
		[GPU_COPY] = 1000200,
		[GPU_COMPUTE] = 40000,
		[GPU_OTHER] = 500};

	parse_fixture("v3d/fdinfo");
	check_identity("v3d", "", 56);
	check_memory(0, 21280 * KIB, 16 * MIB);
	check_times(times);
}

TEST(etnaviv)
{
	static const uint64_t times[GPU_CLASSES] = {[GPU_RENDER] = 12000000 + 8345000111};

	parse_fixture("etnaviv/fdinfo");
	check_identity("etnaviv", "", 5);
	CHECK(!client.memory.known);
	check_times(times);
}

TEST(an_accelerator)
{
	static const uint64_t times[GPU_CLASSES] = {0};

	parse_fixture("amdxdna/fdinfo");
	check_identity("amdxdna_accel_driver", "0000:c5:00.1", 76);
	CHECK_INT(drm_engine_class(client.engines[0].name), GPU_COMPUTE);
	CHECK(drm_driver_find(client.driver)->slow); /* not one that is known to be quick */
	check_memory(0, 0, 0);
	check_times(times);
}

/* ------------------------------------------------------------------------------- text */

TEST(units_and_keys)
{
	parse("drm-driver: x\ndrm-total-vram: 7\ndrm-resident-vram: 3 KiB\n"
	      "drm-shared-vram: 1 GiB\ndrm-resident-gtt: 2 MiB\ndrm-memory-cpu: 5\n"
	      "drm-maxfreq-a: 2 MHz\ndrm-maxfreq-b: 3 KHz\ndrm-maxfreq-c: 4 Hz\n"
	      "drm-engine-a: 5 parsecs\ndrm-engine-capacity-a: 0\n");
	/* No more can be shared than there is. */
	check_memory(3 * KIB, 2 * MIB + 5, 3 * KIB);
	CHECK_INT(engine("a")->max_frequency_hz, 2000000);
	CHECK_INT(engine("b")->max_frequency_hz, 3000);
	CHECK_INT(engine("c")->max_frequency_hz, 4);
	CHECK(!(engine("a")->keys & DRM_BUSY));
	CHECK_INT(engine("a")->capacity, 0);
	CHECK(!client.has_id);
}

TEST(stolen_memory_is_where_the_other_is)
{
	parse("drm-driver: xe\ndrm-resident-stolen: 9\ndrm-resident-vram0: 1\n");
	check_memory(10, 0, 0);
	parse("drm-driver: xe\ndrm-resident-stolen: 9\ndrm-resident-gtt: 1\n");
	check_memory(0, 10, 0);
}

TEST(what_is_no_client)
{
	static const char *const texts[] = {"", "\n", ":", "drm-driver:", "drm-driver: \n",
		"pos:\t0\nflags:\t02\nmnt_id:\t15\nino:\t7\n", "drm-driver", "xdrm-driver: a\n",
		"drm-engine-gfx: 5 ns\n", "drm-\n", "drm-:\n"};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		CHECK(!drm_parse(texts[i], strlen(texts[i]), &client));
}

TEST(hostile_texts)
{
	static char text[65536];
	size_t length = (size_t)sprintf(text, "drm-driver: %0200d\ndrm-pdev: %0300d\n", 1, 2);

	for (int i = 0; i < 400; i++)
		length += (size_t)sprintf(text + length,
			"drm-engine-e%d: 99999999999999999999999999 ns\ndrm-resident-r%d: "
			"18446744073709551615 MiB\n",
			i, i);
	CHECK(drm_parse(text, length, &client));
	CHECK_INT(strlen(client.driver), DRM_NAME_SIZE - 1);
	CHECK_INT(client.engine_count, DRM_ENGINES);
	memset(&meter, 0, sizeof meter);
	drm_meter_add(&meter, &client, SECOND);
	CHECK_INT(meter.time_ns[GPU_OTHER], 0);
	CHECK_INT(meter.garbage, DRM_ENGINES);
	parse("drm-driver: x\ndrm-client-id: -5\ndrm-engine-: 4 ns\ndrm-engine-a: -4 ns\n"
	      "drm-capacity-a: 1\ndrm-resident-: 8\ndrm-cycles-a: 5\ndrm-maxfreq-a: 0 Hz\n");
	CHECK(!client.has_id);
	memset(&meter, 0, sizeof meter);
	drm_meter_add(&meter, &client, SECOND);
	CHECK(!meter.known); /* cycles of no frequency */
}

/* ------------------------------------------------------------------------------ meter */

static void read_engine(uint64_t second, uint64_t ns, int capacity)
{
	char text[256];

	snprintf(text, sizeof text,
		"drm-driver: i915\ndrm-engine-render: %" PRIu64
		" ns\ndrm-engine-capacity-render: %d\n",
		ns, capacity);
	parse(text);
	drm_meter_add(&meter, &client, second * SECOND);
}

TEST(a_counter_that_steps_back_keeps_what_it_had)
{
	memset(&meter, 0, sizeof meter);
	read_engine(1, 500, 1);
	read_engine(2, 900, 1);
	read_engine(3, 700, 1);
	CHECK_INT(meter.time_ns[GPU_RENDER], 900);
	read_engine(4, 850, 1);
	CHECK_INT(meter.time_ns[GPU_RENDER], 900);
	read_engine(5, 1000, 1);
	CHECK_INT(meter.time_ns[GPU_RENDER], 1000);
	CHECK_INT(meter.garbage, 0);
}

TEST(what_cannot_be_true_is_cut_and_counted)
{
	memset(&meter, 0, sizeof meter);
	read_engine(1, 100, 1);
	read_engine(2, 100 + 1000 * SECOND, 1);
	CHECK_INT(meter.time_ns[GPU_RENDER], 100 + SECOND);
	CHECK_INT(meter.garbage, 1);
	/* It was nonsense: the counter comes back and goes on. */
	read_engine(3, 300, 1);
	CHECK_INT(meter.time_ns[GPU_RENDER], 100 + SECOND);
	read_engine(4, 300 + SECOND / 2, 1);
	CHECK_INT(meter.time_ns[GPU_RENDER], 100 + SECOND + SECOND / 2);
	CHECK_INT(meter.garbage, 1);
}

TEST(a_jump_that_stays_is_counted_once)
{
	memset(&meter, 0, sizeof meter);
	read_engine(1, 100, 1);
	read_engine(2, 1000 * SECOND, 1);
	read_engine(3, 1000 * SECOND + 400, 1);
	read_engine(4, 1000 * SECOND + 300, 1); /* back by a little: not undone */
	CHECK_INT(meter.time_ns[GPU_RENDER], 100 + SECOND + 400);
	CHECK_INT(meter.garbage, 1);
}

TEST(several_engines_work_more_than_the_time_that_passed)
{
	memset(&meter, 0, sizeof meter);
	read_engine(1, 0, 4);
	for (uint64_t i = 1; i <= 60; i++)
		read_engine(1 + i, i * 4 * SECOND, 4);
	CHECK_INT(meter.time_ns[GPU_RENDER], 240 * SECOND);
	CHECK_INT(meter.garbage, 0);
	for (uint64_t i = 1; i <= 60; i++)
		read_engine(61 + i, (240 + i * 8) * SECOND, 4);
	CHECK(meter.garbage > 0);
	CHECK(meter.time_ns[GPU_RENDER] < (240 + 60 * 6) * SECOND);
}

TEST(a_driver_may_be_some_seconds_late)
{
	memset(&meter, 0, sizeof meter);
	read_engine(1, 0, 1);
	for (uint64_t i = 2; i < 5; i++)
		read_engine(i, 0, 1);
	read_engine(5, 4 * SECOND, 1);
	CHECK_INT(meter.time_ns[GPU_RENDER], 4 * SECOND);
	CHECK_INT(meter.garbage, 0);
}

TEST(an_engine_that_appears_later_counts_from_nothing)
{
	memset(&meter, 0, sizeof meter);
	parse("drm-driver: amdgpu\ndrm-engine-gfx: 5 ns\n");
	drm_meter_add(&meter, &client, SECOND);
	parse("drm-driver: amdgpu\ndrm-engine-gfx: 7 ns\ndrm-engine-dec: 100 ns\n");
	drm_meter_add(&meter, &client, 2 * SECOND);
	CHECK_INT(meter.time_ns[GPU_RENDER], 7);
	CHECK_INT(meter.time_ns[GPU_VIDEO], 100);
}

TEST(an_amdgpu_client_without_engines_did_nothing)
{
	memset(&meter, 0, sizeof meter);
	parse("drm-driver: amdgpu\ndrm-client-id: 4\n");
	drm_meter_add(&meter, &client, SECOND);
	CHECK(meter.known);
}

TEST(cycles_of_a_known_frequency)
{
	memset(&meter, 0, sizeof meter);
	parse("drm-driver: msm\ndrm-cycles-gpu: 710000000\ndrm-maxfreq-gpu: 710 MHz\n");
	drm_meter_add(&meter, &client, 9 * SECOND);
	CHECK_INT(meter.time_ns[GPU_RENDER], SECOND);
	parse("drm-driver: msm\ndrm-cycles-gpu: 781000000\ndrm-maxfreq-gpu: 710 MHz\n");
	drm_meter_add(&meter, &client, 10 * SECOND);
	CHECK_INT(meter.time_ns[GPU_RENDER], SECOND + SECOND / 10);
}

TEST(the_device_clock_of_xe_may_stand_still_or_begin_anew)
{
	static const char format[] =
		"drm-driver: xe\ndrm-cycles-rcs: %d\ndrm-total-cycles-rcs: %d\n";
	static const int readings[][3] = {/* second, cycles, total */
		{1, 100, 1000}, {2, 150, 1000}, {3, 160, 10}, {4, 165, 20}};
	char text[256];

	memset(&meter, 0, sizeof meter);
	for (size_t i = 0; i < sizeof readings / sizeof *readings; i++) {
		snprintf(text, sizeof text, format, readings[i][1], readings[i][2]);
		parse(text);
		drm_meter_add(&meter, &client, (uint64_t)readings[i][0] * SECOND);
	}
	CHECK_INT(meter.time_ns[GPU_RENDER], SECOND / 2);
	CHECK_INT(meter.garbage, 0);
}

TESTS(CASE(amdgpu), CASE(amdgpu_before_resident), CASE(i915), CASE(i915_with_memory_of_its_own),
	CASE(xe_needs_two_readings), CASE(msm), CASE(panfrost),
	CASE(panfrost_without_profiling_tells_no_time), CASE(panthor), CASE(v3d), CASE(etnaviv),
	CASE(an_accelerator), CASE(units_and_keys), CASE(stolen_memory_is_where_the_other_is),
	CASE(what_is_no_client), CASE(hostile_texts),
	CASE(a_counter_that_steps_back_keeps_what_it_had),
	CASE(what_cannot_be_true_is_cut_and_counted), CASE(a_jump_that_stays_is_counted_once),
	CASE(several_engines_work_more_than_the_time_that_passed),
	CASE(a_driver_may_be_some_seconds_late),
	CASE(an_engine_that_appears_later_counts_from_nothing),
	CASE(an_amdgpu_client_without_engines_did_nothing), CASE(cycles_of_a_known_frequency),
	CASE(the_device_clock_of_xe_may_stand_still_or_begin_anew))
