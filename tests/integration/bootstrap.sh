#!/bin/sh
# common/dependencies on machines of many kinds: the package managers, sudo and id are scripts
# that write down how they were called.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
	echo "$*" >&2
	exit 1
}

# script NAME BODY: a command of the machine.
script() {
	printf '#!/bin/sh\n%s\n' "$2" >"$bin/$1"
	chmod +x "$bin/$1"
}

# machine NAME USER_ID COMMAND..: a PATH on which only these commands exist, and a compiler
# that finds no header.
machine() {
	bin=$work/$1
	log=$work/$1.log
	mkdir "$bin"
	: >"$log"
	for tool in sh cat sed grep sort tr; do
		for folder in /bin /usr/bin; do
			[ ! -x $folder/$tool ] || ln -sf $folder/$tool "$bin/$tool"
		done
	done
	script cc 'exit 1'
	script id "echo $2"
	shift 2
	for tool; do
		script "$tool" "echo \"$tool \$*\" >>\"$log\""
	done
	# sudo runs what it is given, as root.
	if [ -e "$bin/sudo" ]; then
		echo "printf '#!/bin/sh\necho 0\n' >'$bin/id'; exec \"\$@\"" >>"$bin/sudo"
	fi
}

# expect STATUS STAGE: runs the script on the latest machine.
expect() {
	status=0
	PATH=$bin CC=cc PYTHON=python3 common/dependencies "$2" >"$work/out" 2>&1 || status=$?
	[ $status = "$1" ] || fail "$bin: exit status $status, expected $1: $(cat "$work/out")"
}

logged() {
	grep -qxF -- "$1" "$log" || fail "$bin: not called: $1; but: $(cat "$log" "$work/out")"
}

said() {
	grep -qF -- "$1" "$work/out" || fail "$bin: not said: $1; but: $(cat "$work/out")"
}

packages="libevent-dev libprotobuf-c-dev protobuf-c-compiler"

# The managers here install nothing, so that the script ends with 1 and says what is missing.
machine apt-root 0 apt-get
expect 1 build
logged "apt-get update -q"
logged "apt-get install -y -q --no-install-recommends $packages"
[ "$(head -n 1 "$log")" = "apt-get update -q" ] || fail "the lists are refreshed first"
said "still missing: event2/event.h protobuf-c/protobuf-c.h protoc-c"

machine apt-sudo 1000 apt-get sudo
expect 1 build
grep -q '^sudo ' "$log" || fail "sudo was not used"
logged "apt-get install -y -q --no-install-recommends $packages"

machine apt-user 1000 apt-get
expect 1 build
[ ! -s "$log" ] || fail "without sudo nothing is installed"
said "apt-get update -q && apt-get install -y -q --no-install-recommends $packages"

machine dnf 0 dnf
expect 1 build
logged "dnf install -y --refresh --setopt=install_weak_deps=False libevent-devel protobuf-c-compiler protobuf-c-devel"

machine apk 0 apk
expect 1 build
logged "apk add --no-cache libevent-dev protobuf-c-compiler protobuf-c-dev"

machine pacman 0 pacman
expect 1 build
logged "pacman -Sy --noconfirm --needed libevent protobuf-c"

# Homebrew refuses root and needs no sudo.
machine brew 501 brew sudo
expect 1 build
logged "brew install libevent protobuf-c"
! grep -q '^sudo ' "$log" || fail "brew wants no sudo"

machine none 0
expect 1 build
said "no package manager"

# The tests need more than the build.
machine apt-check 0 apt-get
expect 1 check
logged "apt-get install -y -q --no-install-recommends libevent-dev libprotobuf-c-dev patch pkg-config procps protobuf-c-compiler protobuf-compiler python3-protobuf strace"

# Nothing is missing: nothing is done or said.
machine complete 0 apt-get protoc-c
script cc 'exit 0'
expect 0 build
[ ! -s "$log" ] && [ ! -s "$work/out" ] || fail "there was nothing to do"
