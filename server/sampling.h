/*
 * Sampling: one reading of an instance, for all views that are due.
 *
 * It decides what to read: only sources whose attributes somebody wants, and of these only
 * rows that may have changed. The rule is the gate: a row whose activity (its CPU clock)
 * stands where it stood when this source was last read has the same sample still, but for
 * drifting attributes, which are read again at least every REFRESH_NS.
 */
#ifndef SERVER_SAMPLING_H
#define SERVER_SAMPLING_H

#include "platform.h"

struct instance;
struct lane;

/*
 * What it is about. Unfiltered and filtered views may be due together: what the filtered
 * ones want is read of their processes only. All four are bit masks of sources; forced: of
 * these, read them whatever the gate says.
 */
struct sampling {
	uint64_t now_ns;
	uint32_t of_all, of_all_forced;           /* of every row, if scope.all */
	uint32_t of_filtered, of_filtered_forced; /* of the rows with scope.pids */
	struct row_scope scope;
};

/*
 * Lists, asks the gate, reads the fast sources, hands slow reads to the lane. The table's
 * tick must have begun. Returns 0, or -ESRCH when the target is gone. When the provider
 * fails to list, the rows stay as they are and the sources count as unsampled.
 */
int sampling_run(const struct sampling *self, struct instance *instance, struct lane *lane);

#endif
