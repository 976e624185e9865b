/* Table SENSOR, on a tree of files. */
#include <pthread.h>

#include "clock.h"
#include "linux/sensor/sensor.h"
#include "linux/sysfs.h"
#include "linux_tree.h"

#define HWMON(number) "sys/class/hwmon/hwmon" #number

/* ----------------------------------------------------------------------------- the table */

static struct watch *open_sensors(void)
{
	struct watch *watch = watch_open_table(TABLE_SENSOR, tree_procfs, tree_sysfs);

	return watch;
}

/* As if it were long ago that devices were looked for. */
static void find_again(struct watch *watch)
{
	struct devices *table = watch->handle;

	table->found_ns = 0;
	watch_list(watch);
}

static void read_who(struct watch *watch, uint32_t slot, struct linux_sensor *sample)
{
	CHECK_INT(watch->provider->read(watch->handle, slot, SOURCE_sensor, sample), STATE_OK);
}

/* The slot of a row, by its name; NO_ROW. */
static uint32_t slot_of(struct watch *watch, const char *name)
{
	struct linux_sensor sample;

	for (uint32_t slot = 0; slot < watch->count; slot++) {
		if (!watch->rows[slot].alive)
			continue;
		read_who(watch, slot, &sample);
		if (strcmp(watch_text(&sample.name), name) == 0)
			return slot;
	}
	return NO_ROW;
}

static uint32_t must_find(struct watch *watch, const char *name)
{
	uint32_t slot = slot_of(watch, name);

	if (slot == NO_ROW)
		test_fail(__FILE__, __LINE__, "no row %s", name);
	return slot;
}

static int read_slow(struct watch *watch, const char *name, uint32_t source, void *sample)
{
	struct job job = {.slot = must_find(watch, name), .source = source, .sample = sample};

	memset(sample, 0, watch->provider->sources[source].sample_size);
	return watch_run_job(watch, &job);
}

static int read_temperature(struct watch *watch, const char *name, int64_t *ret_millicelsius)
{
	return read_slow(watch, name, SOURCE_sensor_temperature, ret_millicelsius);
}

static int64_t temperature_of(struct watch *watch, const char *name)
{
	int64_t millicelsius;

	CHECK_INT(read_temperature(watch, name, &millicelsius), STATE_OK);
	return millicelsius;
}

static void put_chip(const char *folder, const char *name, const char *file, const char *text)
{
	char path[256];

	snprintf(path, sizeof path, "%s/name", folder);
	tree_put(path, name);
	snprintf(path, sizeof path, "%s/%s", folder, file);
	tree_put(path, text);
}

/* ----------------------------------------------------------------------------- the names */

TEST(files_belong_to_channels)
{
	static const struct {
		const char *name;
		struct channel channel;
	} cases[] = {
		{"temp1_input", {SENSOR_TEMPERATURE, 1, 1U << CHANNEL_INPUT}},
		{"temp123_max_hyst", {SENSOR_TEMPERATURE, 123, 1U << CHANNEL_MAX_HYST}},
		{"in0_lcrit_alarm", {SENSOR_VOLTAGE, 0, 1U << CHANNEL_LCRIT_ALARM}},
		{"fan2_target", {SENSOR_FAN, 2, 1U << CHANNEL_TARGET}},
		{"pwm7", {SENSOR_FAN, 7, 1U << CHANNEL_DUTY}},
		{"curr1_label", {SENSOR_CURRENT, 1, 1U << CHANNEL_LABEL}},
		{"humidity1_input", {SENSOR_HUMIDITY, 1, 1U << CHANNEL_INPUT}},
		{"temp9999_input", {SENSOR_TEMPERATURE, 9999, 1U << CHANNEL_INPUT}},
	};
	struct channel channel;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char path[CHANNEL_PATH_MAX];
		CHECK(channel_parse(cases[i].name, &channel));
		CHECK_INT(channel.kind, cases[i].channel.kind);
		CHECK_INT(channel.number, cases[i].channel.number);
		CHECK_INT(channel.files, cases[i].channel.files);
		channel_path(&channel, (enum channel_file)__builtin_ctz(channel.files), path);
		CHECK_TEXT(path, cases[i].name);
	}
}

