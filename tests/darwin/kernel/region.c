/*
 * proc_pidinfo(): the map of a process, flavors 7 and 8.
 *
 *	[regions PID]
 *	ADDRESS = size=BYTES prot=rwx max=rwx share=MODE tag=N internal=N ..
 *
 *	size        of the region; prot and max without: rw- and rwx
 *	share       private (without), cow, empty, shared, trueshared, private_aliased,
 *	            shared_aliased, large
 *	depth       objects in front of the file    offset wired refs     as the kernel has them
 *	internal    resident pages of no file       modified    how many of those were written; all
 *	file        resident pages of a file        file_modified
 *	compressed  pages that are compressed or swapped
 *	uncounted   resident pages of no file that count for nobody
 *	private_resident shared_resident     what is said of the objects; of another count: 0
 *	submap      1: the shared cache, of which nothing is told
 *	repeat stride     there are so many of these, so far apart
 *	ino dev nlink path     of a file, path last; nlink 1 without
 *	owned = internal=N compressed=N      what it owns and does not map
 *
 * Pages are the kernel's, vm.pagesize. They are told in those of the caller ([sysctl] hw.pagesize)
 * or of the process (4096 with flag 0x2000000, Rosetta), whichever is smaller; but those of objects,
 * private_resident and shared_resident, in the kernel's (xnu: vm_map_region_top_walk()).
 * [region_footprint] on = 1 once vm.self_region_footprint was set: it is of the whole backend.
 * [caller] region_footprint = missing: there is no such sysctl.
 */
#include "region.h"

#include <errno.h>
#include <mach/vm_prot.h>
#include <stdlib.h>
#include <string.h>

#include "parts.h"
#include "private/region.h"
#include "proc.h"
#include "store.h"

/* The value of a word "NAME=.."; NULL: there is none. */
static const char *find_word(const char *words, const char *name)
{
	size_t length = strlen(name);

	while (*words) {
		if (strncmp(words, name, length) == 0 && words[length] == '=')
			return words + length + 1;
		if (strncmp(words, "path=", 5) == 0)
			return NULL;
		words += strcspn(words, " ");
		words += strspn(words, " ");
	}
	return NULL;
}

static uint64_t number_of(const char *words, const char *name, uint64_t otherwise)
{
	const char *word = find_word(words, name);

	return word ? strtoull(word, NULL, 0) : otherwise;
}

static uint32_t rights_of(const char *words, const char *name, uint32_t otherwise)
{
	const char *word = find_word(words, name);

	if (!word)
		return otherwise;
	return (word[0] == 'r' ? VM_PROT_READ : 0) | (word[1] == 'w' ? VM_PROT_WRITE : 0) |
	       (word[2] == 'x' ? VM_PROT_EXECUTE : 0);
}

static uint32_t share_of(const char *words)
{
	static const struct {
		const char *word;
		uint32_t mode;
	} modes[] = {{"cow", SM_COW}, {"private_aliased", SM_PRIVATE_ALIASED},
		{"private", SM_PRIVATE}, {"empty", SM_EMPTY},
		{"shared_aliased", SM_SHARED_ALIASED}, {"shared", SM_SHARED},
		{"trueshared", SM_TRUESHARED}, {"large", SM_LARGE_PAGE}, {"new", 9}};
	const char *word = find_word(words, "share");

	for (size_t i = 0; word && i < sizeof modes / sizeof *modes; i++)
		if (strncmp(word, modes[i].word, strlen(modes[i].word)) == 0)
			return modes[i].mode;
	return SM_PRIVATE;
}

/* ------------------------------------------------------------------------ the first one */

struct found {
	const char *words;
	uint64_t address, size;
};

/* The first of what one line stands for that ends behind the address. */
static bool first_of_line(
	const char *key, const char *words, uint64_t address, struct found *out)
{
	uint64_t start = strtoull(key, NULL, 0), size = number_of(words, "size", 0),
		 repeat = number_of(words, "repeat", 1),
		 stride = number_of(words, "stride", size), at = 0;

	if (start + size - 1 < address && stride)
		at = (address - start - size) / stride + 1;
	if (at >= repeat || (at && !stride))
		return false;
	*out = (struct found){words, start + at * stride, size};
	return true;
}

