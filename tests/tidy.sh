#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# tidy.sh [headers] [programs] [benchmarks]: clang-tidy on every header, example program and benchmark, all of them by default (the
# preset tidy checks the study and the tests, too).
# clang-tidy looks through the standard library and Eigen once in each file that it is given, a minute for each, so that it is given
# three, which include all others.
# Without the static analyzer, which takes longer than all else (the preset has it); the tests run under the sanitizers.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(($# > 0)) || set -- headers programs benchmarks

find include examples -name '*.hpp' ! -name mpi_study.hpp ! -name declarations.hpp -printf '#include "%P"\n' | sort > "$work/headers.cpp"
together() {  # together FILE...: one file that includes all of them, those with a main in a namespace of their own
  cat "$@" | grep -h '^#include' | sort -u
  local file
  for file in "$@"; do
    if grep -q '^int main\|^BENCHMARK_MAIN' "$file"; then
      printf 'namespace program_%s {\n#include "%s"\n}\n' "$(basename "$file" .cpp)" "$file"
    else
      printf '#include "%s"\n' "$file"
    fi
  done
}
together examples/*.cpp examples/{align,barrier,landscape,onset,pair,published,registry}/*.cpp > "$work/programs.cpp"
together benchmarks/*.cpp > "$work/benchmarks.cpp"
printf "$work/%s.cpp\0" "$@" | xargs -0 -P "$(nproc)" -I '{}' clang-tidy-16 --quiet --config-file=.clang-tidy --checks=-bugprone-suspicious-include,-clang-analyzer-* \
  '{}' -- -std=c++20 -fopenmp -march=native -Wno-return-type -I. -Iinclude -Iexamples -Iexamples/published -Ibenchmarks -Itests -isystem /usr/include/eigen3
