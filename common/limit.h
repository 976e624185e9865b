/*
 * Limit: all that a user or the author of a client can meet, as constants by the names that
 * limits.def declares.
 */
#ifndef COMMON_LIMIT_H
#define COMMON_LIMIT_H

#define LIMIT(symbol, name, value, unit, side, sentence) enum { symbol = (value) };
#include "limits.def"
#undef LIMIT

#endif
