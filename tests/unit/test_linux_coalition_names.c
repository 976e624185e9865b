/* What people call a cgroup, by the names that those who make them give to directories. */
#include "linux/coalition/label.h"
#include "test.h"

#define ID       "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER_ID "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define UUID     "6b1f4d1e-0f2a-4c61-9a53-7d6c3f4f1d2e"

struct expected {
	const char *path, *kind, *name;
	const char *app, *container, *runtime, *pod; /* NULL: none */
	uint64_t user;                               /* 0: none */
};

/* The label of the last part of a path, each part within the one before. */
static struct label label_of(const char *path)
{
	struct label label, next;
	char part[1024];

	label_init_top(&label, "/", false);
	for (size_t end = 1; path[end - 1]; end++) {
		if (path[end] && path[end] != '/')
			continue;
		snprintf(part, sizeof part, "%.*s", (int)end, path);
		label_init(&next, part, &label);
		label_finish(&label);
		label = next;
	}
	return label;
}

static void check(const struct expected *expected)
{
	struct label label = label_of(expected->path);

	CHECK_TEXT(label.name, expected->name);
	CHECK_TEXT(label_kind_name(label.kind), expected->kind);
	CHECK_TEXT(label.app, expected->app ? expected->app : "");
	CHECK_TEXT(label.container, expected->container ? expected->container : "");
	CHECK_TEXT(
		label.runtime ? label.runtime : "", expected->runtime ? expected->runtime : "");
	CHECK_TEXT(label.pod, expected->pod ? expected->pod : "");
	CHECK(label.user == (expected->user ? expected->user : UINT64_MAX));
	label_finish(&label);
}

static void check_all(const struct expected *expected, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check(&expected[i]);
}

#define CHECK_ALL(expected) check_all(expected, sizeof(expected) / sizeof *(expected))

TEST(units_keep_their_names)
{
	static const struct expected expected[] = {
		{"/init.scope", "scope", "init.scope", .app = NULL},
		{"/system.slice", "slice", "system.slice", .app = NULL},
		{"/system.slice/ssh.service", "service", "ssh.service", .app = NULL},
		{"/system.slice/system-getty.slice/getty@tty1.service", "service",
			"getty@tty1.service", .app = NULL},
		{"/system.slice/systemd-fsck@dev-disk-by\\x2duuid-1.service", "service",
			"systemd-fsck@dev-disk-by\\x2duuid-1.service", .app = NULL},
		{"/dev-hugepages.mount", "unit", "dev-hugepages.mount", .app = NULL},
		{"/system.slice/docker.socket", "unit", "docker.socket", .app = NULL},
		{"/system.slice/run-r0a1b.scope", "scope", "run-r0a1b.scope", .app = NULL},
		{"/system.slice/snap.lxd.daemon.service", "service", "snap.lxd.daemon.service",
			.runtime = "snap"},
	};

	CHECK_ALL(expected);
}

TEST(users_are_told_by_their_slice_and_their_manager)
{
	static const struct expected expected[] = {
		{"/user.slice", "slice", "user.slice", .app = NULL},
		{"/user.slice/user-1000.slice", "user", "user-1000.slice", .user = 1000},
		{"/user.slice/user-1000.slice/session-c2.scope", "session", "session-c2.scope",
			.user = 1000},
		{"/user.slice/user-1000.slice/user@1000.service/init.scope", "scope",
			"init.scope", .user = 1000},
		{"/user@1001.service", "service", "user@1001.service", .user = 1001},
		{"/user-x.slice", "slice", "user-x.slice", .app = NULL},
		{"/user-99999999999.slice", "slice", "user-99999999999.slice", .app = NULL},
		{"/user-4294967295.slice", "slice", "user-4294967295.slice", .app = NULL},
	};

	CHECK_ALL(expected);
}

TEST(root_is_a_user_too)
{
	struct label label = label_of("/user.slice/user-0.slice/session-1.scope");

	CHECK_INT(label.user, 0);
	label_finish(&label);
}

