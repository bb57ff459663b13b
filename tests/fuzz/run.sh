#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Fuzzes every parser: clang's libFuzzer under the address, undefined-behavior and leak sanitizers. On a fresh Debian 12 it installs
# what is missing first.
#   bash tests/fuzz/run.sh [SECONDS [FORMAT...]]     of all targets together, 120 by default, or of those that are named
# A line for each target tells what was run. Inputs that end a target are findings: they stay in build/fuzz/findings/FORMAT, and the
# exit code is 1; `build/fuzz/tests/fuzz/fuzz_FORMAT FILE` runs one again. What was learned stays in build/fuzz/corpus/FORMAT.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source cmake/debian-packages.sh
seconds=${1:-120}
if [[ ! $seconds =~ ^[1-9][0-9]*$ ]]; then
  echo "tests/fuzz/run.sh: '$seconds' is no number of seconds; expected a positive whole number" >&2
  exit 1
fi

formats=()
for file in tests/fuzz/{,programs/}*_fuzz.cpp; do
  formats+=("$(basename "$file" _fuzz.cpp)")
done
for format in "${@:2}"; do
  if [[ " ${formats[*]} " != *" $format "* ]]; then
    echo "tests/fuzz/run.sh: unknown format '$format'; known are ${formats[*]}" >&2
    exit 1
  fi
done
(($# < 2)) || formats=("${@:2}")
install_packages "${lmc_packages[@]}" "${lmc_study_packages[@]}" "${lmc_clang_packages[@]}"
cmake --preset fuzz > /dev/null
cmake --build --preset fuzz

jobs=$(nproc)
share=$((seconds * jobs / ${#formats[@]}))

fuzz() {  # fuzz FORMAT SECONDS
  local learned=build/fuzz/corpus/$1 findings=build/fuzz/findings/$1 log=build/fuzz/$1.log failure=0
  mkdir -p "$learned" "$findings"
  # Freed memory kept aside, 256 MB by default, would cost most of the time.
  export ASAN_OPTIONS=quarantine_size_mb=16:malloc_context_size=8
  # An input of 8 kB reaches every branch, and a thousand of them are run in a second.
  "build/fuzz/tests/fuzz/fuzz_$1" "$learned" "tests/fuzz/corpus/$1" -max_total_time="$2" -max_len=8192 -timeout=10 -rss_limit_mb=2048 \
    -malloc_limit_mb=256 -detect_leaks=1 -print_final_stats=1 -artifact_prefix="$findings/" > "$log" 2>&1 || failure=$?
  local executions coverage crashes
  executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  coverage=$(grep -o ' cov: [0-9]*' "$log" | tail -n 1) || true
  crashes=$(find "$findings" -type f | wc -l)
  printf '%-20s %9s executions  %7s per second  coverage %5s  findings %s\n' "$1" "${executions:-0}" "$((${executions:-0} / $2))" \
    "${coverage##* }" "$crashes"
  if ((failure != 0 || crashes > 0 || ${executions:-0} == 0)); then
    tail -n 40 "$log" >&2
    return 1
  fi
}
export -f fuzz
# shellcheck disable=SC2016  # the inner bash expands them
printf '%s\0' "${formats[@]}" | xargs -0 -P "$jobs" -I '{}' bash -c 'fuzz "$1" "$2"' bash '{}' "$((share > 0 ? share : 1))" || {
  echo "There are findings: build/fuzz/findings" >&2
  exit 1
}
