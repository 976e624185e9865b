/*
 * Footprints for programs, in bytes:
 *
 *	{"time":"...","realtime_ns":N,"page_size":4096,
 *	 "processes":[{"pid":1,"name":"init","footprint":N,"incomplete":false,
 *	  "total":{"mem.dirty":N,..},"categories":[{"category":"stack","mem.dirty":N,..}],
 *	  "regions":[{"start":N,..}],"auxiliary":{"mem.footprint":N,..}}],
 *	 "shared":[{"path":"..","device":"0:1","inode":N,"kind":"memory","once":N,"sum":N,"swap":N,
 *	  "pids":[1,2]}],
 *	 "total":{"processes":N,"dirty":N,..},"system":{"mem.total":N,..},
 *	 "denied":0,"gone":0,"small":0,"empty":0,"failed":0}
 */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "footprint.h"
#include "format.h"
#include "json.h"

static void put_number(FILE *file, const char *key, uint64_t number)
{
	json_put_key(file, key);
	fprintf(file, "%" PRIu64, number);
}

static void put_text(FILE *file, const char *key, const char *text)
{
	json_put_key(file, key);
	json_put_string(file, text);
}

static void put_amount(FILE *file, const struct amounts *amounts, size_t i)
{
	if (amounts->known[i])
		fprintf(file, "%" PRIu64, amounts->of[i]);
	else
		fputs("null", file);
}

/* Members without braces. */
static void put_amounts(FILE *file, const struct amounts *amounts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			fputc(',', file);
		json_put_key(file, amount_names[i]);
		put_amount(file, amounts, i);
	}
}

static void put_values(FILE *file, const struct footprint_value *values, size_t count)
{
	fputc('{', file);
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			fputc(',', file);
		json_put_key(file, values[i].name);
		json_put_value(file, &values[i].value);
	}
	fputc('}', file);
}

static void put_region(FILE *file, const struct footprint_region *region)
{
	fputc('{', file);
	put_number(file, "start", region->start);
	fputc(',', file);
	put_number(file, "end", region->end);
	fputc(',', file);
	put_text(file, "protection", region->protection);
	fputc(',', file);
	put_text(file, "share_mode", region->share_mode);
	fputc(',', file);
	put_text(file, "category", region->category);
	fputc(',', file);
	put_text(file, "name", region->name);
	fputc(',', file);
	put_amounts(file, &region->amounts, AMOUNT_REGIONS);
	fputc('}', file);
}

static void put_process(FILE *file, const struct footprint_process *process)
{
	fputc('{', file);
	put_number(file, "pid", process->pid);
	fputc(',', file);
	put_text(file, "name", process->name);
	fputc(',', file);
	json_put_key(file, "footprint");
	json_put_value(file, &process->footprint);
	fprintf(file, ",\"incomplete\":%s,\"total\":{", process->incomplete ? "true" : "false");
	put_amounts(file, &process->total, AMOUNTS);
	fputs("},\"categories\":[", file);
	for (size_t i = 0; i < process->category_count; i++) {
		fputs(i > 0 ? ",\n{" : "\n{", file);
		put_text(file, "category", process->categories[i].name);
		fputc(',', file);
		put_amounts(file, &process->categories[i].amounts, AMOUNTS);
		fputc('}', file);
	}
	fputc(']', file);
	if (process->regions) {
		fputs(",\"regions\":[", file);
		for (size_t i = 0; i < process->region_count; i++) {
			fputs(i > 0 ? ",\n" : "\n", file);
			put_region(file, &process->regions[i]);
		}
		fputc(']', file);
	}
	fputs(",\"auxiliary\":", file);
	put_values(file, process->values, process->value_count);
	fputc('}', file);
}

static void put_pids(FILE *file, const struct sharing_object *object)
{
	bool first = true;

	fputs("\"pids\":[", file);
	for (size_t i = 0; i < object->use_count; i++) {
		if (i > 0 && object->uses[i].process == object->uses[i - 1].process)
			continue;
		fprintf(file, "%s%zu", first ? "" : ",", object->uses[i].process);
		first = false;
	}
	fputc(']', file);
}

static void put_object(FILE *file, const struct sharing_object *object)
{
	fputc('{', file);
	put_text(file, "path", object->uses->name);
	fputc(',', file);
	put_text(file, "device", object->uses->device);
	fputc(',', file);
	put_number(file, "inode", object->uses->inode);
	fputc(',', file);
	put_text(file, "kind", object->uses->is_memory ? "memory" : "file");
	fputc(',', file);
	put_number(file, "once", object->once);
	fputc(',', file);
	put_number(file, "sum", object->sum);
	fputc(',', file);
	put_number(file, "swap", object->swap);
	fputc(',', file);
	put_pids(file, object);
	fputc('}', file);
}

static void put_shared(FILE *file, const struct sharing *sharing)
{
	bool first = true;

	fputs(",\n\"shared\":[", file);
	for (size_t i = 0; i < sharing->count; i++) {
		if (sharing->objects[i].process_count < 2)
			continue;
		fputs(first ? "\n" : ",\n", file);
		put_object(file, &sharing->objects[i]);
		first = false;
	}
	fputc(']', file);
}

static void put_total(FILE *file, const struct footprint *self)
{
	fputs(",\n\"total\":{", file);
	put_number(file, "processes", self->count);
	fputc(',', file);
	put_number(file, "dirty", footprint_total(self));
	fputc(',', file);
	put_number(file, "sum", footprint_sum(self));
	if (self->count > 1) {
		fputc(',', file);
		put_number(file, "anonymous", footprint_sum_anonymous(self));
		fprintf(file, ",\"divided\":%s,",
			footprint_is_divided(self) ? "true" : "false");
		put_number(file, "shared_memory", sharing_sum_once(&self->sharing, true));
		fputc(',', file);
		put_number(file, "page_tables", footprint_sum_unmapped(self));
	}
	fputc('}', file);
}

void footprint_write_json(const struct footprint *self, FILE *file)
{
	char time[FORMAT_MAX];

	format_utc_time(time, self->realtime_ns);
	fputc('{', file);
	put_text(file, "time", time);
	fputc(',', file);
	put_number(file, "realtime_ns", self->realtime_ns);
	fprintf(file, ",\"page_size\":%ld,\"processes\":[", sysconf(_SC_PAGESIZE));
	for (size_t i = 0; i < self->count; i++) {
		fputs(i > 0 ? ",\n" : "\n", file);
		put_process(file, &self->processes[i]);
	}
	fputc(']', file);
	if (self->count > 1)
		put_shared(file, &self->sharing);
	put_total(file, self);
	if (self->system_count > 0) {
		fputs(",\n\"system\":", file);
		put_values(file, self->system, self->system_count);
	}
	fprintf(file,
		",\n\"denied\":%zu,\"gone\":%zu,\"small\":%zu,\"empty\":%zu,\"failed\":%zu}",
		self->denied, self->gone, self->small, self->empty, self->failed);
}
