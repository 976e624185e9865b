/* The IORegistry: walks, entries and their properties, and that everything is given back. */
#include "registry.h"
#include "sim.h"
#include "test.h"

static const char tree[] =
	"[entry 10]\nclass = Root\n"
	"[entry 17]\nclass = Driver\nconforms = Base Other\nname = d0\n"
	"parent = 10\nsize = u64 5\nmodel = text M\nStatistics.a = u32 1\n"
	"[entry 18]\nclass = Driver\nconforms = Base\nparent = 10\n"
	"[entry 19]\nclass = Client\nparent = 17\nregistered = 0\nmodel = text C\n"
	"[entry 20]\nclass = Client\nparent = 17 18\nregistered = 0\n";

static unsigned count(struct registry_walk *walk)
{
	unsigned entries = 0;

	while (registry_next(walk))
		entries++;
	return entries;
}

static unsigned services(const char *class_name)
{
	struct registry_walk walk;

	registry_services(&walk, class_name);
	return count(&walk);
}

TEST(finds_services_by_class)
{
	sim_add(tree);
	CHECK_INT(services("Driver"), 2);
	CHECK_INT(services("Base"), 2);
	CHECK_INT(services("Other"), 1);
	CHECK_INT(services("Oth"), 0);
	CHECK_INT(services("Client"), 0); /* nobody registers user clients */
	CHECK_INT(services("IOService"), 3);
	CHECK_INT(sim_held(), 0);
}

TEST(walks_up_and_down)
{
	struct registry_walk walk;
	io_registry_entry_t entry, parent;

	sim_add(tree);
	entry = registry_service("Other");
	CHECK(entry);
	CHECK_INT(registry_id(entry), 17);
	registry_children(&walk, entry);
	CHECK(registry_next(&walk));
	CHECK_INT(registry_id(walk.entry), 19);
	CHECK(registry_next(&walk));
	registry_release(entry);
	entry = registry_keep(walk.entry);
	registry_end(&walk);
	CHECK_INT(registry_id(entry), 20);
	registry_parents(&walk, entry);
	CHECK_INT(count(&walk), 2);
	parent = registry_parent(entry);
	CHECK_INT(registry_id(parent), 17);
	registry_release(parent);
	registry_release(entry);
	CHECK_INT(sim_held(), 0);
}

TEST(reads_entries)
{
	io_registry_entry_t entry;
	io_name_t name;
	char text[8];
	uint64_t number = 0;
	CFDictionaryRef all;
	CFTypeRef value;

	sim_add(tree);
	entry = registry_service("Other");
	registry_name(entry, name);
	CHECK_TEXT(name, "d0");
	registry_class(entry, name);
	CHECK_TEXT(name, "Driver");
	CHECK(registry_is(entry, "Base") && !registry_is(entry, "Client"));
	CHECK(registry_u64(entry, "size", &number));
	CHECK_INT(number, 5);
	CHECK(!registry_u64(entry, "sizes", &number) && !registry_u64(entry, "model", &number));
	CHECK(registry_text(entry, "model", text, sizeof text));
	CHECK_TEXT(text, "M");
	CHECK(!registry_text(entry, "size", text, sizeof text));
	value = registry_property(entry, "Statistics");
	CHECK(property_dictionary(value));
	property_release(value);
	all = registry_properties(entry);
	CHECK_INT(property_sample(all, "size"), 5);
	property_release(all);
	registry_release(entry);
	CHECK_INT(sim_held(), 0);
}

/* A process ends between the list and the question. */
TEST(entries_go_while_they_are_looked_at)
{
	struct registry_walk walk;
	io_registry_entry_t entry;
	char text[8];
	uint64_t number;
	CFDictionaryRef all;

	sim_add(tree);
	entry = registry_service("Other");
	registry_children(&walk, entry);
	CHECK(registry_next(&walk));
	sim_remove("entry", "19");
	CHECK(!registry_text(walk.entry, "model", text, sizeof text));
	CHECK_TEXT(text, "");
	CHECK_INT(registry_id(walk.entry), 19);
	all = registry_properties(walk.entry);
	CHECK(!property_get(all, "model"));
	property_release(all);
	CHECK_INT(registry_parent(walk.entry), 0);
	sim_remove("entry", "20");
	CHECK(!registry_next(&walk));
	sim_set("entry", "17", "gone", "1");
	CHECK(!registry_u64(entry, "size", &number));
	registry_release(entry);
	CHECK_INT(sim_held(), 0);
}

TEST(nothing_is_there)
{
	CHECK_INT(services("IOAccelerator"), 0);
	CHECK_INT(registry_service("IOAccelerator"), 0);
	registry_release(0);
	CHECK_INT(registry_keep(0), 0);
	CHECK_INT(sim_held(), 0);
}

TEST(calls_fail)
{
	struct registry_walk walk;
	io_registry_entry_t entry;
	io_name_t name;

	sim_add(tree);
	entry = registry_service("Other");
	sim_fail("IOServiceGetMatchingServices", -1, -1, kIOReturnNoMemory, 1);
	CHECK_INT(services("Base"), 0);
	sim_fail("IOServiceGetMatchingService", -1, -1, kIOReturnNoMemory, 1);
	CHECK_INT(registry_service("Base"), 0);
	sim_fail("IORegistryEntryGetChildIterator", -1, 17, kIOReturnNoDevice, 1);
	registry_children(&walk, entry);
	CHECK_INT(count(&walk), 0);
	sim_fail("IORegistryEntryGetParentIterator", -1, 17, kIOReturnNoDevice, 1);
	registry_parents(&walk, entry);
	CHECK_INT(count(&walk), 0);
	sim_fail("IORegistryEntryGetRegistryEntryID", -1, 17, kIOReturnNoDevice, 1);
	CHECK_INT(registry_id(entry), 0);
	sim_fail("IORegistryEntryGetName", -1, 17, kIOReturnNoDevice, 1);
	registry_name(entry, name);
	CHECK_TEXT(name, "");
	sim_fail("IOObjectGetClass", -1, 17, kIOReturnNoDevice, 1);
	registry_class(entry, name);
	CHECK_TEXT(name, "");
	sim_fail("IORegistryEntryCreateCFProperties", -1, 17, kIOReturnNoDevice, 1);
	CHECK(!registry_properties(entry));
	sim_fail("IORegistryEntryCreateCFProperty", -1, 17, kIOReturnNoDevice, 1);
	CHECK(!registry_property(entry, "size"));
	registry_release(entry);
	CHECK_INT(sim_held(), 0);
}

TESTS(CASE(finds_services_by_class), CASE(walks_up_and_down), CASE(reads_entries),
	CASE(entries_go_while_they_are_looked_at), CASE(nothing_is_there), CASE(calls_fail));