TEST(other_files_do_not)
{
	static const char *const names[] = {"", "temp", "temp1", "temp1_", "temp_input",
		"temp1input", "temp1_input_x", "temp-1_input", "xtemp1_input", "temp1_Input",
		"temp99999_input", "temp99999999999999999999_input", "intrusion0_alarm", "in",
		"pwm", "pwm1_enable", "pwm1_auto_point1_pwm", "fan1_pulses", "power1_input",
		"energy1_input", "freq1_input", "name", "."};
	struct channel channel;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (channel_parse(names[i], &channel))
			test_fail(__FILE__, __LINE__, "%s", names[i]);
}

TEST(numbers_are_whole_or_garbage)
{
	static const struct {
		const char *text;
		int64_t number;
	} good[] = {{"0\n", 0}, {"45000\n", 45000}, {"-273150", -273150}, {" 7 \n\n", 7}};
	static const char *const bad[] = {"", "\n", "x", "4 5", "45C\n", "0x10", "1.5", "--1",
		"-", "99999999999999999999999\n", "-99999999999999999999999\n", "nan"};
	int64_t number;

	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		CHECK_INT(sysfs_parse_number(good[i].text, strlen(good[i].text), &number), 0);
		CHECK_INT(number, good[i].number);
	}
	CHECK_INT(sysfs_parse_number("5\0006", 3, &number), -EBADMSG);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK_INT(sysfs_parse_number(bad[i], strlen(bad[i]), &number), -EBADMSG);
}

/* ------------------------------------------------------------------------------- the rows */

TEST(a_row_stays_when_its_folder_gets_another_number)
{
	struct watch *watch;
	uint64_t identity;

	tree_begin();
	put_chip("sys/devices/one", "chip", "temp1_input", "41000\n");
	tree_link("sys/devices/one/device", "../one");
	tree_link(HWMON(2), "../../devices/one");
	watch = open_sensors();
	watch_list(watch);
	CHECK_INT(watch->births, 1);
	CHECK_INT(temperature_of(watch, "chip temp1"), 41000);
	identity = watch->rows[must_find(watch, "chip temp1")].identity;
	tree_remove(HWMON(2));
	tree_link(HWMON(5), "../../devices/one");
	find_again(watch);
	CHECK_INT(watch->births + watch->deaths, 0);
	CHECK_INT(temperature_of(watch, "chip temp1"), 41000);
	CHECK(watch->rows[must_find(watch, "chip temp1")].identity == identity);
	watch_close(watch);
}

/* Its number goes to another chip before anybody looks for devices. */
TEST(a_chip_that_is_gone_is_not_mistaken_for_its_successor)
{
	struct watch *watch;
	int64_t number;

	tree_begin();
	put_chip(HWMON(0), "old", "temp1_input", "41000\n");
	watch = open_sensors();
	watch_list(watch);
	tree_remove(HWMON(0));
	put_chip(HWMON(0), "new", "temp1_input", "77000\n");
	watch_list(watch);
	CHECK_INT(read_temperature(watch, "old temp1", &number), STATE_NONE);
	find_again(watch);
	CHECK_INT(watch->births, 1);
	CHECK_INT(watch->deaths, 1);
	CHECK_INT(temperature_of(watch, "new temp1"), 77000);
	watch_close(watch);
}

TEST(channels_come_and_go_with_what_drives_them)
{
	struct watch *watch;

	tree_begin();
	put_chip(HWMON(0), "coretemp", "temp2_input", "41000\n");
	watch = open_sensors();
	watch_list(watch);
	tree_put(HWMON(0) "/temp3_input", "42000\n");
	watch_list(watch);
	CHECK_INT(watch->births, 0); /* not yet: nothing was looked for */
	find_again(watch);
	CHECK_INT(watch->births, 1);
	CHECK_INT(temperature_of(watch, "coretemp temp3"), 42000);
	tree_remove(HWMON(0) "/temp2_input");
	find_again(watch);
	CHECK_INT(watch->deaths, 1);
	tree_remove("sys/class/hwmon");
	find_again(watch);
	CHECK_INT(watch->deaths, 1);
	watch_close(watch);
}

