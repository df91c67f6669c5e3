#!/usr/bin/env bash
# The sizes without debug data of the tool, the shared library and a program with memory caches alone, and what each needs beside the C++
# runtime, as a table: sizes.sh BUILD, a folder that holds both forms of the library (the release preset does).
# Exit status 1 when the static program takes a library for Redis, TLS or compression along.
set -euo pipefail
build=$1
source=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

static=$(find "$build" -name libcachesite.a | head -n 1)
shared=$(find "$build" -name 'libcachesite.so.*.*' -type f | head -n 1)
if [ -z "$static" ] || [ -z "$shared" ]; then
  echo "build cachesite_static and cachesite_shared in $build first" >&2
  exit 2
fi
further=$(pkg-config --libs hiredis yaml-cpp openssl spdlog zlib libzstd liblz4)
g++ -std=c++20 -O2 -DNDEBUG -I"$source/interfaces" -I"$source/implements" -I"$source/loaders" -ffunction-sections -fdata-sections \
  -c "$source/tests/package/memory_only/main.cpp" -o "$work/main.o"
# As CMake links it: a linker that removes what is unused before it looks which libraries are needed.
g++ -fuse-ld=lld -Wl,--gc-sections,--as-needed "$work/main.o" "$static" $further -pthread -o "$work/static"
g++ -Wl,--gc-sections,--as-needed "$work/main.o" "$shared" -pthread -o "$work/shared"

needed() {
  readelf -d "$1" | sed -n 's/.*NEEDED.*\[lib\([^]]*\)\.so.*/\1/p' | grep -v -x -E 'stdc\+\+|m|gcc_s|c|pthread|ld-linux.*' | paste -s -d' '
}
row() {
  strip --strip-unneeded -o "$work/stripped" "$2"
  printf '| %-38s | %9d | %s |\n' "$1" "$(stat -c %s "$work/stripped")" "$(needed "$2")"
}
echo '| | bytes | needs |'
echo '|---|---|---|'
row 'the tool, static' "$build/bin/cachesite"
row 'the shared library' "$shared"
row 'a program with memory caches, static' "$work/static"
row 'a program with memory caches, shared' "$work/shared"
! needed "$work/static" | grep -E 'hiredis|ssl|crypto|\bz\b|zstd|lz4|yaml'
