/* Tags: who in a process has mapped something, as mach_vm_map() was told. */
#ifndef DARWIN_TAGS_H
#define DARWIN_TAGS_H

#include <stdint.h>

struct tag {
	/* As mach/vm_statistics.h calls it, without VM_MEMORY_. */
	const char *name;
	/* What that is for, in a word or two. */
	const char *category;
};

/* NULL: no tag, or a number that is not known. */
const struct tag *tag_find(uint32_t number);

#endif