TEST(a_chip_that_does_not_say_what_it_is_costs_its_own_rows)
{
	struct watch *watch;

	tree_begin();
	put_chip(HWMON(0), "\n", "temp1_input", "41000\n");
	put_chip(HWMON(1), "closed", "temp1_input", "42000\n");
	put_chip(HWMON(2), "sound", "temp1_input", "43000\n");
	tree_put("sys/class/thermal/thermal_zone0/type", "closed\n");
	tree_put("sys/class/thermal/thermal_zone1/type", "zone\n");
	tree_put("sys/class/thermal/thermal_zone1/temp", "44000\n");
	CHECK(mkdir(tree_path("sys/class/thermal/cooling_device0"), 0755) == 0);
	CHECK(mkdir(tree_path("sys/class/thermal/cooling_device0/type"), 0755) == 0);
	tree_put("sys/class/thermal/cooling_device1/type", "Fan\n");
	CHECK(chmod(tree_path(HWMON(1) "/name"), 0) == 0);
	CHECK(chmod(tree_path("sys/class/thermal/thermal_zone0/type"), 0) == 0);
	become_nobody();
	watch = open_sensors();
	watch_list(watch);
	CHECK_INT(watch->births, 3);
	CHECK_INT(temperature_of(watch, "sound temp1"), 43000);
	CHECK_INT(temperature_of(watch, "zone"), 44000);
	must_find(watch, "Fan");
	watch_close(watch);
}

/* A folder that is closed while we have it open; and that of all chips, which says nothing. */
TEST(a_chip_that_cannot_be_listed_costs_its_own_rows)
{
	struct watch *watch;

	tree_begin();
	put_chip(HWMON(0), "shut", "temp1_input", "41000\n");
	put_chip(HWMON(1), "sound", "temp1_input", "42000\n");
	become_nobody();
	watch = open_sensors();
	watch_list(watch);
	CHECK_INT(watch->births, 2);
	CHECK(chmod(tree_path(HWMON(0)), 0) == 0);
	find_again(watch);
	CHECK_INT(watch->deaths, 1);
	CHECK_INT(temperature_of(watch, "sound temp1"), 42000);
	tree_put(HWMON(1) "/temp2_input", "43000\n");
	find_again(watch);
	CHECK_INT(temperature_of(watch, "sound temp2"), 43000);
	((struct devices *)watch->handle)->found_ns = 0;
	CHECK(chmod(tree_path("sys/class/hwmon"), 0) == 0);
	CHECK_INT(watch->provider->list(
			  watch->handle, &watch->roster, &(struct row_scope){.all = true}),
		-EACCES);
	CHECK_INT(watch->deaths, 0);
	CHECK(chmod(tree_path("sys/class/hwmon"), 0755) == 0);
	CHECK(chmod(tree_path(HWMON(0)), 0755) == 0);
	watch_close(watch);
}