/* Where the address is, or the next one. */
static bool find_region(
	const struct sim_section *map, uint64_t address, struct found *ret_found)
{
	bool any = false;
	const char *key;

	for (size_t i = 0; (key = sim_key(map, i)) != NULL; i++) {
		struct found found;
		if (strcmp(key, "owned") == 0 ||
			!first_of_line(key, sim_text(map, key, ""), address, &found))
			continue;
		if (!any || found.address < ret_found->address)
			*ret_found = found;
		any = true;
	}
	return any;
}

/* Where the last one ends. */
static uint64_t end_of(const struct sim_section *map)
{
	uint64_t end = 0;
	const char *key;

	for (size_t i = 0; (key = sim_key(map, i)) != NULL; i++) {
		const char *words = sim_text(map, key, "");
		uint64_t size = number_of(words, "size", 0);
		uint64_t last =
			strtoull(key, NULL, 0) + size +
			(number_of(words, "repeat", 1) - 1) * number_of(words, "stride", size);
		if (strcmp(key, "owned") != 0 && last > end)
			end = last;
	}
	return end;
}

/* ----------------------------------------------------------------------------- filling */

static bool by_footprint(void)
{
	return sim_u64(sim_section("region_footprint", ""), "on", 0) != 0;
}

/* How many of the pages in which it is told are one of the kernel's. */
static uint32_t parts_of_a_page(const struct sim_section *process)
{
	const struct sim_section *sysctl = sim_section("sysctl", "");
	const char *kernel = sim_text(sysctl, "vm.pagesize", "u64 4096");
	const char *own = sim_text(sysctl, "hw.pagesize", kernel);
	uint64_t kernel_page = strtoull(kernel + 4, NULL, 0);
	uint64_t page = strtoull(own + 4, NULL, 0);

	if (sim_u64(process, "flags", 0) & PROC_FLAG_ROSETTA)
		page = 4096;
	return page < kernel_page ? (uint32_t)(kernel_page / page) : 1;
}

static void fill_pages(struct proc_regioninfo *info, const char *words, uint32_t factor)
{
	uint32_t internal = (uint32_t)number_of(words, "internal", 0);
	uint32_t file = (uint32_t)number_of(words, "file", 0);
	uint32_t uncounted = (uint32_t)number_of(words, "uncounted", 0);

	if (by_footprint()) {
		info->pri_pages_resident = (internal + file) * factor;
		info->pri_pages_dirtied = internal * factor;
	} else {
		info->pri_pages_resident = (internal + file + uncounted) * factor;
		info->pri_pages_dirtied =
			((uint32_t)number_of(words, "modified", internal) +
				(uint32_t)number_of(words, "file_modified", 0)) *
			factor;
	}
	info->pri_pages_swapped_out = (uint32_t)number_of(words, "compressed", 0) * factor;
	info->pri_private_pages_resident = (uint32_t)number_of(words, "private_resident", 0);
	info->pri_shared_pages_resident = (uint32_t)number_of(words, "shared_resident", 0);
}

static void fill_info(const struct found *found, uint32_t factor, struct proc_regioninfo *info)
{
	const char *words = found->words;

	*info = (struct proc_regioninfo){
		.pri_protection = rights_of(words, "prot", VM_PROT_READ | VM_PROT_WRITE),
		.pri_max_protection = rights_of(words, "max", VM_PROT_ALL),
		.pri_share_mode = share_of(words),
		.pri_user_tag = (uint32_t)number_of(words, "tag", 0),
		.pri_offset = number_of(words, "offset", 0),
		.pri_user_wired_count = (uint32_t)number_of(words, "wired", 0),
		.pri_ref_count = (uint32_t)number_of(words, "refs", 1),
		.pri_shadow_depth = (uint32_t)number_of(words, "depth", 0),
		.pri_address = found->address,
		.pri_size = found->size,
	};
	if (number_of(words, "submap", 0)) {
		info->pri_flags = PROC_REGION_SUBMAP;
		info->pri_share_mode = SM_EMPTY;
		return;
	}
	if (info->pri_share_mode == SM_SHARED || info->pri_share_mode == SM_TRUESHARED)
		info->pri_flags = PROC_REGION_SHARED;
	fill_pages(info, words, factor);
}

