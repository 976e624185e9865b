/* The agent of launchd: what is written, and what launchd is told. launchctl is a script. */
#include "agent.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"

#define SERVER "/usr/local/bin/procmond"
#define SOCKET "/var/folders/xx/C/procmond/socket"
#define PLIST  "home/Library/LaunchAgents/org.procmond.plist"

/*
 * What launchctl does, as far as procctl asks: a domain is there if a file of that name is, and so is a
 * job. `busy` has a character for each time that bootstrap is to fail.
 */
static const char script[] = "#!/bin/sh\n"
			     "cd \"${0%/*}\"\n"
			     "echo \"$*\" >>log\n"
			     "name=$(echo \"$2\" | tr / _)\n"
			     "case $1 in\n"
			     "print) [ -e \"$name\" ] ;;\n"
			     "enable) ;;\n"
			     "bootstrap)\n"
			     "\tif [ -s busy ]; then\n"
			     "\t\techo 'Bootstrap failed: 5: Input/output error' >&2\n"
			     "\t\tsed -i 's/.//' busy; sed -i '/^$/d' busy; exit 5\n"
			     "\tfi\n"
			     "\t[ -f \"$3\" ] && touch \"${name}_org.procmond\" ;;\n"
			     "bootout) [ ! -e stuck ] && rm \"$name\" ;;\n"
			     "esac\n";

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

/* What is in it; "" if it is not there. */
static const char *get(const char *name)
{
	static char text[8192];
	FILE *file = fopen(path_of(name), "r");
	size_t size = file ? fread(text, 1, sizeof text - 1, file) : 0;

	text[size] = '\0';
	if (file)
		fclose(file);
	return text;
}

static bool is_there(const char *name)
{
	return access(path_of(name), F_OK) == 0;
}

/* A user's home, who has logged in on the screen. */
static struct agent set_up(void)
{
	static char launchctl[128], home[128];

	snprintf(directory, sizeof directory, "/tmp/agent.XXXXXX");
	CHECK(mkdtemp(directory));
	put("launchctl", script);
	CHECK_INT(chmod(path_of("launchctl"), 0755), 0);
	CHECK_INT(mkdir(path_of("home"), 0700), 0);
	CHECK_INT(mkdir(path_of("home/Library"), 0700), 0);
	put("gui_501", "");
	CHECK(freopen(path_of("complaints"), "w", stderr)); /* and what launchctl says */
	setvbuf(stderr, NULL, _IONBF, 0);
	snprintf(launchctl, sizeof launchctl, "%s/launchctl", directory);
	snprintf(home, sizeof home, "%s/home", directory);
	return (struct agent){.launchctl = launchctl,
		.home = home,
		.server = SERVER,
		.socket = SOCKET,
		.uid = 501};
}

static void tear_down(struct agent *agent)
{
	char command[128];

	agent_finish(agent);
	snprintf(command, sizeof command, "rm -rf '%s'", directory);
	CHECK_INT(system(command), 0);
}

/* Looks anew, as a procctl that starts. */
static int look(struct agent *agent)
{
	agent_finish(agent);
	return agent_look(agent);
}

static const char expected[] =
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	"<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "
	"\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"
	"<!-- Written by: procctl server install; what removes it is: procctl server uninstall "
	"-->\n"
	"<plist version=\"1.0\">\n"
	"<dict>\n"
	"\t<key>Label</key>\n"
	"\t<string>org.procmond</string>\n"
	"\t<key>ProcessType</key>\n"
	"\t<string>Interactive</string>\n"
	"\t<key>Umask</key>\n"
	"\t<integer>63</integer>\n"
	"\t<key>ProgramArguments</key>\n"
	"\t<array>\n"
	"\t\t<string>/usr/local/bin/procmond</string>\n"
	"\t</array>\n"
	"\t<key>Sockets</key>\n"
	"\t<dict>\n"
	"\t\t<key>Listener</key>\n"
	"\t\t<dict>\n"
	"\t\t\t<key>SockType</key>\n"
	"\t\t\t<string>stream</string>\n"
	"\t\t\t<key>SockPathName</key>\n"
	"\t\t\t<string>/var/folders/xx/C/procmond/socket</string>\n"
	"\t\t\t<key>SockPathMode</key>\n"
	"\t\t\t<integer>384</integer>\n"
	"\t\t</dict>\n"
	"\t</dict>\n"
	"\t<key>StandardErrorPath</key>\n"
	"\t<string>/var/folders/xx/C/procmond/log</string>\n"
	"</dict>\n"
	"</plist>\n";