/* The second of a kind changes the name of the first. */
TEST(names_tell_chips_of_a_kind_apart)
{
	struct watch *watch;

	tree_begin();
	put_chip("sys/devices/nvme0", "nvme", "temp1_input", "41000\n");
	tree_put("sys/devices/nvme0/temp1_label", "Composite\n");
	tree_link("sys/devices/nvme0/device", "../nvme0");
	tree_link(HWMON(0), "../../devices/nvme0");
	watch = open_sensors();
	watch_list(watch);
	must_find(watch, "nvme Composite");
	put_chip("sys/devices/nvme1", "nvme", "temp1_input", "42000\n");
	tree_link("sys/devices/nvme1/device", "../nvme1");
	tree_link(HWMON(1), "../../devices/nvme1");
	put_chip(HWMON(2), "nvme", "temp1_input", "43000\n"); /* these two sit on nothing */
	put_chip(HWMON(3), "nvme", "temp1_input", "44000\n");
	find_again(watch);
	CHECK_INT(watch->births, 3);
	CHECK_INT(temperature_of(watch, "nvme0 Composite"), 41000);
	CHECK_INT(temperature_of(watch, "nvme1 temp1"), 42000);
	CHECK_INT(temperature_of(watch, "nvme #1 temp1"), 43000);
	CHECK_INT(temperature_of(watch, "nvme #2 temp1"), 44000);
	watch_close(watch);
}

/* ----------------------------------------------------------------------------- the values */

TEST(an_error_costs_its_own_cell)
{
	struct watch *watch;
	int64_t number;
	double duty;

	tree_begin();
	put_chip(HWMON(0), "chip", "temp1_input", "garbage\n");
	tree_put(HWMON(0) "/temp2_input", "-273151\n");
	tree_put(HWMON(0) "/temp3_input", "-273150\n");
	tree_put(HWMON(0) "/temp4_input", "1000000\n");
	CHECK(mkdir(tree_path(HWMON(0) "/temp5_input"), 0755) == 0); /* EISDIR */
	tree_put(HWMON(0) "/fan1_input", "-1\n");
	tree_put(HWMON(0) "/pwm1", "300\n");
	tree_put(HWMON(0) "/fan1_alarm", "2\n");
	watch = open_sensors();
	watch_list(watch);
	CHECK_INT(read_temperature(watch, "chip temp1", &number), STATE_FAILED);
	CHECK_INT(read_temperature(watch, "chip temp2", &number), STATE_FAILED);
	CHECK_INT(temperature_of(watch, "chip temp3"), -273150);
	CHECK_INT(temperature_of(watch, "chip temp4"), 1000000);
	CHECK_INT(read_temperature(watch, "chip temp5", &number), STATE_FAILED);
	CHECK_INT(read_temperature(watch, "chip fan1", &number), STATE_NONE);
	CHECK_INT(read_slow(watch, "chip fan1", SOURCE_sensor_fan, &number), STATE_FAILED);
	CHECK_INT(read_slow(watch, "chip fan1", SOURCE_sensor_duty, &duty), STATE_FAILED);
	CHECK_INT(read_slow(watch, "chip fan1", SOURCE_sensor_alarm, &number), STATE_FAILED);
	CHECK_INT(read_slow(watch, "chip fan1", SOURCE_sensor_fault, &number), STATE_NONE);
	tree_remove(HWMON(0) "/temp3_input");
	CHECK_INT(read_temperature(watch, "chip temp3", &number), STATE_NONE);
	watch_close(watch);
}

TEST(what_is_closed_to_us_is_denied)
{
	struct watch *watch;
	int64_t number;

	tree_begin();
	put_chip(HWMON(0), "chip", "temp1_input", "41000\n");
	CHECK(chmod(tree_path(HWMON(0) "/temp1_input"), 0) == 0);
	become_nobody();
	watch = open_sensors();
	watch_list(watch);
	CHECK_INT(read_temperature(watch, "chip temp1", &number), STATE_DENIED);
	CHECK(watch->provider->sources[SOURCE_sensor_temperature].remedy != NULL);
	watch_close(watch);
}

