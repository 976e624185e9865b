/* Table NETWORK of macOS. */
#include <errno.h>
#include <stdio.h>

#include "darwin_cell.h"
#include "test.h"

static struct watch *open_network(const char *fixture)
{
	sim_boot(fixture);
	struct watch *watch = watch_open_table(TABLE_NETWORK, NULL, NULL);

	watch_list(watch);
	return watch;
}

static uint32_t find(struct watch *watch, const char *name)
{
	uint32_t slot = cell_find(watch, "name", name);

	if (slot == NO_ROW)
		test_fail(__FILE__, __LINE__, "there is no %s", name);
	return slot;
}

TEST(an_interface_has_all_of_its_64_bits)
{
	struct watch *watch = open_network("m1");
	uint32_t en0 = find(watch, "en0");

	/* index 2 and 3 are gaps */
	CHECK_INT(watch->births, 6);
	CHECK_INT(cell_u64(watch, en0, "index"), 4);
	CHECK_INT(cell_u64(watch, en0, "receive.bytes"), 5000000000);
	CHECK_INT(cell_u64(watch, en0, "send.bytes"), 700000000);
	CHECK_INT(cell_u64(watch, en0, "receive.packets"), 6000000);
	CHECK_INT(cell_u64(watch, en0, "send.packets"), 3000000);
	CHECK_INT(cell_u64(watch, en0, "receive.errors"), 3);
	CHECK_INT(cell_u64(watch, en0, "send.errors"), 0);
	CHECK_INT(cell_u64(watch, en0, "receive.dropped"), 2);
	CHECK_INT(cell_u64(watch, en0, "send.dropped"), 7);
	CHECK_INT(cell_u64(watch, en0, "receive.multicast"), 4000);
	CHECK_INT(cell_u64(watch, en0, "mtu"), 1500);
	CHECK_TEXT(cell_text(watch, en0, "state"), "up");
	sim_advance(2000000000);
	watch_list(watch);
	/* 150,000 and 10,000 bytes a second */
	CHECK_INT(cell_u64(watch, en0, "receive.bytes"), 5000300000);
	CHECK_INT(cell_u64(watch, en0, "send.bytes"), 700020000);
	CHECK_INT(watch->births + watch->deaths, 0);
	watch_close(watch);
	CHECK_INT(sim_held(), 0);
}

TEST(speed_is_in_bytes_and_may_be_unknown)
{
	struct watch *watch = open_network("m1");

	CHECK_INT(cell_u64(watch, find(watch, "en5"), "speed"), 125000000);
	/* 2^32 - 1 means that nobody knows, and so does 0 */
	CHECK_INT(cell_u64(watch, find(watch, "en0"), "speed"), ABSENT_U64(STATE_NONE));
	CHECK_INT(cell_u64(watch, find(watch, "utun0"), "speed"), ABSENT_U64(STATE_NONE));
	sim_set("interface", "en5", "baudrate", "10000000000");
	watch_list(watch);
	CHECK_INT(cell_u64(watch, find(watch, "en5"), "speed"), 1250000000);
	watch_close(watch);
}

