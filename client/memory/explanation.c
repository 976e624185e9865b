#include "explanation.h"

#include <inttypes.h>
#include <stdlib.h>

#include "alloc.h"
#include "format.h"

/* Where an amount is in an account. */
struct place {
	enum { NOWHERE, CELL, FACT, OF_OTHERS } kind;
	short part, measure; /* of a cell; a fact is a part */
};

/* "AMOUNT text", and where the second amount is known "; SECOND AMOUNT second_text". */
struct sentence {
	const char *name;
	struct place place;
	const char *text;
	struct place second;
	const char *second_before, *second_after;
};

/* clang-format off */
static const struct sentence sentences[] = {
	{"reserved", {CELL, PART_RESERVED, MEASURE_VIRTUAL},
		"of virtual is reserved: nobody may touch it, so there are no pages (guards, room for "
		"heaps to grow)", {0}, NULL, NULL},
	{"untouched", {CELL, PART_UNTOUCHED, MEASURE_VIRTUAL},
		"of virtual is private memory that was never written, or was given back: pages come "
		"with the first write; what is only read is the kernel's one page of zeros",
		{0}, NULL, NULL},
	{"unread", {CELL, PART_UNREAD, MEASURE_VIRTUAL},
		"of virtual maps parts of files that it has not read, or that the kernel took back",
		{0}, NULL, NULL},
	{"shared_untouched", {CELL, PART_SHARED_UNTOUCHED, MEASURE_VIRTUAL},
		"of virtual is shared memory that it has not touched; others may have",
		{0}, NULL, NULL},
	{"uncounted", {CELL, PART_UNCOUNTED, MEASURE_VIRTUAL},
		"of virtual are devices and pages of the kernel, which no process is said to have in RAM",
		{0}, NULL, NULL},
	{"file", {CELL, PART_FILE, MEASURE_RESIDENT},
		"of resident are pages of files (programs, libraries, data): they are not in "
		"footprint, for the kernel can drop them and read them again",
		{CELL, PART_FILE, MEASURE_PSS}, "pss has ", " of them, for others map them, too"},
	{"shared", {CELL, PART_SHARED, MEASURE_RESIDENT},
		"of resident is shared memory: it is not in footprint, for it does not go when this "
		"process ends",
		{CELL, PART_SHARED, MEASURE_PSS}, "pss has ", " of it, for others map it, too"},
	{"fork", {FACT, FACT_COMMON_ANONYMOUS, 0},
		"of its anonymous pages are mapped by others, too: a fork shares them until one side "
		"writes. resident and footprint have them whole in each process, pss a part, unique "
		"none", {0}, NULL, NULL},
	{"merged", {FACT, FACT_MERGED, 0},
		"of its pages were found equal to others and are one with them (KSM): resident and "
		"footprint have them whole, pss a part", {0}, NULL, NULL},
	{"lazy_free", {FACT, FACT_LAZY_FREE, 0},
		"was given back (MADV_FREE), but the kernel only takes it when memory is short: until "
		"then it is in resident and footprint", {0}, NULL, NULL},
	{"swap", {CELL, PART_SWAP, MEASURE_FOOTPRINT},
		"is compressed or swapped out: it is in footprint, and not in resident, pss or unique",
		{0}, NULL, NULL},
	{"shared_swap", {CELL, PART_SHARED_SWAP, MEASURE_VIRTUAL},
		"of shared memory is swapped out: no measure but virtual has it, and the kernel's count "
		"of swap leaves it out", {0}, NULL, NULL},
	{"page_tables", {CELL, PART_PAGE_TABLES, MEASURE_FOOTPRINT},
		"of footprint are page tables, memory of the kernel that says where the pages are: "
		"they are in no other measure", {0}, NULL, NULL},
	{"hugetlb", {CELL, PART_HUGETLB, MEASURE_FOOTPRINT},
		"are reserved huge pages in use (hugetlbfs): they are in footprint, in unique if no "
		"other maps them, and not in resident or pss", {0}, NULL, NULL},
	{"huge", {FACT, FACT_HUGE, 0},
		"of resident is in huge pages that the kernel made by itself: one of them is 2M or "
		"more, however little of it was touched", {0}, NULL, NULL},
	{"locked", {FACT, FACT_LOCKED, 0},
		"of its address space is locked: what is there of it stays in RAM", {0}, NULL, NULL},
	{"pinned", {FACT, FACT_PINNED, 0},
		"of its pages are pinned for devices: they stay in RAM, and where they are",
		{0}, NULL, NULL},
	{"others", {OF_OTHERS, 0, 0},
		"of pss is its part of pages that others map, too: unique has none of them",
		{0}, NULL, NULL},
};
/* clang-format on */
enum { SENTENCES = sizeof sentences / sizeof *sentences };

