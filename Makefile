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
# Without trace-cmp: it took half of the time (tests/fuzz/fuzz.sh, docs/TESTING.md).
FLAGS_fuzz     := -O2 -g -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-coverage=trace-cmp \
                  -fno-sanitize-recover=undefined
FLAGS_coverage := -O0 -g --coverage
FLAGS_count    := -O3 -g -DNDEBUG
CFLAGS   ?=
# make V=1 shows the commands.
Q        := $(if $(V),,@)
ALLFLAGS  = $(BASE) $(WARNINGS) $(FLAGS_$(VARIANT)) $(CFLAGS)
LINKFLAGS = $(filter -fsanitize% --coverage,$(FLAGS_$(VARIANT))) $(LDFLAGS)

LIBS     := -llmdb -llz4 -lroaring -lm -lpthread
TOOLLIBS  = $(LIBS) -lz $(EDITLIBS) $(HTTPLIBS) $(CURLLIBS) $(JSONLIBS)
# gk notify posts with libcurl where it is; without it a url of its configuration is refused, and says so.
CURLLIBS := $(shell pkg-config --libs libcurl 2>/dev/null)
CURLFLAGS := $(if $(CURLLIBS),-DGK_CURL $(shell pkg-config --cflags libcurl))
# Lines of the shell are edited with libedit where it is; without it they are read as they come.
EDITLIBS := $(shell pkg-config --libs libedit 2>/dev/null)
EDITFLAGS := $(if $(EDITLIBS),-DGK_LIBEDIT $(shell pkg-config --cflags libedit))
# gk serve answers HTTP with libmicrohttpd, and reads JSON of MQTT with jansson, where they are.
JSONLIBS := $(shell pkg-config --libs jansson 2>/dev/null)
JSONFLAGS := $(if $(JSONLIBS),-DGK_JANSSON $(shell pkg-config --cflags jansson))
HTTPLIBS := $(shell pkg-config --libs libmicrohttpd 2>/dev/null)
HTTPFLAGS := $(if $(HTTPLIBS),-DGK_MICROHTTPD $(shell pkg-config --cflags libmicrohttpd))

