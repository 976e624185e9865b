/* Table NETWORK: interfaces. */
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <sys/socket.h>

#include "linux/network/network.h"
#include "linux_table.h"
#include "linux_tree.h"

#define NONE   ABSENT_U64(STATE_NONE)
#define FAILED ABSENT_U64(STATE_FAILED)

#define TITLES                                                                                 \
	"Inter-|   Receive                                                |  Transmit\n"       \
	" face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets "  \
	"errs drop fifo colls carrier compressed\n"

/* ------------------------------------------------------------------------ parsers */

static bool parse(const char *text, struct net_line *line)
{
	return net_line_parse((struct scan){text, text + strlen(text)}, line);
}

TEST(a_line_has_its_numbers_in_order)
{
	struct linux_net_io io;
	struct net_line line;

	CHECK(parse("  eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", &line));
	CHECK_TEXT(line.name, "eth0");
	memcpy(&io, line.counts, sizeof io);
	CHECK(io.received_bytes == 1 && io.received_packets == 2 && io.receive_errors == 3);
	CHECK(io.receive_dropped == 4 && io.receive_overruns == 5);
	CHECK(io.receive_frame_errors == 6 && io.received_compressed == 7);
	CHECK(io.received_multicast == 8 && io.sent_bytes == 9 && io.sent_packets == 10);
	CHECK(io.send_errors == 11 && io.send_dropped == 12 && io.send_overruns == 13);
	CHECK(io.collisions == 14 && io.carrier_errors == 15 && io.sent_compressed == 16);
}

TEST(garbage_costs_its_own_cell)
{
	static const char *const broken[] = {"", " ", ":", " : 1 2", "eth0 1 2 3",
		" face |bytes    packets errs", "a/b: 1", "../x: 1",
		"a_name_that_is_far_too_long_for_any_interface: 1"};
	struct net_line line;

	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
		CHECK(!parse(broken[i], &line));
	CHECK(parse("eth0:12345678901 x 3", &line)); /* older kernels leave no blank */
	CHECK(line.counts[0] == 12345678901 && line.counts[1] == FAILED);
	CHECK(line.counts[2] == 3 && line.counts[3] == FAILED && line.counts[15] == FAILED);
	CHECK(parse("eth0: -1 99999999999999999999999999", &line));
	CHECK(line.counts[0] == FAILED && line.counts[1] == NUMBER_LIMIT);
}

TEST(uevents_are_lines_of_keys)
{
	static const char text[] = "DEVTYPE=wlan\nINTERFACE=wlan0\nIFINDEX=3";
	char value[8];

	net_uevent_parse(text, sizeof text - 1, "DEVTYPE", value, sizeof value);
	CHECK_TEXT(value, "wlan");
	net_uevent_parse(text, sizeof text - 1, "IFINDEX", value, sizeof value);
	CHECK_TEXT(value, "3");
	net_uevent_parse(text, sizeof text - 1, "INTERFACE", value, 4);
	CHECK_TEXT(value, "wla");
	net_uevent_parse(text, sizeof text - 1, "IF", value, sizeof value);
	CHECK_TEXT(value, "");
	net_uevent_parse(text, 0, "DEVTYPE", value, sizeof value);
	CHECK_TEXT(value, "");
}

/* A message of rtnetlink with one address; returns where the next one begins. */
static size_t put_address(unsigned char *at, unsigned char family, unsigned index,
	const unsigned char *address, size_t size)
{
	size_t body = NLMSG_HDRLEN + sizeof(struct ifaddrmsg);
	struct nlmsghdr header = {
		.nlmsg_type = RTM_NEWADDR, .nlmsg_len = (uint32_t)(body + RTA_LENGTH(size))};
	struct ifaddrmsg message = {
		.ifa_family = family, .ifa_prefixlen = 24, .ifa_index = index};
	struct rtattr attribute = {
		.rta_len = (uint16_t)RTA_LENGTH(size), .rta_type = IFA_ADDRESS};

	memcpy(at, &header, sizeof header);
	memcpy(at + NLMSG_HDRLEN, &message, sizeof message);
	memcpy(at + body, &attribute, sizeof attribute);
	memcpy(at + body + sizeof attribute, address, size);
	return NLMSG_ALIGN(header.nlmsg_len);
}

