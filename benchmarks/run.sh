#!/usr/bin/env bash
# Runs benchmark programs: run.sh FOLDER [NAME...]. Each prints its targets beside its figures and exits non-zero when a
# repeatable one is missed. NAME.sh beside this file, if there is one, counts instructions with the program.
set -uo pipefail
here=$(dirname "$0")
folder=$1
shift
if [ $# -eq 0 ]; then
  set -- $(cd "$folder" && ls | sed -n 's/^bench_//p')
fi
status=0
for name in "$@"; do
  echo "== $name"
  "$folder/bench_$name" || { status=1; echo "== $name: a target is missed"; }
  [ ! -x "$here/$name.sh" ] || "$here/$name.sh" "$folder/bench_$name" || { status=1; echo "== $name: a target is missed"; }
done
exit $status
