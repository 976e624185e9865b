/* What `procctl doctor` says of the surroundings of a server. */
#include "checkup.h"

#include <sys/stat.h>
#include <unistd.h>

#include "test.h"

static const struct procmon_attribute *const columns[] = {
	SHEET_COLUMN("check", PROCMON_TEXT),
	SHEET_COLUMN("state", PROCMON_TEXT),
	SHEET_COLUMN("detail", PROCMON_TEXT),
	SHEET_COLUMN("remedy", PROCMON_TEXT),
};

static const struct procmon_server server = {
	.protocol = 1, .pid = 42, .version = PROCMON_VERSION, .platform = "linux"};
static char directory[64];

static const char *path_of(const char *name)
{
	static char out[4][128];
	static unsigned next;
	char *path = out[next++ % 4];

	snprintf(path, sizeof out[0], "%s/%s", directory, name);
	return path;
}

static void write_file(const char *name, const char *text)
{
	FILE *file = fopen(path_of(name), "w");

	CHECK(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

/* All is well: a private directory, a socket, no log. */
static struct checkup healthy(void)
{
	snprintf(directory, sizeof directory, "/tmp/checkup.XXXXXX");
	CHECK(mkdtemp(directory));
	write_file("socket", "");
	CHECK_INT(chmod(path_of("socket"), 0600), 0);
	return (struct checkup){
		.server = &server, .socket = path_of("socket"), .processes = 10};
}

/* The row of a check as "state: detail: remedy", NULL without one; and how many are wrong. */
static const char *check(const struct checkup *checkup, const char *name, size_t *ret_wrong)
{
	static char out[512];
	struct sheet sheet;
	bool found = false;

	sheet_init(&sheet, "checks", columns, 4);
	*ret_wrong = checkup_run(checkup, &sheet);
	for (size_t row = 0; row < sheet.row_count; row++) {
		const struct procmon_value *cells = sheet_cell(&sheet, row, 0);
		if (strcmp(cells[0].text, name) != 0)
			continue;
		found = true;
		snprintf(out, sizeof out, "%s: %s: %s", cells[1].text, cells[2].text,
			cells[3].state == PROCMON_OK ? cells[3].text : "-");
	}
	sheet_finish(&sheet);
	return found ? out : NULL;
}

static void clean_up(void)
{
	char command[128];

	snprintf(command, sizeof command, "rm -rf %s", directory);
	CHECK_INT(system(command), 0);
}

TEST(nothing_is_wrong)
{
	struct checkup checkup = healthy();
	size_t wrong = 1;

	CHECK_TEXT(check(&checkup, "server", &wrong),
		"ok: process 42, version " PROCMON_VERSION ", protocol 1, was running: -");
	CHECK_INT(wrong, 0);
	CHECK(strstr(check(&checkup, "socket", &wrong), "ours alone: -"));
	CHECK(!check(&checkup, "log", &wrong));
	CHECK(!check(&checkup, "/proc", &wrong));
	CHECK(!check(&checkup, "descriptors", &wrong));
	clean_up();
}

TEST(another_version)
{
	struct checkup checkup = healthy();
	struct procmon_server other = server;
	size_t wrong;

	other.version = "0.0.9";
	checkup.server = &other;
	CHECK(strstr(check(&checkup, "server", &wrong), "'procctl server stop'"));
	CHECK_INT(wrong, 1);
	clean_up();
}

TEST(an_open_place)
{
	struct checkup checkup = healthy();
	char expected[256];
	size_t wrong;

	chmod(path_of("socket"), 0666);
	snprintf(expected, sizeof expected, "others may use %s: chmod go= %s",
		path_of("socket"), path_of("socket"));
	CHECK(strstr(check(&checkup, "socket", &wrong), expected));
	CHECK_INT(wrong, 1);
	chmod(directory, 0755);
	CHECK(strstr(check(&checkup, "socket", &wrong), "chmod go= /tmp/checkup"));
	checkup.socket = "/nonexistent/socket";
	CHECK(strstr(check(&checkup, "socket", &wrong), "PROCMON_SOCKET"));
	checkup.socket = ""; /* socket activation may hand over one without a name */
	check(&checkup, "socket", &wrong);
	CHECK_INT(wrong, 0);
	clean_up();
}

TEST(hidden_processes)
{
	struct checkup checkup = healthy();
	size_t wrong;

	checkup.mounts = path_of("mounts");
	write_file("mounts", "/dev/sda1 / ext4 rw,relatime 0 0\n"
			     "proc /proc proc rw,nosuid 0 0\n"
			     "proc /srv/proc proc rw,hidepid=2 0 0\n");
	CHECK_TEXT(check(&checkup, "/proc", &wrong), "ok: shows the processes of all users: -");
	write_file("mounts", "proc /proc proc rw,nosuid,hidepid=invisible,gid=27 0 0\n");
	const char *shown = check(&checkup, "/proc", &wrong);
	CHECK(strstr(shown, "mounted with hidepid=invisible: hides those of others"));
	CHECK_INT(wrong, geteuid() != 0);
	CHECK(geteuid() == 0 || strstr(shown, "mount -o remount,gid=GROUP /proc"));
	write_file("mounts", "proc /proc proc rw,hidepid=0 0 0\n");
	CHECK(strstr(check(&checkup, "/proc", &wrong), "all users"));
	clean_up();
}

TEST(few_descriptors)
{
	struct checkup checkup = healthy();
	size_t wrong;

	checkup.files_limit = 130; /* 3 * 10 + 100 */
	CHECK(strncmp(check(&checkup, "descriptors", &wrong), "ok", 2) == 0);
	checkup.files_limit = 129;
	CHECK(strstr(check(&checkup, "descriptors", &wrong), "LimitNOFILE="));
	CHECK_INT(wrong, 1);
	clean_up();
}

TEST(a_log_with_errors)
{
	struct checkup checkup = healthy();
	size_t wrong;

	checkup.log = path_of("log");
	write_file("log", "2026-11-21T03:11:16Z info: ready\n");
	CHECK(strstr(check(&checkup, "log", &wrong), "no errors"));
	write_file("log", "2026-11-21T03:11:16Z error: one\n2026-11-21T03:11:17Z info: fine\n"
			  "2026-11-21T03:11:18Z error: two\n");
	CHECK(strstr(check(&checkup, "log", &wrong),
		"2 errors, the latest: 2026-11-21T03:11:18Z error: two: read "));
	CHECK_INT(wrong, 1);
	clean_up();
}

TEST(workers_that_hang)
{
	struct checkup checkup = healthy();
	size_t wrong;

	checkup.workers_stuck = 2;
	CHECK(strstr(check(&checkup, "workers", &wrong), "2 hang in a read of a process"));
	CHECK_INT(wrong, 1);
	clean_up();
}

TESTS(CASE(nothing_is_wrong), CASE(another_version), CASE(an_open_place),
	CASE(hidden_processes), CASE(few_descriptors), CASE(a_log_with_errors),
	CASE(workers_that_hang))
