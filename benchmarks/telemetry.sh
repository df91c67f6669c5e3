#!/bin/sh
# Instructions that an OpenTelemetryHook adds to a hit in memory that is not recorded, counted by callgrind: telemetry.sh
# PROGRAM. Exit status 1 when they are more than 25 over a hook that does nothing.
set -eu
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
hooked=$(per_hit "$1" hooked)
echo "hooked: $hooked instructions per hit, $((hooked - plain)) more than without ($plain)"
for subject in declined unsampled; do
  now=$(per_hit "$1" "$subject")
  echo "$subject: $now instructions per hit, $((now - hooked)) more than with a hook that does nothing"
  [ "$((now - hooked))" -le 25 ]
done
