# For scripts that count instructions with callgrind; each includes it.

# count PROGRAM SUBJECT RUNS: the instructions of `PROGRAM instructions SUBJECT RUNS`. The least of five runs: under valgrind, more so
# on a busy machine, a cache in memory looks at the time far more often than in earnest.
count() {
  for try in 1 2 3 4 5; do
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$1" instructions "$2" "$3" 2>&1 |
      awk '/Collected/ {print $4}'
  done | sort -n | head -n 1
}

# per_call PROGRAM SUBJECT: the instructions of one call, from the difference of two runs.
per_call() {
  short=$(count "$1" "$2" 3200)
  long=$(count "$1" "$2" 35200)
  echo "$(((long - short + 16000) / 32000))"
}