TEST(addresses_are_those_of_the_interface)
{
	static const unsigned char four[16] = {192, 0, 2, 7}, six[16] = {0xfd, [15] = 1};
	unsigned char bytes[512] = {0};
	struct nlmsghdr end = {.nlmsg_type = NLMSG_DONE, .nlmsg_len = NLMSG_HDRLEN};
	size_t length = put_address(bytes, AF_INET, 3, four, 4);
	char text[64] = "", narrow[12] = "";

	length += put_address(bytes + length, AF_INET, 4, six, 4);
	length += put_address(bytes + length, AF_INET6, 3, six, 16);
	length += put_address(bytes + length, AF_INET6, 3, six, 4); /* too short */
	CHECK_INT(net_addresses_parse(bytes, length, 3, text, sizeof text), 0);
	CHECK_TEXT(text, "192.0.2.7/24,fd00::1/24");
	net_addresses_parse(bytes, length, 3, narrow, sizeof narrow);
	CHECK_TEXT(narrow, "...");
	memcpy(bytes + length, &end, sizeof end);
	CHECK_INT(net_addresses_parse(bytes, length + sizeof end, 9, text, sizeof text), 1);
	end.nlmsg_type = NLMSG_ERROR;
	memcpy(bytes, &end, sizeof end);
	CHECK(net_addresses_parse(bytes, length, 3, text, sizeof text) < 0);
	end.nlmsg_len = 4;
	memcpy(bytes, &end, sizeof end);
	CHECK(net_addresses_parse(bytes, length, 3, text, sizeof text) < 0);
}

TEST(addresses_may_be_cut_anywhere)
{
	static const unsigned char six[16] = {0xfd, [15] = 1};
	unsigned char bytes[256] = {0};
	size_t length = put_address(bytes, AF_INET6, 3, six, 16);

	for (size_t cut = 0; cut <= length; cut++)
		for (unsigned at = 0; at < cut; at++) {
			unsigned char *copy = malloc(cut);
			char text[32] = "";
			CHECK(copy);
			memcpy(copy, bytes, cut);
			copy[at] ^= 0xff;
			net_addresses_parse(copy, cut, 3, text, sizeof text);
			free(copy);
		}
}

/* ------------------------------------------------------------------------ the table */

static struct watch *open_interfaces(void)
{
	return table_open(TABLE_NETWORK, tree_procfs, tree_sysfs);
}

static uint32_t slot_of(struct watch *watch, const char *name)
{
	struct linux_net_device device;

	for (uint32_t i = 0; i < watch->count; i++) {
		if (!watch->rows[i].alive)
			continue;
		CHECK_INT(watch_read_slot(watch, i, SOURCE_net_device, &device), STATE_OK);
		if (strcmp(watch_text(&device.name), name) == 0)
			return i;
	}
	return NO_ROW;
}

static void check_row(struct watch *watch, const char *name, const char *kind,
	const char *lower, const char *upper, uint64_t counted)
{
	uint32_t slot = slot_of(watch, name);
	struct linux_net_device device;
	struct linux_net_stack stack;

	if (slot == NO_ROW)
		test_fail(__FILE__, __LINE__, "there is no row %s", name);
	watch_read_slot(watch, slot, SOURCE_net_device, &device);
	CHECK_TEXT(watch_text(&device.kind), kind);
	CHECK_INT(watch_read_slot(watch, slot, SOURCE_net_stack, &stack), STATE_OK);
	CHECK_TEXT(watch_text(&stack.lower), lower);
	CHECK_TEXT(watch_text(&stack.upper), upper);
	CHECK_INT(stack.counted, counted);
}

static void put(const char *name, const char *file, const char *text)
{
	char path[128];

	snprintf(path, sizeof path, "sys/class/net/%s/%s", name, file);
	tree_put(path, text);
}

static void put_interface(const char *name, const char *index, const char *type)
{
	put(name, "ifindex", index);
	put(name, "iflink", index);
	put(name, "type", type);
	put(name, "uevent", "INTERFACE=x\n");
}

static void put_card(const char *name, const char *index)
{
	put_interface(name, index, "1\n");
	put(name, "device/vendor", "0x1af4\n");
}

static void put_lines(const char *const *names)
{
	char text[2048] = TITLES;

	for (; *names; names++)
		snprintf(text + strlen(text), sizeof text - strlen(text),
			"%6s: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n", *names);
	tree_put("proc/net/dev", text);
}