static void fill_owned(const struct sim_section *map, uint64_t address, uint32_t factor,
	struct proc_regioninfo *info)
{
	const char *words = sim_text(map, "owned", "");

	*info = (struct proc_regioninfo){.pri_protection = VM_PROT_READ | VM_PROT_WRITE,
		.pri_max_protection = VM_PROT_READ | VM_PROT_WRITE,
		.pri_share_mode = SM_PRIVATE,
		.pri_user_tag = REGION_TAG_OWNED,
		.pri_ref_count = 1,
		.pri_address = address};
	fill_pages(info, words, factor);
	info->pri_size =
		(uint64_t)(info->pri_pages_resident + info->pri_pages_swapped_out) * 16384;
}

static void fill_path(const char *words, struct vnode_info_path *out)
{
	const char *path = find_word(words, "path");

	memset(out, 0, sizeof *out);
	out->vip_vi.vi_stat.vst_ino = number_of(words, "ino", 0);
	if (path || out->vip_vi.vi_stat.vst_ino) {
		out->vip_vi.vi_stat.vst_dev = (uint32_t)number_of(words, "dev", 0x1000004);
		out->vip_vi.vi_stat.vst_nlink = (uint16_t)number_of(words, "nlink", 1);
	}
	if (path)
		strlcpy(out->vip_path, path, sizeof out->vip_path);
}

static int answer(
	const struct sim_section *process, int pid, int flavor, uint64_t address, void *buffer)
{
	const struct sim_section *map = sim_numbered("regions", pid);
	struct proc_regionwithpathinfo out;
	int need = flavor == PROC_PIDREGIONINFO ? (int)sizeof out.prp_prinfo : (int)sizeof out;
	uint32_t factor = parts_of_a_page(process);
	struct found found;

	memset(&out, 0, sizeof out);
	if (map && find_region(map, address, &found)) {
		fill_info(&found, factor, &out.prp_prinfo);
		fill_path(found.words, &out.prp_vip);
	} else if (map && by_footprint() && address == end_of(map)) {
		fill_owned(map, address, factor, &out.prp_prinfo);
	} else {
		return -EINVAL;
	}
	memcpy(buffer, &out, (size_t)need);
	return need;
}

static int fill_region(
	const struct sim_section *process, int pid, uint64_t address, void *buffer, int size)
{
	(void)size;
	return answer(process, pid, PROC_PIDREGIONINFO, address, buffer);
}

static int fill_with_path(
	const struct sim_section *process, int pid, uint64_t address, void *buffer, int size)
{
	(void)size;
	return answer(process, pid, PROC_PIDREGIONPATHINFO, address, buffer);
}

const struct sim_flavor sim_region_flavors[] = {
	{PROC_PIDREGIONINFO, sizeof(struct proc_regioninfo), false, false, fill_region},
	{PROC_PIDREGIONPATHINFO, sizeof(struct proc_regionwithpathinfo), false, false,
		fill_with_path},
	{0, 0, false, false, NULL},
};

/* Workers may be reading [caller] meanwhile, and walk by what was set before. */
int sim_region_sysctl(const char *name, const void *new)
{
	int value;

	if (strcmp(name, REGION_FOOTPRINT_SYSCTL) != 0)
		return SIM_NOT_MINE;
	if (strcmp(sim_text(sim_section("caller", ""), "region_footprint", ""), "missing") == 0)
		return ENOENT;
	if (!new)
		return 0;
	memcpy(&value, new, sizeof value);
	if (by_footprint() != (value != 0))
		sim_set_u64("region_footprint", "", "on", value != 0);
	return 0;
}
