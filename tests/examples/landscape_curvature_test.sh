#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# landscape_curvature_test.sh PROGRAM: what landscape writes of the curvature around a pair, and what it says of bad input.
set -euo pipefail
program=$1
setting=(--dataset spirals --examples 300 --hidden 8 --epochs 3)
source "$(dirname "${BASH_SOURCE[0]}")/landscape.sh"

refuses "--curvature-steps 10 is of --curvature; add it" --curvature-steps 10
refuses "--curvature-seed 1 is of --curvature; add it" --curvature-seed 1
refuses "--curvature-layers is of --curvature; add it" --curvature-layers
refuses "--curvature-steps 0; expected at least 1" --curvature --curvature-steps 0
refuses "--curvature-products 10; expected a multiple of 3, at least 6" --curvature --curvature-products 10
refuses "--curvature-intervals 6; expected a multiple of 4, at least 4" --curvature --curvature-intervals 6
refuses "--curvature-examples 10000000: there are only" --curvature --curvature-examples 10000000

measure=(--curvature --curvature-layers --curvature-intervals 32)
"$program" "${setting[@]}" "${measure[@]}" --threads 1 --json one.json --figure one.svg > one.txt 2> /dev/null
"$program" "${setting[@]}" "${measure[@]}" --threads 2 --json two.json > /dev/null 2>&1
for text in "largest eigenvalue" "trace of the square" "  by L''" "  at kinks" "predicted by the ends"; do
  grep -qF -- "$text" one.txt || fail "'$text' is not printed"
done
if sed -n '/^the Hessian/,/^curvature took/p' one.txt | grep -qE -- '(^| )-?0\.0000( |$)'; then fail "a small number is printed as 0.0000"; fi
if command -v gnuplot > /dev/null; then [[ -s one-curvature.svg ]] || fail "there is no figure of the curvature"; fi
# Equal networks have ends, and no line between them.
"$program" "${setting[@]}" --noise-seeds 1,1 --curvature --json equal.json > equal.txt 2> /dev/null
grep -q "no curvature on the line: the two networks are equal" equal.txt || fail "equal networks have a line"
if command -v python3 > /dev/null; then
  python3 - << 'END' || fail "the JSON of the curvature is not what was expected"
import json
one, two, equal = (json.load(open(name)) for name in ("one.json", "two.json", "equal.json"))
c = one["landscape"]["curvature"]
for other in (c, two["landscape"]["curvature"]):
    other.pop("seconds")
assert c == two["landscape"]["curvature"], "threads change the curvature"
for end in (c["a"], c["b"]):
    largest, smallest = end["largest"]["value"], end["smallest"]["value"]
    assert largest > 0 and largest > smallest
    # What is printed has four significant digits, however small.
    for ends in (end["largest"], end["smallest"]):
        text = f"{ends['value']:.4g} +- {ends['residual']:.4g}"
        assert text in open("one.txt").read(), text
    # All eigenvalues lie between both ends, so that these bound the trace of the square from below, and every node from both sides.
    assert end["square_trace"]["value"] + 5 * end["square_trace"]["standard_error"] > largest**2
    assert all(smallest - 1e-3 * largest <= node["value"] <= 1.001 * largest for node in end["density"]["nodes"])
    assert abs(sum(node["weight"] for node in end["density"]["nodes"]) - 1) < 1e-9
    # A block is a part of the whole: its largest eigenvalue is no larger.
    assert len(end["layers"]) == 2 and all(layer["value"] <= 1.001 * largest for layer in end["layers"].values())
line = c["line"]
assert len(line["alphas"]) == 33 and abs(line["slope_b"] - line["slope_a"] - line["integral"] - line["kinks"]) < 1e-9
assert abs(line["midpoint_barrier"] - line["predicted_from_ends"] - line["residual"]) < 1e-9
# The barrier at 1/2 is that of the curve, which another function measures.
losses = {point["alpha"]: point["train"]["loss"] for point in one["curve"]}
assert abs(line["midpoint_barrier"] - (losses[0.5] - (losses[0] + losses[1]) / 2)) < 1e-5
assert "line" not in equal["landscape"]["curvature"] and "equal" in equal["landscape"]["curvature"]["no_line"]
END
fi
ends
