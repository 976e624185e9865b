#include "gpus.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../parse.h"

static bool skip(struct scan *self, const char *text)
{
	size_t length = strlen(text);

	if ((size_t)(self->end - self->at) < length || memcmp(self->at, text, length) != 0)
		return false;
	self->at += length;
	return true;
}

/* Also "S: 19Mhz *", a state of deep sleep, and other units in capitals. */
int gpus_parse_levels(
	const char *bytes, size_t length, uint64_t *ret_now_mhz, uint64_t *ret_max_mhz)
{
	struct scan scan = {bytes, bytes + length}, line;

	*ret_now_mhz = *ret_max_mhz = UINT64_MAX;
	while (scan_line(&scan, &line)) {
		int64_t mhz;
		const char *colon = memchr(line.at, ':', (size_t)(line.end - line.at));
		if (!colon)
			continue;
		line.at = colon + 1;
		if (!scan_number(&line, &mhz) || mhz < 0 ||
			(!skip(&line, "Mhz") && !skip(&line, "MHz")))
			continue;
		if (*ret_max_mhz == UINT64_MAX || (uint64_t)mhz > *ret_max_mhz)
			*ret_max_mhz = (uint64_t)mhz;
		if (memchr(line.at, '*', (size_t)(line.end - line.at)))
			*ret_now_mhz = (uint64_t)mhz;
	}
	return *ret_max_mhz == UINT64_MAX ? -EBADMSG : 0;
}

/* "queue timestamp jobs runtime", with tabs. */
int gpus_parse_queues(const char *bytes, size_t length, uint64_t *ret_busy_ns)
{
	struct scan scan = {bytes, bytes + length}, line;
	bool found = false;

	*ret_busy_ns = 0;
	if (!scan_line(&scan, &line) || !skip(&line, "queue"))
		return -EBADMSG;
	while (scan_line(&scan, &line)) {
		int64_t timestamp, jobs, runtime;
		while (line.at < line.end && *line.at != '\t' && *line.at != ' ')
			line.at++;
		if (!scan_number(&line, &timestamp) || !scan_number(&line, &jobs) ||
			!scan_number(&line, &runtime) || runtime < 0)
			return -EBADMSG;
		*ret_busy_ns += (uint64_t)runtime;
		found = true;
	}
	return found ? 0 : -EBADMSG;
}

int gpus_parse_speed(const char *text, uint64_t *ret_speed)
{
	char *end;
	double giga;

	if (strncmp(text, "Unknown", 7) == 0)
		return -ENODATA;
	giga = strtod(text, &end);
	if (end == text || strncmp(end, " GT/s", 5) != 0 || !(giga > 0 && giga < 10000))
		return -EBADMSG;
	*ret_speed = (uint64_t)(giga * 1e9 + 0.5);
	return 0;
}

/* Lines "1002  Vendor", below it "\t744c  Device"; those of subsystems have two tabs. */
static bool is_entry(const struct scan *line, const char *id, size_t tabs)
{
	return (size_t)(line->end - line->at) > tabs + 6 &&
	       (tabs == 0 || (line->at[0] == '\t' && line->at[1] != '\t')) &&
	       memcmp(line->at + tabs, id, 4) == 0 && memcmp(line->at + tabs + 4, "  ", 2) == 0;
}

bool gpus_parse_pci_ids(const char *bytes, size_t length, const char *id, char name[NVML_TEXT])
{
	struct scan scan = {bytes, bytes + length}, line;
	bool inside = false;

	if (strlen(id) != 9 || id[4] != ':')
		return false;
	while (scan_line(&scan, &line)) {
		if (line.at == line.end || *line.at == '#')
			continue;
		if (*line.at != '\t') {
			if (inside)
				return false;
			inside = is_entry(&line, id, 0);
		} else if (inside && is_entry(&line, id + 5, 1)) {
			line.at += 7;
			snprintf(name, NVML_TEXT, "%.*s", (int)(line.end - line.at), line.at);
			return true;
		}
	}
	return false;
}
