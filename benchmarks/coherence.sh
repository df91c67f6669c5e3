#!/bin/sh
# Instructions of a read that makes a copy, in this process alone: coherence.sh PROGRAM
# Exit status 1 when it takes more than 3300.
set -eu
. "$(dirname "$0")/instructions.sh"
miss=$(per_call "$1" miss)
echo "a miss that makes a copy: $miss instructions (target: 3300)"
[ "$miss" -le 3300 ]
