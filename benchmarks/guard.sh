#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# guard.sh: is this tree slower than another commit? For use before a change lands, on a quiet machine.
#   bash benchmarks/guard.sh [-n ROUNDS] [-t SECONDS] COMMIT [PROGRAM[:REGEX]]...
#     PROGRAM          a program of Google Benchmark, benchmarks/PROGRAM.cpp; without any, all of them
#     REGEX            which of its benchmarks; without it, all of them
#     -n ROUNDS        measurements of either side (default 5)
#     -t SECONDS       that each benchmark runs at least, in each measurement (default 0.2)
#   bash benchmarks/guard.sh HEAD~3 product 'training_step:mlp/784.*'
# Builds both in release: the files as they lie here, edited or not, in build/guard/after; those of COMMIT, from a work tree in
# build/guard/commit, in build/guard/before. In each round every program runs once for either side, and who comes first changes from
# round to round, so that a machine that slows down does so for both. benchmarks/compare.py joins the rounds, prints a table
# and judges; its text has the rule. Exit status: 0 when nothing got slower, 1 when something did beyond noise or is gone, 2 when
# nothing could be compared.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
guard=build/guard

refuse() {
  echo "error: $*" >&2
  exit 2
}

rounds=5 seconds=0.2
while getopts :n:t: option; do
  case $option in
    n) rounds=$OPTARG ;;
    t) seconds=$OPTARG ;;
    :) refuse "-$OPTARG needs a value" ;;
    *) refuse "there is no option -$OPTARG; expected -n ROUNDS or -t SECONDS" ;;
  esac
done
shift $((OPTIND - 1))
[[ $rounds =~ ^[1-9][0-9]{0,3}$ ]] || refuse "-n $rounds: expected a number of rounds from 1 to 9999"
[[ $seconds =~ ^[0-9]*\.?[0-9]+$ ]] || refuse "-t $seconds: expected seconds like 0.5"
[ $# -ge 1 ] || refuse "no commit to compare with; expected guard.sh [-n ROUNDS] [-t SECONDS] COMMIT [PROGRAM[:REGEX]]..."
commit=$(git rev-parse --quiet --verify --end-of-options "$1^{commit}") || refuse "'$1' is no commit of this repository"
shift

programs_in() {  # programs_in TREE: those of Google Benchmark
  grep -l '#include <benchmark/benchmark.h>' "$1"/benchmarks/*.cpp | sed 's#.*/##; s#\.cpp$##'
}
git worktree prune
[ -e $guard/commit/.git ] || git worktree add --quiet --detach --no-checkout $guard/commit "$commit"
git -C $guard/commit checkout --quiet --force --detach "$commit"

mapfile -t all < <({ programs_in . && programs_in $guard/commit; } | sort -u)
[ $# -ge 1 ] || set -- "${all[@]}"
declare -A filters
for argument in "$@"; do
  program=${argument%%:*}
  [[ " ${all[*]} " == *" $program "* ]] || refuse "'$argument': '$program' is no program of Google Benchmark; there are ${all[*]}"
  regex=.
  [[ $argument != *:* ]] || regex=${argument#*:}
  filters[$program]=${filters[$program]:+${filters[$program]}|}$regex
done

common=() gone=0
for program in $(printf '%s\n' "${!filters[@]}" | sort); do
  if [ ! -f "benchmarks/$program.cpp" ]; then
    echo "GONE: $program, which is in the commit alone"
    gone=1
  elif [ ! -f "$guard/commit/benchmarks/$program.cpp" ]; then
    echo "new: $program, which is in this tree alone"
  else
    common+=("$program")
  fi
done
[ ${#common[@]} -ge 1 ] || refuse "none of these programs is on both sides"

build() {  # build SIDE SOURCE
  local log=$guard/$1.log
  echo "building $1: $(git -C "$2" describe --always --dirty)"
  { (cd "$2" && cmake --preset release -B "$OLDPWD/$guard/$1" -DLMC_BUILD_TESTS=OFF -DLMC_BUILD_EXAMPLES=OFF) &&
    cmake --build "$guard/$1" --target "${common[@]}"; } > "$log" 2>&1 || refuse "cannot build $1; the end of $log is:
$(tail -20 "$log")"
}
build before $guard/commit
build after .

measure() {  # measure SIDE PROGRAM ROUND
  "$guard/$1/benchmarks/$2" --benchmark_filter="${filters[$2]}" --benchmark_min_time="$seconds" \
    --benchmark_out="$guard/results/$1/$2.$3.json" --benchmark_out_format=json > "$guard/$1.log" 2>&1 ||
    refuse "$1: $2 failed:
$(tail -20 "$guard/$1.log")"
  # A regular expression that nothing matches leaves a file without a benchmark, or none.
  grep -qs '"run_name"' "$guard/results/$1/$2.$3.json" || refuse "$1: $2 has no benchmark that matches '${filters[$2]}'"
}
rm -rf $guard/results
mkdir -p $guard/results/before $guard/results/after
for ((round = 1; round <= rounds; ++round)); do
  echo "round $round of $rounds"
  for program in "${common[@]}"; do
    if ((round % 2)); then sides="before after"; else sides="after before"; fi
    for side in $sides; do measure "$side" "$program" "$round"; done
  done
done
python3 benchmarks/compare.py $guard/results/before $guard/results/after || exit $?
exit "$gone"
