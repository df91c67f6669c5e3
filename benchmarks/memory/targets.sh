#!/usr/bin/env bash
# Every target of the memory engine beside its figure: targets.sh FOLDER_OF_PROGRAMS [--traces DIR]. Exits non-zero when one
# that does not move with the machine is missed: instructions, bytes for each entry, byte budget, hit ratios (those need
# traces).
set -uo pipefail
folder=$1
shift
status=0
show() {
  echo "== $*"
  "$folder/$@" || { status=1; echo "== $1: a target is missed, or it could not run"; }
}
show bench_memory_instructions
show bench_memory_footprint
show bench_memory_throughput --threads 2 --rounds 11
show bench_memory_random_keys --large
show bench_memory_latency
show bench_memory_hit_ratio "$@"
exit $status