TEST(what_activity_monitor_counts)
{
	struct watch *watch = open_network("m1");

	sim_add("[interface pdp_ip0]\nindex = 9\nflags = 0x8051\ntype = 0xff\n"
		"[interface bridge0]\nindex = 10\nflags = 0x8822\ntype = 0xd1\n"
		"[interface vlan0]\nindex = 11\ntype = 0x87\n"
		"[interface bond0]\nindex = 12\ntype = 0x88\n"
		"[interface gif0]\nindex = 13\nflags = 0x8010\ntype = 0x37\n"
		"[interface vmenet0]\nindex = 14\n"
		"[interface XHC20]\nindex = 15\ntype = 0xf0\n");
	watch_list(watch);
	CHECK_INT(cell_u64(watch, find(watch, "lo0"), "counted"), 0);
	CHECK_INT(cell_u64(watch, find(watch, "en0"), "counted"), 1);
	CHECK_INT(cell_u64(watch, find(watch, "awdl0"), "counted"), 1);
	CHECK_INT(cell_u64(watch, find(watch, "utun0"), "counted"), 0);
	CHECK_INT(cell_u64(watch, find(watch, "anpi0"), "counted"), 0);
	CHECK_INT(cell_u64(watch, find(watch, "pdp_ip0"), "counted"), 1);
	CHECK_TEXT(cell_text(watch, find(watch, "lo0"), "kind"), "loopback");
	CHECK_TEXT(cell_text(watch, find(watch, "awdl0"), "kind"), "wifi");
	CHECK_TEXT(cell_text(watch, find(watch, "utun0"), "kind"), "tunnel");
	CHECK_TEXT(cell_text(watch, find(watch, "pdp_ip0"), "kind"), "wwan");
	CHECK_TEXT(cell_text(watch, find(watch, "bridge0"), "kind"), "bridge");
	CHECK_TEXT(cell_text(watch, find(watch, "vlan0"), "kind"), "vlan");
	CHECK_TEXT(cell_text(watch, find(watch, "bond0"), "kind"), "bond");
	CHECK_TEXT(cell_text(watch, find(watch, "gif0"), "kind"), "tunnel");
	CHECK_TEXT(cell_text(watch, find(watch, "vmenet0"), "kind"), "veth");
	CHECK_TEXT(cell_text(watch, find(watch, "XHC20"), "kind"), "other");
	/* Wi-Fi or Ethernet: the kernel does not say */
	CHECK_TEXT(cell_text(watch, find(watch, "en0"), "kind"), "");
	/* not running */
	CHECK_TEXT(cell_text(watch, find(watch, "bridge0"), "state"), "down");
	watch_close(watch);
}

TEST(zero_received_while_it_sends_is_no_value)
{
	struct watch *watch = open_network("m1");
	uint32_t en0 = find(watch, "en0");

	/* as on macOS 27 with a content filter: netstat shows 0 too */
	CHECK_INT(
		cell_u64(watch, find(watch, "anpi0"), "receive.bytes"), ABSENT_U64(STATE_NONE));
	CHECK_INT(cell_u64(watch, find(watch, "anpi0"), "receive.packets"),
		ABSENT_U64(STATE_NONE));
	CHECK_INT(cell_u64(watch, find(watch, "anpi0"), "send.bytes"), 1200);
	/* an interface that has done nothing has received nothing */
	sim_add("[interface en9]\nindex = 2\n");
	watch_list(watch);
	CHECK_INT(cell_u64(watch, find(watch, "en9"), "receive.bytes"), 0);
	CHECK_INT(cell_u64(watch, en0, "receive.bytes"), 5000000000);
	watch_close(watch);
}

TEST(counters_that_begin_anew_are_another_interface)
{
	struct watch *watch = open_network("m1");

	sim_set("interface", "utun0", "ibytes", "10");
	watch_list(watch);
	CHECK_INT(watch->births, 1);
	CHECK_INT(watch->deaths, 1);
	CHECK_INT(cell_u64(watch, find(watch, "utun0"), "receive.bytes"), 10);
	/* another name at the same index */
	sim_remove("interface", "utun0");
	sim_add("[interface utun4]\nindex = 7\nibytes = 7000\nobytes = 8000\n");
	watch_list(watch);
	CHECK_INT(watch->births, 1);
	CHECK_INT(watch->deaths, 1);
	watch_close(watch);
}

TEST(an_interface_that_goes)
{
	struct watch *watch = open_network("m1");

	sim_remove("interface", "anpi0"); /* the last */
	watch_list(watch);
	CHECK_INT(watch->deaths, 1);
	sim_remove("interface", "en5"); /* a gap */
	watch_list(watch);
	CHECK_INT(watch->deaths, 1);
	sim_add("[interface en5]\nindex = 5\n");
	watch_list(watch);
	CHECK_INT(watch->births, 1);
	watch_close(watch);
}

TEST(drops_of_32_bits_go_on)
{
	struct watch *watch = open_network("m1");
	uint32_t en0 = find(watch, "en0");

	sim_set("interface", "en0", "snd_drops", "4294967290");
	watch_list(watch);
	CHECK_INT(cell_u64(watch, en0, "send.dropped"), 4294967290);
	sim_set("interface", "en0", "snd_drops", "4"); /* 6 to 2^32, then 4 */
	watch_list(watch);
	CHECK_INT(cell_u64(watch, en0, "send.dropped"), 4294967300);
	watch_close(watch);
}

