#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# published_test.sh PROGRAM: a row for every size, numbers that can be, the same ones for any number of threads, and what cannot work
# is said.
set -euo pipefail
program=$1
source "$(dirname "${BASH_SOURCE[0]}")/program_test.sh"
source "$scripts/images.sh"

run() {  # run TABLE OPTION...
  "$program" "$1" --data images --pairs 3 --epochs 2 --batch-size 50 "${@:2}"
}

run widths --sizes 3,8 --csv widths.csv > out 2> err || fail "$(cat err)"
[[ $(cut -d, -f1 widths.csv) == $'width\n3\n8' ]] || fail "the rows of widths: $(cat widths.csv)"
# Each column is followed by its half interval; nothing is negative.
awk -F, 'NR > 1 { if (NF != 15) exit 1; for (i = 2; i <= NF; ++i) if ($i < 0) exit 1; if ($2 > 100) exit 1 }' widths.csv ||
  fail "numbers of widths: $(cat widths.csv)"
run depths --sizes 2,4 --csv depths.csv > out 2> err || fail "$(cat err)"
[[ $(cut -d, -f1 depths.csv) == $'layers\n2\n4' ]] || fail "the rows of depths: $(cat depths.csv)"
awk -F, 'NR > 1 { if (NF != 11) exit 1; for (i = 2; i <= NF; i += 2) if ($i < 0 || $i > 100) exit 1 }' depths.csv ||
  fail "numbers of depths: $(cat depths.csv)"
for table in widths depths; do
  sizes=$(tail -n +2 $table.csv | cut -d, -f1 | paste -sd,)
  run $table --sizes "$sizes" --threads 1 --csv again.csv > out 2> err || fail "$(cat err)"
  cmp -s $table.csv again.csv || fail "$table depends on threads: $(cat $table.csv again.csv)"
done

refuses() {  # refuses TEXT TABLE OPTION...
  if run "${@:2}" > out 2> err; then fail "${*:2} was accepted"; fi
  grep -qF -- "$1" err || fail "${*:2}: '$1' is not in: $(cat err)"
}
refuses "expected at least 2, for an interval" widths --sizes 3 --pairs 1
refuses "has no BatchNorm" depths --sizes 1
refuses "known: .png, .svg, .pdf" depths --sizes 2 --figure figure
refuses "a training diverged" widths --sizes 3 --learning-rate 1e20

ends
