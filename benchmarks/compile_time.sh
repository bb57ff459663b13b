#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# compile_time.sh: what a user's compiler takes for lmc, seconds of CPU (median of three) and megabytes. From the environment: CXX, by
# default g++. Needs Debian's package `time`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

measure() {  # measure NAME FLAG... FILE
  local name=$1 i
  shift
  for i in 1 2 3; do
    /usr/bin/env time -f '%U %S %M' -a -o "$work/times" \
      "${CXX:-g++}" -std=c++20 -fopenmp -Iinclude -isystem /usr/include/eigen3 "$@" -o "$work/object"
  done
  sort -n "$work/times" | awk -v name="$name" 'NR == 2 { printf "%-44s %6.1f s %6.0f MB\n", name, $1 + $2, $3 / 1024 }'
  rm "$work/times"
}
header() {  # header NAME INCLUDE
  echo "#include <$2>" > "$work/header.cpp"
  measure "$1" -fsyntax-only "$work/header.cpp"
}

header 'Eigen/Dense alone' Eigen/Dense
header 'lmc/connectivity/connectivity.hpp alone' lmc/connectivity/connectivity.hpp
header 'lmc/lmc.hpp alone' lmc/lmc.hpp
measure 'quickstart, -O2' -O2 -c examples/quickstart.cpp
measure 'quickstart with lmc::compiled, -O2' -O2 -DLMC_COMPILED -c examples/quickstart.cpp
for file in include/lmc/compiled/*.cpp; do measure "lmc::compiled, $(basename "$file"), -O2" -O2 -c "$file"; done
