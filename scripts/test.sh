#!/usr/bin/env bash
# Runs `make STAGE` for each STAGE, keeps what they print in FOLDER, and says at the end where the time went.
#
#   scripts/test.sh FOLDER STAGE...
set -u
make=${MAKE:-make}
folder=$1
shift
mkdir -p "$folder" || exit 1
# Compiled to be run, not to be changed and compiled again, nor for a debugger.
export CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_DEV_BUILD_OVERRIDE_DEBUG=0
times=$folder/times
: >"$times"
status=0
TIMEFORMAT='%R %U %S'
for stage in "$@"; do
    # What stages print goes to the terminal as well; the time goes to a file of its own.
    { time "$make" --no-print-directory "$stage" 2>&1 | tee "$folder/$stage.log"; ended=${PIPESTATUS[0]}; } 2>"$folder/time"
    word=ok
    [ "$ended" -eq 0 ] || { word=FAILED status=1; }
    echo "$stage $word $(tail -n 1 "$folder/time")" >>"$times"
done

echo
echo 'Where the time went, in seconds:'
awk '{ printf "  %-16s %-6s %7.0f, processors %7.0f\n", $1, $2, $3, $4 + $5; all += $3; cpu += $4 + $5 }
    END { printf "  %-16s %-6s %7.0f, processors %7.0f\n", "all", "", all, cpu }' "$times"
echo 'The slowest tests:'
for stage in "$@"; do
    # cargo: a line that names the program, one with its time; ctest: one line; our own scripts: seconds in brackets.
    awk -v stage="$stage" '
        /^ *Running / || /^ *Doc-tests / { program = $2 == "unittests" ? $3 : $2 }
        /^test result: .*finished in / { time = $NF; sub(/s$/, "", time); print time, stage, program }
        /Test +#[0-9]+: .* sec *$/ { print $(NF - 1), stage, $(NF - 4 - ($0 ~ /\*\*\*/)) ~ /^[0-9\/]+$/ ? $0 : $4 }
        /^  (ok|FAILED) .*\([0-9]+ s\)$/ { time = $(NF - 1); sub(/\(/, "", time); $1 = $(NF - 1) = $NF = ""; print time, stage, $0 }
    ' "$folder/$stage.log"
done | sort -rn | head -n 20 | awk '{ time = $1; stage = $2; $1 = $2 = ""; printf "  %7.1f  %-14s%s\n", time, stage, $0 }'
exit "$status"
