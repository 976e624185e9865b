/*
 * Sum: a column whose cells are sums over the rows of another table. A cgroup's GPU time is
 * that of its processes and of the cgroups below: no kernel counts it.
 *
 * A binding says what is added, which attribute of the other table names the row that it belongs
 * to, and which one of this table names the row above (struct summing). A view with such
 * an attribute holds a view of the other table, its input, so that both are sampled in the
 * same tick.
 *
 * What a row of a counter has added stays in the sum when it ends or belongs to another row:
 * sums of counters never step back. Where a part is not known (denied, failed) neither is the
 * sum.
 */
#ifndef SERVER_SUM_H
#define SERVER_SUM_H

#include "attribute.h"
#include "source.h"

struct instance;
struct sum;

/* The sum that fills this column from now on; table_acquire() was called before. */
void sum_begin(struct instance *instance, enum attribute_index attribute);
/* The column is gone. */
void sum_end(struct instance *instance, enum attribute_index attribute);
void sum_finish(struct instance *instance);
/* All rows of the table are forgotten: what they had counted is counted anew. */
void sum_forget(struct instance *instance);

/* Adds up, after both tables have been sampled. `input` has what the sums need of it. */
void sum_run(struct instance *instance, const struct instance *input);

#endif
