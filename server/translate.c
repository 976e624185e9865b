#include "translate.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"

static int refuse(struct refusal *refusal, Procmon__ErrorCode code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int refuse(struct refusal *refusal, Procmon__ErrorCode code, const char *format, ...)
{
	va_list arguments;

	refusal->code = code;
	va_start(arguments, format);
	vsnprintf(refusal->text, sizeof refusal->text, format, arguments);
	va_end(arguments);
	return -EINVAL;
}

static int check_header(const Procmon__Request *message, struct refusal *refusal)
{
	if (message->request == 0)
		return refuse(refusal, PROCMON__ERROR_CODE__BAD_REQUEST,
			"request number 0 means the session: number requests from 1");
	if (!table_name((enum table_id)message->table))
		return refuse(refusal, PROCMON__ERROR_CODE__NO_SUCH_TABLE,
			"there is no table %d; the catalog lists the tables of this "
			"server",
			(int)message->table);
	if (message->n_attributes == 0)
		return refuse(refusal, PROCMON__ERROR_CODE__BAD_REQUEST,
			"the request names no attribute");
	if (message->n_attributes > REQUEST_ATTRIBUTES_MAX)
		return refuse(refusal, PROCMON__ERROR_CODE__TOO_MANY,
			"%zu attributes; a request may name %d", message->n_attributes,
			REQUEST_ATTRIBUTES_MAX);
	if (message->n_pids > REQUEST_PIDS_MAX)
		return refuse(refusal, PROCMON__ERROR_CODE__TOO_MANY,
			"%zu pids; a request may name %d, or none to get all processes",
			message->n_pids, REQUEST_PIDS_MAX);
	if (message->n_pids && message->target_pid)
		return refuse(refusal, PROCMON__ERROR_CODE__BAD_REQUEST,
			"target_pid names the only process that such a table is about: "
			"leave pids away");
	if (message->exits && message->table != PROCMON__TABLE__PROCESS)
		return refuse(refusal, PROCMON__ERROR_CODE__BAD_REQUEST,
			"only the rows of table process end with an exit: leave exits away for "
			"table %s",
			table_name((enum table_id)message->table));
	if (message->interval_ns > REQUEST_INTERVAL_MAX_S * SECOND_NS)
		return refuse(refusal, PROCMON__ERROR_CODE__BAD_REQUEST,
			"the interval is longer than a day: ask once (interval 0) when "
			"needed");
	return 0;
}

static int translate_attribute(
	enum table_id table, uint32_t id, uint16_t *ret_index, struct refusal *refusal)
{
	int index = attribute_by_id(table, id);
	const struct attribute *attribute, *input;

	if (index < 0)
		return refuse(refusal, PROCMON__ERROR_CODE__NO_SUCH_ATTRIBUTE,
			"table %s has no attribute 0x%X; the catalog lists what it has",
			table_name(table), (unsigned)id);
	attribute = &attributes[index];
	if (attribute->kind == KIND_DERIVED) {
		input = &attributes[attribute->input];
		return refuse(refusal, PROCMON__ERROR_CODE__BAD_REQUEST,
			"%s is derived, the client computes it: ask for %s (0x%X)",
			attribute->name, input->name, (unsigned)input->id);
	}
	*ret_index = (uint16_t)index;
	return 0;
}

int translate_request(
	const Procmon__Request *message, struct translation *ret, struct refusal *ret_refusal)
{
	int result = check_header(message, ret_refusal);

	for (size_t i = 0; result == 0 && i < message->n_attributes; i++)
		result = translate_attribute((enum table_id)message->table,
			message->attributes[i], &ret->attributes[i], ret_refusal);
	if (result < 0)
		return result;
	for (size_t i = 0; i < message->n_pids; i++)
		ret->pids[i] = message->pids[i];
	ret->request = (struct request){
		.request = message->request,
		.table = (enum table_id)message->table,
		.target_pid = message->target_pid,
		.interval_ns = message->interval_ns,
		.attributes = ret->attributes,
		.attribute_count = (uint32_t)message->n_attributes,
		.pids = ret->pids,
		.pid_count = (uint32_t)message->n_pids,
		.exits = message->exits,
	};
	return 0;
}

static void refuse_denied(struct refusal *ret)
{
	refuse(ret, PROCMON__ERROR_CODE__DENIED_TARGET,
		"the kernel does not tell this of the process to your user: it belongs to "
		"another one, has more privileges, or is protected; ask as its user or as "
		"root");
}

static void refuse_memory(struct refusal *ret)
{
	refuse(ret, PROCMON__ERROR_CODE__INTERNAL,
		"the server is short of memory: ask for less, or later");
}

void translate_error(int error, const struct request *request, struct refusal *ret)
{
	const char *table = table_name(request->table);

	switch (error) {
	case -ENOTSUP:
		refuse(ret, PROCMON__ERROR_CODE__NO_SUCH_TABLE,
			"table %s cannot be measured on this host", table);
		break;
	case -ESRCH:
		refuse(ret, PROCMON__ERROR_CODE__NO_SUCH_TARGET, "process %llu is not alive",
			(unsigned long long)request->target_pid);
		break;
	case -EACCES:
	case -EPERM: /* /proc is mounted with hidepid=1 */
		refuse_denied(ret);
		break;
	case -E2BIG:
		refuse(ret, PROCMON__ERROR_CODE__TOO_MANY,
			"the server has too many different requests, and your process the most "
			"of them: ask for what others already watch, or end some");
		break;
	case -ENOMEM:
		refuse_memory(ret);
		break;
	case -EEXIST:
		refuse(ret, PROCMON__ERROR_CODE__BAD_REQUEST,
			"request number %u is in use: cancel it or take another number",
			(unsigned)request->request);
		break;
	case -EINVAL:
		refuse(ret, PROCMON__ERROR_CODE__BAD_REQUEST,
			request->target_pid ? "table %s does not describe one process: leave "
					      "target_pid away"
					    : "table %s describes one process: set target_pid",
			table);
		break;
	default:
		refuse(ret, PROCMON__ERROR_CODE__INTERNAL, "sampling table %s: %s", table,
			strerror(-error));
	}
}

void translate_end(int error, struct refusal *ret)
{
	if (error == -ESRCH)
		refuse(ret, PROCMON__ERROR_CODE__NO_SUCH_TARGET, "the process has ended");
	else if (error == -EACCES)
		refuse_denied(ret);
	else if (error == -ENOMEM)
		refuse_memory(ret);
	else
		refuse(ret, PROCMON__ERROR_CODE__INTERNAL, "sampling: %s", strerror(-error));
}
