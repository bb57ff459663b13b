#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# onset_test.sh PROGRAM: costs are printed before and kept to, files have what the table has for any number of threads, and what cannot
# work is said before training.
set -euo pipefail
program=$1
source "$(dirname "${BASH_SOURCE[0]}")/program_test.sh"
run=("$program" --dataset spirals --hidden 16 --epochs 2 --batch-size 100 --learning-rate 0.5 --alphas 5)

"${run[@]}" --initializations 3 --candidates 0,3,10 --json a.json --csv a.csv --threads 1 > a.out 2> a.err || fail "$(cat a.err)"
grep -q '^cost: 15 trainings; 30 updates of prefixes' a.out || fail "costs: $(cat a.out)"
[[ $(grep -c '^training [0-9]* of at most 15$' a.err) == 15 ]] || fail "progress: $(cat a.err)"
[[ $(wc -l < a.csv) == 7 ]] || fail "expected a header and six pairs: $(cat a.csv)"
awk -F, 'NR > 1 && (NF != 8 || !($3 == "connected" || $3 == "broken") || !(0 <= $5 && $5 <= $6 && $6 <= 1)) { exit 1 }' a.csv || fail "$(cat a.csv)"
json_lines a.json > a.lines
[[ $(sed -n 's/^onset.spent.trainings //p' a.lines) == 15 ]] || fail "spent: $(grep spent a.lines)"
[[ $(grep -c '^onset.pairs.[0-9]*.verdict' a.lines) == 6 ]] || fail "pairs: $(grep pairs a.lines)"
grep -q '^training.epochs 2$' a.lines || fail "the setting is not in the JSON"
grep -qE '^k\* ' a.out || fail "no onset: $(cat a.out)"

"${run[@]}" --initializations 3 --candidates 0,3,10 --json b.json --csv b.csv --threads 3 > b.out 2> b.err || fail "$(cat b.err)"
cmp a.csv b.csv || fail "three threads give other outcomes than one"
# What the machine is measured to do best differs from process to process, and changes no result.
diff <(json_lines a.json | grep -v '^machine') <(json_lines b.json | grep -v '^machine') || fail "three threads give other results than one"

"${run[@]}" --initializations 2 --max-trainings 7 > c.out 2> c.err || fail "$(cat c.err)"
grep -q 'cost: 6 trainings' c.out && grep -q 'would be complete (--max-trainings)' c.out || fail "--max-trainings: $(cat c.out)"
"${run[@]}" --initializations 1 --candidates 0 > c.out 2> c.err || fail "$(cat c.err)"
grep -q 'no interval: one initialization; give --initializations 2 or more' c.out || fail "one initialization: $(cat c.out)"
"${run[@]}" --initializations 2 --candidates 0,5 --difference gaussian --perturbation-norm 0.01 --perturbation-layer dense2 \
  --barriers-after 4 > c.out 2> c.err || fail "$(cat c.err)"
grep -q '0\.01000 ' c.out && grep -q 'barrier 0.* after 4' c.out || fail "a perturbation of 0.01: $(cat c.out)"
"${run[@]}" --initializations 2 --candidates 0,5 --difference batch --no-distances > c.out 2> c.err || fail "$(cat c.err)"
if grep -q '^seed  *k ' c.out; then fail "there is a table of distances that were left out: $(cat c.out)"; fi
"${run[@]}" --initializations 2 --candidates 0,5 --barriers-after 4,8 > c.out 2> c.err || fail "$(cat c.err)"
"${run[@]}" --initializations 2 --candidates 0,5 --barriers-after 4,8 --no-distances > d.out 2> d.err || fail "$(cat d.err)"
barriers() { sed -n '/^seed  *k /,$p' "$1" | grep -o 'barrier [0-9.]* after [0-9]*'; }
[[ $(barriers c.out | wc -l) == 8 ]] || fail "two barriers of each of four pairs: $(cat c.out)"
diff <(barriers c.out) <(barriers d.out) || fail "--no-distances changes the barriers"
if grep -q '^seed .*distance' d.out; then fail "--no-distances prints distances: $(cat d.out)"; fi

code=0
"${run[@]}" --initializations 2 --candidates 0,55 --learning-rate 1e30 --json d.json > d.out 2> d.err || code=$?
[[ $code == 3 ]] || fail "diverged networks end with exit code $code, expected 3: $(cat d.err)"
grep -q '4 of 4 pairs are left out' d.out || fail "diverged networks: $(cat d.out)"

refuses() {  # refuses TEXT OPTION...
  local text=$1
  shift
  rm -f x.json
  if "${run[@]}" --json x.json "$@" > out 2> err; then fail "$* was accepted"; fi
  grep -qF -- "$text" err || fail "$*: '$text' is not in: $(cat err)"
  [[ ! -e x.json ]] || fail "$* left a file behind"
}
refuses "candidate 61, but the training ends after 60 updates" --candidates 0,61
refuses "expected rising whole numbers" --candidates 3,2
refuses "take 15 at least" --max-trainings 5
refuses "no layer 'dense9' with parameters; there are: dense1, dense2" --difference gaussian --perturbation-layer dense9
refuses "add --difference gaussian" --perturbation-norm 1
refuses "both say how long" --difference gaussian --perturbation-norm 1 --perturbation-relative 1
refuses "expected noise, batch or gaussian" --difference luck
refuses "expected 1 to 10000" --initializations 0
refuses "two children share their start" --init-seeds 1,2
refuses "expected 3 whole numbers" --noise-seeds 1,2
refuses "onset: --difference noise --noise order --noise-seeds 1,2,2: the two children have the same noise" --noise-seeds 1,2,2
refuses "the two children have the same order of the data" --difference batch --noise-seeds 1,2,2
refuses "onset: --difference batch --candidates 0,60: the training ends after 60 updates" --difference batch --candidates 0,60
refuses "keeps no networks" --save-checkpoints x
refuses "--rate-window 5" --rate-window 5
refuses "--rate-window 1,8: --no-distances leaves out" --rate-window 1,8 --no-distances
refuses "--rate-window 100,200: distances are kept after 1, 2, 4, … and at most 60 updates" --rate-window 100,200
refuses "--rate-window 33,59: distances are kept" --rate-window 33,59
refuses "--barriers-after 5,61: children that part after 0 of 60 updates have only 60 more" --barriers-after 5,61
refuses "--barriers-after 55: children that part after 10 of 60 updates have only 50 more" --barriers-after 55 --candidates 10,20
"${run[@]}" --help > help || fail "--help"
grep -A 1 -- '--noise-seeds' help | grep -q 'three: of the prefixes' || fail "--help does not say whose the noise seeds are"
if grep -qE -- '--init-seeds|--save-checkpoints' help; then fail "--help lists what is always refused"; fi

# Barriers below 1 are all connected: k* is bounded, and there is no curve.
"${run[@]}" --initializations 2 --candidates 0,5 --threshold 1 --json e.json --figure e.svg > e.out 2> e.err || fail "$(cat e.err)"
grep -qF 'k* < 1: a bound, without a curve, since all outcomes are connected' e.out || fail "no bound: $(cat e.out)"
if grep -q '^P(broken)' e.out; then fail "a curve is printed of connected outcomes alone"; fi
if [[ -e e.svg ]] && grep -q 'interval' e.svg; then fail "the legend has an interval that is not drawn"; fi

ends