TEST(what_is_stacked_is_not_counted_twice)
{
	struct watch *watch;

	tree_begin();
	put_lines((const char *const[]){"lo", "eth0", "eth1", "bond0", "bond0.7", "br0",
		"veth1", "tun0", "wlan0", "wg0", "ppp0", "wwan0", "dummy0", "can0", "lan1",
		NULL});
	put_interface("lo", "1\n", "772\n");
	put_card("eth0", "2\n");
	put_card("eth1", "3\n");
	tree_link("sys/class/net/eth0/master", "../../devices/virtual/net/bond0");
	put_interface("bond0", "4\n", "1\n");
	put("bond0", "bonding/mode", "x\n");
	tree_link("sys/class/net/bond0/lower_eth1", "../eth1");
	tree_link("sys/class/net/bond0/lower_eth0", "../eth0");
	put_interface("bond0.7", "5\n", "1\n");
	put("bond0.7", "uevent", "DEVTYPE=vlan\n");
	tree_link("sys/class/net/bond0.7/lower_bond0", "../bond0");
	put_interface("br0", "6\n", "1\n");
	put("br0", "bridge/bridge_id", "x\n");
	tree_link("sys/class/net/br0/lower_veth1", "../veth1");
	put_interface("veth1", "7\n", "1\n");
	put("veth1", "iflink", "2\n");
	put_interface("tun0", "8\n", "65534\n");
	put_card("wlan0", "9\n");
	put("wlan0", "wireless/status", "0\n");
	put_interface("wg0", "10\n", "65534\n");
	put("wg0", "uevent", "DEVTYPE=wireguard\n");
	put_interface("ppp0", "11\n", "512\n");
	put_card("wwan0", "12\n");
	put("wwan0", "uevent", "DEVTYPE=wwan\n");
	put_interface("dummy0", "13\n", "1\n");
	put_interface("can0", "14\n", "280\n");
	put_card("lan1", "15\n"); /* a port of a switch chip */
	tree_link("sys/class/net/lan1/lower_eth1", "../eth1");
	watch = open_interfaces();
	CHECK_INT(table_rows(watch), 15);
	check_row(watch, "lo", "loopback", "", "", 0);
	check_row(watch, "eth0", "ethernet", "", "bond0", 1);
	check_row(watch, "eth1", "ethernet", "", "", 1);
	check_row(watch, "bond0", "bond", "eth0,eth1", "", 0);
	check_row(watch, "bond0.7", "vlan", "bond0", "", 0);
	check_row(watch, "br0", "bridge", "veth1", "", 0);
	check_row(watch, "veth1", "veth", "", "", 0);
	check_row(watch, "tun0", "tunnel", "", "", 0);
	check_row(watch, "wlan0", "wifi", "", "", 1);
	check_row(watch, "wg0", "tunnel", "", "", 0);
	check_row(watch, "ppp0", "tunnel", "", "", 0);
	check_row(watch, "wwan0", "wwan", "", "", 1);
	check_row(watch, "dummy0", "other", "", "", 0);
	check_row(watch, "can0", "other", "", "", 0);
	check_row(watch, "lan1", "ethernet", "eth1", "", 0);
	watch_close(watch);
}

TEST(in_a_container_what_leads_out_of_it_is_counted)
{
	struct watch *watch;

	tree_begin();
	put_lines((const char *const[]){"lo", "eth0", "eth0.5", "tun0", "veth1", "br0", NULL});
	put_interface("lo", "1\n", "772\n");
	put_interface("eth0", "2\n", "1\n");
	put("eth0", "iflink", "77\n");
	put_interface("eth0.5", "3\n", "1\n");
	put("eth0.5", "uevent", "DEVTYPE=vlan\n");
	tree_link("sys/class/net/eth0.5/lower_eth0", "../eth0");
	put_interface("tun0", "4\n", "65534\n");
	put_interface("veth1", "5\n", "1\n"); /* to a container in this one */
	put("veth1", "iflink", "6\n");
	tree_link("sys/class/net/veth1/master", "../br0");
	put_interface("br0", "7\n", "1\n");
	watch = open_interfaces();
	check_row(watch, "lo", "loopback", "", "", 0);
	check_row(watch, "eth0", "veth", "", "", 1);
	check_row(watch, "eth0.5", "vlan", "eth0", "", 0);
	check_row(watch, "tun0", "tunnel", "", "", 0);
	check_row(watch, "veth1", "veth", "", "br0", 0);
	check_row(watch, "br0", "other", "", "", 0);
	watch_close(watch);
}

