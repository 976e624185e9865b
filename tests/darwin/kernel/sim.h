/*
 * Simulated kernel: what a Mac would answer, from a text. The backend of macOS is linked with
 * it instead of libSystem, IOKit and IOReport, and is none the wiser.
 *
 * The text (tests/fixtures/darwin/NAME.mac) has sections with keys:
 *
 *	# a comment
 *	[KIND NAME]          kind is one word, name the rest of it; both are whatever the part of
 *	key = value          the kernel that reads them says, see the head of its file
 *
 * A number may grow: `cpu = 2400000 + 24000/s` has 24000 more for each second on the simulated
 * clock since it began. Each kind of section is read by one file here, which says what it means.
 *
 * This header is for tests; it uses fixed-width types only, as both sides of the wall include it.
 */
#ifndef TESTS_DARWIN_KERNEL_SIM_H
#define TESTS_DARWIN_KERNEL_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Loads a text instead of everything that was there. False: `error` says where it is wrong. */
bool sim_load(const char *path, char *error, size_t size);
/* The name of a file in tests/fixtures/darwin, without ".mac"; ends the test where that fails. */
void sim_boot(const char *name);
/* More text, in the same form; later keys replace earlier ones. Ends the program if it is wrong. */
void sim_add(const char *text);
/* One key of a section; both are made if they are not there. NULL: the key is taken out. */
void sim_set(const char *kind, const char *name, const char *key, const char *value);
void sim_set_u64(const char *kind, const char *name, const char *key, uint64_t value);
/* A whole section is taken out: the process ends, the device is pulled. */
void sim_remove(const char *kind, const char *name);

/* The clock stands still, but for this; a second after sim_load() it is a second. */
void sim_advance(uint64_t ns);
/* From now on it goes as the host's. */
void sim_run_clock(void);
uint64_t sim_now_ns(void);

/*
 * The call ("proc_pidinfo") with that selector (its flavor, command or message; -1: any) for that
 * subject (a pid; -1: any) fails with an errno or kern_return_t, the next `times` times.
 */
void sim_fail(const char *call, int64_t selector, int64_t subject, int error, uint32_t times);

/* How often a call was made since sim_load() or sim_forget_calls(); any selector: -1. */
uint64_t sim_calls(const char *call, int64_t selector);
/* Of all calls. */
uint64_t sim_all_calls(void);
void sim_forget_calls(void);
/* Prints all calls and their numbers. */
void sim_print_calls(void);

/* Ports, CF objects and registry entries that were given out and not given back: 0 at the end. */
int64_t sim_held(void);

#endif
