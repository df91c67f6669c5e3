#!/bin/sh
# Instructions of a hit in memory that a TypedCache parses, or finds the object of, counted by callgrind: objects.sh PROGRAM
# Exit status 1 when finding takes more than 550 over the read alone.
set -eu
. "$(dirname "$0")/instructions.sh"
bytes=$(per_call "$1" bytes)
echo "bytes: $bytes instructions per hit"
for subject in message_pack json found; do
  now=$(per_call "$1" "$subject")
  echo "$subject: $now instructions per hit, $((now - bytes)) more than the read alone"
done
[ "$((now - bytes))" -le 550 ]