TEST(another_name_is_the_same_row_and_another_number_another_one)
{
	struct watch *watch;
	uint32_t slot;

	tree_begin();
	put_lines((const char *const[]){"eth0", NULL});
	put_card("eth0", "2\n");
	watch = open_interfaces();
	slot = slot_of(watch, "eth0");
	put_lines((const char *const[]){"lan0", NULL});
	tree_remove("sys/class/net/eth0");
	put_card("lan0", "2\n");
	watch_list(watch);
	CHECK_INT(watch->births + watch->deaths, 0);
	CHECK_INT(slot_of(watch, "lan0"), slot);
	check_row(watch, "lan0", "ethernet", "", "", 1);
	put("lan0", "ifindex", "8\n");
	tree_put("proc/net/dev", TITLES "lan0: 0 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n");
	watch_list(watch);
	CHECK_INT(watch->births, 1);
	CHECK_INT(watch->deaths, 1);
	put("lan0", "ifindex", "9\n");
	pause_ms(2100);
	watch_list(watch);
	CHECK_INT(watch->births, 1);
	CHECK_INT(watch->deaths, 1);
	watch_close(watch);
}

TEST(by_another_procfs_they_are_those_of_its_first_process)
{
	struct watch *watch;

	tree_begin();
	put_lines((const char *const[]){"eth0", NULL});
	tree_put("proc/1/net/dev", TITLES "host0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n");
	watch = open_interfaces();
	CHECK_INT(table_rows(watch), 1);
	CHECK(slot_of(watch, "host0") != NO_ROW);
	watch_close(watch);
}

TEST(without_sysfs_there_are_counters)
{
	struct linux_net_device device;
	struct linux_net_stack stack;
	struct linux_net_state state;
	struct linux_net_link link;
	struct linux_net_io io;
	struct watch *watch;

	tree_begin();
	put_lines((const char *const[]){"eth0", NULL});
	watch = open_interfaces();
	CHECK_INT(watch_read_slot(watch, 0, SOURCE_net_device, &device), STATE_OK);
	CHECK(device.index == NONE && device.kind.state == STATE_NONE);
	CHECK_INT(watch_read_slot(watch, 0, SOURCE_net_stack, &stack), STATE_NONE);
	CHECK_INT(watch_read_slot(watch, 0, SOURCE_net_state, &state), STATE_NONE);
	CHECK_INT(watch_read_slot(watch, 0, SOURCE_net_link, &link), STATE_NONE);
	CHECK_INT(watch_read_slot(watch, 0, SOURCE_net_io, &io), STATE_OK);
	CHECK(io.received_bytes == 1 && io.sent_compressed == 16);
	watch_close(watch);
}

static void check_link(
	struct watch *watch, const char *name, const char *speed, uint64_t megabits)
{
	struct linux_net_link link;

	put(name, "speed", speed);
	CHECK_INT(
		watch_read_slot(watch, slot_of(watch, name), SOURCE_net_link, &link), STATE_OK);
	CHECK(link.megabits == megabits);
}

TEST(only_a_real_link_has_a_speed)
{
	struct linux_net_link link;
	struct watch *watch;

	tree_begin();
	put_lines((const char *const[]){"eth0", "veth1", NULL});
	put_card("eth0", "2\n");
	put("eth0", "duplex", "full\n");
	put_interface("veth1", "3\n", "1\n");
	put("veth1", "speed", "10000\n");
	watch = open_interfaces();
	check_link(watch, "eth0", "2500\n", 2500);
	check_link(watch, "eth0", "-1\n", NONE);
	check_link(watch, "eth0", "4294967295\n", NONE);
	check_link(watch, "eth0", "99999999999\n", FAILED);
	check_link(watch, "eth0", "fast\n", FAILED);
	CHECK_INT(watch_read_slot(watch, slot_of(watch, "eth0"), SOURCE_net_link, &link),
		STATE_OK);
	CHECK_TEXT(watch_text(&link.duplex), "full");
	put("eth0", "duplex", "unknown\n");
	CHECK_INT(watch_read_slot(watch, slot_of(watch, "eth0"), SOURCE_net_link, &link),
		STATE_OK);
	CHECK_INT(link.duplex.state, STATE_NONE);
	CHECK_INT(watch_read_slot(watch, slot_of(watch, "veth1"), SOURCE_net_link, &link),
		STATE_NONE);
	watch_close(watch);
}