/* Of several alarms one is enough; none takes that all say so. */
TEST(alarms_are_put_together)
{
	struct watch *watch;
	int64_t alarm;

	tree_begin();
	put_chip(HWMON(0), "chip", "in1_min_alarm", "0\n");
	tree_put(HWMON(0) "/in1_max_alarm", "garbage\n");
	watch = open_sensors();
	watch_list(watch);
	CHECK_INT(read_slow(watch, "chip in1", SOURCE_sensor_alarm, &alarm), STATE_FAILED);
	tree_put(HWMON(0) "/in1_min_alarm", "1\n");
	CHECK_INT(read_slow(watch, "chip in1", SOURCE_sensor_alarm, &alarm), STATE_OK);
	CHECK_INT(alarm, 1);
	tree_put(HWMON(0) "/in1_min_alarm", "0\n");
	tree_put(HWMON(0) "/in1_max_alarm", "0\n");
	CHECK_INT(read_slow(watch, "chip in1", SOURCE_sensor_alarm, &alarm), STATE_OK);
	CHECK_INT(alarm, 0);
	watch_close(watch);
}

TEST(limits_fail_one_by_one)
{
	struct linux_sensor_limits limits;
	struct watch *watch;

	tree_begin();
	put_chip(HWMON(0), "chip", "temp1_input", "41000\n");
	tree_put(HWMON(0) "/temp1_max", "81000\n");
	tree_put(HWMON(0) "/temp1_crit", "garbage\n");
	tree_put(HWMON(0) "/temp1_min", "65261850\n");
	tree_put(HWMON(0) "/fan1_input", "900\n");
	tree_put(HWMON(0) "/fan1_min", "-5\n");
	tree_put(HWMON(0) "/fan1_max", "1900\n");
	watch = open_sensors();
	watch_list(watch);
	CHECK_INT(read_slow(watch, "chip temp1", SOURCE_sensor_limits, &limits), STATE_OK);
	CHECK_INT(limits.temperature_max, 81000);
	CHECK_INT(limits.temperature_crit, ABSENT_I64(STATE_FAILED));
	CHECK_INT(limits.temperature_min, ABSENT_I64(STATE_NONE));
	CHECK_INT(limits.temperature_lcrit, ABSENT_I64(STATE_NONE));
	CHECK_INT(limits.temperature_throttle, ABSENT_I64(STATE_NONE));
	CHECK(limits.fan_max == ABSENT_U64(STATE_NONE));
	CHECK(limits.cooling_max == ABSENT_U64(STATE_NONE));
	CHECK_INT(read_slow(watch, "chip fan1", SOURCE_sensor_limits, &limits), STATE_OK);
	CHECK(limits.fan_min == ABSENT_U64(STATE_FAILED));
	CHECK(limits.fan_max == 1900);
	CHECK_INT(limits.temperature_max, ABSENT_I64(STATE_NONE));
	watch_close(watch);
}

TEST(a_zone_without_a_readable_trip_point_says_why)
{
	struct linux_sensor_limits limits;
	struct watch *watch;

	tree_begin();
	tree_put("sys/class/thermal/thermal_zone0/type", "zone\n");
	tree_put("sys/class/thermal/thermal_zone0/temp", "41000\n");
	tree_put("sys/class/thermal/thermal_zone0/trip_point_0_type", "critical\n");
	tree_put("sys/class/thermal/thermal_zone0/trip_point_0_temp", "garbage\n");
	tree_put("sys/class/thermal/thermal_zone0/trip_point_1_type", "passive\n");
	tree_put("sys/class/thermal/thermal_zone0/trip_point_1_temp", "2000000\n");
	tree_put("sys/class/thermal/thermal_zone0/trip_point_2_type", "passive\n");
	tree_put("sys/class/thermal/thermal_zone0/trip_point_2_temp", "90000\n");
	watch = open_sensors();
	watch_list(watch);
	CHECK_INT(read_slow(watch, "zone", SOURCE_sensor_limits, &limits), STATE_OK);
	CHECK_INT(limits.temperature_crit, ABSENT_I64(STATE_FAILED));
	CHECK_INT(limits.temperature_throttle, 90000);
	watch_close(watch);
}

