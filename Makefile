# procmond: `make` builds, `make run` shows it, `make check` tests it, `make help` lists all.

BUILD   ?= build
CC      ?= cc
CFLAGS  ?= -O2 -g
OS      := $(shell uname -s)
PLATFORM := $(if $(filter Darwin,$(OS)),darwin,linux)

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wwrite-strings -Wformat=2 -Wundef -Wvla -Wconversion -Wno-sign-conversion
FEATURES := $(if $(filter darwin,$(PLATFORM)),-D_DARWIN_C_SOURCE,-D_GNU_SOURCE)
CPPFLAGS += $(FEATURES) -Icommon -Iserver -Iclient -I$(BUILD)/proto
ALL_CFLAGS = -std=c11 $(WARNINGS) $(WERROR) -fPIC -pthread $(CFLAGS)

EVENT_LIBS    := $(shell pkg-config --libs libevent_core 2>/dev/null || echo -levent_core)
PROTOBUF_LIBS := $(shell pkg-config --libs libprotobuf-c 2>/dev/null || echo -lprotobuf-c)

VERSION := 0.1.0
CPPFLAGS += -DPROCMON_VERSION='"$(VERSION)"'

# The house. procctl is all of client/ that is not the library.
COMMON   := $(wildcard common/*.c)
LIBRARY  := $(addprefix client/,connection.c request.c table.c object.c start.c catalog.c)
PROCCTL  := $(filter-out $(LIBRARY),$(wildcard client/*.c))
EDGE     := server/procmond.c server/listener.c server/session.c
CORE     := $(filter-out $(EDGE),$(wildcard server/*.c))
BACKEND  := $(wildcard server/$(PLATFORM)/*.c)
FAKE     := $(wildcard tests/fake/*.c)
UNIT     := $(wildcard tests/unit/test_*.c)

object    = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
GENERATED := $(BUILD)/proto/procmon.pb-c.c $(BUILD)/proto/procmon.pb-c.h
WIRE      := $(BUILD)/obj/proto/procmon.pb-c.o

.PHONY: all
all: $(BUILD)/procmond $(BUILD)/procctl $(BUILD)/libprocmon.a $(BUILD)/libprocmon.so

$(GENERATED) &: proto/procmon.proto
	@mkdir -p $(BUILD)/proto
	protoc-c --proto_path=proto --c_out=$(BUILD)/proto $<

$(WIRE): $(BUILD)/proto/procmon.pb-c.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -std=c11 -fPIC $(CFLAGS) -c -o $@ $<

$(BUILD)/obj/%.o: %.c | $(GENERATED)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/procmond: $(call object,$(EDGE) $(CORE) $(BACKEND) $(COMMON)) $(WIRE)
	$(CC) $(LDFLAGS) -pthread -o $@ $^ $(EVENT_LIBS) $(PROTOBUF_LIBS)

$(BUILD)/libprocmon.a: $(call object,$(LIBRARY) $(COMMON)) $(WIRE)
	$(AR) rcs $@ $^

$(BUILD)/libprocmon.so: $(call object,$(LIBRARY) $(COMMON)) $(WIRE)
	$(CC) $(LDFLAGS) -shared -o $@ $^ $(PROTOBUF_LIBS)

$(BUILD)/procctl: $(call object,$(PROCCTL)) $(BUILD)/libprocmon.a
	$(CC) $(LDFLAGS) -pthread -o $@ $^ $(EVENT_LIBS) $(PROTOBUF_LIBS)

# A unit test is one file; it links with everything but the main programs, and with the
# scripted platform.
$(BUILD)/tests/%: $(BUILD)/obj/tests/unit/%.o $(call object,tests/unit/test.c $(CORE) $(FAKE) $(LIBRARY) $(COMMON)) $(WIRE)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -pthread -o $@ $^ $(EVENT_LIBS) $(PROTOBUF_LIBS)

.PHONY: unit
unit: $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(UNIT))
	@set -e; for test in $^; do $$test; done

.PHONY: clean
clean:
	rm -rf $(BUILD)

.SECONDARY:
-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