/* What of pss is not unique. Pages of hugetlb are unique, but in no pss. */
static struct account_amount find_part_of_others(const struct account *account)
{
	const struct account_amount *pss = &account->total[MEASURE_PSS];
	const struct account_amount *unique = &account->total[MEASURE_UNIQUE];
	const struct account_amount *huge = &account->parts[PART_HUGETLB][MEASURE_UNIQUE];

	if (pss->state != PROCMON_OK || unique->state != PROCMON_OK ||
		huge->state != PROCMON_OK)
		return (struct account_amount){PROCMON_NONE, 0};
	return (struct account_amount){PROCMON_OK, pss->bytes - (unique->bytes - huge->bytes)};
}

/* 0 where there is none, or where it is not known. */
static uint64_t find_bytes(const struct account *account, struct place place)
{
	struct account_amount amount = {PROCMON_NONE, 0};

	if (place.kind == CELL)
		amount = account->parts[place.part][place.measure];
	else if (place.kind == FACT)
		amount = account->facts[place.part];
	else if (place.kind == OF_OTHERS)
		amount = find_part_of_others(account);
	return amount.state == PROCMON_OK && amount.bytes > 0 ? (uint64_t)amount.bytes : 0;
}

static const char *show(char out[FORMAT_MAX], uint64_t bytes)
{
	return format_value(out, PROCMON_BYTES,
		&(const struct procmon_value){
			.state = PROCMON_OK, .type = PROCMON_U64, .u64 = bytes});
}

/*
 * How many processes map a page of what is shared, on average: pss has each page divided by that
 * number. 0 where it is not known.
 */
static uint64_t find_sharers(const struct account *account, enum account_part part)
{
	const struct account_amount *resident = &account->parts[part][MEASURE_RESIDENT];
	const struct account_amount *pss = &account->parts[part][MEASURE_PSS];
	const struct account_amount *unique = &account->parts[part][MEASURE_UNIQUE];
	int64_t common, share;

	if (resident->state != PROCMON_OK || pss->state != PROCMON_OK ||
		unique->state != PROCMON_OK)
		return 0;
	common = resident->bytes - unique->bytes;
	share = pss->bytes - unique->bytes;
	return common > 0 && share > 0 && common > share
		       ? (uint64_t)((common + share / 2) / share)
		       : 0;
}

static char *say(const struct account *account, const struct sentence *sentence, uint64_t bytes)
{
	char amount[FORMAT_MAX], second[FORMAT_MAX];
	uint64_t sharers;
	const struct account_amount *other =
		sentence->second.kind == CELL
			? &account->parts[sentence->second.part][sentence->second.measure]
			: NULL;

	show(amount, bytes);
	if (!other || other->state != PROCMON_OK || (uint64_t)other->bytes >= bytes)
		return xasprintf("%s %s", amount, sentence->text);
	show(second, (uint64_t)other->bytes);
	sharers = find_sharers(account, (enum account_part)sentence->second.part);
	if (sharers < 2)
		return xasprintf("%s %s; %s%s%s", amount, sentence->text,
			sentence->second_before, second, sentence->second_after);
	return xasprintf("%s %s; %s%s%s: a shared page is mapped by %" PRIu64
			 " processes on average",
		amount, sentence->text, sentence->second_before, second, sentence->second_after,
		sharers);
}

/* Below it a difference is left out. */
static uint64_t find_least(const struct account *account)
{
	const struct account_amount *resident = &account->total[MEASURE_RESIDENT];
	const struct account_amount *footprint = &account->total[MEASURE_FOOTPRINT];
	int64_t most = 0;

	if (resident->state == PROCMON_OK)
		most = resident->bytes;
	if (footprint->state == PROCMON_OK && footprint->bytes > most)
		most = footprint->bytes;
	return (uint64_t)most / 100;
}

static int compare(const void *a, const void *b)
{
	const struct explanation *left = a, *right = b;

	return left->bytes < right->bytes ? 1 : left->bytes > right->bytes ? -1 : 0;
}

size_t explain_account(const struct account *account, bool all,
	struct explanation **ret_explanations, size_t *ret_left_out)
{
	struct explanation *found = xcalloc(SENTENCES, sizeof *found);
	uint64_t least = all ? 0 : find_least(account);
	size_t count = 0;

	*ret_left_out = 0;
	for (size_t i = 0; i < SENTENCES; i++) {
		uint64_t bytes = find_bytes(account, sentences[i].place);
		if (bytes == 0)
			continue;
		if (bytes < least) {
			(*ret_left_out)++;
			continue;
		}
		found[count++] = (struct explanation){
			sentences[i].name, bytes, say(account, &sentences[i], bytes)};
	}
	qsort(found, count, sizeof *found, compare);
	*ret_explanations = found;
	return count;
}

void explanations_free(struct explanation *self, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(self[i].text);
	free(self);
}
