#!/bin/sh
# Does scripts/abi.sh see a break, and nothing else? A copy of the headers is changed in each way.
#
#   tests/install/abi.sh WORK
set -u
source=$(cd "$(dirname "$0")/../.." && pwd)
rm -rf "$1" && mkdir -p "$1" && work=$(cd "$1" && pwd)
if ! command -v abidw >/dev/null || ! command -v abidiff >/dev/null; then
    echo '  SKIPPED  abi: no abidw or abidiff (libabigail)'
    exit 0
fi
passed=0
failed=0
copy() { # copy CHANGELOG-LINE VERSION: as if `make abi` had been run before a release
    rm -rf "$work/tree" && mkdir -p "$work/tree"
    (cd "$source" && cp -R include scripts Cargo.toml CHANGELOG.md "$work/tree")
    mkdir "$work/tree/abi" && "$work/tree/scripts/abi.sh" write || exit 1
    echo "$1" >>"$work/tree/CHANGELOG.md"
    [ -z "$2" ] || sed -i "s/^version = .*/version = \"$2\"/" "$work/tree/Cargo.toml"
}
check() { # check NAME STATUS TEXT SED: status and words of abi.sh after a change of the header
    sed -E "$4" "$source/include/dicod.h" >"$work/tree/include/dicod.h"
    if [ "$4" ] && cmp -s "$source/include/dicod.h" "$work/tree/include/dicod.h"; then echo "          no change"; fi
    "$work/tree/scripts/abi.sh" check >"$work/log" 2>&1
    if [ $? -eq "$2" ] && grep -q "$3" "$work/log"; then
        passed=$((passed + 1))
        echo "  ok      abi: $1"
    else
        failed=$((failed + 1))
        echo "  FAILED  abi: $1"
        sed 's/^/          /' "$work/log"
    fi
}
in_array='/^typedef struct dicod_array/,/\} dicod_array/'
grow='s/^\} dicod_array;/    int64_t more;\n} dicod_array;/'
other_type='s/^dicod_status dicod_context_create\(int32_t/dicod_status dicod_context_create(int64_t/'

copy '## [0.1.0]' ''
check 'as it was' 0 'or more' ''
check 'a function more' 0 'or more' 's/^const char \*dicod_version\(void\);/&\nint32_t dicod_other(void);/'
check 'a constant more' 0 'or more' 's/^#define DICOD_OK 0/&\n#define DICOD_OTHER 99/'
check 'a struct that grows' 0 'have grown' "$grow"
check 'a constant of another value' 1 BREAKS 's/^(#define DICOD_ERROR_FILE) .*/\1 (-99)/'
check 'a function less' 1 BREAKS 's/^const char \*dicod_version\(void\);//'
check 'an argument of another type' 1 BREAKS "$other_type"
check 'a member in the middle' 1 BREAKS "$in_array"'s/^    int64_t n_axes;/    int64_t more;\n&/'
check 'a member of another type' 1 BREAKS "$in_array"'s/^    int64_t element_type;/    int32_t element_type;/'
copy '## [0.1.0]' 0.1.1
check 'a break in a patch version' 1 BREAKS "$other_type"
copy '## [0.1.0]' 0.2.0
check 'a break in a new minor version' 0 '0.2.0 says so' "$other_type"
copy '' ''
sed -i '/^## \[0/d' "$work/tree/CHANGELOG.md"
check 'a break before the release' 0 'not released yet' "$other_type"

echo "abi: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