TEST(apps_have_the_name_of_their_desktop_file)
{
	static const struct expected expected[] = {
		{"/app.slice/app-gnome-firefox-1234.scope", "app", "firefox", .app = "firefox"},
		{"/app.slice/app-gnome-org.gnome.Terminal-77.scope", "app",
			"org.gnome.Terminal", .app = "org.gnome.Terminal"},
		{"/app.slice/app-gnome-google\\x2dchrome-5271.scope", "app", "google-chrome",
			.app = "google-chrome"},
		{"/app.slice/app-firefox-77.scope", "app", "firefox", .app = "firefox"},
		{"/app.slice/app-firefox.scope", "app", "firefox", .app = "firefox"},
		{"/app.slice/app-org.kde.dolphin@0a1b.service", "app", "org.kde.dolphin",
			.app = "org.kde.dolphin"},
		{"/app.slice/app-KDE-org.kde.kate@1.service", "app", "org.kde.kate",
			.app = "org.kde.kate"},
		{"/app.slice/app-foot.service", "app", "foot", .app = "foot"},
		{"/app.slice/app-foot.desktop.service", "app", "foot", .app = "foot"},
		{"/app.slice/app-evolution\\x2dalarm@autostart.service", "app",
			"evolution-alarm", .app = "evolution-alarm"},
		{"/app.slice/app-flatpak-org.mozilla.firefox-31.scope", "app",
			"org.mozilla.firefox", .app = "org.mozilla.firefox",
			.runtime = "flatpak"},
		{"/app.slice/snap.firefox.firefox-" UUID ".scope", "app", "firefox",
			.app = "firefox_firefox", .runtime = "snap"},
		{"/app.slice/snap.vlc.cvlc." UUID ".scope", "app", "vlc.cvlc",
			.app = "vlc_cvlc", .runtime = "snap"},
		{"/snap.vlc.hook.configure-" UUID ".scope", "scope",
			"snap.vlc.hook.configure-" UUID ".scope", .runtime = "snap"},
		{"/app.slice/app-gnome-firefox-1.scope/worker/deep", "group",
			"firefox/worker/deep", .app = "firefox"},
		{"/app.slice/app-dbus\\x2d:1.2\\x2dorg.x.slice/dbus-:1.2-org.x@0.service",
			"service", "dbus-:1.2-org.x@0.service", .app = NULL},
		{"/app.slice/app-.service", "service", "app-.service", .app = NULL},
		{"/app.slice/app-@x.service", "service", "app-@x.service", .app = NULL},
		{"/app.slice/app-a-@x.service", "service", "app-a-@x.service", .app = NULL},
	};

	CHECK_ALL(expected);
}

TEST(containers_have_their_runtime_and_short_id)
{
	static const struct expected expected[] = {
		{"/system.slice/docker-" ID ".scope", "container", "docker 0123456789ab",
			.container = ID, .runtime = "docker"},
		{"/docker", "group", "docker", .app = NULL},
		{"/docker/" ID, "container", "docker 0123456789ab", .container = ID,
			.runtime = "docker"},
		{"/machine.slice/libpod-" ID ".scope", "container", "podman 0123456789ab",
			.container = ID, .runtime = "podman"},
		{"/machine.slice/libpod-" ID ".scope/container", "group",
			"podman 0123456789ab/container", .container = ID, .runtime = "podman"},
		{"/libpod_parent/libpod-" ID, "container", "podman 0123456789ab",
			.container = ID, .runtime = "podman"},
		{"/machine.slice/libpod-conmon-" ID ".scope", "scope",
			"libpod-conmon 0123456789ab", .app = NULL},
		{"/machine.slice/machine-libpod_pod_" ID ".slice", "pod",
			"podman pod 0123456789ab", .runtime = "podman", .pod = ID},
		{"/system.slice/nerdctl-" ID ".scope", "container", "containerd 0123456789ab",
			.container = ID, .runtime = "containerd"},
		{"/ecs/task/" ID, "container", "container 0123456789ab", .container = ID},
		{"/lxc.payload.web", "container", "web", .container = "web", .runtime = "lxc"},
		{"/lxc/101", "container", "101", .container = "101", .runtime = "lxc"},
		{"/lxc/101/ns", "group", "101/ns", .container = "101", .runtime = "lxc"},
		{"/lxc.monitor.web", "group", "lxc.monitor.web", .app = NULL},
		{"/lxc.payload.web/system.slice/ssh.service", "service", "web/ssh.service",
			.container = "web", .runtime = "lxc"},
		{"/lxc.payload.web/system.slice/docker-" ID ".scope", "container",
			"web/docker 0123456789ab", .container = ID, .runtime = "docker"},
		{"/lxc.payload.web/system.slice/docker-" ID ".scope/init", "group",
			"web/docker 0123456789ab/init", .container = ID, .runtime = "docker"},
		{"/system.slice/docker-short.scope", "scope", "docker-short.scope",
			.app = NULL},
		{"/system.slice/mine-" ID ".scope", "scope", "mine 0123456789ab", .app = NULL},
	};

	CHECK_ALL(expected);
}

