#!/bin/sh
# Instructions of a call of a rate limiter in memory, counted by callgrind: rate_limits.sh PROGRAM
# Exit status 1 when one takes more than 300.
set -eu
. "$(dirname "$0")/instructions.sh"
status=0
for subject in bucket bucket-refused window window-refused; do
  now=$(per_call "$1" "$subject")
  echo "$subject: $now instructions a call"
  [ "$now" -le 300 ] || status=1
done
exit $status
