#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# pair_alignment_test.sh PROGRAM: pair --align, --repair and --init-seeds: the rows agree with the plain pair, with each other and with the
# curves, and what cannot be aligned or repaired is said before training.
set -euo pipefail
program=$1
source "$(dirname "${BASH_SOURCE[0]}")/program_test.sh"
pair=("$program" --dataset spirals --subset 1000 --test-subset 1000 --hidden 16 --epochs 8 --alphas 8 --batch-size 50)

# refuses TEXT OPTION...: fails before training with a message on standard error that contains TEXT
refuses() {
  local text=$1
  shift
  if "${pair[@]}" "$@" > out 2> err; then fail "$* was accepted"; fi
  grep -qF -- "$text" err || fail "$*: '$text' is not in: $(cat err)"
  [[ ! -s out ]] || fail "$* was found out after training: $(cat out)"
}
digests() { "${pair[@]}" "$@" 2> /dev/null | sed -n 's/^digests //p'; }

refuses "--align weight: unknown alignment 'weight'; did you mean 'weights'?" --align weight
refuses "--align weights,weights: weights is there twice" --align weights,weights
refuses "--align '': names nothing; expected weights, activations or frank-wolfe, or several with commas between" --align ''
refuses "--align 'weights,': no name follows the last comma; expected weights" --align weights,
refuses "--align ,weights: unknown alignment ''" --align ,weights
refuses "--repair '': names nothing; expected repair, rescale, batch-norm or bias" --repair ''
refuses "--repair rapair: unknown repair 'rapair'; did you mean 'repair'?" --repair rapair
refuses "--repair batch-norm: repair: the network has no running statistics" --align weights --repair batch-norm
refuses "for one without BatchNorm use --repair repair" --repair batch-norm
refuses "--align: the network has no hidden units that could trade places" --align weights --hidden ''
refuses "--align: there is only 1 training or test example; expected at least 2" --align weights --test-subset 1
refuses "--init-seeds 1; expected 2 whole numbers with commas between, one for each run" --init-seeds 1
refuses "--init-seeds 1,2,3; expected 2 whole numbers" --init-seeds 1,2,3
refuses "--init-seeds 3,3: the two runs would share their start, which they do without the option" --init-seeds 3,3
refuses "--init-seed 3 for the start of both" --init-seeds 3,3
refuses "--init-seeds 1,2 with --pairs 2: the seeds are those of one pair's two starts" --init-seeds 1,2 --pairs 2
refuses "--init-seeds 1,2 with --runs 3: only two runs can have starts of their own" --init-seeds 1,2 --runs 3
refuses "--init-seeds 1,2 with --explain: its account of distances" --init-seeds 1,2 --explain
refuses "--init-seed excludes --init-seeds" --init-seeds 1,2 --init-seed 3

# Starts of their own: each run is that of its start.
one=$(digests --init-seed 1) two=$(digests --init-seed 2)
[[ $(digests --init-seeds 1,2) == "${one% *} ${two#* }" ]] || fail "--init-seeds 1,2 are not the runs of the seeds 1 and 2"
"${pair[@]}" --init-seeds 1,2 --noise-seeds 5,5 --json own.json --save-checkpoints own > out 2> err || fail "starts of their own: $(cat err)"
! grep -q 'the two runs will be identical' err || fail "a warning of equal runs from two starts"
grep -q 'the runs differ in: initialization$' out || fail "what differs is not said: $(cat out)"
json_lines own.json > lines
for entry in 'seeds.init 1' 'seeds.init_of_runs.0 1' 'seeds.init_of_runs.1 2' 'runs_differ_in.0 initialization'; do
  grep -qxF "$entry" lines || fail "own.json has no '$entry'"
done
grep -qaF '"init_seed":"1"' own/a.safetensors && grep -qaF '"init_seed":"2"' own/b.safetensors || fail "checkpoints name other starts"

