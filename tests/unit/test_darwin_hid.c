/* HID on a simulated Mac: which services there are, and what they say. */
#include <math.h>

#include "hid.h"
#include "sim.h"
#include "test.h"

static struct hid *open_m1(void)
{
	sim_boot("m1");
	return hid_open();
}

static void done(struct hid *hid)
{
	hid_close(hid);
	CHECK_INT(sim_held(), 0);
}

/* The place of the service of that name. */
static size_t place(const struct hid *hid, const char *name)
{
	for (size_t i = 0; i < hid_count(hid); i++)
		if (strcmp(hid_sensor(hid, i)->name, name) == 0)
			return i;
	test_fail(__FILE__, __LINE__, "there is no %s", name);
}

static double number(const struct hid *hid, const char *name)
{
	double value = 0;

	return hid_number(hid, place(hid, name), &value) == STATE_OK ? value : (double)NAN;
}

TEST(finds_services_by_their_usage)
{
	struct hid *hid = open_m1();

	CHECK(hid);
	CHECK_INT(hid_count(hid), 9); /* 7 temperatures, a voltage, a current */
	CHECK_INT(hid_sensor(hid, place(hid, "gas gauge battery"))->kind, HID_TEMPERATURE);
	CHECK_INT(hid_sensor(hid, place(hid, "PMU vbuck0"))->kind, HID_VOLTAGE);
	CHECK_INT(hid_sensor(hid, place(hid, "PMU ibuck0"))->kind, HID_CURRENT);
	/* a client for each kind, whatever is read later */
	CHECK_INT(sim_calls("IOHIDEventSystemClientCreate", -1), 3);
	number(hid, "PMU tdie1");
	CHECK_INT(sim_calls("IOHIDEventSystemClientCreate", -1), 3);
	CHECK_INT(sim_calls("IOHIDServiceClientCopyEvent", -1), 1);
	done(hid);
}

TEST(units)
{
	struct hid *hid = open_m1();

	CHECK(fabs(number(hid, "NAND CH0 temp") - 28) < 1e-9);
	CHECK(fabs(number(hid, "PMU tdev4") + 21.5) < 1e-9);
	CHECK(fabs(number(hid, "PMU vbuck0") - 0.8125) < 1e-9); /* 812.5 mV */
	CHECK(fabs(number(hid, "PMU ibuck0") + 1.5) < 1e-9);    /* -1500 mA */
	done(hid);
}

TEST(services_that_say_nothing)
{
	struct hid *hid = open_m1();

	sim_set("hid", "5", "event", NULL); /* it sleeps */
	CHECK(isnan(number(hid, "NAND CH0 temp")));
	sim_set("hid", "5", "event", "25 28"); /* it has another kind of event */
	CHECK(isnan(number(hid, "NAND CH0 temp")));
	sim_set("hid", "5", "event", "15 nan");
	CHECK(isnan(number(hid, "NAND CH0 temp")));
	sim_fail("IOHIDServiceClientCopyEvent", -1, 4, 1, 1);
	CHECK(isnan(number(hid, "gas gauge battery")));
	CHECK(fabs(number(hid, "gas gauge battery") - 31.6) < 1e-9);
	sim_remove("hid", "7"); /* it has gone */
	CHECK(isnan(number(hid, "PMU TP3w")));
	done(hid);
}

TEST(services_without_a_name_are_left_out)
{
	struct hid *hid;

	sim_boot("m1");
	sim_set("hid", "5", "Product", NULL);
	sim_set("hid", "6", "Product", "");
	hid = hid_open();
	CHECK_INT(hid_count(hid), 7);
	done(hid);
}

TEST(places)
{
	struct hid *hid;

	sim_boot("m4-pro");
	hid = hid_open();
	CHECK_INT(hid_sensor(hid, place(hid, "PMU tcal"))->location, 0x5452305A); /* TR0Z */
	done(hid);
	hid = open_m1();
	CHECK_INT(hid_sensor(hid, 0)->location, 0);
	done(hid);
}

/* Its absence costs its rows, and nothing else. */
TEST(what_can_be_missing)
{
	static const char *const names[] = {"EventSystemClientCreate",
		"EventSystemClientSetMatching", "EventSystemClientCopyServices",
		"ServiceClientCopyProperty", "ServiceClientCopyEvent", "EventGetFloatValue"};
	char text[128];
	struct hid *hid;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		sim_boot("m1");
		snprintf(text, sizeof text, "[dl]\nIOHID%s = missing\n", names[i]);
		sim_add(text);
		CHECK(!hid_open());
		CHECK_INT(sim_held(), 0);
	}
	sim_boot("m1");
	sim_add("[hid]\nrefused = 1\n");
	hid = hid_open();
	CHECK_INT(hid_count(hid), 0);
	done(hid);
	sim_boot("m1");
	sim_fail("IOHIDEventSystemClientCopyServices", -1, -1, 1, 3);
	hid = hid_open();
	CHECK_INT(hid_count(hid), 0);
	done(hid);
	sim_boot("intel"); /* there is a library, and no such service */
	hid = hid_open();
	CHECK_INT(hid_count(hid), 0);
	done(hid);
}

TESTS(CASE(finds_services_by_their_usage), CASE(units), CASE(services_that_say_nothing),
	CASE(services_without_a_name_are_left_out), CASE(places), CASE(what_can_be_missing));
