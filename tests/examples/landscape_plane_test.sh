#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# landscape_plane_test.sh PROGRAM: what landscape writes of a plane, that a stopped run goes on, and what it says of bad input.
set -euo pipefail
program=$1
setting=(--dataset spirals --examples 300 --hidden 16 --epochs 3 --batch-size 12 --init-seeds 1,2)
source "$(dirname "${BASH_SOURCE[0]}")/landscape.sh"

refuses "--plane sphere; expected none, three, random, filter or trajectory" --plane sphere
refuses "--plane-grid 51x; expected 2 to 10000 places" --plane three --plane-grid 51x
refuses "--plane-grid 1; expected 2 to 10000 places" --plane three --plane-grid 1
refuses "--plane-grid 5: --plane none has no such thing; add --plane three or" --plane-grid 5
refuses "--plane-radius 2: --plane three has no such thing; add --plane random or --plane filter" --plane three --plane-radius 2
refuses "--plane-radius -2; expected a positive number" --plane random --plane-radius -2
refuses "--plane-third run: there are only 2 runs from each initialization; add --runs 3" --plane three --plane-third run
refuses "--plane-biases some; expected zero or scaled" --plane filter --plane-biases some
refuses "--plane-checkpoints 1; expected at least 2" --plane trajectory --plane-checkpoints 1
refuses "--plane-checkpoints 1000000: the training has only" --plane trajectory --plane-checkpoints 1000000
refuses "--plane-data all; expected test or train" --plane three --plane-data all
refuses "--plane-csv and --json both write 'x'" --plane three --plane-csv x --json x
mkdir f
refuses "--plane-csv and --csv both write './f/x.csv'" --plane three --plane-csv ./f/x.csv --csv f/x.csv
if command -v gnuplot > /dev/null; then
  refuses "--plane-csv and --figure both write 'f/x-plane.svg'" --plane three --figure f/x.svg --plane-csv f/x-plane.svg
fi
refuses "--save-checkpoints and --json both write" --plane three --path bezier --save-checkpoints f --json f/bend1.safetensors
printf 'a,label\n%s\n' 1,x 2,y 3,x 4,y > f/data.csv
refuses "--plane-csv 'f/data.csv' is read, and would be overwritten" --dataset csv --data f/data.csv --plane three --plane-csv f/data.csv
refuses "--plane-csv './f/data.csv': there is a file of that name, which is none of a plane" --plane three --plane-csv ./f/data.csv
refuses "there is no directory 'nowhere'" --plane three --plane-csv nowhere/x.csv
# Networks that start at 0 and stay there have no filters; random directions need their norms for a radius alone.
refuses "--plane filter: all weights are 0 at the start" --plane filter --init zero
refuses "--plane random: all weights are 0 at the start, and so are their gradients, so that no filter has a norm; expected another --init, or --plane-radius" \
  --plane random --init zero
"$program" "${setting[@]}" --plane random --plane-radius 1 --plane-grid 3 --init zero > zero.txt 2> err || fail "--plane-radius 1 --init zero: $(cat err)"
"$program" "${setting[@]}" --plane filter --plane-grid 3 --init zero --hidden '' > zero.txt 2> err || fail "a logistic regression from 0: $(cat err)"

for kind in three random filter trajectory; do
  "$program" "${setting[@]}" --plane $kind --plane-grid 7x5 --threads 1 --json $kind.json --plane-csv $kind.csv --figure $kind.svg \
    > $kind.txt 2> /dev/null
  "$program" "${setting[@]}" --plane $kind --plane-grid 7x5 --threads 2 --plane-csv $kind-two.csv > /dev/null 2>&1
  cmp $kind.csv $kind-two.csv || fail "--plane $kind depends on the number of threads"
  grep -q "plane $kind, 7 x 5 places on test data" $kind.txt || fail "--plane $kind is not printed"
  [[ $(grep -vc '^#' $kind.csv) == 36 ]] || fail "--plane $kind: the CSV file has not 35 places and a header"
  if command -v gnuplot > /dev/null; then
    [[ -s $kind-plane.svg ]] || fail "--plane $kind: there is no figure"
  fi
done

# A run that was stopped after some places goes on, and ends with the same bytes.
head -n 20 three.csv > stopped.csv
"$program" "${setting[@]}" --plane three --plane-grid 7x5 --plane-csv stopped.csv > /dev/null 2>&1
cmp stopped.csv three.csv || fail "a stopped run does not end with the bytes of one that was not"
refuses "--plane-csv 'three.csv': what was measured is of another grid than --plane-grid 5x7: '7 columns, " --plane three --plane-grid 5x7 \
  --plane-csv three.csv
fails "what was measured is of another plane" --plane random --plane-grid 7x5 --plane-csv three.csv
fails "what was measured is of another data" --plane three --plane-grid 7x5 --plane-data train --plane-csv three.csv

# A third run of the same start.
setting=(--dataset spirals --examples 300 --hidden 16 --epochs 3 --batch-size 12)
"$program" "${setting[@]}" --runs 3 --plane three --plane-third run --plane-grid 3 --json third.json > third.txt 2> /dev/null ||
  fail "--plane-third run"
grep -qE '^C +[0-9]' third.txt || fail "the third run is not in its plane: $(cat third.txt)"

if command -v python3 > /dev/null; then
  python3 - << 'END' || fail "the JSON of a plane is not what was expected"
import json
planes = {kind: json.load(open(kind + ".json"))["landscape"]["plane"] for kind in ("three", "random", "filter", "trajectory")}
for plane in planes.values():
    assert len(plane["error"]) == len(plane["loss"]) == 35
    assert plane["grid"]["columns"] == 7 and plane["grid"]["rows"] == 5
three = planes["three"]
a, b, start = three["networks"]
assert (a["u"], a["v"], b["v"]) == (0, 0, 0) and b["u"] > 0 and start["v"] > 0
for network in three["networks"]:  # they lie in the plane
    assert network["distance"] == 0 and abs(network["network"]["loss"] - network["projection"]["loss"]) < 1e-4
way = planes["trajectory"]
assert len(way["networks"]) == 21 and way["networks"][0]["name"] == "start" and way["networks"][-1]["name"] == "A"
assert 0 < way["explained"][1] < way["explained"][0] and sum(way["explained"]) <= 1
assert planes["filter"]["grid"] == planes["random"]["grid"] and abs(planes["filter"]["grid"]["u_high"] - planes["filter"]["step"]) < 1e-9
END
fi
ends
