#include "catalog.h"

#include <stdlib.h>

#include "alloc.h"
#include "wire.h"

/* An empty text is left out of the message, like any default. */
static char *text_or_empty(const char *text)
{
	return (char *)(text ? text : ""); /* protobuf-c's members are not const */
}

/* What was found out about a source: to ask costs a few system calls, and many attributes come
 * from one. */
struct finding {
	const struct source *source;
	enum cell_state state;
	const char *reason;
};

struct findings {
	struct finding items[ATTRIBUTE_COUNT]; /* no more sources than attributes */
	uint32_t count;
};

static enum cell_state available(struct findings *self, const struct sampler *sampler,
	enum attribute_index attribute, const char **ret_reason)
{
	const struct source *source = sampler_source(sampler, attribute);
	struct finding *finding = self->items;

	if (!source)
		return sampler_available(sampler, attribute, ret_reason);
	while (finding < self->items + self->count && finding->source != source)
		finding++;
	if (finding == self->items + self->count) {
		finding->source = source;
		finding->state = sampler_available(sampler, attribute, &finding->reason);
		self->count++;
	}
	*ret_reason = finding->reason;
	return finding->state;
}

static void fill_entry(Procmon__Attribute *entry, struct findings *findings,
	const struct sampler *sampler, enum attribute_index index)
{
	const struct attribute *attribute = &attributes[index];
	bool derived = attribute->kind == KIND_DERIVED;
	/* What is computed is there where its input is. */
	enum attribute_index read = derived ? attribute->input : index;
	const struct source *source = sampler_source(sampler, read);
	const char *reason = NULL;

	procmon__attribute__init(entry);
	entry->table = (Procmon__Table)attribute->table;
	entry->id = attribute->id;
	entry->name = text_or_empty(attribute->name);
	entry->type = (Procmon__Type)attribute->type;
	entry->unit = (Procmon__Unit)attribute->unit;
	entry->kind = (Procmon__Kind)attribute->kind;
	entry->cost = (Procmon__Cost)attribute->cost;
	if (!derived && sampler_is_slow(sampler, index))
		entry->cost = PROCMON__COST__SLOW;
	entry->detail = attribute->detail;
	entry->text = text_or_empty(attribute->sentence);
	enum cell_state state = available(findings, sampler, read, &reason);
	if (state == STATE_OK && derived && attribute->other != read)
		state = available(findings, sampler, attribute->other, &reason);
	entry->state = (Procmon__State)state;
	entry->reason = text_or_empty(reason);
	entry->remedy = text_or_empty(source ? source->remedy : NULL);
	entry->source = text_or_empty(source ? source->name : NULL);
	entry->rule = (Procmon__Rule)attribute->rule;
	entry->input = derived ? attributes[attribute->input].id : 0;
	if (derived && attribute->other != attribute->input)
		entry->other = attributes[attribute->other].id;
}

void catalog_encode(const struct sampler *sampler, uint8_t **ret_bytes, size_t *ret_size)
{
	Procmon__ServerMessage message = PROCMON__SERVER_MESSAGE__INIT;
	Procmon__Catalog catalog = PROCMON__CATALOG__INIT;
	Procmon__Attribute *entries = xcalloc(ATTRIBUTE_COUNT, sizeof *entries);
	Procmon__Attribute **pointers = xcalloc(ATTRIBUTE_COUNT, sizeof *pointers);
	struct findings *findings = xcalloc(1, sizeof *findings);
	size_t size, prefix;

	for (size_t i = 0; i < ATTRIBUTE_COUNT; i++) {
		fill_entry(&entries[i], findings, sampler, (enum attribute_index)i);
		pointers[i] = &entries[i];
	}
	catalog.attributes = pointers;
	catalog.n_attributes = ATTRIBUTE_COUNT;
	message.body_case = PROCMON__SERVER_MESSAGE__BODY_CATALOG;
	message.catalog = &catalog;
	size = procmon__server_message__get_packed_size(&message);
	*ret_bytes = xcalloc(1, WIRE_PREFIX_MAX + size);
	prefix = wire_put_prefix(*ret_bytes, size);
	procmon__server_message__pack(&message, *ret_bytes + prefix);
	*ret_size = prefix + size;
	free(findings);
	free(pointers);
	free(entries);
}
