/*
 * The memory of one process as an account: measures (virtual, resident ...), each the sum of parts
 * (anonymous pages, file cache ...). What a part has in a measure is taken from another reading
 * than the total where the kernel tells both, so that the remainder proves them.
 *
 * Nothing here asks anybody: it is given what was read.
 */
#ifndef CLIENT_MEMORY_ACCOUNT_H
#define CLIENT_MEMORY_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "procmon.h"

enum account_measure {
	MEASURE_VIRTUAL,
	MEASURE_RESIDENT,
	MEASURE_FOOTPRINT,
	MEASURE_PSS,
	MEASURE_UNIQUE,
	ACCOUNT_MEASURES,
};

enum account_part {
	PART_ANONYMOUS,   /* pages in RAM that belong to no file */
	PART_FILE,        /* pages in RAM of files */
	PART_SHARED,      /* pages in RAM of shared memory */
	PART_EITHER,      /* pages in RAM of one of these: the kernel does not tell which */
	PART_SWAP,        /* swapped or compressed */
	PART_SHARED_SWAP, /* the same of shared memory */
	PART_PAGE_TABLES, /* memory of the kernel that says where the others are */
	PART_HUGETLB,     /* reserved huge pages in use */
	PART_UNTOUCHED,   /* address space of private memory without a page */
	PART_UNREAD,      /* the same of files */
	PART_SHARED_UNTOUCHED, /* the same of shared memory */
	PART_RESERVED,         /* the same, that may not be touched */
	PART_UNCOUNTED,        /* devices and the kernel's own pages, which belong to nobody */
	ACCOUNT_PARTS,
};

/* Amounts that explain a difference, and are part of another part or of none. */
enum account_fact {
	FACT_COMMON_ANONYMOUS, /* of anonymous pages: mapped by others too; at least */
	FACT_MERGED,           /* KSM */
	FACT_LAZY_FREE,
	FACT_HUGE, /* transparent huge pages */
	FACT_LOCKED,
	FACT_PINNED,
	ACCOUNT_FACTS,
};

/* PROCMON_OK: so many bytes. PROCMON_NONE: it does not count there. Else it is not known. */
struct account_amount {
	enum procmon_state state;
	int64_t bytes;
};

/* What status and smaps_rollup tell, as table PROCESS has it. */
struct account_process {
	struct account_amount virtual, resident, anonymous, file, shared;
	struct account_amount footprint, swap, page_tables, hugetlb, locked, pinned;
	struct account_amount pss, pss_anonymous, pss_file, pss_shared, unique, lazy_free;
};

/* What a row of table REGION tells. Texts are "" where there is none. */
struct account_region {
	const char *protection, *share_mode, *category, *name, *path, *flags;
	uint64_t size, resident, anonymous, shared, swap, hugetlb;
	uint64_t unique, common, huge, merged;
};

struct account {
	struct account_amount total[ACCOUNT_MEASURES];
	struct account_amount parts[ACCOUNT_PARTS][ACCOUNT_MEASURES];
	struct account_amount rest[ACCOUNT_MEASURES]; /* of the total, without all parts */
	struct account_amount facts[ACCOUNT_FACTS];
};

/* Begins with what is known of the process; regions are those of `regions_state`: PROCMON_OK when
 * all of them will be added. */
void account_init(struct account *self, const struct account_process *process,
	enum procmon_state regions_state);
void account_add_region(struct account *self, const struct account_region *region);
/* When all are added: the remainders. */
void account_close(struct account *self);

/* Has it no memory at all: a thread of the kernel, or a process that has ended? */
bool account_is_empty(const struct account *self);

/* "anonymous": what programs read; "anonymous memory": what people read. */
const char *account_part_name(enum account_part part);
const char *account_part_label(enum account_part part);
/* "resident"; and the name of its attribute in table PROCESS. */
const char *account_measure_name(enum account_measure measure);
const char *account_measure_attribute(enum account_measure measure);

#endif
