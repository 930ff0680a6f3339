#!/bin/sh
# The C tests with a library that was built with -Zsanitizer=address: each a program of cc's with the same sanitizer.
#
#   tests/c/asan.sh LIBRARY_FOLDER WORK
set -u
here=$(cd "$(dirname "$0")" && pwd)
lib=$(cd "$1" && pwd) && mkdir -p "$2" && work=$(cd "$2" && pwd) || exit 1
so=$(ls -t "$lib"/libdicod.so "$lib"/deps/libdicod.so 2>/dev/null | head -n 1)
[ "$so" ] || { echo "asan.sh: no libdicod.so in $lib" >&2; exit 1; }
soname=$(readelf -d "$so" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')
cp "$so" "$work/libdicod.so" && ln -sf libdicod.so "$work/${soname:-libdicod.so.0}" || exit 1
failed=0
for name in segmentation options solve encoder learn handles; do
    cc -std=c11 -Wall -Wextra -Werror -g -O1 -fsanitize=address -fno-omit-frame-pointer -I"$here/../../include" -I"$here" \
        "$here/test_$name.c" -o "$work/$name" -L"$work" -ldicod -lm -Wl,-rpath,"$work" || exit 1
    (cd "$work" && OPENBLAS_NUM_THREADS=1 ASAN_OPTIONS=allocator_may_return_null=1:detect_leaks=${LEAKS:-1} ./"$name") || failed=1
done
exit $failed