TEST(it_is_written_and_loaded)
{
	struct agent agent = set_up();
	struct stat status;

	CHECK_INT(look(&agent), 0);
	CHECK(!agent_is_done(&agent) && !agent.loaded && !agent.is_written);
	CHECK_TEXT(agent.domain, "gui");
	CHECK_TEXT(agent.path, path_of(PLIST));
	/* Another agent's folder need not be there. */
	CHECK_INT(agent_write(&agent), 0);
	CHECK_TEXT(get(PLIST), expected);
	/* launchd refuses files that others can write to. */
	CHECK_INT(stat(path_of(PLIST), &status), 0);
	CHECK_INT(status.st_mode & 07777, 0644);
	unlink(path_of("log"));
	CHECK_INT(agent_load(&agent), 0);
	char commands[512];
	snprintf(commands, sizeof commands,
		"enable gui/501/org.procmond\nbootstrap gui/501 %s\n", agent.path);
	CHECK_TEXT(get("log"), commands);
	tear_down(&agent);
}

TEST(twice_is_as_good_as_once)
{
	struct agent agent = set_up();

	CHECK_INT(look(&agent), 0);
	CHECK_INT(agent_write(&agent), 0);
	CHECK_INT(agent_load(&agent), 0);
	CHECK_INT(look(&agent), 0);
	CHECK(agent_is_done(&agent));

	/* A newer version is somewhere else. */
	agent.server = "/opt/procmond";
	CHECK_INT(look(&agent), 0);
	CHECK(!agent_is_done(&agent) && !agent.is_written);
	CHECK_TEXT(agent.loaded, "gui");
	CHECK_INT(agent_unload(&agent), 0);
	CHECK(!is_there("gui_501_org.procmond"));
	CHECK_INT(agent_write(&agent), 0);
	CHECK(strstr(get(PLIST), "<string>/opt/procmond</string>"));
	CHECK_INT(agent_load(&agent), 0);
	CHECK_INT(look(&agent), 0);
	CHECK(agent_is_done(&agent));
	tear_down(&agent);
}

TEST(without_a_screen)
{
	struct agent agent = set_up();

	unlink(path_of("gui_501"));
	CHECK_INT(look(&agent), 0);
	CHECK_TEXT(agent.domain, "user");
	CHECK_INT(agent_write(&agent), 0);
	CHECK(strstr(get(PLIST), "</string>\n\t<key>LimitLoadToSessionType</key>\n"
				 "\t<string>Background</string>\n</dict>\n"));
	CHECK_INT(agent_load(&agent), 0);
	CHECK(is_there("user_501_org.procmond"));

	/* Then somebody logs in on the screen: it moves there. */
	put("gui_501", "");
	CHECK_INT(look(&agent), 0);
	CHECK(!agent_is_done(&agent));
	CHECK_TEXT(agent.loaded, "user");
	CHECK_INT(agent_unload(&agent), 0);
	CHECK(!is_there("user_501_org.procmond"));
	CHECK_INT(agent_write(&agent), 0);
	CHECK_TEXT(get(PLIST), expected);
	CHECK_INT(agent_load(&agent), 0);
	CHECK(is_there("gui_501_org.procmond"));
	tear_down(&agent);
}

/* As a property list sees it, if there is a Python to ask. */
TEST(paths_with_characters_of_xml)
{
	struct agent agent = set_up();
	const char *python = getenv("PYTHON");
	char command[512];

	agent.server = "/R&D <1>/procmond";
	agent.socket = "/Users/a \"b\"/&lt;/socket";
	CHECK_INT(look(&agent), 0);
	CHECK_INT(agent_write(&agent), 0);
	CHECK(strstr(get(PLIST), "<string>/R&amp;D &lt;1&gt;/procmond</string>"));
	CHECK(strstr(get(PLIST), "<string>/Users/a \"b\"/&amp;lt;/socket</string>"));
	CHECK(strstr(get(PLIST), "<string>/Users/a \"b\"/&amp;lt;/log</string>"));
	snprintf(command, sizeof command,
		"%s -c 'import plistlib, sys; agent = plistlib.load(open(sys.argv[1], "
		"\"rb\")); "
		"assert agent[\"ProgramArguments\"] == [\"/R&D <1>/procmond\"]; assert "
		"agent[\"Sockets\"][\"Listener\"][\"SockPathMode\"] == 0o600; assert "
		"agent[\"Umask\"] == 0o77; assert not \"KeepAlive\" in agent' '%s'",
		python, agent.path);
	if (python)
		CHECK_INT(system(command), 0);
	tear_down(&agent);
}

