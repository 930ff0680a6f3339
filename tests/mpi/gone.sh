#!/bin/sh
# Runs an MPI job that loses a rank: it has to fail within 30 seconds, and leave no process behind.
start=$(date +%s)
timeout -k 5 40 "$@"
status=$?
seconds=$(($(date +%s) - start))
for last; do :; done
program=$4
left=$(pgrep -f "^$program" | wc -l)
echo "status $status after $seconds s, $left left"
[ "$status" -ne 0 ] && [ "$status" -ne 124 ] && [ "$seconds" -le 30 ] && [ "$left" -eq 0 ]
