#!/usr/bin/env bash
# Seconds of processor time that a file takes to compile which uses the library: compile_time.sh [COMPILER [SOURCE]]
# SOURCE is another checkout, to compare with. Exit status 1 when one takes longer than its target, which is for a quiet machine.
set -euo pipefail
compiler=${1:-g++}
source=$(cd "${2:-$(dirname "$0")/..}" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# What a build generates of it.
if [ -e "$source/tools/cmake/version.hpp.in" ]; then
  mkdir "$work/cachesite"
  sed 's/@[A-Z_a-z]*@/0/g' "$source/tools/cmake/version.hpp.in" > "$work/cachesite/version.hpp"
fi

cat > "$work/header.cpp" << 'CODE'
#include <cachesite/cachesite.hpp>
CODE
cat > "$work/cached.cpp" << 'CODE'
#include <cachesite/cachesite.hpp>

using namespace std::chrono_literals;

struct Product {
  std::int64_t id = 0;
  std::string name;
  std::optional<std::string> note;
  std::vector<std::string> tags;

  static auto fields() {
    return std::tuple(cachesite::data_field("id", &Product::id), cachesite::data_field("name", &Product::name),
                      cachesite::data_field("note", &Product::note), cachesite::data_field("tags", &Product::tags));
  }
};

std::string name_of(const std::shared_ptr<cachesite::ICache>& cache, std::int64_t id) {
  const auto product = cachesite::cached<cachesite::JsonSerializer>(
      cache, "product:{id}", 10min, [](std::int64_t number) { return Product{number, "tea", {}, {}}; }, {.names = {"id"}});
  return product(id).name;
}
CODE

# The least of three runs: others only ever add to it.
seconds() {
  local file=$1 least='' taken TIMEFORMAT=%U
  shift
  for _ in 1 2 3; do
    taken=$({ time "$compiler" -std=c++20 "$@" -I"$source/interfaces" -I"$source/implements" -I"$source/loaders" \
      -I"$work" -c "$work/$file.cpp" -o "$work/$file.o"; } 2>&1)
    least=$(printf '%s\n' "$taken" ${least:+"$least"} | sort -n | head -n 1)
  done
  echo "$least"
}

status=0
check() {
  local name=$1 target=$2 taken
  shift 2
  taken=$(seconds "$@")
  printf '%-36s %5s s, target %s s\n' "$name" "$taken" "$target"
  awk -v taken="$taken" -v target="$target" 'BEGIN { exit !(taken <= target) }' || status=1
}
check 'cachesite.hpp, -O0' 1.5 header -O0
check 'one cached<JsonSerializer>, -O0' 3 cached -O0
check 'one cached<JsonSerializer>, -O2 -g' 5 cached -O2 -g
exit $status
