#!/bin/sh
# Instructions of a hit in memory, alone and through layers, counted by callgrind: layers.sh PROGRAM
# Exit status 1 when one is above what is required, or a hit allocates. The blocking call alone is held to some 20 more than
# it took when asynchronous calls were finished, so that no further step makes it slower unseen.
set -eu
. "$(dirname "$0")/instructions.sh"
program=$1
missed=0

# at_most TEXT FIGURE LIMIT
at_most() {
  echo "$1: $2; required: at most $3"
  [ "$2" -le "$3" ] || missed=1
}

plain=$(per_call "$program" plain)
at_most "plain: instructions per hit" "$plain" 280
for subject in whole prefix metrics declared; do
  now=$(per_call "$program" "$subject")
  echo "$subject: $now instructions per hit, $((now - plain)) more than without layers"
done
both=$(per_call "$program" both)
at_most "both: $both instructions per hit, more than without layers" "$((both - plain))" 60
awaited=$(per_call "$program" awaited)
at_most "awaited: $awaited instructions per hit, more than the blocking call" "$((awaited - plain))" 60
awaited_both=$(per_call "$program" awaited_both)
at_most "awaited, with both: $awaited_both instructions per hit, more than the blocking call" "$((awaited_both - both))" 160
echo "remember_ahead: $(per_call "$program" remember_ahead) instructions per fresh near hit"
at_most "remember: instructions per fresh near hit" "$(per_call "$program" remember)" 600
tiered=$(per_call "$program" tiered)
tracked=$(per_call "$program" tracked)
echo "tiered: $tiered instructions per near hit"
at_most "tracked: instructions per near hit" "$tracked" 363
at_most "tracked: more than without coherence" "$((tracked - tiered))" 12
"$program" allocations || missed=1
exit $missed
