/* Columns that are sums over the rows of another table. */
#include "sampler_state.h"
#include "stage.h"

#define G(symbol) ATTRIBUTE_COALITION_##symbol

static struct replica *ask_every(
	uint64_t interval_ns, enum attribute_index first, enum attribute_index second)
{
	struct replica *replica = new_replica();

	CHECK_INT(replica_subscribe(
			  replica, sampler, now, interval_ns, NULL, 0, first, second, END),
		0);
	return replica;
}

static struct replica *ask(enum attribute_index first, enum attribute_index second)
{
	return ask_every(SECOND, first, second);
}

static struct replica_cell cell_of(
	const struct replica *replica, uint64_t identity, enum attribute_index attribute)
{
	for (uint32_t slot = 0; slot < REPLICA_SLOTS; slot++)
		if (replica->rows[slot].alive && replica->rows[slot].identity == identity)
			return replica_cell(replica, &replica->rows[slot], attribute);
	test_fail(__FILE__, __LINE__, "there is no group %d", (int)identity);
}

static uint64_t sum_of(
	const struct replica *replica, uint64_t identity, enum attribute_index attribute)
{
	struct replica_cell cell = cell_of(replica, identity, attribute);

	CHECK_INT(cell.state, STATE_OK);
	return cell.bits;
}

static struct fake_process *add(uint64_t pid, uint64_t group, uint64_t cpu_ns, uint64_t files)
{
	struct fake_process *process = fake_add(pid);

	process->ppid = group;
	process->cpu_ns = cpu_ns;
	process->files = files;
	return process;
}

TEST(a_group_has_what_its_processes_have_and_those_of_the_groups_below)
{
	setup();
	fake_add_group(100, 0);
	fake_add_group(110, 100);
	fake_add_group(111, 110);
	fake_add_group(200, 0);
	add(1, 100, 1, 10);
	add(2, 110, 20, 200);
	add(3, 111, 300, 3000);
	add(4, 111, 4000, 40000);
	add(5, 999, 50000, 500000); /* of a group that is not seen */
	struct replica *replica = ask(G(GPU_TIME), G(GPU_MEMORY));
	next_tick();
	CHECK_INT(replica->frames, 1);
	CHECK_INT(sum_of(replica, 100, G(GPU_TIME)), 4321);
	CHECK_INT(sum_of(replica, 110, G(GPU_TIME)), 4320);
	CHECK_INT(sum_of(replica, 111, G(GPU_TIME)), 4300);
	CHECK_INT(sum_of(replica, 100, G(GPU_MEMORY)), 43210);
	CHECK_INT(sum_of(replica, 111, G(GPU_MEMORY)), 43000);
	CHECK_INT(cell_of(replica, 200, G(GPU_TIME)).state, STATE_NONE);
	drop(replica);
	teardown();
}

TEST(what_was_counted_stays_when_a_process_ends_or_moves)
{
	setup();
	fake_add_group(100, 0);
	fake_add_group(200, 0);
	struct fake_process *moves = add(1, 100, 50, 5);
	add(2, 100, 7, 6);
	struct replica *replica = ask(G(GPU_TIME), G(GPU_MEMORY));
	next_tick();
	CHECK_INT(sum_of(replica, 100, G(GPU_TIME)), 57);
	CHECK_INT(sum_of(replica, 100, G(GPU_MEMORY)), 11);
	fake_kill(2);
	moves->ppid = 200;
	fake_run(moves, 3);
	next_tick();
	CHECK_INT(sum_of(replica, 100, G(GPU_TIME)), 57);
	CHECK_INT(sum_of(replica, 200, G(GPU_TIME)), 3);
	CHECK_INT(
		cell_of(replica, 100, G(GPU_MEMORY)).state, STATE_NONE); /* a gauge is of now */
	CHECK_INT(sum_of(replica, 200, G(GPU_MEMORY)), 5);
	/* The slot of the dead one goes to a process of another group. */
	add(3, 200, 1000, 1);
	next_tick();
	CHECK_INT(sum_of(replica, 100, G(GPU_TIME)), 57);
	CHECK_INT(sum_of(replica, 200, G(GPU_TIME)), 1003);
	drop(replica);
	teardown();
}

