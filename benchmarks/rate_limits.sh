#!/bin/sh
# Instructions of a call of a rate limiter in memory, counted by callgrind: rate_limits.sh PROGRAM
# Exit status 1 when one takes more than 300.
set -eu
# The least of three runs: on a busy machine, clocks are looked at more often.
count() {
  for try in 1 2 3; do
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$1" instructions "$2" "$3" 2>&1 |
      awk '/Collected/ {print $4}'
  done | sort -n | head -n 1
}
status=0
for subject in bucket bucket-refused window window-refused; do
  short=$(count "$1" "$subject" 1000)
  long=$(count "$1" "$subject" 21000)
  now=$(((long - short + 10000) / 20000))
  echo "$subject: $now instructions a call"
  [ "$now" -le 300 ] || status=1
done
exit $status
