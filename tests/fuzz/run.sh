#!/usr/bin/env bash
# Runs each fuzzer for some seconds on its seed corpus, half of them at a time: run.sh FOLDER SECONDS. New inputs go to
# a temporary folder; a finding is left in it and its path is printed. Memory is limited, so that bytes that announce much
# more than they are become a finding; freed memory goes back soon, so that the limit is about what is in use.
set -uo pipefail
folder=$(cd "$1" && pwd)
seconds=$2
seeds=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/corpus
work=$(mktemp -d)
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=32"

run_one() {
  local program=$1 name
  name=$(basename "$program")
  mkdir -p "$work/$name/corpus"
  local inputs=("$work/$name/corpus") options=()
  [ -d "$seeds/$name" ] && inputs+=("$seeds/$name")
  [ -f "$seeds/$name.dict" ] && options+=("-dict=$seeds/$name.dict")
  if (cd "$work/$name" && "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -malloc_limit_mb=128 \
        -print_final_stats=1 "${options[@]}" "${inputs[@]}" > log 2>&1); then
    echo "$name: $(sed -n 's/^stat::number_of_executed_units: //p' "$work/$name/log") runs, no finding"
  else
    tail -n 40 "$work/$name/log"
    echo "$name: FINDING, see $work/$name"
    return 1
  fi
}
export -f run_one
export work seeds seconds

fuzzers=("$folder"/fuzz_*)
if printf '%s\n' "${fuzzers[@]}" | xargs -P "$(((${#fuzzers[@]} + 1) / 2))" -I{} bash -c 'run_one {}'; then
  rm -rf "$work"
else
  exit 1
fi