TEST(a_new_group_of_the_slot_begins_at_nothing)
{
	setup();
	struct fake_group *group = fake_add_group(100, 0);
	struct fake_process *process = add(1, 100, 50, 5);
	struct replica *replica = ask(G(GPU_TIME), G(PARENT));
	next_tick();
	group->dead = true;
	next_tick();
	fake_add_group(101, 0);
	process->ppid = 101;
	fake_run(process, 4);
	next_tick();
	CHECK_INT(sum_of(replica, 101, G(GPU_TIME)), 4);
	drop(replica);
	teardown();
}

TEST(a_part_that_is_not_known_makes_the_whole_unknown)
{
	setup();
	fake_add_group(100, 0);
	fake_add_group(110, 100);
	fake_add_group(120, 100);
	add(1, 110, 5, 5);
	struct fake_process *denied = add(2, 120, 6, 6);
	denied->results[FAKE_FILES] = STATE_DENIED;
	struct replica *replica = ask(G(GPU_MEMORY), G(GPU_TIME));
	next_tick();
	CHECK_INT(cell_of(replica, 100, G(GPU_MEMORY)).state, STATE_DENIED);
	CHECK_INT(cell_of(replica, 120, G(GPU_MEMORY)).state, STATE_DENIED);
	CHECK_INT(sum_of(replica, 110, G(GPU_MEMORY)), 5);
	CHECK_INT(sum_of(replica, 100, G(GPU_TIME)), 11);
	denied->results[FAKE_FILES] = STATE_NONE; /* what it has not got is no loss */
	next_tick();
	CHECK_INT(sum_of(replica, 100, G(GPU_MEMORY)), 5);
	drop(replica);
	teardown();
}

TEST(both_tables_are_sampled_in_one_tick_and_only_while_somebody_wants_it)
{
	setup();
	fake_add_group(100, 0);
	struct fake_process *process = add(1, 100, 5, 5);
	struct replica *groups = ask(G(GPU_MEMORY), G(PARENT));
	struct replica *processes = ask_every(3 * SECOND, A(FILES_OPEN), A(PID));
	next_tick();
	for (uint64_t files = 6; files < 12; files++) {
		process->files = files;
		next_tick();
		CHECK_INT(sum_of(groups, 100, G(GPU_MEMORY)), files);
		if (processes->tick == groups->tick)
			CHECK_INT(number(processes, 1, A(FILES_OPEN)), files);
	}
	CHECK_INT(processes->frames, 3);
	drop(groups);
	uint64_t reads = fake_reads(FAKE_FILES);
	next_tick();
	next_tick();
	CHECK_INT(fake_reads(FAKE_FILES), reads + 2); /* once for each frame of the other */
	drop(processes);
	teardown();
}

TEST(who_joins_a_group_that_is_watched_gets_its_sums_at_once)
{
	setup();
	fake_add_group(100, 0);
	add(1, 100, 5, 8);
	struct replica *one = ask(G(PARENT), G(GPU_TIME));
	next_tick();
	struct replica *other = ask(G(GPU_MEMORY), G(GPU_TIME));
	next_tick();
	CHECK_INT(sum_of(other, 100, G(GPU_MEMORY)), 8);
	CHECK_INT(sum_of(other, 100, G(GPU_TIME)), 5);
	drop(one);
	next_tick();
	CHECK_INT(sum_of(other, 100, G(GPU_TIME)), 5);
	drop(other);
	teardown();
}