TEST(what_is_not_ours_stays)
{
	struct agent agent = set_up();

	CHECK_INT(mkdir(path_of("home/Library/LaunchAgents"), 0700), 0);
	put(PLIST, "<plist/>\n");
	CHECK_INT(look(&agent), 1);
	CHECK_TEXT(get(PLIST), "<plist/>\n");
	CHECK(strstr(get("complaints"), ".plist is not procctl's"));

	/* Nor is a link ours, whatever it leads to. */
	unlink(path_of(PLIST));
	put("elsewhere", expected);
	CHECK_INT(symlink(path_of("elsewhere"), path_of(PLIST)), 0);
	CHECK_INT(look(&agent), 1);

	/* What we wrote once we may replace. */
	unlink(path_of(PLIST));
	put(PLIST, "<!-- Written by: procctl server install -->\n");
	CHECK_INT(look(&agent), 0);
	CHECK(!agent.is_written);
	/* And an empty file is what a full disk leaves. */
	put(PLIST, "");
	CHECK_INT(look(&agent), 0);
	tear_down(&agent);
}

TEST(a_folder_that_cannot_be_made)
{
	struct agent agent = set_up();

	CHECK_INT(rmdir(path_of("home/Library")), 0);
	CHECK_INT(look(&agent), 0);
	CHECK_INT(agent_write(&agent), 1);
	put("home/Library", "");
	CHECK_INT(look(&agent), 1);
	tear_down(&agent);
}

/* What was unloaded a moment ago is not gone yet. */
TEST(launchd_is_busy)
{
	struct agent agent = set_up();

	CHECK_INT(look(&agent), 0);
	CHECK_INT(agent_write(&agent), 0);
	put("busy", "xxx\n");
	CHECK_INT(agent_load(&agent), 0);
	CHECK(is_there("gui_501_org.procmond"));

	/* For ever. */
	put("busy", "xxxxxxxxxxxxxxxxxxxx\n");
	CHECK_INT(agent_load(&agent), 1);
	CHECK(strstr(get("complaints"), "Input/output error\nprocctl: "));
	CHECK(strstr(get("complaints"), ".plist: exit status 5\n"));

	put("stuck", "");
	CHECK_INT(look(&agent), 0);
	CHECK_INT(agent_unload(&agent), 1);
	tear_down(&agent);
}

TEST(it_is_removed)
{
	struct agent agent = set_up();

	/* There is nothing to remove. */
	CHECK_INT(look(&agent), 0);
	CHECK_INT(agent_unload(&agent), 0);
	CHECK_INT(agent_remove(&agent), 0);

	CHECK_INT(agent_write(&agent), 0);
	CHECK_INT(agent_load(&agent), 0);
	CHECK_INT(look(&agent), 0);
	CHECK_INT(agent_unload(&agent), 0);
	CHECK_INT(agent_remove(&agent), 0);
	CHECK(!is_there(PLIST) && !is_there("gui_501_org.procmond"));
	tear_down(&agent);
}

TEST(there_is_no_launchctl)
{
	struct agent agent = set_up();

	unlink(path_of("launchctl"));
	CHECK_INT(look(&agent), 0);
	CHECK_INT(agent_write(&agent), 0);
	CHECK_INT(agent_load(&agent), 1);
	tear_down(&agent);
}

TESTS(CASE(it_is_written_and_loaded), CASE(twice_is_as_good_as_once), CASE(without_a_screen),
	CASE(paths_with_characters_of_xml), CASE(what_is_not_ours_stays),
	CASE(a_folder_that_cannot_be_made), CASE(launchd_is_busy), CASE(it_is_removed),
	CASE(there_is_no_launchctl))
