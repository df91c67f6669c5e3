#!/bin/sh
# Instructions that an OpenTelemetryHook adds to a hit in memory that is not recorded, counted by callgrind: telemetry.sh
# PROGRAM. Exit status 1 when they are more than 25 over a hook that does nothing.
set -eu
. "$(dirname "$0")/instructions.sh"
plain=$(per_call "$1" plain)
hooked=$(per_call "$1" hooked)
echo "hooked: $hooked instructions per hit, $((hooked - plain)) more than without ($plain)"
for subject in declined unsampled; do
  now=$(per_call "$1" "$subject")
  echo "$subject: $now instructions per hit, $((now - hooked)) more than with a hook that does nothing"
  [ "$((now - hooked))" -le 25 ]
done