TEST(what_the_processes_cannot_tell_the_groups_cannot_either)
{
	const char *reason = NULL;

	setup();
	fake_add_group(100, 0);
	add(1, 100, 5, 8);
	CHECK_INT(sampler_available(sampler, G(ENERGY_SCORE), &reason), STATE_UNSUPPORTED);
	CHECK_TEXT(reason, "the fake has no GPU");
	struct replica *replica = ask(G(ENERGY_SCORE), G(PARENT));
	next_tick();
	CHECK_INT(cell_of(replica, 100, G(ENERGY_SCORE)).state, STATE_UNSUPPORTED);
	CHECK_INT(fake->opens, 1); /* and nobody looks at processes for it */
	drop(replica);
	teardown();
}

TEST(a_budget_that_leaves_out_the_processes_says_so_of_the_sums)
{
	setup();
	fake_add_group(100, 0);
	struct fake_process *process = add(1, 100, 5, 8);
	struct replica *replica = ask(G(GPU_TIME), G(PARENT));
	next_tick();
	budget_init(&sampler->budget, 25);
	budget_spend(&sampler->budget, 100 * SECOND);
	fake_run(process, 5);
	next_tick();
	CHECK_INT(replica->unsampled, 2);
	CHECK_INT(sum_of(replica, 100, G(GPU_TIME)), 5);
	budget_init(&sampler->budget, 0);
	next_tick();
	CHECK_INT(replica->unsampled, 0);
	CHECK_INT(sum_of(replica, 100, G(GPU_TIME)), 10);
	drop(replica);
	teardown();
}

TEST(a_newcomer_gets_his_sums_though_the_budget_is_spent)
{
	setup();
	fake_add_group(100, 0);
	add(1, 100, 5, 8);
	budget_init(&sampler->budget, 25);
	budget_spend(&sampler->budget, 100 * SECOND);
	struct replica *replica = new_replica();
	CHECK_INT(replica_subscribe(replica, sampler, now, 0, NULL, 0, G(GPU_TIME), END), 0);
	while (!replica->frames)
		next_tick();
	CHECK_INT(sum_of(replica, 100, G(GPU_TIME)), 5);
	drop(replica);
	teardown();
}

TEST(what_rests_of_the_groups_themselves_does_not_matter)
{
	setup();
	fake->group_source.period_ns = 60 * SECOND;
	fake_add_group(100, 0);
	struct fake_process *process = add(1, 100, 5, 8);
	struct replica *replica = ask(G(GPU_TIME), G(PARENT));
	next_tick();
	fake_run(process, 5);
	next_tick();
	CHECK_INT(replica->unsampled, 1); /* the parent, not the sum */
	CHECK_INT(sum_of(replica, 100, G(GPU_TIME)), 10);
	drop(replica);
	teardown();
}

TEST(a_table_without_rows_is_a_table)
{
	setup();
	add(1, 100, 5, 8);
	struct replica *replica = ask(G(GPU_TIME), G(PARENT));
	next_tick();
	next_tick();
	CHECK_INT(replica->frames, 2);
	CHECK_INT(replica_count(replica), 0);
	fake_add_group(100, 0);
	next_tick();
	CHECK_INT(sum_of(replica, 100, G(GPU_TIME)), 5);
	drop(replica);
	teardown();
}

TESTS(CASE(a_table_without_rows_is_a_table),
	CASE(what_rests_of_the_groups_themselves_does_not_matter),
	CASE(a_group_has_what_its_processes_have_and_those_of_the_groups_below),
	CASE(what_was_counted_stays_when_a_process_ends_or_moves),
	CASE(a_new_group_of_the_slot_begins_at_nothing),
	CASE(a_part_that_is_not_known_makes_the_whole_unknown),
	CASE(both_tables_are_sampled_in_one_tick_and_only_while_somebody_wants_it),
	CASE(who_joins_a_group_that_is_watched_gets_its_sums_at_once),
	CASE(what_the_processes_cannot_tell_the_groups_cannot_either),
	CASE(a_budget_that_leaves_out_the_processes_says_so_of_the_sums),
	CASE(a_newcomer_gets_his_sums_though_the_budget_is_spent))
