#!/bin/sh
# lint.sh: what every line of the house must keep. Each finding is one line; the exit status is 0 when there is none.
#   formatting     clang-format 14
#   walls          who may include what: the room says it
#   headers        compile alone
#   exported names libgk.a and libgk.so export gk_* and nothing else
#   cppcheck       nothing
set -u
BUILD=${BUILD:-build/release}
bad=0
complain() {
    echo "lint: $*"
    bad=$((bad + 1))
}

files=$(find engine query tools bench tests -name '*.[ch]' | sort)

# ---- formatting ----
for f in $files; do
    clang-format-14 "$f" | cmp -s - "$f" || complain "$f: not as clang-format would have it (make format)"
done

# ---- walls ----
# One line "file include" for every include of the engine, the query room and the tools.
grep -nE '^[[:space:]]*#[[:space:]]*include' $(find engine query tools -name '*.[ch]' | sort) |
    sed -E 's/^([^:]*):[0-9]+:[[:space:]]*#[[:space:]]*include[[:space:]]*/\1 /; s/[[:space:]]*(\/\*.*)?$//' >"$BUILD/includes"
while read -r file include; do
    room=$(echo "$file" | sed -E 's|^(engine/[^/]*)/.*|\1|; s|^(query\|tools)/.*|\1|')
    case $include in
    '<lmdb.h>') [ "$room" = engine/store ] || complain "$file: <lmdb.h> belongs to engine/store" ;;
    '<lz4.h>') [ "$room" = engine/codec ] || complain "$file: <lz4.h> belongs to engine/codec" ;;
    '<roaring/roaring.h>') [ "$room" = engine/state ] || complain "$file: <roaring/roaring.h> belongs to engine/state" ;;
    '<histedit.h>') [ "$file" = tools/line.c ] || complain "$file: <histedit.h> belongs to tools/line.c" ;;
    '<zlib.h>') [ "$room" = tools ] || complain "$file: <zlib.h> belongs to tools" ;;
    '<cmocka.h>') complain "$file: <cmocka.h> belongs to tests" ;;
    '<'*) ;;
    '"gk.h"') ;;
    '"gk_query.h"') [ "$room" = query ] || [ "$room" = tools ] || complain "$file: the engine does not know the query room" ;;
    '"'*'/'*'"')
        see=$(echo "$include" | sed -E 's|^"([^/]*)/.*|\1|')
        case "$room sees $see" in
        'engine/base sees base') ;;
        'engine/codec sees codec' | 'engine/codec sees base') ;;
        'engine/state sees state' | 'engine/state sees base') ;;
        'engine/store sees store' | 'engine/store sees base') ;;
        'engine/feed sees feed' | 'engine/feed sees base') ;;
        'engine/db sees '*) ;;
        *) complain "$file: $room must not see $include" ;;
        esac
        ;;
    '"'*'"')
        name=$(echo "$include" | tr -d '"')
        [ "$room" = query ] && [ -f "query/$name" ] && continue
        [ "$room" = tools ] && [ -f "tools/$name" ] && continue
        complain "$file: $include is named without its room"
        ;;
    esac
done <"$BUILD/includes"

# ---- headers compile alone ----
for h in $(find engine query tools -name '*.h'); do
    gcc -std=c11 -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE -Wall -Wextra -Werror -Iengine -Iquery -Itools -fsyntax-only -x c "$h" \
        2>"$BUILD/header.log" || complain "$h: does not compile alone: $(head -n 1 "$BUILD/header.log")"
done

# ---- exported names ----
for name in $(nm -g --defined-only "$BUILD/libgk.a" 2>/dev/null | awk 'NF == 3 { print $3 }' | sort -u); do
    case $name in gk_*) ;; *) complain "libgk.a exports $name" ;; esac
done
for name in $(nm -D --defined-only "$BUILD/libgk.so.0" | awk 'NF == 3 { print $3 }' | sort -u); do
    case $name in gk_*) ;; *) complain "libgk.so exports $name" ;; esac
done
# Every GK_API declaration has a definition.
for name in $(sed -nE 's/^GK_API .*[ *](gk_[a-z0-9_]+)\(.*/\1/p' engine/gk.h query/gk_query.h); do
    nm -D --defined-only "$BUILD/libgk.so.0" | grep -q " $name\$" || complain "$name is declared and not defined"
done

# ---- cppcheck ----
cppcheck --quiet --std=c11 --language=c --enable=warning,portability --inline-suppr --error-exitcode=0 \
    --suppress=missingIncludeSystem --suppress=unknownMacro -Iengine -Iquery -Itools -D__x86_64__ -D__BYTE_ORDER__=1 \
    -D__ORDER_LITTLE_ENDIAN__=1 --template='{file}:{line}: {severity}: {id}: {message}' \
    engine query tools bench 2>"$BUILD/cppcheck.log"
while read -r line; do
    complain "cppcheck: $line"
done <"$BUILD/cppcheck.log"

# ---- whole words ----
if grep -nE '\b(TODO|FIXME|XXX)\b' $files; then
    complain "a TODO without an owner"
fi

if [ "$bad" = 0 ]; then
    echo "lint: nothing to complain about in $(echo "$files" | wc -w) files"
else
    echo "lint: $bad complaints"
    exit 1
fi
