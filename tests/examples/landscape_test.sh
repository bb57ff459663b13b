#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# landscape_test.sh PROGRAM PAIR: that landscape trains the pair that PAIR trains, what it writes of a path, and what it says of bad input.
set -euo pipefail
program=$1 pair=$2
setting=(--dataset spirals --examples 600 --batch-size 24 --hidden 16 --epochs 5 --init-seeds 1,2)
source "$(dirname "${BASH_SOURCE[0]}")/landscape.sh"

refuses "--path spline; expected line, polychain or bezier" --path spline
refuses "--path-bends 3: a line has no bends" --path-bends 3
refuses "--path-bends 0; expected a positive number" --path bezier --path-bends 0
refuses "--path-bends 9223372036854775807; expected at most 1000" --path bezier --path-bends 9223372036854775807
# Memory is refused before the training, with what needs it.
(
  failures=0
  ulimit -v 3000000
  refuses "--path-bends 1000: training them beside the networks needs" --path bezier --path-bends 1000 --hidden 800,800 --threads 1
  refuses "ulimit -v allows 2.9 GiB; expected fewer, or a smaller network" --path bezier --path-bends 1000 --hidden 800,800 --threads 1
  refuses "--plane trajectory: keeping 900 states of each run needs" --plane trajectory --plane-checkpoints 900 --hidden 800,800 --threads 1
  refuses "--curvature: 904 vectors of 645" --curvature --curvature-steps 900 --hidden 800,800 --threads 1
  exit $failures
) || fail "ulimit"
refuses "--path-epochs -1; expected a positive number" --path bezier --path-epochs -1
refuses "--path-learning-rate nan; expected a positive number" --path bezier --path-learning-rate nan
refuses "--path-weight-decay -1; expected a finite number, at least 0" --path bezier --path-weight-decay -1
refuses "--json and --csv both write 'x.csv'" --json x.csv --csv x.csv
setting=(--dataset spirals --examples 600 --batch-size 24 --hidden 16 --epochs 5)
refuses "--path bezier: the two runs differ in nothing" --path bezier --noise-seeds 1,1
# A path that diverges costs no other result.
fails "train_path: at update " --path bezier --path-learning-rate 1e30 --json lost.json
grep -q "^error barrier" out || fail "the line is not printed where the path diverges"
[[ -s lost.json ]] || fail "the line is not written where the path diverges"
setting=(--dataset spirals --examples 600 --batch-size 24 --hidden 16 --epochs 5 --init-seeds 1,2)

"$program" "${setting[@]}" --path bezier --path-epochs 20 --path-bends 2 --threads 1 --json one.json --csv one.csv --figure one.svg --save-checkpoints saved > one.txt 2> /dev/null
"$program" "${setting[@]}" --path bezier --path-epochs 20 --path-bends 2 --threads 2 --json two.json > two.txt 2> /dev/null
"$pair" "${setting[@]}" --json pair.json > pair.txt 2> /dev/null
[[ $(grep ^digests one.txt) == $(grep ^digests pair.txt) ]] || fail "the pair is not that of pair"
grep -q "a bezier with 2 bends trained in" one.txt || fail "no path is printed"
table() { sed -n '/^the line/,/^length/p' "$1" | sed 's/training of.*//'; }
diff <(table one.txt) <(table two.txt) ||
  fail "the path depends on the number of threads"
if command -v python3 > /dev/null; then
  python3 - << 'END' || fail "the JSON of the path is not what was expected"
import json
one, two, pair = (json.load(open(name)) for name in ("one.json", "two.json", "pair.json"))
path = one["landscape"]["path"]
assert path["digests"] == two["landscape"]["path"]["digests"] and len(path["digests"]) == 2
for k, digest in enumerate(path["digests"], 1):
    with open(f"saved/bend{k}.safetensors", "rb") as file:
        about = json.loads(file.read(int.from_bytes(file.read(8), "little")))["__metadata__"]
    assert about["digest"] == digest and about["bend"] == str(k) and about["path"] == "bezier" and "order_seed" not in about
assert one["barrier"] == pair["barrier"] and one["curve"] == pair["curve"]
assert path["length"]["path"] > path["length"]["line"] > 0
for part in ("train", "test"):
    curve = path[part]["curve"]
    assert [curve[0]["length_share"], curve[-1]["length_share"]] == [0, 1] and curve[-1]["t"] == 1
    # The ends are those of the line, to the bit.
    for end, of_line in ((curve[0], one["curve"][0]), (curve[-1], one["curve"][-1])):
        assert end["loss"] == of_line[part]["loss"] and end["error"] == of_line[part]["error"]
highest = max(point["train"]["loss"] for point in one["curve"])
assert path["train"]["along_t"]["loss"]["maximum"] < highest, "the path is not below the line"
END
fi
# A figure beside the first is found out to be a folder before training.
if command -v gnuplot > /dev/null; then
  mkdir -p folder-path.svg
  refuses "cannot write 'folder-path.svg': it is a directory, expected a file" --path bezier --figure folder.svg
fi
# What was measured is written before the next measurement, whatever becomes of that.
"$program" "${setting[@]}" --path bezier --path-epochs 1000000 --json early.json --csv early.csv --figure early.svg > early.txt 2> /dev/null &
running=$!
until [[ -s early.json && -s early.csv ]] || ! kill -0 $running 2> /dev/null; do sleep 0.1; done
kill -KILL $running || fail "the path of a million epochs is complete"
wait $running 2> /dev/null || true
cmp early.csv one.csv || fail "the curve of the line is not written before the path"
if command -v python3 > /dev/null; then
  python3 -c 'import json; a, b = (json.load(open(n)) for n in ("early.json", "pair.json")); assert a["curve"] == b["curve"] and "landscape" not in a' ||
    fail "the JSON of the line is not written before the path"
fi

if command -v gnuplot > /dev/null; then
  [[ -s one.svg && -s one-path.svg ]] || fail "a figure is missing"
fi
"$program" "${setting[@]}" > line.txt 2> /dev/null
! grep -q "^the line" line.txt || fail "without --path there is a path"
ends
