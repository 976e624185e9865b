/* Ratios as bars: how much is filled, to the cell and to the eighth of one. */
#include "bar.h"

#include "test.h"
#include "text.h"

static const char *draw(double ratio, int cells, bool utf8)
{
	static char out[BAR_SIZE];

	bar_draw(out, ratio, cells, utf8);
	CHECK_INT(text_width(out), cells + BAR_FRAME);
	return out;
}

TEST(cells)
{
	CHECK_TEXT(draw(0, 10, false), "[          ]");
	CHECK_TEXT(draw(0.04, 10, false), "[          ]");
	CHECK_TEXT(draw(0.06, 10, false), "[#         ]");
	CHECK_TEXT(draw(0.42, 10, false), "[####      ]");
	CHECK_TEXT(draw(1, 10, false), "[##########]");
	CHECK_TEXT(draw(0.5, 4, false), "[##  ]");
}

TEST(eighths)
{
	CHECK_TEXT(draw(0, 5, true), "[     ]");
	CHECK_TEXT(draw(1.0 / 40, 5, true), "[\342\226\217    ]"); /* one: U+258F */
	CHECK_TEXT(draw(0.5, 5, true), "[\342\226\210\342\226\210\342\226\214  ]");
	CHECK_TEXT(draw(39.0 / 40, 5, true),
		"[\342\226\210\342\226\210\342\226\210\342\226\210\342\226\211]");
	CHECK_TEXT(draw(1, 2, true), "[\342\226\210\342\226\210]");
}

/* Wrong numbers are as full or as empty as a bar can be, and stay in their frame. */
TEST(what_is_no_ratio)
{
	CHECK_TEXT(draw(-1, 3, false), "[   ]");
	CHECK_TEXT(draw(-1e300, 3, true), "[   ]");
	CHECK_TEXT(draw(1.01, 3, false), "[###]");
	CHECK_TEXT(draw(1e300, 3, false), "[###]");
	CHECK_INT(strlen(draw(7, BAR_CELLS, true)), BAR_SIZE - 1);
}

TEST(only_ratios_have_one)
{
	struct procmon_attribute attribute = {.unit = PROCMON_RATIO, .type = PROCMON_F64};

	CHECK(bar_fits(&attribute));
	attribute.state = PROCMON_UNSUPPORTED;
	CHECK(!bar_fits(&attribute));
	attribute = (struct procmon_attribute){.unit = PROCMON_CORES, .type = PROCMON_F64};
	CHECK(!bar_fits(&attribute));
	attribute = (struct procmon_attribute){.unit = PROCMON_RATIO, .type = PROCMON_TEXT};
	CHECK(!bar_fits(&attribute));
}

TESTS(CASE(cells), CASE(eighths), CASE(what_is_no_ratio), CASE(only_ratios_have_one))
