# procmond: `make` builds, `make run` shows it, `make check` tests it, `make help` lists all.

BUILD        ?= build
CC           ?= cc
CFLAGS       ?= -O2 -g
FUZZ_SECONDS ?= 60
VERSION      := 0.1.0
PREFIX       ?= /usr/local
# What it is made for, and where: `make cross` makes it for macOS on Linux.
SYSTEM       := $(shell uname -s)
PLATFORM     := $(if $(filter Darwin,$(SYSTEM)),darwin,linux)
comma        := ,

# ------------------------------------------------------------------------------- flags
#
# CPPFLAGS, CFLAGS, LDFLAGS, HARDENING and WERROR are the caller's; the rest is what the code
# needs.

WARNINGS  := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wwrite-strings -Wformat=2 -Wundef -Wvla -Walloca -Wconversion -Wno-sign-conversion
HARDENING := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong
FEATURES_linux  := -D_GNU_SOURCE
FEATURES_darwin := -D_DARWIN_C_SOURCE

# Where pkg-config is missing the libraries are where the compiler looks anyway, or Homebrew's.
PKG_CONFIG    ?= pkg-config
HOMEBREW      := $(if $(filter Darwin,$(SYSTEM)),$(shell brew --prefix 2>/dev/null))
library        = $(shell $(PKG_CONFIG) $(1) $(2) 2>/dev/null || echo $(3))
EVENT_LIBS    := $(call library,--libs,libevent_core,$(HOMEBREW:%=-L%/lib) -levent_core)
PROTOBUF_LIBS := $(call library,--libs,libprotobuf-c,$(HOMEBREW:%=-L%/lib) -lprotobuf-c)
LIBS          := $(EVENT_LIBS) $(PROTOBUF_LIBS)
# What the platform needs. dlopen: until glibc 2.34 a library of its own
BACKEND_LIBS_linux  := -ldl
BACKEND_LIBS_darwin := -framework IOKit -framework CoreFoundation
BACKEND_LIBS        := $(BACKEND_LIBS_$(PLATFORM))

INCLUDES := -Icommon -Iserver -Iclient -I$(BUILD)/proto \
	$(call library,--cflags,libevent_core,$(HOMEBREW:%=-isystem %/include)) \
	$(call library,--cflags,libprotobuf-c)
DEFINES   = -DPROCMON_VERSION='"$(VERSION)"' -DPROCMON_BINDIR='"$(bindir)"' \
	-DPROCMON_UNITDIR='"$(systemduserdir)"'
NEEDED    = $(FEATURES_$(PLATFORM)) $(INCLUDES) $(DEFINES) $(CPPFLAGS)
BASE      = -std=c11 -fPIC -pthread $(HARDENING) $(CFLAGS)
LINK      = $(CC) $(LDFLAGS) $(LINK_$(PLATFORM))
LINK_linux := -pthread -Wl,-z,relro,-z,now
# What is not for libraries.
PROGRAM    := $(if $(filter linux,$(PLATFORM)),-pie)

# One short line a step; `make V=1` shows the commands.
Q    := $(if $(V),,@)
say   = $(if $(V),,@printf '%-5s %s\n' $(1) $(patsubst $(BUILD)/%,%,$(2)))

# ------------------------------------------------------------------------------- the house