# contradictions JSON PLAIN CSV: prints what contradicts the plain pair, the curves, or the definitions, in the first pair's rows.
contradictions() {
  { json_lines "$1"; json_lines "$2" | sed 's/^/plain./'; } | awk -v csv="$3" '
    function near(name, got, expected, tolerance) {
      if (!(got - expected <= tolerance && expected - got <= tolerance)) print name " is " got ", expected " expected
    }
    { path = $1; sub(/^[^ ]* /, ""); text[path] = $0; v[path] = $0 + 0 }
    END {
      split("train test", parts)
      for (p = 1; p <= 2; ++p) for (m = 1; m <= split("error alpha loss interval_low interval_high cross_fitted", keys); ++m) {
        path = "barrier." parts[p] "." keys[m]
        near(path, v[path], v["plain." path], 0)
      }
      for (i = 0; ("alignment." i ".method") in text; ++i) row[text["alignment." i ".method"], text["alignment." i ".repair"]] = i
      rows = i
      getline line < csv
      if (line != "method,repair,alpha,train_loss,train_error,test_loss,test_error") print "the header of " csv " is " line
      while ((getline line < csv) > 0) {
        split(line, f, ",")
        k = points[f[1], f[2]]++
        alpha[f[1], f[2], k] = f[3]
        for (p = 1; p <= 2; ++p) { curve[f[1], f[2], p, "loss", k] = f[2 + 2 * p]; curve[f[1], f[2], p, "error", k] = f[3 + 2 * p] }
      }
      for (key in points) {
        split(key, n, SUBSEP)
        ++seen
        b = key == "none" SUBSEP "none" ? "barrier." : "alignment." row[key] ".barrier."
        last = points[key] - 1
        for (p = 1; p <= 2; ++p) for (m = 1; m <= split("loss error", metrics); ++m) {
          high = 0
          for (k = 0; k <= last; ++k) {
            x = alpha[key, k]
            above = curve[key, p, metrics[m], k] - (1 - x) * curve[key, p, metrics[m], 0] - x * curve[key, p, metrics[m], last]
            if (above > high) high = above
          }
          near(b parts[p] "." metrics[m], v[b parts[p] "." metrics[m]], high, 1e-9)
          # A permuted network is the same function, and ends are not repaired.
          near(key " first end", curve[key, p, metrics[m], 0], curve["none", "none", p, metrics[m], 0], 0)
          near(key " second end", curve[key, p, metrics[m], last], curve["none", "none", p, metrics[m], last], 1e-3)
        }
      }
      near("rows", rows, seen - 1, 0)
      for (i = 0; i < rows; ++i) {
        a = "alignment." i "."
        for (p = 1; p <= 2; ++p) {
          s = "permutation_share." i "." parts[p] "."
          if (text["permutation_share." i ".method"] != text[a "method"] || text["permutation_share." i ".repair"] != text[a "repair"]) print s
          if (!many) {
            near(s "before", v[s "before"], v["barrier." parts[p] ".cross_fitted"], 1e-15)
            near(s "after", v[s "after"], v[a "barrier." parts[p] ".cross_fitted"], 1e-15)
          }
          if (text[s "share"] != "null") near(s "share", v[s "share"], 1 - v[s "after"] / v[s "before"], 1e-12)
        }
        if (text[a "method"] == "none") { if (text[a "objective_after"] != "null") print a "objective_after"; continue }
        if (v[a "objective_after"] < v[a "objective_before"]) print a "objective_after is below the one before"
        if (v[a "upper_bound"] < v[a "objective_after"] * (1 - 1e-12)) print a "upper_bound is below the objective"
        if (!(0 <= v[a "function_change"] && v[a "function_change"] <= 4e-4)) print a "function_change"
        if (!(v[a "seconds"] >= 0)) print a "seconds"
        near(a "moved.0.units", v[a "moved.0.units"], 16, 0)
        if (!(v[a "moved.0.moved"] >= 0 && v[a "moved.0.moved"] <= 16 && v[a "moved.0.moved"] != 1)) print a "moved.0.moved"
      }
    }'
}

