/* The questions that only a real Mac answers, asked of simulated ones. */
#include <stdio.h>
#include <unistd.h>

#include "sim.h"
#include "watch.h"

static char answers[65536];

static void say(void *context, const char *line)
{
	size_t length = strlen(answers);

	(void)context;
	CHECK(length + strlen(line) + 2 < sizeof answers);
	snprintf(answers + length, sizeof answers - length, "%s\n", line);
}

/* The process that asks is there, too: our own. */
static void add_ourselves(void)
{
	char name[32];

	snprintf(name, sizeof name, "%d", (int)getpid());
	sim_set("process", name, "comm", "procmond");
	sim_set_u64("process", name, "uid", 501);
	sim_set_u64("process", name, "ports.size", 128);
}

static void ask(const char *machine)
{
	struct watch *watch;

	sim_boot(machine);
	add_ourselves();
	watch = watch_open(NULL, NULL, NULL);
	*answers = '\0';
	CHECK(watch->platform->ask);
	watch->platform->ask(watch->platform, say, NULL);
	watch_close(watch);
	CHECK_INT(sim_held(), 0);
}

static void expect(const char *part)
{
	if (!strstr(answers, part))
		test_fail(__FILE__, __LINE__, "\"%s\" is not among\n%s", part, answers);
}

TEST(all_thirteen)
{
	char number[16];

	ask("m1");
	expect("macOS 14.5, MacBookPro18,3");
	for (int i = 1; i <= 13; i++) {
		snprintf(number, sizeof number, "%2d. ", i);
		expect(number);
	}
	CHECK(!strstr(answers, "14. "));
}

TEST(sensors)
{
	ask("m1");
	expect("AppleSMC: state 0");
	expect("PSTR: type flt , 4 bytes, attributes 0x84, state 0, 12.750");
	expect("TB..: 3 keys");
	expect("TC..: 4 keys"); /* TC10, TCHP, TCMb, TCMz */
	expect("Te..: 0 keys");
	expect("PMU tcal: kind 0, place 0x0 , state 0, 51.850");
	ask("m4-pro");
	expect("PMU tdie1: kind 0, place 0x54503162 TP1b, state 0, 37.250");
}

/* 50 and 100 ms in a second, by two of them; the device says that it was busy for 12 per cent. */
TEST(clients_of_the_gpu)
{
	ask("m1");
	expect("all clients in a second: 150000000 ns");
	expect("Device Utilization: 12 %");
	ask("vm"); /* it has one that tells nothing */
	expect("all clients in a second: 0 ns");
	CHECK(!strstr(answers, "Device Utilization"));
}

TEST(the_shared_cache)
{
	ask("m1");
	expect("its file: "
	       "/System/Volumes/Preboot/Cryptexes/OS/System/Library/dyld/"
	       "dyld_shared_cache_arm64e\n");
	ask("vm");
	expect("its file: none\n");
}

TEST(a_machine_that_has_little)
{
	ask("vm");
	expect("AppleSMC: state 1");
	expect("we have none"); /* a shared cache */
}

TEST(without_hid_and_ioreport)
{
	sim_boot("m1");
	add_ourselves();
	sim_add("[dl]\n/System/Library/Frameworks/IOKit.framework/IOKit = missing\n"
		"/usr/lib/libIOReport.dylib = missing\n");
	struct watch *watch = watch_open(NULL, NULL, NULL);
	*answers = '\0';
	watch->platform->ask(watch->platform, say, NULL);
	watch_close(watch);
	expect("its functions are not there");
	expect("there is no libIOReport");
}

TESTS(CASE(all_thirteen), CASE(sensors), CASE(clients_of_the_gpu), CASE(the_shared_cache),
	CASE(a_machine_that_has_little), CASE(without_hid_and_ioreport));