# ---- sources --------------------------------------------------------------------------------------------------------
ENGINE := $(sort $(wildcard engine/*/*.c))
QUERY  := $(sort $(wildcard query/*.c))
TOOLS  := $(sort $(wildcard tools/*.c))
TESTS  := $(sort $(wildcard tests/*/test_*.c))
SUPPORT := $(sort $(wildcard tests/support/*.c))
BENCHES := $(sort $(wildcard bench/bench_*.c))
FUZZERS := $(sort $(wildcard tests/fuzz/fuzz_*.c))

CORPUSBINS = $(patsubst tests/fuzz/fuzz_%.c,$(BUILD)/tests/fuzz/run_%,$(FUZZERS))

obj = $(patsubst %.c,$(BUILD)/%.o,$(1))

LIB    := $(BUILD)/libgk.a
SOLIB  := $(BUILD)/libgk.so.$(SO_MAJOR)
GK     := $(BUILD)/gk
TESTBINS := $(patsubst %.c,$(BUILD)/%,$(TESTS))
CRASH  := $(filter-out tests/crash/test_% tests/crash/iolayer.c,$(sort $(wildcard tests/crash/*.c)))
CRASHBIN := $(BUILD)/tests/crash/crash
TSAN_TESTS := tests/db/test_threads tests/tools/test_source

# Which room sees what: engine files name headers from their room; query adds its own; tools see the two public ones.
INC_engine := -Iengine
INC_query  := -Iengine -Iquery
INC_tools  := -Iengine -Iquery -Itools
INC_bench  := -Iengine -Iquery -Ibench
INC_tests  := -Iengine -Iquery -Itools -Itests

.PHONY: all help deps deps-all deps-bench demo check tests bench lint asan tsan fuzz mutants mutate differential rules simulate soak concurrency crash damage coverage count install install-built clean format
.DELETE_ON_ERROR:
.SECONDARY:

all: $(LIB) $(SOLIB) $(GK)

help:
	@sed -n 's/^#: //p' Makefile

#: make demo      install what is missing, build, make a small zone, load it, ask THE question, show the answer
#: make check     the same set-up, then all tests
#: make           the library and the command line tool in build/release
#: make install   to PREFIX (default /usr/local), under DESTDIR

# Programs are compiled as many at a time as there are processors.
JOBS ?= $(shell nproc)

# ---- packages -------------------------------------------------------------------------------------------------------
deps:
	@sh tools/deps.sh

deps-all:
	@sh tools/deps.sh all

deps-bench:
	@sh tools/deps.sh bench

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
$(BUILD)/tools/line.o: ALLFLAGS += $(EDITFLAGS)
$(BUILD)/tools/serve_http.o $(BUILD)/tools/serve_query.o $(BUILD)/tools/serve_write.o \
    $(BUILD)/tests/tools/test_serve_query.o $(BUILD)/tests/tools/test_serve.o $(BUILD)/tests/tools/test_serve_stress.o $(BUILD)/tests/tools/test_serve_full.o: ALLFLAGS += $(HTTPFLAGS)
$(BUILD)/tools/mqtt_payload.o $(BUILD)/tests/tools/test_mqtt_payload.o: ALLFLAGS += $(JSONFLAGS)
$(BUILD)/tools/notify_send.o: ALLFLAGS += $(CURLFLAGS)
$(BUILD)/bench/%.o: bench/%.c
	@mkdir -p $(@D); echo '  cc $<'
	$(Q)$(CC) $(ALLFLAGS) $(INC_bench) -c -o $@ $<
$(BUILD)/tests/bench/%.o: INC_tests += -I.
# It goes over arrays, a byte a tick: ten times the time without vectors.
$(BUILD)/tests/naive/%.o: ALLFLAGS += -O3
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
# Tests of codec once more with the bodies of lesser processors, see codec/target.h: the same bytes, the same values.
CAPBINS = $(patsubst %.c,$(BUILD)/plain/%,$(filter tests/codec/%,$(TESTS))) \
          $(patsubst %.c,$(BUILD)/avx2/%,$(filter tests/codec/%,$(TESTS)))
UNCAPPED = $(call obj,$(SUPPORT) $(filter-out engine/codec/%,$(ENGINE)) $(QUERY))
define cap
$$(BUILD)/$(1)/%.o: %.c
	@mkdir -p $$(@D); echo '  cc $$< ($(1))'
	$$(Q)$$(CC) $$(ALLFLAGS) -DTARGET_CAP=$(2) $$(INC_tests) -c -o $$@ $$<
$$(BUILD)/$(1)/tests/%: $$(BUILD)/$(1)/tests/%.o $$(patsubst %.c,$$(BUILD)/$(1)/%.o,$$(filter engine/codec/%,$$(ENGINE))) \
    $$(UNCAPPED)
	@mkdir -p $$(@D); echo '  ld $$@'
	$$(Q)$$(CC) $$(LINKFLAGS) -o $$@ $$^ -lcmocka $$(LIBS)
endef
$(eval $(call cap,plain,TARGET_PLAIN))
$(eval $(call cap,avx2,TARGET_AVX2))

# The layer between a program and its files stands before libc, and has no sanitizer in it.
IOLAYER := $(BUILD)/tests/crash/iolayer.so
$(IOLAYER): tests/crash/iolayer.c tests/crash/iolayer.h
	@mkdir -p $(@D); echo '  ld $@'
	$(Q)$(CC) $(filter-out -MMD -MP,$(BASE)) $(WARNINGS) -O1 -g -Itests -shared -o $@ $<
$(CRASHBIN): $(call obj,$(CRASH) $(SUPPORT)) $(LIB) | $(IOLAYER)
	@mkdir -p $(@D); echo '  ld $@'
	$(Q)$(CC) $(LINKFLAGS) -o $@ $^ -lcmocka $(LIBS)
$(filter $(BUILD)/tests/crash/%,$(TESTBINS)): $(BUILD)/tests/crash/replay.o $(BUILD)/tests/crash/image.o | $(IOLAYER)

# The bench links the objects too: bench_codec looks inside.
BENCHSUP := $(filter-out $(BENCHES),$(sort $(wildcard bench/*.c)))
# A new commit is a new report.
$(BUILD)/bench/report.o: ALLFLAGS += '-DBENCH_COMMIT="$(shell git describe --always --dirty 2>/dev/null)"'
$(BUILD)/bench/report.o: $(wildcard .git/logs/HEAD)
$(BUILD)/bench/%: $(BUILD)/bench/%.o $(call obj,$(BENCHSUP)) $(call obj,$(ENGINE) $(QUERY))
	@mkdir -p $(@D); echo '  ld $@'
	$(Q)$(CC) $(LINKFLAGS) -o $@ $^ $(TOOLLIBS) -ldl

# The codec room once more as lesser processors run it, behind one name each: bench_codec holds them against the best.
define capped
$$(BUILD)/$(1)/bench/capped.o: bench/capped.c
	@mkdir -p $$(@D); echo '  cc $$< ($(1))'
	$$(Q)$$(CC) $$(ALLFLAGS) -DCAPPED=$(2) $$(INC_bench) -c -o $$@ $$<
$$(BUILD)/bench/capped_$(1).o: $$(BUILD)/$(1)/bench/capped.o $$(patsubst %.c,$$(BUILD)/$(1)/%.o,$$(filter engine/codec/%,$$(ENGINE)))
	@mkdir -p $$(@D); echo '  ld $$@'
	$$(Q)ld -r -o $$@ $$^
	$$(Q)objcopy --keep-global-symbol=$(2) $$@
endef
$(eval $(call capped,plain,CAPPED_PLAIN))
$(eval $(call capped,avx2,CAPPED_AVX2))
$(BUILD)/bench/bench_codec: $(BUILD)/bench/capped_plain.o $(BUILD)/bench/capped_avx2.o

# The naive evaluator sees the engine as everybody does, through gk.h and gk_query.h.
NAIVE := $(filter-out tests/naive/test_%,$(sort $(wildcard tests/naive/*.c)))
$(filter $(BUILD)/tests/naive/%,$(TESTBINS)): %: %.o $(call obj,$(NAIVE) $(SUPPORT)) $(LIB)
	@mkdir -p $(@D); echo '  ld $@'
	$(Q)$(CC) $(LINKFLAGS) -o $@ $^ -lcmocka $(LIBS)

# A store on a simulated disk: LMDB's calls end in layer.c.
SIMULATION := $(filter-out tests/simulation/test_%,$(sort $(wildcard tests/simulation/*.c)))
$(BUILD)/tests/simulation/test_simulation: $(call obj,$(SIMULATION))

# Tests of the bench link all of it but its programs.
$(filter $(BUILD)/tests/bench/%,$(TESTBINS)): %: %.o $(call obj,$(SUPPORT) $(BENCHSUP)) $(call obj,$(ENGINE) $(QUERY))
	@mkdir -p $(@D); echo '  ld $@'
	$(Q)$(CC) $(LINKFLAGS) -o $@ $^ -lcmocka $(TOOLLIBS) -ldl

# Tests of the tools link them too, all but main.
$(BUILD)/tests/tools/%: $(BUILD)/tests/tools/%.o $(call obj,$(SUPPORT) $(filter-out tools/main.c,$(TOOLS))) $(LIB)
	@mkdir -p $(@D); echo '  ld $@'
	$(Q)$(CC) $(LINKFLAGS) -o $@ $^ -lcmocka $(TOOLLIBS)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

# ---- for people -----------------------------------------------------------------------------------------------------
demo: deps
	@$(MAKE) -j$(JOBS) --no-print-directory VARIANT=release build/release/gk
	@GK=build/release/gk sh tools/demo.sh

#: make check     the same set-up, then all tests (asserts on); ends with "N passed, N failed"
check: deps
	@$(MAKE) -j$(JOBS) --no-print-directory VARIANT=check tests

tests: $(GK) $(TESTBINS) $(CAPBINS) $(CORPUSBINS) $(CRASHBIN) $(SOLIB)
	@BUILD=$(BUILD) GK=$(GK) sh tests/run.sh $(TESTBINS) $(CAPBINS) $(wildcard tests/*/test_*.sh)

#: make asan      all tests under AddressSanitizer and UBSan
asan: deps
	@$(MAKE) -j$(JOBS) --no-print-directory VARIANT=asan tests

#: make tsan      tests with threads under ThreadSanitizer
tsan: deps
	@$(MAKE) -j$(JOBS) --no-print-directory VARIANT=tsan tsan-run
tsan-run: $(addprefix $(BUILD)/,$(TSAN_TESTS))
	@BUILD=$(BUILD) GK=$(GK) sh tests/run.sh $^

#: make fuzz      every fuzz target for FUZZ_SECONDS (default 20) each, or FUZZ_RUNS times, under the sanitizers
FUZZ_SECONDS ?= 20
FUZZ_RUNS    ?=
fuzz: deps-all
	@$(MAKE) -j$(JOBS) --no-print-directory VARIANT=fuzz CC="$(CLANG)" fuzz-run
fuzz-run: $(patsubst %.c,$(BUILD)/%,$(FUZZERS)) $(BUILD)/tests/fuzz/unpack
	@BUILD=$(BUILD) FUZZ_SECONDS=$(FUZZ_SECONDS) FUZZ_RUNS=$(FUZZ_RUNS) sh tests/fuzz/fuzz.sh
# Of an archive a target gets what it calls: the counters of all other branches would be looked through after each run.
$(BUILD)/tests/fuzz/objects.a: $(call obj,$(ENGINE) $(QUERY))
	@mkdir -p $(@D); rm -f $@; ar rcsT $@ $^
$(BUILD)/tests/fuzz/%: $(BUILD)/tests/fuzz/%.o $(BUILD)/tests/fuzz/objects.a
	@mkdir -p $(@D); echo '  ld $@'
	$(Q)$(CC) -fsanitize=address,undefined,fuzzer -o $@ $^ $(LIBS)
# The same targets without a fuzzer, over the corpora that are kept.
$(BUILD)/tests/fuzz/run_%: $(BUILD)/tests/fuzz/fuzz_%.o $(BUILD)/tests/fuzz/driver.o $(call obj,$(ENGINE) $(QUERY))
	@mkdir -p $(@D); echo '  ld $@'
	$(Q)$(CC) $(LINKFLAGS) -o $@ $^ $(LIBS)
$(BUILD)/tests/fuzz/unpack: tests/fuzz/driver.c tests/fuzz/fuzz_canary.c
	@mkdir -p $(@D); echo '  cc $@'
	$(Q)$(CC) $(BASE) $(WARNINGS) -o $@ $^

#: make mutants   takes syncs, checksums, bounds and locks out of the engine, one at a time: a test must fail. MUTANTS="lock full"
mutants: deps
	@sh tests/mutants/mutants.sh $(MUTANTS)

#: make mutate    MUTATIONS (default 10000000) changed statements in both languages: understood, or one positioned error
MUTATIONS ?= 10000000
mutate: deps
	@$(MAKE) -j$(JOBS) --no-print-directory VARIANT=check build/check/tests/query/test_mutate
	GK_ROUNDS=$(MUTATIONS) build/check/tests/query/test_mutate

#: make differential  QUESTIONS (default 1000000) random statements, answered by the engine and by a naive evaluator
QUESTIONS ?= 1000000
differential: deps
	@$(MAKE) -j$(JOBS) --no-print-directory VARIANT=check build/check/tests/naive/test_differential
	GK_ROUNDS=$(QUESTIONS) build/check/tests/naive/test_differential

#: make rules     DAYS (default 30) of a zone with known violations, and ZONES (default 200) random ones, against questions
DAYS  ?= 30
ZONES ?= 200
rules: deps
	@$(MAKE) -j$(JOBS) --no-print-directory VARIANT=check build/check/tests/query/test_month build/check/tests/query/test_judge
	GK_ROUNDS=$(DAYS) build/check/tests/query/test_month
	GK_ROUNDS=$(ZONES) build/check/tests/query/test_judge

#: make simulate  SEEDS (default 100000) stories of a store on a simulated disk and clock, the first one GK_SEED
SEEDS ?= 100000
simulate: deps
	@$(MAKE) -j$(JOBS) --no-print-directory VARIANT=check build/check/tests/simulation/test_simulation
	GK_ROUNDS=$(SEEDS) build/check/tests/simulation/test_simulation

#: make soak      HOURS (default 240) of a zone on a simulated clock, with retention: memory and file stay as they are
HOURS ?= 240
soak: deps
	@$(MAKE) -j$(JOBS) --no-print-directory VARIANT=check build/check/tests/simulation/test_soak
	GK_ROUNDS=$(HOURS) build/check/tests/simulation/test_soak

#: make concurrency  one writer and eight readers, killed at random for MINUTES (default 30)
MINUTES ?= 30
concurrency: deps
	@$(MAKE) -j$(JOBS) --no-print-directory VARIANT=check build/check/tests/concurrency/test_concurrency
	GK_MINUTES=$(MINUTES) build/check/tests/concurrency/test_concurrency

#: make crash     kill -9, crash states, power cuts, failing calls: KILLS=500 STATES=20000 CUTS=20 FAULTS=1000
KILLS  ?= 500
STATES ?= 20000
CUTS   ?= 20
FAULTS ?= 1000
crash: deps
	@$(MAKE) -j$(JOBS) --no-print-directory VARIANT=release build/release/tests/crash/crash
	build/release/tests/crash/crash kills $(KILLS)
	build/release/tests/crash/crash states $(STATES)
	build/release/tests/crash/crash cuts $(CUTS)
	build/release/tests/crash/crash faults $(FAULTS)

#: make damage    FILES (default 100000) damaged files: the truth, an error or a named gap; never a signal, a hang, a lie
FILES ?= 100000
damage: deps
	@$(MAKE) -j$(JOBS) --no-print-directory VARIANT=release build/release/tests/damage/damage_loop
	build/release/tests/damage/damage_loop $(FILES)

#: make lint      formatting, the walls between the rooms, exported names, cppcheck, and clang's warnings
lint: deps-all
	@$(MAKE) -j$(JOBS) --no-print-directory VARIANT=check CC="$(CLANG)" BUILD=build/clang build/clang/gk
	@$(MAKE) -j$(JOBS) --no-print-directory VARIANT=release all $(patsubst bench/%.c,build/release/bench/%,$(BENCHES))
	@BUILD=build/release sh tests/lint.sh

#: make format    formats all C
format:
	clang-format-14 -i $$(find engine query tools bench tests -name '*.[ch]')

#: make coverage  line coverage of the tests, by gcov
coverage: deps
	@$(MAKE) -j$(JOBS) --no-print-directory VARIANT=coverage tests
	@sh tests/coverage.sh build/coverage

#: make bench     the benchmarks, or those named: BENCH="zone codec"; BENCH_ARGS are passed on; tables to build/bench
BENCH ?= zone peers $(filter-out zone peers count,$(patsubst bench/bench_%.c,%,$(BENCHES)))
bench: deps
	@$(MAKE) -j$(JOBS) --no-print-directory VARIANT=release bench-run
bench-run: $(patsubst %,$(BUILD)/bench/bench_%,$(BENCH))
	@set -e; mkdir -p build/bench; for b in $(BENCH); do $(BUILD)/bench/bench_$$b --dir build --table build/bench/$$b.txt \
	    --json build/bench/$$b.json --svg build/bench/$$b.svg $(BENCH_ARGS); done

#: make count     instructions of the hot loops by cachegrind, against bench/counts.txt
count: deps-all
	@$(MAKE) -j$(JOBS) --no-print-directory VARIANT=count build/count/bench/bench_count
	@sh bench/count.sh build/count/bench/bench_count

#: make install   gk, the library, its headers, pages, rules and unit, below PREFIX (default /usr/local); DESTDIR before it
install: all
	@$(MAKE) --no-print-directory install-built
# What is there already: a test may not link anew what other tests run meanwhile.
install-built:
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/pkgconfig $(DESTDIR)$(PREFIX)/include \
	    $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/man/man7 \
	    $(DESTDIR)$(PREFIX)/share/bash-completion/completions $(DESTDIR)$(PREFIX)/share/gk/rules \
	    $(DESTDIR)$(PREFIX)/lib/systemd/system
	install -m 755 $(GK) $(DESTDIR)$(PREFIX)/bin/gk
	install -m 644 $(LIB) $(DESTDIR)$(PREFIX)/lib/libgk.a
	install -m 755 $(SOLIB) $(DESTDIR)$(PREFIX)/lib/libgk.so.$(VERSION)
	ln -sf libgk.so.$(VERSION) $(DESTDIR)$(PREFIX)/lib/libgk.so.$(SO_MAJOR)
	ln -sf libgk.so.$(SO_MAJOR) $(DESTDIR)$(PREFIX)/lib/libgk.so
	install -m 644 engine/gk.h query/gk_query.h $(DESTDIR)$(PREFIX)/include/
	install -m 644 docs/man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1/
	install -m 644 docs/man/*.7 $(DESTDIR)$(PREFIX)/share/man/man7/
	install -m 644 tools/gk.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/gk
	install -m 644 docs/rules/*.gkql $(DESTDIR)$(PREFIX)/share/gk/rules/
	sed 's|/usr/local/bin|$(PREFIX)/bin|' docs/gk-serve.service >$(DESTDIR)$(PREFIX)/lib/systemd/system/gk-serve.service
	chmod 644 $(DESTDIR)$(PREFIX)/lib/systemd/system/gk-serve.service
	printf 'prefix=%s\nName: gk\nDescription: time-series storage for the working conditions of equipment\nVersion: %s\nLibs: -L$${prefix}/lib -lgk\nLibs.private: $(LIBS)\nCflags: -I$${prefix}/include\n' \
	    '$(PREFIX)' '$(VERSION)' >$(DESTDIR)$(PREFIX)/lib/pkgconfig/gk.pc

clean:
	rm -rf build
