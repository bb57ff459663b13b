#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# describe_data_test.sh PROGRAM: the record never takes the place of what it describes.
set -euo pipefail
program=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir data
printf '%s\n' a,label 1,x 2,y 3,x 4,y 5,x 6,y > data/train.csv
printf '%s\n' a,label 1.5,x 2.5,y > data/test.csv
cp -r data before
for file in data/train.csv data/test.csv ./data/train.csv "$PWD/data/test.csv"; do
  if "$program" --dataset csv --data data/train.csv --test-data data/test.csv --updates 2 --json "$file" > out 2> err; then
    echo "$file was overwritten" >&2
    exit 1
  fi
  grep -qF -- "--json '$file' is read, and would be overwritten; give another name" err || { cat err >&2; exit 1; }
  diff -r data before
done
"$program" --dataset csv --data data/train.csv --test-data data/test.csv --updates 2 --json data/record.json > out
grep -q '"logistic_error"' data/record.json
for option in '--test-share 0.2' '--split-seed 0'; do
  # shellcheck disable=SC2086  # an option and its value
  if "$program" --dataset csv --data data/train.csv --test-data data/test.csv $option > out 2> err; then
    echo "$option was accepted beside --test-data" >&2
    exit 1
  fi
  grep -qF -- "$option says which rows are put aside at random, and --test-data says what to test with; leave one out" err || { cat err >&2; exit 1; }
done