TEST(addresses)
{
	struct watch *watch = open_network("m1");
	uint32_t en0 = find(watch, "en0");

	CHECK_TEXT(cell_text(watch, en0, "address"), "3c:22:fb:01:02:03");
	/* the index in the second word of a link-local address is no part of it */
	CHECK_TEXT(cell_text(watch, en0, "addresses"),
		"192.168.1.20/24,fe80::14a5:b6c7:d8e9:f001/64,2a02:810::beef/64");
	CHECK_TEXT(cell_text(watch, find(watch, "lo0"), "address"), "");
	CHECK_TEXT(cell_text(watch, find(watch, "en5"), "addresses"), "");
	sim_set("interface", "lo0", "inet", "127.0.0.1/8");
	sim_set("interface", "lo0", "inet6",
		"00000000000000000000000000000001/128 00010000000000020000000000000000/0 "
		"00010002000300040005000600070008/64");
	CHECK_TEXT(cell_text(watch, find(watch, "lo0"), "addresses"),
		"127.0.0.1/8,::1/128,1:0:0:2::/0,1:2:3:4:5:6:7:8/64");
	sim_fail("iflist", -1, 4, EPERM, 1);
	uint64_t text[3];
	CHECK_INT(cell_field(watch, en0, "addresses", text, sizeof text), STATE_DENIED);
	watch_close(watch);
}

TEST(many_addresses_are_asked_for_again)
{
	struct watch *watch = open_network("m1");
	char text[4096] = "";

	/* 200 * (20 + 8 + 16) bytes; the first call has room for 4096 */
	for (int i = 0; i < 200; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "10.0.0.%d/32 ", i);
	sim_set("interface", "en5", "inet", text);
	CHECK(strncmp(cell_text(watch, find(watch, "en5"), "addresses"),
		      "10.0.0.0/32,10.0.0.1/32", 23) == 0);
	CHECK_INT(sim_calls("iflist", -1), 3);
	watch_close(watch);
}

TEST(a_call_for_each_interface)
{
	struct watch *watch = open_network("m1");

	sim_forget_calls();
	watch_list(watch);
	cell_u64(watch, 0, "receive.bytes");
	cell_u64(watch, 1, "receive.bytes");
	/* one for the number, one for each index up to 8 */
	CHECK_INT(sim_calls("ifmib", 1), 1);
	CHECK_INT(sim_calls("ifmib", 2), 8);
	CHECK_INT(sim_calls("iflist", -1), 0);
	CHECK_INT(sim_calls("sysctl", -1), 9);
	watch_close(watch);
}

static int list(struct watch *watch)
{
	struct row_scope scope = {.all = true};

	return watch->provider->list(watch->handle, &watch->roster, &scope);
}

TEST(calls_that_fail)
{
	struct watch *watch = open_network("m1");
	uint32_t en0 = find(watch, "en0");

	sim_fail("ifmib", 1, -1, EPERM, 1);
	watch->births = watch->deaths = 0;
	CHECK_INT(list(watch), -EPERM);
	CHECK_INT(watch->deaths, 0);
	sim_fail("ifmib", 2, 4, EIO, 1);
	watch_list(watch);
	CHECK_INT(watch->deaths, 0);
	CHECK_INT(cell_u64(watch, en0, "receive.bytes"), ABSENT_U64(STATE_FAILED));
	sim_fail("ifmib", 2, 4, EPERM, 1);
	watch_list(watch);
	CHECK_INT(cell_u64(watch, en0, "receive.bytes"), ABSENT_U64(STATE_DENIED));
	watch_list(watch);
	CHECK_INT(cell_u64(watch, en0, "receive.bytes"), 5000000000);
	watch_close(watch);
}

TESTS(CASE(an_interface_has_all_of_its_64_bits), CASE(speed_is_in_bytes_and_may_be_unknown),
	CASE(what_activity_monitor_counts), CASE(zero_received_while_it_sends_is_no_value),
	CASE(counters_that_begin_anew_are_another_interface), CASE(an_interface_that_goes),
	CASE(drops_of_32_bits_go_on), CASE(addresses), CASE(many_addresses_are_asked_for_again),
	CASE(a_call_for_each_interface), CASE(calls_that_fail));