TEST(a_sleeping_device_is_left_alone)
{
	struct linux_sensor sample;
	struct watch *watch;
	int64_t number;

	tree_begin();
	tree_put("sys/devices/0000:03:00.0/power/runtime_status", "suspended\n");
	tree_link("sys/devices/0000:03:00.0/subsystem", "../../bus/pci");
	put_chip("sys/devices/0000:03:00.0/hw", "amdgpu", "temp1_input", "41000\n");
	tree_put("sys/devices/0000:03:00.0/hw/temp1_label", "edge\n");
	tree_link("sys/devices/0000:03:00.0/hw/device", "../../0000:03:00.0");
	tree_link(HWMON(0), "../../devices/0000:03:00.0/hw");
	watch = open_sensors();
	watch_list(watch);
	CHECK_INT(read_temperature(watch, "amdgpu temp1", &number), STATE_ASLEEP);
	read_who(watch, must_find(watch, "amdgpu temp1"), &sample);
	CHECK_INT(sample.label.state, STATE_NONE);
	tree_put("sys/devices/0000:03:00.0/power/runtime_status", "active\n");
	CHECK_INT(temperature_of(watch, "amdgpu temp1"), 41000);
	find_again(watch);
	CHECK_INT(temperature_of(watch, "amdgpu edge"), 41000);
	tree_put("sys/devices/0000:03:00.0/power/runtime_status", "resuming\n");
	CHECK_INT(read_temperature(watch, "amdgpu edge", &number), STATE_ASLEEP);
	watch_close(watch);
}

/* A display's own bus, too; of any other controller that is behind an I2C device, its sleep
 * says nothing. */
TEST(what_sits_behind_a_bus_sleeps_with_a_graphics_card_only)
{
	struct watch *watch;
	int64_t number;

	tree_begin();
	tree_put("sys/devices/0000:01:00.0/power/runtime_status", "suspended\n");
	tree_put("sys/devices/0000:01:00.0/class", "0x030000\n");
	tree_link("sys/devices/0000:01:00.0/subsystem", "../../bus/pci");
	tree_link("sys/devices/0000:01:00.0/i2c-3/subsystem", "../../../bus/i2c");
	put_chip("sys/devices/0000:01:00.0/i2c-3/hw", "adt7473", "temp1_input", "41000\n");
	tree_link("sys/devices/0000:01:00.0/i2c-3/hw/device", "../../i2c-3");
	tree_link(HWMON(0), "../../devices/0000:01:00.0/i2c-3/hw");
	watch = open_sensors();
	watch_list(watch);
	CHECK_INT(read_temperature(watch, "adt7473 temp1", &number), STATE_ASLEEP);
	watch_close(watch);
	tree_put("sys/devices/0000:01:00.0/class", "0x0c0500\n");
	watch = open_sensors();
	watch_list(watch);
	CHECK_INT(temperature_of(watch, "adt7473 temp1"), 41000);
	watch_close(watch);
}

/* A card by its class, and one by its drm; each may be awake now: reading would keep it so. */
TEST(a_graphics_card_that_may_sleep_is_left_to_table_gpu)
{
	static const char *const signs[] = {
		"sys/devices/0000:04:00.0/class", "sys/devices/0000:04:00.0/drm/card1/dev"};
	struct watch *watch;

	tree_begin();
	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
		put_chip("sys/devices/0000:04:00.0/hw", "nouveau", "temp1_input", "41000\n");
		tree_link("sys/devices/0000:04:00.0/hw/device", "../../0000:04:00.0");
		tree_put("sys/devices/0000:04:00.0/power/runtime_status", "active\n");
		tree_put("sys/devices/0000:04:00.0/power/control", "auto\n");
		tree_link(HWMON(0), "../../devices/0000:04:00.0/hw");
		tree_put(signs[i], "0x030200\n");
		watch = open_sensors();
		watch_list(watch);
		CHECK_INT(watch->births, 0);
		tree_put("sys/devices/0000:04:00.0/power/control", "on\n");
		find_again(watch);
		CHECK_INT(temperature_of(watch, "nouveau temp1"), 41000);
		tree_put("sys/devices/0000:04:00.0/power/control", "auto\n");
		find_again(watch);
		CHECK_INT(watch->deaths, 1);
		watch_close(watch);
		tree_remove("sys/devices/0000:04:00.0");
	}
}