"${pair[@]}" --init-seeds 1,2 --json plain.json --csv plain.csv > plain 2> err || fail "plain: $(cat err)"
all=(--init-seeds 1,2 --align weights,activations,frank-wolfe --repair repair,rescale,bias)
"${pair[@]}" "${all[@]}" --json all.json --csv all.csv > out 2> err || fail "all: $(cat err)"
wrong=$(contradictions all.json plain.json all.csv)
[[ -z $wrong ]] || fail "the rows contradict: $wrong"
# A check that notices nothing would pass.
sed 's/"error": .*,/"error": 0.5,/' all.json > changed.json
[[ $(contradictions changed.json plain.json all.csv | grep -c 'error is 0.5') -ge 30 ]] || fail "contradictions overlooks wrong barriers"
diff <(sed -n 's/^none,none,//p' all.csv) <(tail -n +2 plain.csv) || fail "the plain curve differs"
diff <(sed '/^training /d' plain) <(sed '/^$/,/^digests/{/^digests/!d}; /^training /d' out) > different || fail "the plain table differs: $(cat different)"
json_lines all.json > lines
[[ $(grep -c '^alignment.[0-9]*.method ' lines) == 15 ]] || fail "expected 3 repairs and 3 methods with none and 3 repairs: $(grep method lines)"
# With one hidden layer both searches on weights are at the optimum, which is theirs to know.
awk '
  { path = $1; sub(/^[^ ]* /, ""); v[path] = $0 }
  END {
    for (i = 0; i < 15; ++i) at[v["alignment." i ".method"], v["alignment." i ".repair"]] = "alignment." i "."
    w = at["weights", "none"]; f = at["frank-wolfe", "none"]; a = at["activations", "none"]
    if (v[w "optimal"] != "true" || v[a "optimal"] != "true") print "not optimal"
    d = v[w "objective_after"] - v[f "objective_after"]
    if (d < -1e-9 || d > 1e-9) print "weights and frank-wolfe differ: " d
    if (!(v[a "objective_after"] <= 16 && v[a "objective_after"] > v[a "objective_before"])) print "correlations: " v[a "objective_after"]
    # Independent starts: most units find a better place, and the loss barrier falls.
    if (!(v[w "moved.0.moved"] + 0 > 8)) print "moved: " v[w "moved.0.moved"]
    for (m = 1; m <= split("weights activations frank-wolfe", names); ++m)
      if (!(v[at[names[m], "none"] "barrier.train.loss"] + 0 < 0.8 * v["barrier.train.loss"])) print names[m] " leaves the barrier: " v[at[names[m], "none"] "barrier.train.loss"] " of " v["barrier.train.loss"]
  }' lines > wrong
[[ ! -s wrong ]] || fail "$(cat wrong)"
for text in '^error barrier with the second run.s units in another order' '^  none         none  ' '^  frank-wolfe  rescale  ' \
  '^  weights      .* -> .*, the largest there is; an output changes by ' '^    dense1  *[0-9]* of 16 units moved$' \
  '^  weights      none       0\.[0-9]* -> .*(% of the barrier, no interval: one initialization|undefined: the barrier before is not to be told from none)$'; do
  grep -qE "$text" out || fail "the output has no '$text': $(cat out)"
done
"${pair[@]}" "${all[@]}" --threads 1 --json one.json > /dev/null 2> err || fail "one thread: $(cat err)"
diff <(grep '^alignment\|^permutation' lines | grep -v '\.seconds ') <(json_lines one.json | grep '^alignment\|^permutation' | grep -v '\.seconds ') > different ||
  fail "one thread gave other results: $(cat different)"

# Equal runs: no unit moves, and repair has nothing to do.
"${pair[@]}" --noise-seeds 5,5 --align weights,frank-wolfe --repair repair --json equal.json > out 2> err || fail "equal runs: $(cat err)"
json_lines equal.json > lines
[[ $(grep -cE '^alignment.[0-9].moved.0.moved 0$' lines) == 4 ]] || fail "units of equal runs moved: $(grep moved lines)"
[[ $(grep -cE '^alignment.[0-9].barrier.(train|test).error 0.0$' lines) == 10 ]] || fail "equal runs have a barrier: $(grep barrier lines)"
[[ $(grep -cE '^permutation_share.[0-9].(train|test).share null$' lines) == 10 ]] || fail "a share of no barrier: $(grep share lines)"

