#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# describe_data_test.sh PROGRAM: the record never takes the place of what it describes.
set -euo pipefail
program=$1
source "$(dirname "${BASH_SOURCE[0]}")/program_test.sh"
describe=("$program" --dataset csv --data data/train.csv --test-data data/test.csv --updates 2)
refuses() {  # refuses TEXT OPTION...
  local text=$1
  shift
  if "${describe[@]}" "$@" > out 2> err; then fail "$* was accepted"; fi
  grep -qF -- "$text" err || fail "$*: '$text' is not in: $(cat err)"
}

mkdir data
printf '%s\n' a,label 1,x 2,y 3,x 4,y 5,x 6,y > data/train.csv
printf '%s\n' a,label 1.5,x 2.5,y > data/test.csv
cp -r data before
for file in data/train.csv data/test.csv ./data/train.csv "$PWD/data/test.csv"; do
  refuses "--json '$file' is read, and would be overwritten; give another name" --json "$file"
  diff -r data before || fail "--json $file has changed the data"
done
"${describe[@]}" --json data/record.json > out || fail "no record"
grep -q '"logistic_error"' data/record.json || fail "the record has no error"
for option in '--test-share 0.2' '--split-seed 0'; do
  # shellcheck disable=SC2086  # an option and its value
  refuses "$option says which rows are put aside at random, and --test-data says what to test with; leave one out" $option
done

ends
