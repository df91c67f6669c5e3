#!/bin/sh
# Instructions of one lookup, counted by callgrind: site_lookup.sh PROGRAM
# Exit status 1 when it takes more than 120.
set -eu
count() {
  valgrind --tool=callgrind --callgrind-out-file=/dev/null "$1" instructions "$2" 2>&1 |
    awk '/Collected/ {print $4}'
}
short=$(count "$1" 1000)
long=$(count "$1" 11000)
lookup=$(((long - short) / 10000))
echo "$lookup instructions per lookup (target 120)"
[ "$lookup" -le 120 ]
