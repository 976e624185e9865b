/*
 * The library without memory: whichever allocation fails, it returns -ENOMEM, loses nothing
 * and does not crash. This program's malloc counts down to the one that fails; what is in use
 * is counted, too.
 */
#include <pthread.h>

#include "peer.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                     \
	__has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif

#if defined(__GLIBC__) && !defined(SANITIZED)

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void __libc_free(void *piece);

/* Of the thread that is tested; the peer's thread always gets its memory. Volatile, for the
 * compiler knows that malloc and free read no variables. */
static _Thread_local volatile bool counting;
static _Thread_local volatile long countdown; /* the allocation that fails; 0: none */
static _Thread_local volatile long in_use;

static bool fails(void)
{
	return counting && countdown > 0 && --countdown == 0;
}

void *malloc(size_t size)
{
	if (fails()) {
		errno = ENOMEM;
		return NULL;
	}
	in_use += counting;
	return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	if (fails()) {
		errno = ENOMEM;
		return NULL;
	}
	in_use += counting;
	return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	if (fails()) {
		errno = ENOMEM;
		return NULL;
	}
	in_use += counting && !old;
	return __libc_realloc(old, size);
}

void free(void *piece)
{
	in_use -= counting && piece;
	__libc_free(piece);
}

static struct procmon_table *kept;

static void on_table(
	struct procmon_request *request, struct procmon_table *table, void *context)
{
	(void)request;
	++*(int *)context;
	if (!kept)
		kept = procmon_retain(table); /* the next frame needs a copy */
	procmon_release(procmon_table_copy_row(table, 0));
}

static void on_error(
	struct procmon_request *request, int error, const char *text, void *context)
{
	(void)request;
	(void)context;
	CHECK_INT(error, -ENOMEM);
	CHECK(text);
}

static void send_frames(struct peer *peer)
{
	char text[100];

	for (uint64_t tick = 1; tick <= 3; tick++) {
		struct script script;

		script_init(&script, tick, tick - 1, tick * SECOND);
		script.frame.part = tick == 3;
		script.frame.last = tick != 2;
		if (tick == 3)
			script.frame.tick = script.frame.since = 2, script.frame.since = 1,
			script.frame.sampled_ns = 2 * SECOND;
		for (uint32_t slot = 0; slot < 100; slot++) {
			if (tick == 1)
				script_add(&script, slot * 5, slot, 1);
			snprintf(text, sizeof text, "%" PRIu64 " %u", tick, slot);
			script_u64(&script, ID_READ, slot * 5, tick * slot);
		}
		script_text(&script, ID_COMM, 0, text);
		script_send(&script, peer, 1);
	}
}

/* Makes a request; 0 or the first error. */
static int ask(
	struct procmon_connection *connection, int *calls, struct procmon_request **ret_request)
{
	static const uint32_t ids[] = {ID_READ, ID_COMM, ID_READ_RATE}, pids[] = {1, 2};
	int result = procmon_request_create_with_error(
		connection, PROCMON_PROCESS, on_table, on_error, calls, ret_request);

	if (result == 0)
		result = procmon_request_add_attributes(*ret_request, ids, 3);
	if (result == 0)
		result = procmon_request_set_pids(*ret_request, pids, 2);
	if (result == 0)
		result = procmon_request_set_interval(*ret_request, SECOND);
	if (result == 0)
		result = procmon_request_execute(*ret_request);
	return result;
}

/* The whole life of a client, in which the n-th allocation fails. Returns whether there were
 * fewer than n. */
static bool live(struct peer *peer, long n)
{
	struct procmon_connection *connection;
	struct procmon_request *request = NULL;
	pthread_t thread;
	char *error = NULL;
	int calls = 0, result;

	CHECK(pthread_create(&thread, NULL, peer_accept, peer) == 0);
	kept = NULL;
	in_use = 0;
	countdown = n;
	counting = true;
	result = procmon_connect(peer->path, "a test", 0, &connection, &error);
	counting = false;
	pthread_join(thread, NULL);
	CHECK(result == 0 || result == -ENOMEM);
	if (result == 0) {
		send_frames(peer);
		counting = true;
		result = ask(connection, &calls, &request);
		for (int i = 0; i < 3 && result >= 0; i++)
			result = procmon_dispatch(connection, 0);
		procmon_release(request);
		procmon_release(connection);
		procmon_release(kept);
	}
	counting = true;
	free(error);
	counting = false;
	peer_hang_up(peer);
	CHECK(result >= 0 || result == -ENOMEM);
	CHECK_INT(in_use, 0);
	if (countdown == 0)
		return false;
	CHECK_INT(result, 0);
	CHECK_INT(calls, 2);
	return true;
}

TEST(every_allocation_may_fail)
{
	Procmon__Attribute catalog[PEER_ATTRIBUTES];
	struct peer peer;
	long n = 1;

	peer_open(&peer);
	peer_fill_catalog(catalog);
	peer_greet_welcome(&peer);
	peer_greet_catalog(&peer, catalog, PEER_ATTRIBUTES);
	while (!live(&peer, n))
		CHECK(++n < 1000);
	CHECK(n > 20);
	peer_close(&peer);
}

/* What a frame costs once everything has its size: no allocation for a cell. */
TEST(a_diff_allocates_nothing)
{
	struct peer peer;
	struct procmon_connection *connection = peer_connect(&peer);
	struct procmon_request *request;
	int calls = 0;

	CHECK_INT(ask(connection, &calls, &request), 0);
	for (uint64_t tick = 1; tick <= 20; tick++) {
		struct script script;

		script_init(&script, tick, tick - 1, tick * SECOND);
		for (uint32_t slot = 0; slot < 1000; slot++) {
			if (tick == 1)
				script_add(&script, slot, slot, 1);
			if (tick == 1 || slot % 3 == 0)
				script_u64(&script, ID_READ, slot, tick * slot);
		}
		script_send(&script, &peer, 1);
		countdown = tick > 10 ? 1 : 0; /* the first one fails */
		counting = true;
		CHECK_INT(procmon_dispatch(connection, 0), 1);
		counting = false;
		if (kept && tick == 1) {
			procmon_release(kept);
			kept = NULL;
		}
	}
	procmon_release(kept);
	procmon_release(request);
	procmon_release(connection);
	peer_close(&peer);
}

#else

TEST(every_allocation_may_fail)
{
	test_skip("needs a malloc of its own");
}

TEST(a_diff_allocates_nothing)
{
	test_skip("needs a malloc of its own");
}

#endif

TESTS(CASE(every_allocation_may_fail), CASE(a_diff_allocates_nothing))
