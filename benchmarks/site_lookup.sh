#!/bin/sh
# Instructions of one lookup, counted by callgrind: site_lookup.sh PROGRAM
set -eu
count() {
  valgrind --tool=callgrind --callgrind-out-file=/dev/null "$1" instructions "$2" 2>&1 |
    awk '/Collected/ {print $4}'
}
short=$(count "$1" 1000)
long=$(count "$1" 11000)
echo "$(((long - short) / 10000)) instructions per lookup"
