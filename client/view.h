/* What ps, tree, table and the short names of tables have in common: one table, once. */
#ifndef CLIENT_VIEW_H
#define CLIENT_VIEW_H

#include "options.h"

/* The table of --table; with options->tree each row under its parent. Returns the exit code. */
int view_run(const struct options *options);

#endif