TEST(usb_devices_sleep_and_their_interfaces_do_not_count)
{
	struct watch *watch;
	int64_t number;

	tree_begin();
	tree_put("sys/devices/1-3/power/runtime_status", "active\n");
	tree_link("sys/devices/1-3/subsystem", "../../bus/usb");
	tree_put("sys/devices/1-3/1-3:1.0/power/runtime_status", "suspended\n");
	tree_link("sys/devices/1-3/1-3:1.0/subsystem", "../../../bus/usb");
	put_chip("sys/devices/1-3/1-3:1.0/hw", "corsaircpro", "temp1_input", "41000\n");
	tree_link("sys/devices/1-3/1-3:1.0/hw/device", "../../1-3:1.0");
	tree_link(HWMON(0), "../../devices/1-3/1-3:1.0/hw");
	watch = open_sensors();
	watch_list(watch);
	CHECK_INT(temperature_of(watch, "corsaircpro temp1"), 41000);
	tree_put("sys/devices/1-3/power/runtime_status", "suspended\n");
	CHECK_INT(read_temperature(watch, "corsaircpro temp1", &number), STATE_ASLEEP);
	watch_close(watch);
}

TEST(drives_are_asked_rarely)
{
	struct devices *table;
	struct watch *watch;
	int64_t number;

	tree_begin();
	put_chip(HWMON(0), "nvme", "temp1_input", "41000\n");
	tree_put(HWMON(0) "/temp1_alarm", "1\n");
	put_chip(HWMON(1), "other", "temp1_input", "42000\n");
	watch = open_sensors();
	watch_list(watch);
	table = watch->handle;
	CHECK_INT(temperature_of(watch, "nvme temp1"), 41000);
	CHECK_INT(temperature_of(watch, "other temp1"), 42000);
	table->now_ns += 9 * SECOND_NS;
	CHECK_INT(read_temperature(watch, "nvme temp1", &number), SAMPLE_GONE);
	CHECK_INT(temperature_of(watch, "other temp1"), 42000);
	CHECK_INT(read_slow(watch, "nvme temp1", SOURCE_sensor_alarm, &number), STATE_OK);
	table->now_ns += SECOND_NS;
	CHECK_INT(temperature_of(watch, "nvme temp1"), 41000);
	watch_close(watch);
}

/* -------------------------------------------------------------------------------- hanging */

/* Two chips of two channels; the first hangs: a reader came in and does not leave. */
static struct watch *open_hanging(struct sensor_chip **ret_chip)
{
	struct watch *watch;
	struct sensor_row *row;

	tree_begin();
	put_chip(HWMON(0), "stuck", "temp1_input", "41000\n");
	tree_put(HWMON(0) "/temp2_input", "42000\n");
	put_chip(HWMON(1), "sound", "temp1_input", "43000\n");
	watch = open_sensors();
	watch_list(watch);
	row = devices_row(watch->handle, must_find(watch, "stuck temp1"));
	*ret_chip = row->chip;
	CHECK_INT(chip_enter(row->chip), STATE_OK);
	return watch;
}

TEST(a_chip_that_hangs_costs_its_own_cells)
{
	struct sensor_chip *chip;
	struct watch *watch = open_hanging(&chip);
	uint64_t start_ns = clock_now_ns(), waited_ns;
	int64_t number;

	CHECK_INT(read_temperature(watch, "stuck temp2", &number), STATE_FAILED);
	waited_ns = clock_now_ns() - start_ns;
	CHECK(waited_ns >= CHIP_PATIENCE_NS / 2 && waited_ns < 2 * SECOND_NS);
	CHECK_INT(temperature_of(watch, "sound temp1"), 43000);
	/* From now on no worker is even asked. */
	struct job job = {
		.slot = must_find(watch, "stuck temp2"), .source = SOURCE_sensor_temperature};
	CHECK_INT(watch->provider->job_prepare(watch->handle, &job), STATE_FAILED);
	chip_leave(chip);
	CHECK_INT(temperature_of(watch, "stuck temp2"), 42000);
	watch_close(watch);
}