# Several pairs: heights are means over the pairs, and each pair has its rows.
"${pair[@]}" --pairs 2 --runs 3 --align activations --json many.json --csv many.csv > out 2> err || fail "several pairs: $(cat err)"
json_lines many.json > lines
[[ $(head -1 many.csv) == pair,method,repair,alpha,* && $(tail -1 many.csv) == 6,activations,none,1,* && $(wc -l < many.csv) == 97 ]] ||
  fail "several pairs: $(head -1 many.csv) $(tail -1 many.csv)"
awk '
  { path = $1; sub(/^[^ ]* /, ""); v[path] = $0 + 0 }
  END {
    for (i = 0; i < 6; ++i) { before += v["pairs." i ".barrier.test.cross_fitted"] / 6; after += v["pairs." i ".alignment.0.barrier.test.cross_fitted"] / 6 }
    d = before - v["permutation_share.0.test.before"]; e = after - v["permutation_share.0.test.after"]
    exit d * d + e * e > 1e-24
  }' lines || fail "the heights are no means over the pairs: $(grep permutation_share lines)"
grep -q '^removed, of the cross-fitted height on test examples, over all pairs$' out || fail "no shares: $(cat out)"

# BatchNorm: running statistics are taken anew by the plain evaluator too, and other repairs are refused with the way out.
source "$scripts/images.sh"
pair=("$program" --dataset mnist --data images --network cnn --channels 4 --stride 2 --norm batch --epochs 1 --batch-size 50 --alphas 4)
"${pair[@]}" --align activations --repair batch-norm --json norm.json > out 2> err || fail "BatchNorm: $(cat err)"
json_lines norm.json | awk '/^alignment.0.barrier/ { anew[substr($1, 13)] = $2 } /^barrier/ { plain[$1] = $2 }
  END { for (key in plain) { ++n; if (anew[key] != plain[key]) exit 1 }; exit n < 10 }' || fail "batch-norm differs from the plain pair"
refuses "--repair repair: repair: the network has running statistics" --repair repair
refuses "use --repair batch-norm" --repair bias
# A locally connected layer: the positions of its units are told apart.
pair=("$program" --dataset mnist --data images --network lcn --channels 4 --stride 2 --epochs 1 --batch-size 50 --alphas 2)
"${pair[@]}" --init-seeds 1,2 --align weights --json local.json > out 2> err || fail "lcn: $(cat err)"
json_lines local.json | awk '/^alignment.0.moved.0.moved / { all = $2 } /^alignment.0.moved.0.units / { units = $2 }
  /^alignment.0.moved.0.groups./ { sum += $2; ++n } END { exit n != 169 || units != 676 || sum != all }' || fail "positions: $(cat out)"
grep -qE '^    .* [0-9]+ of 676 units moved, in [0-9]+ of 169 groups$' out || fail "positions are not printed: $(cat out)"
# Ends alone have no barrier.
grep -qx "  weights      none       none was measured" out || fail "a share without a barrier: $(cat out)"

pair=("$program" --dataset spirals --hidden 16 --epochs 1 --alphas 4)
"${pair[@]}" --learning-rate 1e30 --allow-divergence --align weights --json diverged.json > out 2> err || fail "diverged: $(cat err)"
grep -q 'note: there is nothing to align or to repair, since a network diverged' err && ! grep -q '"alignment"' diverged.json ||
  fail "a diverged pair is aligned: $(cat err)"
skipped=0
if command -v gnuplot > /dev/null; then
  "${pair[@]}" --align weights,activations --repair repair --figure curve.svg > out 2> err || fail "figure: $(cat err)"
  grep -q '</svg>' curve-alignment.svg || fail "no figure: $(cat err)"
  for text in 'units in the given order' 'units ordered by weights' 'units ordered by activations' 'as trained'; do
    grep -qF "$text" curve-alignment.svg || fail "the figure has no '$text'"
  done
else
  echo "skipped: gnuplot is not installed: no figure was drawn" >&2
  skipped=77
fi
ends
