# gkdb. `make demo` and `make check` are all a newcomer needs; `make help` lists the rest.
#
# Everything that is made goes to build/<variant>/: release, check (asserts on), asan, tsan, fuzz, coverage, count.

VERSION  := 0.1.0
SO_MAJOR := 0
CC       ?= gcc
ifeq ($(origin CC),default)
CC       := gcc
endif
CLANG    ?= clang-14
PREFIX   ?= /usr/local
DESTDIR  ?=
BUILD    ?= build/$(VARIANT)
VARIANT  ?= release

# ---- flags ----------------------------------------------------------------------------------------------------------
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wcast-qual \
            -Wpointer-arith -Wvla -Wundef -Wformat=2 -Werror
BASE     := -std=c11 -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE -fPIC -fvisibility=hidden -fno-math-errno \
            -ffp-contract=off -MMD -MP
FLAGS_release  := -O3 -g -DNDEBUG
FLAGS_check    := -O1 -g
FLAGS_asan     := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
FLAGS_tsan     := -O1 -g -fsanitize=thread
FLAGS_fuzz     := -O1 -g -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=undefined
FLAGS_coverage := -O0 -g --coverage
FLAGS_count    := -O2 -g -DNDEBUG
CFLAGS   ?=
# make V=1 shows the commands.
Q        := $(if $(V),,@)
ALLFLAGS  = $(BASE) $(WARNINGS) $(FLAGS_$(VARIANT)) $(CFLAGS)
LINKFLAGS = $(filter -fsanitize% --coverage,$(FLAGS_$(VARIANT))) $(LDFLAGS)

LIBS     := -llmdb -llz4 -lroaring -lm -lpthread
TOOLLIBS  = $(LIBS) -lz

# ---- sources --------------------------------------------------------------------------------------------------------
ENGINE := $(sort $(wildcard engine/*/*.c))
QUERY  := $(sort $(wildcard query/*.c))
TOOLS  := $(sort $(wildcard tools/*.c))
TESTS  := $(sort $(filter-out tests/fuzz/% tests/support/%,$(wildcard tests/*/test_*.c)))
SUPPORT := $(sort $(wildcard tests/support/*.c))
BENCHES := $(sort $(wildcard bench/bench_*.c))
FUZZERS := $(sort $(wildcard tests/fuzz/fuzz_*.c))

obj = $(patsubst %.c,$(BUILD)/%.o,$(1))

LIB    := $(BUILD)/libgk.a
SOLIB  := $(BUILD)/libgk.so.$(SO_MAJOR)
GK     := $(BUILD)/gk
TESTBINS := $(patsubst %.c,$(BUILD)/%,$(TESTS))

# Which room sees what: engine files name headers from their room; query adds its own; tools see the two public ones.
INC_engine := -Iengine
INC_query  := -Iengine -Iquery
INC_tools  := -Iengine -Iquery -Itools
INC_bench  := -Iengine -Iquery -Ibench
INC_tests  := -Iengine -Iquery -Itools -Itests

.PHONY: all help deps demo check bench lint asan tsan fuzz crash coverage count install clean format
.DELETE_ON_ERROR:
.SECONDARY:

all: $(LIB) $(SOLIB) $(GK)

help:
	@sed -n 's/^#: //p' Makefile

#: make demo      install what is missing, build, make a small zone, load it, ask THE question, show the answer
#: make check     the same set-up, then all tests
#: make           the library and the command line tool in build/release
#: make install   to PREFIX (default /usr/local), under DESTDIR

# ---- packages -------------------------------------------------------------------------------------------------------
deps:
	@sh tools/deps.sh

# ---- building -------------------------------------------------------------------------------------------------------
$(BUILD)/engine/%.o: engine/%.c
	@mkdir -p $(@D); echo '  cc $<'
	$(Q)$(CC) $(ALLFLAGS) $(INC_engine) -c -o $@ $<
$(BUILD)/query/%.o: query/%.c
	@mkdir -p $(@D); echo '  cc $<'
	$(Q)$(CC) $(ALLFLAGS) $(INC_query) -c -o $@ $<
$(BUILD)/tools/%.o: tools/%.c
	@mkdir -p $(@D); echo '  cc $<'
	$(Q)$(CC) $(ALLFLAGS) $(INC_tools) -c -o $@ $<
$(BUILD)/bench/%.o: bench/%.c
	@mkdir -p $(@D); echo '  cc $<'
	$(Q)$(CC) $(ALLFLAGS) $(INC_bench) -c -o $@ $<
$(BUILD)/tests/%.o: tests/%.c
	@mkdir -p $(@D); echo '  cc $<'
	$(Q)$(CC) $(ALLFLAGS) $(INC_tests) -c -o $@ $<

# The archive is one object in which everything but gk_* is local, so that it cannot clash with a host's names.
$(LIB): $(call obj,$(ENGINE) $(QUERY))
	@mkdir -p $(@D)
	@echo '  ar $@'
	$(Q)ld -r -o $(BUILD)/libgk.o $^
	$(Q)objcopy --localize-hidden $(BUILD)/libgk.o
	@rm -f $@
	$(Q)ar rcs $@ $(BUILD)/libgk.o

$(SOLIB): $(call obj,$(ENGINE) $(QUERY))
	@echo '  ld $@'
	$(Q)$(CC) -shared -Wl,-soname,libgk.so.$(SO_MAJOR) -Wl,-z,defs $(LINKFLAGS) -o $@ $^ $(LIBS)
	$(Q)ln -sf libgk.so.$(SO_MAJOR) $(BUILD)/libgk.so

$(GK): $(call obj,$(TOOLS)) $(LIB)
	@mkdir -p $(@D); echo '  ld $@'
	$(Q)$(CC) $(LINKFLAGS) -o $@ $^ $(TOOLLIBS)

# Tests see the rooms from inside: they link the objects, not the archive.
$(BUILD)/tests/%: $(BUILD)/tests/%.o $(call obj,$(SUPPORT)) $(call obj,$(ENGINE) $(QUERY))
	@mkdir -p $(@D); echo '  ld $@'
	$(Q)$(CC) $(LINKFLAGS) -o $@ $^ -lcmocka $(LIBS)
$(BUILD)/bench/%: $(BUILD)/bench/%.o $(LIB)
	@mkdir -p $(@D); echo '  ld $@'
	$(Q)$(CC) $(LINKFLAGS) -o $@ $^ $(TOOLLIBS)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

clean:
	rm -rf build