# A file NAME_linux.c or NAME_darwin.c is that system's alone.
OTHER    := $(if $(filter linux,$(PLATFORM)),darwin,linux)
FOREIGN  := %_$(OTHER).c
COMMON   := $(filter-out $(FOREIGN),$(wildcard common/*.c))
LIBRARY  := $(addprefix client/,object.c catalog.c table.c row.c mirror.c column.c \
	request.c stream.c socket.c start.c start_$(PLATFORM).c connection.c connect.c)
PROCCTL  := $(filter-out $(LIBRARY) $(FOREIGN),$(wildcard client/*.c client/memory/*.c))
EDGE     := $(addprefix server/,procmond.c arguments.c daemon.c daemon_$(PLATFORM).c activation_$(PLATFORM).c \
	seccomp_$(PLATFORM).c loop.c listener.c place.c session.c dialogue.c input.c output.c reply.c)
CORE     := $(filter-out $(EDGE) $(FOREIGN),$(wildcard server/*.c))
BACKEND  := $(foreach depth,* */* */*/*,$(wildcard server/$(PLATFORM)/$(depth).c))
FAKE     := $(wildcard tests/fake/*.c)
# Tests of a platform's backend have its name; those of macOS are for a simulated one.
UNIT     := $(filter-out $(addprefix tests/unit/test_,darwin_% $(OTHER)_%),$(wildcard tests/unit/test_*.c))
FUZZ     := $(filter-out tests/fuzz/fuzz_$(OTHER)_%,$(wildcard tests/fuzz/fuzz_*.c))
HELPERS  := $(wildcard tests/integration/*.c tests/bench/*.c tests/stress/*.c)
SOURCES  := $(foreach depth,* */* */*/* */*/*/*,$(wildcard $(addsuffix /$(depth).[ch],common client server tests)))

object = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
WIRE  := $(BUILD)/obj/proto/procmon.pb-c.o
# All but the main programs: what unit tests and fuzz targets are linked with.
# What is for macOS but does not need it is tested, too.
TESTED := $(filter-out server/procmond.c client/procctl.c, \
	$(EDGE) $(CORE) $(PROCCTL) $(LIBRARY) $(COMMON)) \
	$(filter-out $(PROCCTL),client/agent_darwin.c)

# Programs are linked with the first name, look for the second, and find the third.
MAJOR         := $(firstword $(subst ., ,$(VERSION)))
SHARED_linux  := libprocmon.so libprocmon.so.$(MAJOR) libprocmon.so.$(VERSION)
SHARED_darwin := libprocmon.dylib libprocmon.$(MAJOR).dylib libprocmon.$(VERSION).dylib
SHARED        := $(SHARED_$(PLATFORM))

.PHONY: all
all: $(addprefix $(BUILD)/,procmond procctl libprocmon.a $(firstword $(SHARED)) attributes procmon-protocol.7) ## build it all (the default)
	@:

# One command makes both.
GENERATED := $(BUILD)/proto/procmon.pb-c.c $(BUILD)/proto/procmon.pb-c.h
$(BUILD)/proto/procmon.pb-c.c: proto/procmon.proto
	$(call say,PROTO,$<)
	$(Q)mkdir -p $(BUILD)/proto
	$(Q)protoc-c --proto_path=proto --c_out=$(BUILD)/proto $<
$(BUILD)/proto/procmon.pb-c.h: $(BUILD)/proto/procmon.pb-c.c ;

$(WIRE): $(BUILD)/proto/procmon.pb-c.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(NEEDED) $(BASE) -c -o $@ $<

# ANALYZE is for what only our own files have to pass.
$(BUILD)/obj/%.o: %.c Makefile | $(GENERATED)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(NEEDED) $(BASE) $(WARNINGS) $(WERROR) $(ANALYZE) -MMD -MP -c -o $@ $<

$(BUILD)/procmond: $(call object,$(EDGE) $(CORE) $(BACKEND) $(COMMON)) $(WIRE)
	$(call say,LINK,$@)
	$(Q)$(LINK) $(PROGRAM) -o $@ $^ $(LIBS) $(BACKEND_LIBS)

$(BUILD)/procctl: $(call object,$(PROCCTL) $(COMMON)) $(BUILD)/libprocmon.a
	$(call say,LINK,$@)
	$(Q)$(LINK) $(PROGRAM) -o $@ $^ $(LIBS)

# Of the library only the names of procmon.h are to be seen. On Linux it is one object file, in which
# all others are hidden. No linker but Apple's can do that for macOS: the archive there has the
# files as they are, and only the shared library hides.
MEMBERS := $(call object,$(LIBRARY) $(filter-out common/alloc.c common/build_id.c common/log.c,$(COMMON))) $(WIRE)
UNDERSCORE_darwin := _
$(BUILD)/obj/names: client/procmon.h Makefile
	$(Q)mkdir -p $(@D)
	$(Q)grep -v '^typedef' $< | grep -oE 'procmon_[a-z_]+\(' | tr -d '(' | sed 's/^/$(UNDERSCORE_$(PLATFORM))/' >$@

$(BUILD)/obj/libprocmon.o: $(MEMBERS) $(BUILD)/obj/names
	$(Q)$(CC) -r -nostdlib -o $@ $(MEMBERS)
	$(Q)objcopy --keep-global-symbols=$(BUILD)/obj/names $@

ARCHIVED_linux  := $(BUILD)/obj/libprocmon.o
ARCHIVED_darwin := $(MEMBERS)
ARCHIVED        := $(ARCHIVED_$(PLATFORM))
$(BUILD)/libprocmon.a: $(ARCHIVED)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

LINK_SHARED_linux  = -shared -Wl,-soname,$(word 2,$(SHARED))
LINK_SHARED_darwin = -dynamiclib -install_name $(libdir)/$(word 2,$(SHARED)) \
	-compatibility_version $(MAJOR) -current_version $(VERSION) \
	-Wl,-exported_symbols_list,$(BUILD)/obj/names
$(BUILD)/$(firstword $(SHARED)): $(ARCHIVED) $(BUILD)/obj/names $(BUILD)/obj/libdir
	$(call say,LINK,$@)
	$(Q)$(LINK) $(LINK_SHARED_$(PLATFORM)) -o $(BUILD)/$(word 3,$(SHARED)) $(ARCHIVED) $(PROTOBUF_LIBS)
	$(Q)ln -sf $(word 3,$(SHARED)) $(BUILD)/$(word 2,$(SHARED))
	$(Q)ln -sf $(word 2,$(SHARED)) $@

# The client starts the server that is installed: it has to know where that is. A shared library
# of macOS says where it is itself.
$(BUILD)/obj/common/server_program.o: $(BUILD)/obj/bindir
$(BUILD)/obj/client/service_linux.o: $(BUILD)/obj/systemduserdir
$(addprefix $(BUILD)/obj/,bindir libdir systemduserdir): FORCE
	@mkdir -p $(@D)
	@echo '$($(@F))' | cmp -s - $@ || echo '$($(@F))' >$@
.PHONY: FORCE
FORCE:

# The names that the registry declares, for completion while there is no server to ask.
$(BUILD)/attributes: client/attributes.awk common/attributes.def
	@mkdir -p $(@D)
	@awk -f $^ >$@

# The protocol's manual lists the attributes that the registry declares, and the limits.
$(BUILD)/procmon-protocol.7: $(addprefix proto/,procmon-protocol.7 attributes.awk limits.awk) $(addprefix common/,attributes.def limits.def)
	$(call say,MAN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)awk -f proto/attributes.awk common/attributes.def proto/procmon-protocol.7 | \
		awk -f proto/limits.awk common/limits.def - >$@

# ------------------------------------------------------------------------------- installing
#
# Under DESTDIR, for those who make packages; what is installed does not know of that.

bindir         = $(PREFIX)/bin
libdir         = $(PREFIX)/lib
includedir     = $(PREFIX)/include
datadir        = $(PREFIX)/share
mandir         = $(datadir)/man
systemduserdir = $(PREFIX)/lib/systemd/user

# HOW:WHAT:WHERE, and nothing else is installed. HOW is a mode; "fill", which puts the directories
# in the place of their names between @; or "link".
INSTALLED = \
	755:$(BUILD)/procmond:$(bindir)/procmond \
	755:$(BUILD)/procctl:$(bindir)/procctl \
	644:$(BUILD)/$(word 3,$(SHARED)):$(libdir)/$(word 3,$(SHARED)) \
	link:$(word 3,$(SHARED)):$(libdir)/$(word 2,$(SHARED)) \
	link:$(word 2,$(SHARED)):$(libdir)/$(word 1,$(SHARED)) \
	644:$(BUILD)/libprocmon.a:$(libdir)/libprocmon.a \
	fill:client/procmon.pc:$(libdir)/pkgconfig/procmon.pc \
	644:client/procmon.h:$(includedir)/procmon.h \
	644:proto/procmon.proto:$(datadir)/procmon/procmon.proto \
	644:$(BUILD)/attributes:$(datadir)/procmon/attributes \
	644:client/procctl.1:$(mandir)/man1/procctl.1 \
	644:client/libprocmon.3:$(mandir)/man3/libprocmon.3 \
	644:$(BUILD)/procmon-protocol.7:$(mandir)/man7/procmon-protocol.7 \
	644:server/procmond.8:$(mandir)/man8/procmond.8 \
	755:client/complete:$(datadir)/procmon/complete \
	fill:client/completion.bash:$(datadir)/bash-completion/completions/procctl \
	fill:client/completion.zsh:$(datadir)/zsh/site-functions/_procctl \
	fill:client/completion.fish:$(datadir)/fish/vendor_completions.d/procctl.fish \
	$(UNITS_$(PLATFORM))
UNITS_linux = \
	644:server/procmond.socket:$(systemduserdir)/procmond.socket \
	fill:server/procmond.service:$(systemduserdir)/procmond.service

each_installed = for item in $(INSTALLED); do \
	how=$${item%%:*} to=$(DESTDIR)$${item\#\#*:} what=$${item\#*:}; what=$${what%:*}
FILL = sed -e 's|@prefix@|$(PREFIX)|g' $(foreach name,bindir libdir includedir datadir,-e 's|@$(name)@|$($(name))|g') \
	-e 's|@version@|$(VERSION)|g'

.PHONY: install uninstall
install: all ## install it, below PREFIX
	@umask 022; $(each_installed); \
		mkdir -p "$${to%/*}" && rm -f "$$to" && case $$how in \
		fill) $(FILL) "$$what" >"$$to" ;; \
		link) ln -s "$$what" "$$to" ;; \
		*) cp "$$what" "$$to" && chmod "$$how" "$$to" ;; \
		esac || exit 1; done

uninstall: ## remove what install has installed
	@$(each_installed); rm -f "$$to" || exit 1; done
	@rmdir $(DESTDIR)$(datadir)/procmon 2>/dev/null || true

# ------------------------------------------------------------------------------- packages
#
# All are made of the tarball: what git lists, as it is now, with the time of the last commit.

DIST    := procmond-$(VERSION)
TARBALL := $(BUILD)/$(DIST).tar.gz
WHEN     = $(shell git log -1 --format=@%ct)

.PHONY: dist deb formula
dist: ## a tarball of the source
	$(call say,TAR,$(TARBALL))
	@mkdir -p $(BUILD)
	@test -e .git || { echo "what goes in is what git lists: that needs the git repository"; exit 1; }
	$(Q)git ls-files -z | LC_ALL=C sort -z | tar --null -T - --transform 's,^,$(DIST)/,' \
		--owner=0 --group=0 --numeric-owner --mode=go=rX,u+rw --mtime=$(WHEN) -cf - | \
		gzip -n9 >$(TARBALL)

# What the caller gave this make is not for the one that dpkg-buildpackage starts.
deb: dist ## packages for Debian
	$(call say,DEB,$(BUILD)/deb)
	@rm -rf $(BUILD)/deb && mkdir -p $(BUILD)/deb
	@tar -C $(BUILD)/deb -xzf $(TARBALL)
	@mv $(BUILD)/deb/$(DIST)/.packaging/debian $(BUILD)/deb/$(DIST)/
	$(Q)cd $(BUILD)/deb/$(DIST) && env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS -u BUILD -u PREFIX \
		-u DESTDIR -u CC -u CPPFLAGS -u CFLAGS -u LDFLAGS dpkg-buildpackage -b -us -uc -jauto
	@rm -rf $(BUILD)/deb/$(DIST)

formula: dist ## a formula for Homebrew that builds the tarball
	$(call say,BREW,$(BUILD)/procmond.rb)
	$(Q)sed -e 's|@tarball@|$(abspath $(TARBALL))|' \
		-e "s|@sha256@|$$(sha256sum <$(TARBALL) | cut -d' ' -f1)|" \
		.packaging/procmond.rb >$(BUILD)/procmond.rb

# ------------------------------------------------------------------------------- the tests
#
# A unit test is one file tests/unit/test_NAME.c. It is linked with what it uses of the house,
# and with the scripted platform; test_linux_NAME.c with the real one.

$(BUILD)/obj/tests/%: INCLUDES += -Itests/fake
$(BUILD)/tests/fake.a: $(call object,$(FAKE) $(TESTED)) $(WIRE)
$(BUILD)/tests/real.a: $(call object,$(TESTED) $(BACKEND)) $(WIRE)
# q, not r: server and client have files of the same name.
$(BUILD)/tests/%.a:
	$(call say,AR,$@)
	$(Q)mkdir -p $(@D)
	$(Q)rm -f $@ && $(AR) qcs $@ $^

TESTS := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(UNIT))
house  = $(BUILD)/tests/$(if $(findstring _$(PLATFORM),$(notdir $(1))),real,fake).a
# In place of NVIDIA's library: one of each time.
NVML := $(if $(filter linux,$(PLATFORM)),$(addprefix $(BUILD)/tests/nvml-v,1.so 2.so 3.so))
$(NVML): $(BUILD)/tests/nvml-v%.so: tests/nvml/driver.c tests/nvml/driver.h
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(LINK) $(NEEDED) $(BASE) $(filter-out -Wmissing-prototypes,$(WARNINGS)) $(WERROR) \
		-DDRIVER_VERSION=$* -shared -o $@ $<
$(addprefix $(BUILD)/tests/test_linux_,nvml gpu_table): | $(NVML)

.SECONDEXPANSION:
$(TESTS): $(BUILD)/tests/%: $(BUILD)/obj/tests/unit/%.o $(call object,tests/unit/test.c) $$(call house,$$@)
	$(call say,LINK,$@)
	$(Q)$(LINK) $(PROGRAM) -o $@ $^ $(LIBS) $(BACKEND_LIBS)

# What a fuzz target has found once stays found: replay.c feeds it the files of its corpus, and what
# mutate.c makes of them.
REPLAYS := $(patsubst tests/fuzz/%.c,$(BUILD)/tests/%,$(FUZZ))
$(REPLAYS): $(BUILD)/tests/%: $(BUILD)/obj/tests/fuzz/%.o $(call object,tests/fuzz/replay.c tests/fuzz/mutate.c) $$(call house,$$@)
	$(call say,LINK,$@)
	$(Q)$(LINK) $(PROGRAM) -o $@ $^ $(LIBS) $(BACKEND_LIBS)

# Programs that integration tests and benchmarks use: clients like any other.
PROGRAMS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(HELPERS))
$(PROGRAMS): $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(BUILD)/libprocmon.a
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(LINK) $(PROGRAM) -o $@ $^ $(LIBS) -lm

# The programs with the C library's functions that faults.c has in place of these. An archive of
# libevent, where there is one: then its calls go there too.
FAULTY := $(if $(filter linux,$(PLATFORM)),$(addprefix $(BUILD)/tests/faults/,procmond procctl))
WRAPPED = $$(nm $(1) | sed -n 's/.* T __wrap_/-Wl,--wrap=/p')
EVENT_ARCHIVE := $(wildcard $(shell $(CC) -print-file-name=libevent_core.a))
$(BUILD)/tests/faults/procmond: $(call object,$(EDGE) $(CORE) $(BACKEND) $(COMMON)) $(WIRE)
$(BUILD)/tests/faults/procctl: $(call object,$(PROCCTL) $(COMMON)) $(BUILD)/libprocmon.a
$(FAULTY): $(call object,tests/faults/faults.c)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(LINK) $(PROGRAM) $(call WRAPPED,$(call object,tests/faults/faults.c)) -o $@ $^ \
		$(EVENT_ARCHIVE) $(LIBS) $(BACKEND_LIBS)

.PHONY: tests chosen unit check run bench stress
tests: all $(TESTS) $(REPLAYS) $(PROGRAMS) $(NVML) $(FAULTY)
chosen: all $(filter $(addprefix $(BUILD)/tests/,$(ONLY)),$(TESTS) $(REPLAYS)) $(PROGRAMS) $(NVML) $(FAULTY)

unit: $(TESTS) ## run the unit tests
	$(Q)status=0; for test in $^; do $$test || status=1; done; exit $$status

# These two install what is missing first; that can change what this file finds, so the build
# is a make of its own.
run: ## show memory and GPU use of the processes of this machine
	@common/dependencies build
	@$(MAKE) --no-print-directory all
	@BUILD=$(abspath $(BUILD)) client/demo

check: ## build and run all tests, or ONLY="NAME .."
	@common/dependencies check
	@$(MAKE) --no-print-directory $(if $(ONLY),chosen,tests)
	@$(if $(ONLY)$(LEAVE_OUT),:,! tests/darwin/ready || $(MAKE) --no-print-directory check-darwin)
	@BUILD=$(abspath $(BUILD)) LEAVE_OUT="$(LEAVE_OUT)" ONCE=$(ONCE) SECCOMP=$(SECCOMP) tests/run $(ONLY)

bench: ## measure what watching costs
	@common/dependencies check
	@$(MAKE) --no-print-directory tests
	@BUILD=$(abspath $(BUILD)) tests/bench/run

stress: ## measure all that the server promises (15 minutes), or ONLY="NAME .."
	@common/dependencies stress
	@$(MAKE) --no-print-directory tests
	@! command -v clang >/dev/null || $(MAKE) --no-print-directory sanitized-targets
	@BUILD=$(abspath $(BUILD)) SANITIZED=$(abspath $(SANITIZED)) tests/stress/run $(ONLY)

.PHONY: mutants
mutants: ## are the faults of tests/mutants caught?
	@common/dependencies check
	@BUILD=$(abspath $(BUILD)) tests/mutants/run

# ------------------------------------------------------------------------------- macOS
#
# What can be proved of it without a Mac. It is built with clang and lld as for a Mac, the same
# rules made anew for each processor; headers and libraries are fetched (see tests/darwin).

MACHINES     := arm64 x86_64
MACOS_OLDEST := 12.0
DARWIN       := $(BUILD)/darwin
SYSROOT      := $(DARWIN)/sysroot
DARWIN_CC     = clang --target=$(1)-apple-macos$(MACOS_OLDEST) -isysroot $(SYSROOT)
DARWIN_MAKE   = $(MAKE) --no-print-directory PLATFORM=darwin SYSTEM=Linux BUILD=$(DARWIN)/$(1) \
	CC="$(call DARWIN_CC,$(1))" AR=llvm-ar PKG_CONFIG=false WERROR=-Werror \
	CPPFLAGS="-isystem $(DARWIN)/libraries-$(1)/include -Ftests/darwin/frameworks" \
	LDFLAGS="-fuse-ld=lld -L$(DARWIN)/libraries-$(1)/lib -Ftests/darwin/frameworks"
CROSS        := $(addprefix cross-,$(MACHINES))

.PHONY: cross $(CROSS)
cross: $(CROSS) ## build it for macOS
$(CROSS): cross-%: $(SYSROOT)/LICENSE $(DARWIN)/libraries-%/lib/libprotobuf-c.a
	+$(Q)$(call DARWIN_MAKE,$*) all

$(SYSROOT)/LICENSE: tests/darwin/sysroot
	$(call say,FETCH,$(@D))
	$(Q)tests/darwin/sysroot $(@D)

$(DARWIN)/libraries-%/lib/libprotobuf-c.a: tests/darwin/libraries $(SYSROOT)/LICENSE \
		$(wildcard tests/darwin/libevent/*.h tests/darwin/libevent/*/*.h)
	$(call say,FETCH,$(@D))
	$(Q)CC="$(call DARWIN_CC,$*)" AR=llvm-ar tests/darwin/libraries $(DARWIN)/libraries-$*

# ------------------------------------------------------------------------------- a simulated Mac
#
# The backend of macOS, compiled with Apple's headers into objects for Linux, and a kernel that
# answers from a text: so that it can be tested, and a whole procmond with it runs, without a Mac.

MAC_BACKEND := $(foreach depth,* */* */*/*,$(wildcard server/darwin/$(depth).c))
MAC_HOST    := tests/darwin/kernel/store.c tests/darwin/kernel/host.c
MAC_KERNEL  := $(filter-out $(MAC_HOST),$(wildcard tests/darwin/kernel/*.c))
MAC_UNIT    := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/test_darwin_*.c))
MAC_OBJECTS := $(patsubst %.c,$(BUILD)/mac/%.o,$(MAC_BACKEND) $(MAC_KERNEL))

MAC_NEEDED = $(shell cat tests/darwin/apple-on-elf.flags) -nostdlibinc -isystem $(SYSROOT)/usr/include \
	-Ddlopen=mac_dlopen -Ddlsym=mac_dlsym -D_DARWIN_C_SOURCE \
	-Icommon -Iserver -Iserver/darwin -Itests/darwin/kernel
$(MAC_OBJECTS): $(BUILD)/mac/%.o: %.c Makefile tests/darwin/apple-on-elf.flags | $(SYSROOT)/LICENSE
	$(call say,MAC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)clang $(MAC_NEEDED) -std=c11 -fPIC $(CFLAGS) $(COVERED) $(WARNINGS) $(WERROR) -MMD -MP -c -o $@ $<
# What each process that ends has run of them; tests/darwin/coverage adds it up.
COVERED = -fprofile-instr-generate=$(abspath $(BUILD))/coverage/%m.profraw -fcoverage-mapping

$(call object,$(MAC_HOST)): INCLUDES += -Itests/darwin/kernel
$(BUILD)/obj/tests/unit/test_darwin_%.o: INCLUDES += -Itests/darwin/kernel -Iserver/darwin
$(BUILD)/tests/mac.a: $(call object,$(TESTED) $(MAC_HOST)) $(WIRE) $(MAC_OBJECTS)
$(MAC_UNIT): $(BUILD)/tests/%: $(BUILD)/obj/tests/unit/%.o $(call object,tests/unit/test.c) $(BUILD)/tests/mac.a
	$(call say,LINK,$@)
	$(Q)$(LINK) -fprofile-instr-generate $(PROGRAM) -o $@ $^ $(LIBS) $(BACKEND_LIBS)

$(BUILD)/mac/procmond: $(call object,$(EDGE) $(CORE) $(COMMON) $(MAC_HOST)) $(WIRE) $(MAC_OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(LINK) -fprofile-instr-generate $(PROGRAM) -o $@ $^ $(LIBS) $(BACKEND_LIBS)
$(BUILD)/mac/procctl: $(BUILD)/procctl
	$(Q)ln -f $< $@

.PHONY: check-darwin simulated simulated-build
simulated-build: $(MAC_UNIT) $(BUILD)/mac/procmond $(BUILD)/mac/procctl
simulated: ## test the backend of macOS on a simulated kernel
	+$(call sanitized,simulated-build)
	@BUILD=$(abspath $(SANITIZED)) tests/darwin/run $(ONLY)

check-darwin: ## prove of macOS what can be proved without one
	@common/dependencies darwin
	@$(MAKE) --no-print-directory cross
	@BUILT=$(abspath $(DARWIN)) MACHINES="$(MACHINES)" MACOS_OLDEST=$(MACOS_OLDEST) \
		$(MAKE) --no-print-directory simulated

# ------------------------------------------------------------------------------- other builds

variant = @$(MAKE) --no-print-directory BUILD=$(1) HARDENING= $(2)

# With clang, its sanitizers, and what a fuzzer has to see: one build for all that wants any of it.
SANITIZED ?= $(BUILD)/clang
sanitized  = $(call variant,$(SANITIZED),$(1) CC=clang WERROR=-Werror SYSROOT=$(abspath $(SYSROOT)) \
	CFLAGS="-O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=all \
		-fsanitize=address$(comma)undefined$(comma)fuzzer-no-link" \
	LDFLAGS="-fsanitize=address$(comma)undefined")

sanitized: ## build all with clang, its sanitizers and no warning
	+$(call sanitized,tests fuzz-build simulated-build)

# What can be fed with any bytes, with a fuzzer and without one.
.PHONY: sanitized-targets replay-build
sanitized-targets:
	+$(call sanitized,replay-build fuzz-build)
replay-build: $(REPLAYS)

.PHONY: asan tsan sanitized analyze covered-build coverage fuzz fuzz-build format format-check tidy cppcheck help clean
asan: ## make check with AddressSanitizer and UndefinedBehaviorSanitizer
	+$(call variant,$(BUILD)/asan,check ONCE=yes LEAVE_OUT=not-ours CFLAGS="-O1 -g -fno-omit-frame-pointer \
		-fsanitize=address$(comma)undefined -fno-sanitize-recover=all" \
		LDFLAGS="-fsanitize=address$(comma)undefined")

tsan: ## the tests that have threads, with ThreadSanitizer
	+$(call variant,$(BUILD)/tsan,check CFLAGS="-O1 -g -fsanitize=thread" LDFLAGS="-fsanitize=thread" \
		ONLY="$(THREADS)")
THREADS := test_lane test_sampler test_session test_library test_linux_tree test_linux_nvml test_linux_gpu_table fuzz_session \
	python_client server_clients server_life procctl_script

# gcc 12 calls it a leak when a pointer goes into an array at a variable index; LeakSanitizer
# finds the real ones.
analyze: ## gcc's static analyzer
	+$(call variant,$(BUILD)/analyze,all CC=gcc CFLAGS=-O1 WERROR=-Werror \
		ANALYZE="-fanalyzer -Wno-analyzer-malloc-leak")

fuzz: ## fuzz all targets, or ONLY="NAME ..", FUZZ_SECONDS in total
	+$(call sanitized,fuzz-build)
	@BUILD=$(abspath $(SANITIZED)) FUZZ_SECONDS=$(FUZZ_SECONDS) tests/fuzz/run $(ONLY)

# tests/coverage says how many lines and branches must have been run.
covered-build: all $(TESTS) $(REPLAYS) $(PROGRAMS) $(NVML)
coverage: ## measure how much of the code the tests run, with clang
	+$(call variant,$(BUILD)/coverage,covered-build CC=clang CPPFLAGS=-DNDEBUG \
		CFLAGS="-O1 -g -fprofile-instr-generate -fcoverage-mapping" LDFLAGS=-fprofile-instr-generate)
	@BUILD=$(abspath $(BUILD))/coverage tests/coverage

FUZZERS := $(patsubst tests/fuzz/%.c,$(BUILD)/%,$(FUZZ))
fuzz-build: $(FUZZERS)
$(FUZZERS): $(BUILD)/%: $(BUILD)/obj/tests/fuzz/%.o $$(call house,$$@)
	$(call say,LINK,$@)
	$(Q)$(LINK) -fsanitize=fuzzer -o $@ $^ $(LIBS) $(BACKEND_LIBS)

format: ## lay out the code with clang-format
	$(Q)clang-format -i $(SOURCES)

format-check: ## is the code laid out as clang-format does it?
	$(Q)clang-format --dry-run -Werror $(SOURCES)

TIDY     := $(addprefix tidy-,$(filter-out server/darwin/% tests/darwin/% tests/unit/% tests/bench/% %_$(OTHER).c,$(filter %.c,$(SOURCES))))
TIDY_MAC := $(addprefix tidy-,$(MAC_BACKEND))
tidy: $(TIDY) $(TIDY_MAC) ## clang-tidy
$(TIDY): tidy-%: % | $(GENERATED)
	$(call say,TIDY,$<)
	$(Q)clang-tidy --quiet $< -- $(NEEDED) -Itests/fake -std=c11 2>/dev/null
$(TIDY_MAC): tidy-%: % | $(SYSROOT)/LICENSE
	$(call say,TIDY,$<)
	$(Q)clang-tidy --quiet $< -- $(MAC_NEEDED) -std=c11 2>/dev/null

# It needs no headers of others, so both systems' files are looked at. What is no fault is said in the
# line before it, with the reason.
cppcheck: ## cppcheck
	$(call say,CHECK,common server client)
	@mkdir -p $(BUILD)/cppcheck
	$(Q)cppcheck --quiet --std=c11 --language=c --enable=warning$(comma)performance$(comma)portability \
		--inline-suppr --error-exitcode=1 --cppcheck-build-dir=$(BUILD)/cppcheck \
		-Icommon -Iserver -Iclient -Iserver/darwin $(FEATURES_linux) $(DEFINES) common server client

help: ## list these
	@sed -nE 's/^([a-z-]+):.*## (.*)/make \1|\2/p' Makefile | awk -F'|' '{ printf "%-18s %s\n", $$1, $$2 }'

clean: ## remove what was built
	rm -rf $(BUILD)

.SECONDARY:
-include $(wildcard $(BUILD)/mac/server/darwin/*.d $(BUILD)/mac/*/*/*/*.d)
-include $(foreach depth,* */* */*/* */*/*/*,$(wildcard $(BUILD)/obj/*/$(depth).d))
