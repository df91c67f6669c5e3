#!/bin/sh
# Instructions that layers add to a hit in memory, counted by callgrind: layers.sh PROGRAM
# Exit status 1 when a prefix and metrics together add more than 60, or a hit allocates.
set -eu
# The least of five runs: under valgrind, more so on a busy machine, a cache in memory looks at the time far more often
# than in earnest.
count() {
  for try in 1 2 3 4 5; do
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$1" instructions "$2" "$3" 2>&1 |
      awk '/Collected/ {print $4}'
  done | sort -n | head -n 1
}
per_hit() {
  short=$(count "$1" "$2" 3200)
  long=$(count "$1" "$2" 35200)
  echo "$(((long - short + 16000) / 32000))"
}
plain=$(per_hit "$1" plain)
for subject in whole prefix metrics both; do
  now=$(per_hit "$1" "$subject")
  echo "$subject: $now instructions per hit, $((now - plain)) more than without layers ($plain)"
done
"$1" allocations
[ "$((now - plain))" -le 60 ]
