#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Is the checkout slower than another commit? Builds the benchmarks of both, runs them by turns on this machine, and compares.
#   bash benchmarks/guard.sh COMMIT [BENCHMARK...]     by default training_step and curve
# From the environment: ROUNDS (6), OMP_NUM_THREADS (1), BENCHMARK_FILTER (all), RESULTS (a folder for both JSON files).
# Exit status: that of compare.py, 0 when nothing is slower beyond noise, 1 when something is, 2 when it cannot be told. Run it on a
# quiet machine, before a change lands; what differs between machines is told by compare.py from files that are kept.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if (($# == 0)); then
  sed -n '3,8s/^# //p' "${BASH_SOURCE[0]}" >&2
  exit 2
fi
commit=$(git rev-parse --verify --quiet "$1^{commit}") || { echo "guard.sh: there is no commit '$1'" >&2; exit 2; }
shift
benchmarks=("$@")
(($# > 0)) || benchmarks=(training_step curve)
rounds=${ROUNDS:-6}
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}

work=$(mktemp -d)
trap 'git worktree remove --force "$work/before" 2> /dev/null || true; rm -rf "$work"' EXIT
git worktree add --quiet --detach "$work/before" "$commit"
for side in before after; do
  source=$work/before
  [[ $side == before ]] || source=$PWD
  cmake -S "$source" -B "$work/build-$side" -G Ninja -DCMAKE_BUILD_TYPE=Release -DLMC_BUILD_BENCHMARKS=ON -DLMC_BUILD_TESTS=OFF \
    > "$work/log" 2>&1 && cmake --build "$work/build-$side" --target "${benchmarks[@]}" >> "$work/log" 2>&1 ||
    { tail -n 20 "$work/log" >&2; echo "guard.sh: the benchmarks of $side do not build" >&2; exit 2; }
done

# By turns, so that a machine that changes its speed changes it for both.
for ((round = 1; round <= rounds; ++round)); do
  for benchmark in "${benchmarks[@]}"; do
    for side in before after; do
      program=$(find "$work/build-$side" -name "$benchmark" -type f -perm -u+x)
      "$program" --benchmark_filter="${BENCHMARK_FILTER:-.}" --benchmark_out="$work/$side-$benchmark-$round.json" \
        --benchmark_out_format=json > "$work/log" 2>&1 || { tail -n 20 "$work/log" >&2; exit 2; }
    done
  done
  echo "round $round of $rounds" >&2
done

results=${RESULTS:-$work}
mkdir -p "$results"
for side in before after; do
  python3 - "$results/$side.json" "$work/$side-"*.json << 'END'
import json
import sys

rounds = [json.load(open(path, encoding="utf-8")) for path in sys.argv[2:]]
together = rounds[0] | {"benchmarks": [row for content in rounds for row in content["benchmarks"]]}
json.dump(together, open(sys.argv[1], "w", encoding="utf-8"), indent=1)
END
done
lscpu | sed -n 's/^Model name: *//p; s/^Model: */model /p' >&2
python3 benchmarks/compare.py "$results/before.json" "$results/after.json"
