#!/bin/sh
# deps.sh [all|bench]: installs what is missing for building and testing; with `all` also what lint, asan, fuzz and count
# need; with `bench` the peers of the benchmarks that Debian has, which `make bench` leaves out when they are absent.
# Quick and silent when nothing is missing. What counts is the tool or the header, not the package, so that a system
# which has them from elsewhere is left alone.
# shellcheck disable=SC2317,SC2086 # the tests are called through need; CC may be two words
set -u

CC=${CC:-gcc}
missing=

need() { # need PACKAGE TEST...: the package is missing when the test fails
    package=$1
    shift
    "$@" >/dev/null 2>&1 || missing="$missing $package"
}
has() {
    command -v "$1"
}
has_header() {
    printf '#include <stddef.h>\n#include <stdarg.h>\n#include <stdint.h>\n#include <setjmp.h>\n#include <%s>\n' "$1" |
        $CC -E -x c -
}
has_fuzzer() {
    ls "$(clang-14 -print-resource-dir)"/lib/linux/libclang_rt.fuzzer-*.a
}
has_library() {
    PATH=$PATH:/sbin:/usr/sbin ldconfig -p | grep "$1"
}

need gcc has "${CC%% *}"
need libc6-dev has_header stdlib.h
need make has make
need pkg-config has pkg-config
need binutils has objcopy
need liblmdb-dev has_header lmdb.h
need liblz4-dev has_header lz4.h
need libroaring-dev has_header roaring/roaring.h
need libcmocka-dev has_header cmocka.h
need zlib1g-dev has_header zlib.h
if [ "${1:-}" = all ]; then
    need clang-14 has clang-14
    need clang-format-14 has clang-format-14
    need libclang-rt-14-dev has_fuzzer
    need cppcheck has cppcheck
    need valgrind has valgrind
fi
if [ "${1:-}" = bench ]; then
    need libzstd1 has_library libzstd.so.1
    need libblosc1 has_library libblosc.so.1
    need libsqlite3-0 has_library libsqlite3.so.0
fi
# Wanted, but not needed: libedit for the lines of gk shell, libmicrohttpd for gk serve --http, libcurl for the urls of
# gk notify, jansson for JSON over MQTT; mosquitto for a test of it.
wanted=
pkg-config --exists libedit 2>/dev/null || wanted=" libedit-dev"
pkg-config --exists libmicrohttpd 2>/dev/null || wanted="$wanted libmicrohttpd-dev"
pkg-config --exists libcurl 2>/dev/null || wanted="$wanted libcurl4-openssl-dev"
pkg-config --exists jansson 2>/dev/null || wanted="$wanted libjansson-dev"
PATH=$PATH:/usr/sbin has mosquitto >/dev/null || wanted="$wanted mosquitto"
[ -n "$missing$wanted" ] || exit 0

as_root=
[ "$(id -u)" = 0 ] || as_root="sudo -n"
can_install() {
    command -v apt-get && { [ -z "$as_root" ] || sudo -n true; }
}
install() {
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"
}
fetch() { # the list of packages may be old or absent: fetch it when the first try fails
    echo "installing: $*" >&2
    { install "$@" || { $as_root apt-get update -q && install "$@"; }; } >&2
}

# shellcheck disable=SC2086 # one word a package
if can_install >/dev/null 2>&1; then
    for package in $wanted; do
        fetch "$package" || echo "deps.sh: gk will do without what $package is for" >&2
    done
    [ -z "$missing" ] || fetch $missing || {
        echo "deps.sh: apt-get could not install:$missing" >&2
        exit 1
    }
    exit 0
fi
[ -z "$wanted" ] || echo "deps.sh: gk will do without what these are for:$wanted" >&2
[ -n "$missing" ] || exit 0
echo "deps.sh: these are missing; as root: apt-get install$missing" >&2
exit 1
