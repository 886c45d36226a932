#!/bin/sh
# test_install.sh: what `make install` leaves in an empty folder is enough, of what is built already: gk runs, and the program of the README
# is built with what pkg-config says, against the shared and the static library. Ends with "N passed, N failed".
# shellcheck disable=SC2034,SC2046,SC2086 # out and err are read by the checks; flags are words
set -u

# shellcheck source=tests/tools/checks.sh disable=SC1091
. "$(dirname "$0")/checks.sh"
build=$(dirname "$GK")
if nm "$build/libgk.a" 2>/dev/null | grep -q '__asan_init\|__tsan_init\|__gcov_init'; then
    echo "[  SKIPPED ] make install: this build is not one to be installed"
    exit 0
fi

unset MAKEFLAGS MFLAGS
gives 'it installs' 0 '' make -C "$root" --no-print-directory install-built VARIANT="$(basename "$build")" BUILD="$build" DESTDIR="$folder/i" PREFIX=/usr
gives 'gk runs' 0 'gk ' "$folder/i/usr/bin/gk" --version
for file in include/gk.h include/gk_query.h share/man/man1/gk.1 share/man/man7/gkql.7 share/bash-completion/completions/gk \
    share/gk/rules/untreated.gkql lib/systemd/system/gk-serve.service; do
    if [ -s "i/usr/$file" ]; then pass; else fail "$file is installed"; fi
done
has i/usr/lib/systemd/system/gk-serve.service 'ExecStart=/usr/bin/gk serve' "the unit starts what was installed"

sed -n '/^```c run/,/^```$/p' "$root/README.md" | sed '1d;$d' >example.c
[ -s example.c ] || fail "the README has a program"
if command -v pkg-config >/dev/null; then
    PKG_CONFIG_PATH=$folder/i/usr/lib/pkgconfig
    PKG_CONFIG_SYSROOT_DIR=$folder/i
    PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1
    PKG_CONFIG_ALLOW_SYSTEM_LIBS=1
    LD_LIBRARY_PATH=$folder/i/usr/lib
    export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR PKG_CONFIG_ALLOW_SYSTEM_CFLAGS PKG_CONFIG_ALLOW_SYSTEM_LIBS LD_LIBRARY_PATH
    gives 'the shared library is found' 0 '' cc -o shared example.c $(pkg-config --cflags --libs gk)
    gives 'and does its work' 0 'fan-1 ran for 60 s' ./shared
    rm -rf plant.gk i/usr/lib/libgk.so*
    gives 'the static library is found' 0 '' cc -o static example.c $(pkg-config --static --cflags --libs gk)
    gives 'and does the same' 0 'fan-1 ran for 60 s' ./static
else
    echo "skipped: no pkg-config to ask"
fi

done_with
