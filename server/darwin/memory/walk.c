#include "walk.h"

#include <errno.h>
#include <mach/vm_prot.h>
#include <string.h>
#include <sys/sysctl.h>

#include "../private/region.h"
#include "source.h"
#include "tags.h"

enum { WALK_AMOUNTS = sizeof(struct walk_pages) / sizeof(uint64_t) };

void walk_pages_clear(struct walk_pages *self, enum cell_state state)
{
	for (int i = 0; i < WALK_AMOUNTS; i++)
		((uint64_t *)self)[i] = ABSENT_U64(state);
}

static bool is_absent(uint64_t number)
{
	return number > ABSENT_U64(STATE_END);
}

void walk_pages_add(struct walk_pages *sum, const struct walk_pages *more)
{
	uint64_t *to = (uint64_t *)sum;
	const uint64_t *from = (const uint64_t *)more;

	for (int i = 0; i < WALK_AMOUNTS; i++) {
		if (is_absent(to[i]))
			continue;
		to[i] = is_absent(from[i]) ? from[i] : to[i] + from[i];
	}
}

bool walk_by_footprint(void)
{
	int on = 1;

	return sysctlbyname(REGION_FOOTPRINT_SYSCTL, NULL, NULL, &on, sizeof on) == 0;
}

/* Rosetta gives programs pages of 4 KiB on a kernel that has larger ones. */
int walk_begin(struct walk *self, const struct host *host, int pid, bool by_footprint)
{
	enum { ROSETTA_PAGE = 4096 };
	struct proc_bsdshortinfo info;

	if (proc_pidinfo(pid, PROC_PIDT_SHORTBSDINFO, 0, &info, sizeof info) !=
		(int)sizeof info)
		return errno ? -errno : -EIO;
	self->pid = pid;
	self->by_footprint = by_footprint;
	self->kernel_page_size = host->page_size;
	self->target_page_size =
		info.pbsi_flags & PROC_FLAG_ROSETTA ? ROSETTA_PAGE : host->page_size;
	self->page_size = self->target_page_size < host->own_page_size ? self->target_page_size
								       : host->own_page_size;
	return 0;
}

/* ------------------------------------------------------------------------- one region */

static const struct share_mode {
	const char *word;
	bool is_private;
} share_modes[] = {
	[SM_COW] = {"cow", true},
	[SM_PRIVATE] = {"private", true},
	[SM_EMPTY] = {"empty", true},
	[SM_SHARED] = {"shared", false},
	[SM_TRUESHARED] = {"shared", false},
	[SM_PRIVATE_ALIASED] = {"private", true},
	[SM_SHARED_ALIASED] = {"shared", false},
	[SM_LARGE_PAGE] = {"private", true},
};

static bool is_private(uint32_t mode)
{
	return mode < sizeof share_modes / sizeof *share_modes && share_modes[mode].is_private;
}

static void take_share_mode(struct walk_region *region, uint32_t mode)
{
	if (mode >= sizeof share_modes / sizeof *share_modes || !share_modes[mode].word)
		return;
	region->share_mode = share_modes[mode].word;
	region->is_private = is_private(mode) && !region->is_nested;
}

/* Of what is copied when it is written there is an object of its own before the file's, and the
 * offset is in there. */
static void take_file(struct walk_region *region, const struct proc_regionwithpathinfo *info)
{
	const struct vinfo_stat *file = &info->prp_vip.vip_vi.vi_stat;

	region->path = info->prp_vip.vip_path;
	region->is_file = *region->path || file->vst_ino;
	region->inode = file->vst_ino;
	region->device = file->vst_dev;
	region->is_deleted = region->is_file && file->vst_nlink == 0;
	region->has_offset = region->is_file && info->prp_prinfo.pri_shadow_depth == 0;
	region->offset = info->prp_prinfo.pri_offset;
}

/*
 * By footprint "dirtied" are the resident pages that count for the process: those of no file. What
 * counts for nobody is left out. Else it is what was written, which is something else.
 */
static void take_pages(
	const struct walk *self, struct walk_region *region, const struct proc_regioninfo *info)
{
	struct walk_pages *pages = &region->pages;
	uint64_t page = self->page_size, resident = info->pri_pages_resident * page,
		 dirtied = info->pri_pages_dirtied * page;

	if (region->is_nested) {
		walk_pages_clear(pages, STATE_NONE);
		return;
	}
	walk_pages_clear(pages, STATE_UNSUPPORTED);
	pages->resident = resident;
	pages->swap = info->pri_pages_swapped_out * page;
	pages->resident_private = info->pri_private_pages_resident * self->kernel_page_size;
	pages->resident_shared = info->pri_shared_pages_resident * self->kernel_page_size;
	pages->shared = region->is_private || region->is_file ? 0 : resident;
	if (!region->is_file) {
		pages->clean = 0;
		pages->anonymous = resident;
	}
	if (!self->by_footprint)
		return;
	pages->dirty = dirtied + pages->swap;
	if (region->is_file) {
		pages->anonymous = dirtied;
		pages->clean = resident > dirtied ? resident - dirtied : 0;
	}
}

