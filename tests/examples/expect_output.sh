#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# expect_output.sh FILE PROGRAM [ARGUMENT...]: the program, run in an empty folder, ends without an error and prints what FILE says.
# In FILE, 0.1~0.2 stands for a number from 0.1 to 0.2, where instruction sets and compilers round differently, and * for any word.
set -euo pipefail
file=$(realpath "$1")
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
"$@" > output
awk '
  function matches(word, wanted,   range, before, after, number) {
    if (wanted == "*" || word == wanted) return 1
    if (!match(wanted, /[0-9.]+~[0-9.]+/)) return 0
    split(substr(wanted, RSTART, RLENGTH), range, "~")
    before = substr(wanted, 1, RSTART - 1)
    after = substr(wanted, RSTART + RLENGTH)
    number = substr(word, length(before) + 1, length(word) - length(before) - length(after))
    return word == before number after && number ~ /^[0-9.]+(e-?[0-9]+)?$/ && number + 0 >= range[1] + 0 && number + 0 <= range[2] + 0
  }
  NR == FNR { expected[++lines] = $0; next }
  {
    n = split(expected[FNR], wanted, " ")
    good = n == NF && FNR <= lines
    for (i = 1; i <= n; ++i) good = good && matches($i, wanted[i])
    if (!good) { print "line " FNR ": " $0 "\nexpected: " expected[FNR]; failed = 1 }
  }
  END {
    if (FNR < lines) { print "the output ends after " FNR " of " lines " lines"; failed = 1 }
    exit failed
  }
' "$file" output >&2