TEST(state_and_address)
{
	struct linux_net_address address;
	struct linux_net_stack stack;
	struct linux_net_state state;
	struct watch *watch;
	uint32_t slot;

	tree_begin();
	put_lines((const char *const[]){"lo", "eth0", NULL});
	put_interface("lo", "1\n", "772\n");
	put("lo", "address", "00:00:00:00:00:00\n");
	put_card("eth0", "2\n");
	put("eth0", "operstate", "lowerlayerdown\n");
	put("eth0", "mtu", "9000\n");
	put("eth0", "carrier_changes", "x\n");
	put("eth0", "address", "02:00:00:00:00:01\n");
	watch = open_interfaces();
	slot = slot_of(watch, "eth0");
	CHECK_INT(watch_read_slot(watch, slot, SOURCE_net_state, &state), STATE_OK);
	CHECK_TEXT(watch_text(&state.state), "lowerlayerdown");
	CHECK(state.carrier_changes == FAILED);
	CHECK_INT(watch_read_slot(watch, slot, SOURCE_net_stack, &stack), STATE_OK);
	CHECK(stack.mtu == 9000);
	CHECK_INT(watch_read_slot(watch, slot, SOURCE_net_address, &address), STATE_OK);
	CHECK_TEXT(watch_text(&address.text), "02:00:00:00:00:01");
	CHECK_INT(watch_read_slot(watch, slot_of(watch, "lo"), SOURCE_net_address, &address),
		STATE_NONE);
	watch_close(watch);
}

TEST(this_machine_has_a_loopback)
{
	struct linux_net_addresses addresses;
	struct linux_net_device device;
	enum cell_state state;
	struct watch *watch = table_open(TABLE_NETWORK, NULL, NULL);
	uint32_t slot = slot_of(watch, "lo");

	if (slot == NO_ROW)
		test_skip("there is none");
	CHECK_INT(watch_read_slot(watch, slot, SOURCE_net_device, &device), STATE_OK);
	if (device.index == NONE)
		test_skip("sysfs is of another network namespace");
	CHECK(device.index == if_nametoindex("lo"));
	CHECK(!watch->provider->unsupported(
		watch->provider->context, SOURCE_net_addresses, &state));
	CHECK_INT(watch_read_slot(watch, slot, SOURCE_net_addresses, &addresses), STATE_OK);
	CHECK(!addresses.text.bytes || strstr(watch_text(&addresses.text), "127.0.0.1/8") ||
		strstr(watch_text(&addresses.text), "::1/128"));
	watch_close(watch);
}

/* The interfaces that sysfs has are those of the namespace in which it was mounted. */
TEST(another_namespace_has_other_interfaces)
{
	struct linux_net_device device;
	struct watch *watch;

	if (unshare(CLONE_NEWNET) < 0)
		test_skip("it takes root to make a network namespace");
	watch = table_open(TABLE_NETWORK, NULL, NULL);
	CHECK_INT(table_rows(watch) >= 1, true);
	tree_begin();
	watch_close(watch);
	put_interface("lo", "77\n", "772\n");
	watch = table_open(TABLE_NETWORK, NULL, tree_sysfs);
	CHECK_INT(watch_read_slot(watch, slot_of(watch, "lo"), SOURCE_net_device, &device),
		STATE_OK);
	CHECK(device.index == NONE && device.kind.state == STATE_NONE);
	watch_close(watch);
}

TESTS(CASE(a_line_has_its_numbers_in_order), CASE(garbage_costs_its_own_cell),
	CASE(uevents_are_lines_of_keys), CASE(addresses_are_those_of_the_interface),
	CASE(addresses_may_be_cut_anywhere), CASE(what_is_stacked_is_not_counted_twice),
	CASE(in_a_container_what_leads_out_of_it_is_counted),
	CASE(another_name_is_the_same_row_and_another_number_another_one),
	CASE(by_another_procfs_they_are_those_of_its_first_process),
	CASE(without_sysfs_there_are_counters), CASE(only_a_real_link_has_a_speed),
	CASE(state_and_address), CASE(this_machine_has_a_loopback),
	CASE(another_namespace_has_other_interfaces))
