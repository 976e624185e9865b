/* The units of systemd: what systemctl is told. It is a script here. */
#include "units.h"

#include <sys/stat.h>
#include <unistd.h>

#include "test.h"

static char directory[64];

static const char *path_of(const char *name)
{
	static char out[4][128];
	static unsigned next;
	char *path = out[next++ % 4];

	snprintf(path, sizeof out[0], "%s/%s", directory, name);
	return path;
}

static void put(const char *name, const char *text)
{
	FILE *file = fopen(path_of(name), "w");

	CHECK(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

/* What systemctl was told since the last time. */
static const char *told(void)
{
	static char text[2048];
	FILE *file = fopen(path_of("log"), "r");
	size_t size = file ? fread(text, 1, sizeof text - 1, file) : 0;

	text[size] = '\0';
	if (file)
		fclose(file);
	unlink(path_of("log"));
	return text;
}

/* systemd runs for us, and `make install` was there. */
static struct units set_up(void)
{
	static char systemctl[128];

	snprintf(directory, sizeof directory, "/tmp/units.XXXXXX");
	CHECK(mkdtemp(directory));
	put("systemctl", "#!/bin/sh\n"
			 "cd \"${0%/*}\"\n"
			 "echo \"$*\" >>log\n"
			 "echo said\n"
			 "[ ! -e \"not-$2\" ]\n");
	CHECK_INT(chmod(path_of("systemctl"), 0755), 0);
	CHECK_INT(mkdir(path_of("systemd"), 0700), 0);
	put("procmond.socket", "");
	put("procmond.service", "");
	CHECK(freopen(path_of("complaints"), "w", stderr)); /* and what systemctl says */
	setvbuf(stderr, NULL, _IONBF, 0);
	snprintf(systemctl, sizeof systemctl, "%s/systemctl", directory);
	return (struct units){
		.systemctl = systemctl, .runtime = directory, .directory = directory};
}

static void tear_down(void)
{
	char command[128];

	snprintf(command, sizeof command, "rm -rf '%s'", directory);
	CHECK_INT(system(command), 0);
}

TEST(they_are_enabled_by_their_paths)
{
	struct units units = set_up();
	char expected[512];

	CHECK_INT(units_check(&units), 0);
	CHECK_INT(units_enable(&units), 0);
	snprintf(expected, sizeof expected,
		"--user link --quiet %s/procmond.service\n"
		"--user enable --now %s/procmond.socket\n",
		units.directory, units.directory);
	CHECK_TEXT(told(), expected);
	tear_down();
}

TEST(whether_they_are_active)
{
	struct units units = set_up();

	CHECK(units_are_active(&units));
	CHECK_TEXT(told(), "--user is-enabled --quiet procmond.socket\n"
			   "--user is-active --quiet procmond.socket\n");
	put("not-is-active", "");
	CHECK(!units_are_active(&units));
	put("not-is-enabled", "");
	CHECK(!units_are_active(&units));
	tear_down();
}

TEST(they_are_disabled)
{
	struct units units = set_up();

	CHECK_INT(units_disable(&units), 0);
	CHECK_TEXT(told(), "--user disable --now procmond.socket\n"
			   "--user stop procmond.service\n"
			   "--user disable --quiet procmond.service\n");
	/* What was never started cannot be stopped. */
	put("not-stop", "");
	CHECK_INT(units_disable(&units), 0);
	tear_down();
}

TEST(systemctl_fails)
{
	struct units units = set_up();

	put("not-enable", "");
	CHECK_INT(units_enable(&units), 1);
	told();
	put("not-link", "");
	CHECK_INT(units_enable(&units), 1);
	CHECK(!strstr(told(), "enable"));
	put("not-disable", "");
	CHECK_INT(units_disable(&units), 1);
	unlink(path_of("systemctl"));
	CHECK_INT(units_enable(&units), 1);
	CHECK(!units_are_active(&units));
	tear_down();
}

TEST(what_is_missing_is_said)
{
	struct units units = set_up();

	unlink(path_of("procmond.service"));
	CHECK_INT(units_check(&units), 1);
	put("procmond.service", "");
	CHECK_INT(rmdir(path_of("systemd")), 0);
	CHECK_INT(units_check(&units), 1);
	CHECK_INT(mkdir(path_of("systemd"), 0700), 0);
	units.systemctl = NULL;
	CHECK_INT(units_check(&units), 1);
	CHECK_TEXT(told(), "");
	tear_down();
}

TESTS(CASE(they_are_enabled_by_their_paths), CASE(whether_they_are_active),
	CASE(they_are_disabled), CASE(systemctl_fails), CASE(what_is_missing_is_said))
