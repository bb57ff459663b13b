#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# untying_test.sh PROGRAM: the table has a row for every measurement, paces without spread change nothing, untying after the last update
# neither, and what cannot work is said before training.
set -euo pipefail
program=$1
source "$(dirname "${BASH_SOURCE[0]}")/program_test.sh"
source "$scripts/images.sh"
run=("$program" --data images --channels 4,6 --stride 2 --epochs 2 --batch-size 50 --alphas 3 --learning-rate 0.3)


"${run[@]}" --splits 1,3,1000 --spreads 0,0.7 --paces 2 --steps 0,3,8 --csv table.csv > out 2> err || fail "$(cat err)"
head -1 table.csv | grep -qx 'measurement,blocks,parameter,train barrier,test barrier,low,high' || fail "header: $(head -1 table.csv)"
[[ $(grep -c '^on the way,' table.csv) == 9 ]] || fail "expected 3 splits x (1 + 2 paces) rows"
[[ $(grep -c '^in training,' table.csv) == 9 ]] || fail "expected 3 steps x 3 splits rows"
# Barriers are shares of the examples, and each is in its interval.
awk -F, 'NR > 1 && (NF != 7 || $4 < 0 || $4 > 1 || !(0 <= $6 && $6 <= $5 && $5 <= $7 && $7 <= 1)) { exit 1 }' table.csv ||
  fail "barriers or intervals: $(cat table.csv)"
for blocks in 1 3 1000; do
  rows=$(sed -n "s/^\(on the way\|in training\),$blocks,\([^,]*\),.*/\1 \2/p" table.csv)
  [[ $rows == $'on the way 0\non the way 0.7\non the way 0.7\nin training 0\nin training 3\nin training 8' ]] ||
    fail "the rows of $blocks blocks: $rows"
done
tied=$(sed -n 's/^tied,1,0,//p' table.csv)
[[ -n $tied ]] || fail "no row of the tied network"
for blocks in 1 3 1000; do
  grep -qx "on the way,$blocks,0,$tied" table.csv || fail "without spread, $blocks blocks differ from the tied curve: $(cat table.csv)"
  grep -qx "in training,$blocks,8,$tied" table.csv || fail "untied at the end, $blocks blocks differ from the tied curve"
done
grep -qx "in training,1,0,$tied" table.csv || fail "one block is not the convolution"

code=0
"${run[@]}" --learning-rate 1e9 --splits 3 --spreads 0.7 --paces 1 --steps 3 --csv diverged.csv > out 2> err || code=$?
[[ $code == 3 ]] || fail "diverged networks end with exit code $code, expected 3: $(cat err)"
[[ $(grep -c ',diverged,diverged,,$' diverged.csv) == 3 ]] || fail "diverged networks have barriers: $(cat diverged.csv)"
grep -q 'a lower --learning-rate may help' err || fail "nothing is said of the divergence: $(cat err)"

refuses() {  # refuses TEXT OPTION...
  local text=$1
  shift
  rm -f table.csv
  if "${run[@]}" --csv table.csv "$@" > out 2> err; then fail "$* was accepted"; fi
  grep -qF -- "$text" err || fail "$*: '$text' is not in: $(cat err)"
  [[ ! -e table.csv ]] || fail "$* left a file behind"
}
refuses "2 epochs are 8 updates" --steps 0,9
refuses "expected ascending whole numbers" --steps 3,2
refuses "expected ascending whole numbers" --steps 1.5
refuses "expected at least 0" --spreads -1
run=("$program" --data images)
refuses "has no filters to untie" --network mlp

ends