TEST(pods_of_kubernetes_by_either_driver)
{
	static const struct expected expected[] = {
		{"/kubepods.slice/kubepods-burstable.slice", "slice",
			"kubepods-burstable.slice", .app = NULL},
		{"/kubepods.slice/kubepods-burstable.slice/"
		 "kubepods-burstable-pod0a1b2c3d_1111_2222_3333_444455556666.slice",
			"pod", "pod 0a1b2c3d", .pod = "0a1b2c3d-1111-2222-3333-444455556666"},
		{"/kubepods-pod0a1b2c3d_1111_2222_3333_444455556666.slice/cri-containerd-" ID
		 ".scope",
			"container", "containerd 0123456789ab", .container = ID,
			.runtime = "containerd", .pod = "0a1b2c3d-1111-2222-3333-444455556666"},
		{"/kubepods-pod0a1b2c3d_1111_2222_3333_444455556666.slice/crio-" OTHER_ID
		 ".scope",
			"container", "crio fedcba987654", .container = OTHER_ID,
			.runtime = "crio", .pod = "0a1b2c3d-1111-2222-3333-444455556666"},
		{"/kubepods", "group", "kubepods", .app = NULL},
		{"/kubepods/burstable/pod0a1b2c3d-1111-2222-3333-444455556666", "pod",
			"pod 0a1b2c3d", .pod = "0a1b2c3d-1111-2222-3333-444455556666"},
		{"/kubepods/burstable/pod0a1b2c3d-1111-2222-3333-444455556666/" ID, "container",
			"container 0123456789ab", .container = ID,
			.pod = "0a1b2c3d-1111-2222-3333-444455556666"},
		{"/system.slice/containerd.service/kubepods-besteffort-"
		 "pod0a1b2c3d_1111_2222_3333_444455556666.slice:cri-containerd:" ID,
			"container", "containerd 0123456789ab", .container = ID,
			.runtime = "containerd", .pod = "0a1b2c3d-1111-2222-3333-444455556666"},
		{"/kubepods-podnonsense.slice", "slice", "kubepods-podnonsense.slice",
			.app = NULL},
		{"/podcasts", "group", "podcasts", .app = NULL},
	};

	CHECK_ALL(expected);
}

TEST(machines_of_nspawn_and_libvirt)
{
	static const struct expected expected[] = {
		{"/machine.slice/systemd-nspawn@my\\x2dbox.service", "machine", "my-box",
			.container = "my-box", .runtime = "nspawn"},
		{"/machine.slice/systemd-nspawn@box.service/payload/init.scope", "scope",
			"box/init.scope", .container = "box", .runtime = "nspawn"},
		{"/machine.slice/machine-box.scope", "machine", "box", .app = NULL},
		{"/machine.slice/machine-qemu\\x2d1\\x2dwin\\x2d11.scope", "machine", "win-11",
			.runtime = "libvirt"},
		{"/machine.slice/machine-qemu\\x2d1\\x2dvm.scope/libvirt/emulator", "group",
			"vm/libvirt/emulator", .runtime = "libvirt"},
	};

	CHECK_ALL(expected);
}

