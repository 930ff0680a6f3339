#!/bin/sh
# Runs an MPI job that loses a rank: it has to end (120 seconds are for ever), with an error, before any rank comes to its end, and
# leave no process behind. With ANY_STATUS set mpiexec may return 0.
start=$(date +%s)
output=$(timeout -k 5 120 "$@" 2>&1)
status=$?
seconds=$(($(date +%s) - start))
program=$4
left=$(pgrep -f "^$program" | wc -l)
through=$(echo "$output" | grep -c ' checks, ')
echo "$output"
echo "status $status after $seconds s, $left left, $through came to their end"
[ "$status" -ne 124 ] && [ "$left" -eq 0 ] && [ "$through" -eq 0 ] || exit 1
[ "$status" -ne 0 ] || [ -n "$ANY_STATUS" ]
