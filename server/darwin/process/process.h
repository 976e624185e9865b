/* Process: table PROCESS, a row for each process. One file a source. */
#ifndef DARWIN_PROCESS_H
#define DARWIN_PROCESS_H

#include "../host.h"
#include "devices.h"

/* In the order in which the table has them. */
enum process_source_index {
	SOURCE_identity,
	SOURCE_brief,
	PROCESS_SOURCE_COUNT,
};

/* ------------------------------------------------------------------- samples */

/* proc_pidinfo(PROC_PIDUNIQIDENTIFIERINFO), read for each process by the list. */
struct darwin_identity {
	uint64_t pid, unique_id;
};

/* proc_pidinfo(PROC_PIDT_SHORTBSDINFO): of any process. */
struct darwin_brief {
	uint64_t ppid, pgid, status, uid, gid, ruid, rgid, svuid, svgid;
	struct sample_text comm;
};

extern const struct device_table process_table;

#endif
