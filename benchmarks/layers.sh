#!/bin/sh
# Instructions that layers add to a hit in memory, counted by callgrind: layers.sh PROGRAM
# Exit status 1 when a prefix and metrics together add more than 60, co_await does, a hit by `remember` takes more than 600, a near hit
# that is vouched for more than 363 or 12 more than without coherence, or a hit allocates.
set -eu
. "$(dirname "$0")/instructions.sh"
plain=$(per_call "$1" plain)
for subject in whole prefix metrics declared both; do
  now=$(per_call "$1" "$subject")
  echo "$subject: $now instructions per hit, $((now - plain)) more than without layers ($plain)"
done
awaited=$(per_call "$1" awaited)
echo "awaited: $awaited instructions per hit, $((awaited - plain)) more than the blocking call"
awaited_both=$(per_call "$1" awaited_both)
echo "awaited, with both: $awaited_both instructions per hit, $((awaited_both - now)) more than the blocking call"
echo "remember_ahead: $(per_call "$1" remember_ahead) instructions per fresh near hit"
remembered=$(per_call "$1" remember)
echo "remember: $remembered instructions per fresh near hit"
tiered=$(per_call "$1" tiered)
tracked=$(per_call "$1" tracked)
echo "tiered: $tiered instructions per near hit; tracked: $tracked, $((tracked - tiered)) more"
"$1" allocations
[ "$tracked" -le 363 ] && [ "$((tracked - tiered))" -le 12 ] && [ "$((now - plain))" -le 60 ] && [ "$((awaited - plain))" -le 60 ] && [ "$remembered" -le 600 ]
