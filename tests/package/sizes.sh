#!/usr/bin/env bash
# The sizes without debug data of the tool, the shared library, and a program that uses memory caches alone:
#   sizes.sh TOOL LIBRARY PROGRAM
# Fails when one is larger than it may be: 4.5, 4.7 and 2.5 MB, with 5 % of room.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
result=0

# size NAME FILE LIMIT, in bytes
size() {
  strip --strip-unneeded -o "$work/stripped" "$2"
  local bytes
  bytes=$(stat -c %s "$work/stripped")
  printf '%-28s %8d bytes, at most %8d\n' "$1" "$bytes" "$3"
  [ "$bytes" -le "$3" ] || result=1
}
size "tool, static" "$1" 5250000
size "shared library" "$(readlink -f "$2")" 5400000
size "program with memory caches" "$3" 2625000
exit $result
