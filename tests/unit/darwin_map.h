/* Map: one of a process of a simulated M1, whose pages have 16 KiB (0x4000), by hand. */
#ifndef TESTS_UNIT_DARWIN_MAP_H
#define TESTS_UNIT_DARWIN_MAP_H

#include "darwin/memory/memory.h"
#include "darwin_target.h"

enum { SAFARI = 501, DAEMON = 88, PAGE = 16384 };

#define SAFARI_PATH "/Applications/Safari.app/Contents/MacOS/Safari"

/*
 * As section 10 of tests/fixtures/darwin/README has it: a program with its constants and data, a heap, the
 * guard of a stack, shared memory, a file that was deleted, code that was made, reserved space, the
 * shared cache with a piece that was written to, a tag that nobody knows, and what is owned.
 */
static const char map_text[] =
	"[process 501]\n"
	"phys_footprint = 400000\n"
	"[process 88]\n"
	"uid = 88\n"
	"[regions 501]\n"
	"0x100000000 = size=0x8000 prot=r-x max=r-x share=cow file=2 offset=0x10000 ino=77 "
	"path=" SAFARI_PATH "\n"
	"0x100008000 = size=0x4000 prot=r-- share=cow depth=1 internal=1 ino=77 "
	"path=" SAFARI_PATH "\n"
	"0x10000c000 = size=0x8000 share=cow depth=1 internal=1 compressed=1 ino=77 "
	"path=" SAFARI_PATH "\n"
	"0x120000000 = size=0x100000 tag=7 internal=10 compressed=4 private_resident=10\n"
	"0x130000000 = size=0x4000 prot=--- share=empty tag=30\n"
	"0x140000000 = size=0x4000 share=shared internal=1 shared_resident=1\n"
	"0x150000000 = size=0x10000 prot=r-- share=private file=3 offset=0x4000 ino=99 nlink=0 "
	"path=/Users/a/data.db\n"
	"0x160000000 = size=0x4000 prot=rwx\n"
	"0x170000000 = size=0x4000 prot=--- max=--- share=empty\n"
	"0x180000000 = size=0x10000000 prot=r-- submap=1\n"
	"0x190000000 = size=0x4000 share=cow depth=1 internal=1 ino=5 "
	"path=/System/Library/dyld/dyld_shared_cache_arm64e.01\n"
	"0x190004000 = size=0x16fffc000 prot=r-- submap=1\n"
	"0x600000000 = size=0x4000 tag=200 uncounted=1\n"
	"owned = internal=2 compressed=1\n";

static inline void map_begin(void)
{
	sim_boot("m1");
	sim_remove("regions", "501");
	sim_remove("shared_cache", "");
	sim_add(map_text);
}

#endif
