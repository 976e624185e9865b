#!/bin/sh
# The README is right: its commands run and show what it says, its program compiles.
set -eu
tree=$(cd "$(dirname "$0")/../.." && pwd)
if nm "$BUILD/libprocmon.a" | grep -q -e __asan_ -e __tsan_; then
	echo "a reader builds no programs with sanitizers"
	exit 77
fi

# A tree like that of a reader who has just built it. The make in it is not ours.
work=$(mktemp -d /tmp/procmon.XXXXXX)
for entry in "$tree"/*; do
	case ${entry##*/} in build) ;; *) ln -s "$entry" "$work/" ;; esac
done
ln -s "$BUILD" "$work/build"
unset BUILD MAKEFLAGS MAKELEVEL MFLAGS
mkdir -m 700 "$work/run"
PROCMON_SOCKET=$work/run/socket
export PROCMON_SOCKET
cd "$work"
trap 'build/procctl server stop >/dev/null 2>&1 || true; rm -rf "$work"' EXIT

fail() {
	echo "$*" >&2
	exit 1
}

# block LANGUAGE N: the Nth block of README.md in that language.
block() {
	awk -v "start=\`\`\`$1" -v "wanted=$2" '
		$0 == "```" { inside = 0 }
		inside && seen == wanted { print }
		$0 == start { inside = 1; seen++ }' README.md
}

run() {
	sh -eu commands >output 2>&1 </dev/null || fail "$(cat commands)" "failed: $(cat output)"
}

block c 1 >example.c
n=1
while block sh $n >commands && [ -s commands ]; do
	# One is what runs this, the other has a test of its own.
	sed -i -E 's/^make (check|install)/make -n \1/' commands
	run
	case $(cat commands) in
	"make run")
		[ "$(grep -c 'every 1s' output)" = 5 ] || fail "no five frames: $(cat output)"
		grep -q 'mem.footprint.*gpu.time' output || fail "no columns: $(cat output)"
		;;
	*procctl\ ps*)
		[ "$(grep -c '"mem.footprint":[0-9]' output)" -gt 2 ] || fail "no JSON: $(cat output)"
		grep -q '^gpu.time .*Time that GPU engines' output || fail "no attribute: $(cat output)"
		;;
	*example*)
		[ "$(grep -cE '^[1-9][0-9]* processes use [1-9][0-9]* bytes$' output)" = 3 ] ||
			fail "the program: $(cat output)"
		;;
	esac
	n=$((n + 1))
done
[ $n -gt 4 ] || fail "only $((n - 1)) blocks were found"

# What it points to is there.
grep -oE '\]\([a-zA-Z][^)]*\)|`(common|server|client|tests|proto)/[a-z_./-]+`' README.md |
	tr -d '])(`' | while read -r path; do
	[ -e "$path" ] || ls "$path"* >/dev/null 2>&1 || fail "there is no $path"
done