static void *leave_soon(void *chip)
{
	pause_ms(50);
	chip_leave(chip);
	return NULL;
}

TEST(readers_of_a_chip_wait_for_each_other)
{
	struct sensor_chip *chip;
	struct watch *watch = open_hanging(&chip);
	pthread_t thread;

	CHECK_INT(pthread_create(&thread, NULL, leave_soon, chip), 0);
	CHECK_INT(temperature_of(watch, "stuck temp2"), 42000);
	CHECK_INT(pthread_join(thread, NULL), 0);
	watch_close(watch);
}

/* One after another is inside, none for too long. */
static void *pass_on(void *memory)
{
	struct sensor_chip *chip = memory;

	for (int i = 0; i < 8; i++) {
		pause_ms(60);
		pthread_mutex_lock(&chip->lock);
		chip->entered_ns = clock_now_ns();
		pthread_mutex_unlock(&chip->lock);
	}
	chip_leave(chip);
	return NULL;
}

TEST(who_had_no_turn_says_nothing)
{
	struct sensor_chip *chip;
	struct watch *watch = open_hanging(&chip);
	pthread_t thread;
	int64_t number;

	CHECK_INT(pthread_create(&thread, NULL, pass_on, chip), 0);
	CHECK_INT(read_temperature(watch, "stuck temp2", &number), SAMPLE_GONE);
	CHECK_INT(pthread_join(thread, NULL), 0);
	CHECK_INT(temperature_of(watch, "stuck temp2"), 42000);
	watch_close(watch);
}

TEST(a_job_outlives_the_table)
{
	struct watch *watch;
	int64_t number = 0;

	tree_begin();
	put_chip(HWMON(0), "chip", "temp1_input", "41000\n");
	watch = open_sensors();
	watch_list(watch);
	struct job job = {.slot = must_find(watch, "chip temp1"),
		.source = SOURCE_sensor_temperature,
		.sample = &number};
	CHECK_INT(watch->provider->job_prepare(watch->handle, &job), STATE_OK);
	watch->provider->close(watch->handle);
	CHECK_INT(watch->provider->job_run(&job), STATE_OK);
	CHECK_INT(number, 41000);
	watch->provider->job_release(&job);
	CHECK_INT(watch->provider->open(
			  watch->provider->context, &(struct target){0}, &watch->handle),
		0);
	watch_close(watch);
}

TESTS(CASE(files_belong_to_channels), CASE(other_files_do_not),
	CASE(numbers_are_whole_or_garbage),
	CASE(a_row_stays_when_its_folder_gets_another_number),
	CASE(a_chip_that_is_gone_is_not_mistaken_for_its_successor),
	CASE(channels_come_and_go_with_what_drives_them),
	CASE(a_chip_that_does_not_say_what_it_is_costs_its_own_rows),
	CASE(a_chip_that_cannot_be_listed_costs_its_own_rows),
	CASE(names_tell_chips_of_a_kind_apart), CASE(an_error_costs_its_own_cell),
	CASE(what_is_closed_to_us_is_denied), CASE(alarms_are_put_together),
	CASE(limits_fail_one_by_one), CASE(a_zone_without_a_readable_trip_point_says_why),
	CASE(a_sleeping_device_is_left_alone),
	CASE(what_sits_behind_a_bus_sleeps_with_a_graphics_card_only),
	CASE(a_graphics_card_that_may_sleep_is_left_to_table_gpu),
	CASE(usb_devices_sleep_and_their_interfaces_do_not_count),
	CASE(drives_are_asked_rarely), CASE(a_chip_that_hangs_costs_its_own_cells),
	CASE(readers_of_a_chip_wait_for_each_other), CASE(who_had_no_turn_says_nothing),
	CASE(a_job_outlives_the_table))