TEST(directories_within_units_have_the_units_name)
{
	static const struct expected expected[] = {
		{"/system.slice/a.service/one", "group", "a.service/one", .app = NULL},
		{"/system.slice/a.service/one/two", "group", "a.service/one/two", .app = NULL},
		{"/system.slice/a.service/b.service", "service", "b.service", .app = NULL},
		{"/one/two", "group", "two", .app = NULL},
	};

	CHECK_ALL(expected);
}

TEST(hostile_names_are_names)
{
	static const struct expected expected[] = {
		{"/.service", "group", ".service", .app = NULL},
		{"/.scope", "group", ".scope", .app = NULL},
		{"/-", "group", "-", .app = NULL},
		{"/:", "group", ":", .app = NULL},
		{"/::" ID, "container", "container 0123456789ab", .container = ID},
		{"/-" ID ".scope", "scope", " 0123456789ab", .app = NULL},
		{"/app-\\x2.service", "app", "\\x2", .app = "\\x2"},
		{"/app-\\x00.service", "app", "\\x00", .app = "\\x00"},
		{"/app-\\xff\\x.service", "app", "\xff\\x", .app = "\xff\\x"},
		{"/app-\\x2f..\\x2f-1.scope", "app", "/../", .app = "/../"},
		{"/app-\x1b[31m-1.scope", "app", "\x1b[31m", .app = "\x1b[31m"},
		{"/%s%n", "group", "%s%n", .app = NULL},
		{"/snap.-" UUID ".scope", "scope", "snap.-" UUID ".scope", .app = NULL},
		{"/snap..-" UUID ".scope", "scope", "snap..-" UUID ".scope", .app = NULL},
		{"/machine-qemu\\x2d.scope", "machine", "qemu-", .app = NULL},
		{"/docker-0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef",
			"group",
			"docker-"
			"0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef",
			.app = NULL},
	};

	CHECK_ALL(expected);
}

/* Cut anywhere, and with any byte anywhere: it must come to an end, and have a name. */
TEST(no_name_can_break_it)
{
	static const char *const paths[] = {"/app-gnome-a\\x2db-1.scope",
		"/snap.vlc.cvlc-" UUID ".scope",
		"/kubepods-pod0a1b2c3d_1111_2222_3333_444455556666.slice:docker:" ID,
		"/machine-qemu\\x2d1\\x2dvm.scope", "/systemd-nspawn@a.service"};
	char path[256];
	struct label label;

	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		for (size_t at = 1; at < strlen(paths[i]); at++)
			for (int byte = 0; byte < 256; byte++) {
				snprintf(path, sizeof path, "%s", paths[i]);
				path[at] = (char)byte;
				if (byte == '/' || (!byte && at == 1))
					continue;
				label = label_of(path);
				CHECK(*label.name);
				label_finish(&label);
			}
}

TEST(the_uppermost_is_the_root_or_what_a_container_sees)
{
	struct label label;

	label_init_top(&label, "/", false);
	CHECK_TEXT(label_kind_name(label.kind), "root");
	CHECK_TEXT(label.name, "/");
	label_finish(&label);
	label_init_top(&label, "/", true);
	CHECK_TEXT(label_kind_name(label.kind), "namespace");
	label_finish(&label);
	label_init_top(&label, "/docker/" ID, true);
	CHECK_TEXT(label_kind_name(label.kind), "container");
	CHECK_TEXT(label.container, ID);
	label_finish(&label);
}

TESTS(CASE(units_keep_their_names), CASE(users_are_told_by_their_slice_and_their_manager),
	CASE(root_is_a_user_too), CASE(apps_have_the_name_of_their_desktop_file),
	CASE(containers_have_their_runtime_and_short_id),
	CASE(pods_of_kubernetes_by_either_driver), CASE(machines_of_nspawn_and_libvirt),
	CASE(directories_within_units_have_the_units_name), CASE(hostile_names_are_names),
	CASE(no_name_can_break_it), CASE(the_uppermost_is_the_root_or_what_a_container_sees))