static bool is_program(const struct walk *self, const struct walk_region *region)
{
	return region->is_private && region->inode && region->inode == self->program_inode &&
	       region->device == self->program_device;
}

/* The code of a program or a library is mapped in front of all else of it. */
static const char *of_file(struct walk *self, const struct walk_region *region)
{
	if (region->protection & VM_PROT_EXECUTE && !(region->protection & VM_PROT_WRITE)) {
		self->program_inode = region->inode;
		self->program_device = region->device;
		return "program text";
	}
	if (!is_program(self, region))
		return "mapped files";
	return region->protection & VM_PROT_WRITE ? "program data" : "program constants";
}

static const char *category_of(struct walk *self, const struct walk_region *region)
{
	const struct tag *tag = tag_find(region->tag);

	if (region->is_owned)
		return "owned, not mapped";
	if (region->is_shared_cache)
		return "shared cache";
	if (region->is_file)
		return of_file(self, region);
	if (tag)
		return tag->category;
	if (region->tag)
		return "other tags";
	if (region->protection == VM_PROT_NONE)
		return "reserved";
	if (region->protection & VM_PROT_EXECUTE)
		return "JIT code";
	return region->is_private ? "anonymous" : "shared memory";
}

/*
 * What the process has written to lies in pieces of its own among what is left of the cache. They
 * have the path of the cache's file, or none; then they lie where we have our own cache, if we
 * have the same.
 */
static void take_cache(struct walk *self, struct walk_region *region)
{
	static const char name[] = "dyld_shared_cache_";
	const char *slash = strrchr(region->path, '/');
	bool is_inside = region->start < self->cache_end && region->end > self->cache_start;

	if (region->is_nested && is_inside)
		self->is_our_cache = true;
	region->is_shared_cache = region->is_nested || (is_inside && self->is_our_cache) ||
				  (slash && strncmp(slash + 1, name, sizeof name - 1) == 0);
}

static void take_region(struct walk *self, struct walk_region *region,
	const struct proc_regionwithpathinfo *info)
{
	const struct proc_regioninfo *from = &info->prp_prinfo;
	const struct tag *tag = tag_find(from->pri_user_tag);

	*region = (struct walk_region){
		.start = from->pri_address,
		.end = from->pri_address + from->pri_size,
		.protection = from->pri_protection,
		.protection_max = from->pri_max_protection,
		.tag = from->pri_user_tag,
		.wirings = from->pri_user_wired_count,
		.is_nested = from->pri_flags & PROC_REGION_SUBMAP,
		.is_owned = from->pri_user_tag == REGION_TAG_OWNED,
		.name = tag ? tag->name : NULL,
	};
	take_share_mode(region, from->pri_share_mode);
	take_file(region, info);
	take_cache(self, region);
	take_pages(self, region, from);
	region->category = category_of(self, region);
}

/* ------------------------------------------------------------------------------- all */

int walk_run(struct walk *self, walk_visit *visit, void *context)
{
	struct proc_regionwithpathinfo info;
	struct walk_region region;
	uint64_t address = 0;

	for (;;) {
		int length = proc_pidinfo(
			self->pid, PROC_PIDREGIONPATHINFO, address, &info, sizeof info);
		if (length == 0)
			return errno == EINVAL ? 0 : errno ? -errno : -EIO;
		if (length != (int)sizeof info)
			return -EBADMSG;
		info.prp_vip.vip_path[sizeof info.prp_vip.vip_path - 1] = '\0';
		take_region(self, &region, &info);
		if (!visit(context, &region))
			return 0;
		if (region.end <= address) /* of what is made up, or the end of all addresses */
			return 0;
		address = region.end;
	}
}

static void add_sums(
	const struct walk *self, const struct proc_regioninfo *info, struct walk_sums *sums)
{
	if (info->pri_user_tag == REGION_TAG_OWNED)
		return;
	sums->resident_private += info->pri_private_pages_resident * self->kernel_page_size;
	sums->resident_shared += info->pri_shared_pages_resident * self->kernel_page_size;
	sums->regions++;
	if (is_private(info->pri_share_mode) && !(info->pri_flags & PROC_REGION_SUBMAP))
		sums->private_size += info->pri_size;
}

int walk_sum(struct walk *self, struct walk_sums *ret_sums)
{
	struct proc_regioninfo info;
	uint64_t address = 0;

	*ret_sums = (struct walk_sums){0};
	for (;;) {
		int length = proc_pidinfo(
			self->pid, PROC_PIDREGIONINFO, address, &info, sizeof info);
		if (length == 0)
			return errno == EINVAL ? 0 : errno ? -errno : -EIO;
		if (length != (int)sizeof info)
			return -EBADMSG;
		add_sums(self, &info, ret_sums);
		if (info.pri_address + info.pri_size <= address)
			return 0;
		address = info.pri_address + info.pri_size;
	}
}
