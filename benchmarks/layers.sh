#!/bin/sh
# Instructions that layers add to a hit in memory, counted by callgrind: layers.sh PROGRAM
# Exit status 1 when a prefix and metrics together add more than 60, or a hit allocates.
set -eu
. "$(dirname "$0")/instructions.sh"
plain=$(per_call "$1" plain)
for subject in whole prefix metrics declared both; do
  now=$(per_call "$1" "$subject")
  echo "$subject: $now instructions per hit, $((now - plain)) more than without layers ($plain)"
done
"$1" allocations
[ "$((now - plain))" -le 60 ]
