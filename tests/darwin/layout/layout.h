/*
 * The facts about Apple's structures and constants that the backend is built on, each one checked
 * by the compiler for every kind of Mac. Only static assertions: nothing here is ever run.
 */
#ifndef TESTS_DARWIN_LAYOUT_LAYOUT_H
#define TESTS_DARWIN_LAYOUT_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

#define SIZE(type, size)         _Static_assert(sizeof(type) == (size), #type)
#define OFFSET(type, field, at)  _Static_assert(offsetof(type, field) == (at), #type "." #field)
#define VALUE(expression, value) _Static_assert((expression) == (value), #expression)

#endif
