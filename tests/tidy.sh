#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# tidy.sh: clang-tidy on every header and every example program (the preset tidy checks the study and the tests, too). clang-tidy
# looks through the standard library and Eigen once in each file that it is given, a minute for each, so that it is given two: one
# that includes every header, and one that includes every program, those of a single file in a namespace of their own. (no_extra.cpp
# is no program: it defines a function of the registry.)
# Without the static analyzer, which takes longer than all else (the preset has it); the tests run under the sanitizers.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

find include examples -name '*.hpp' ! -name mpi_study.hpp ! -name declarations.hpp -printf '#include "%P"\n' | sort > "$work/headers.cpp"
{
  cat examples/*.cpp examples/{align,registry,pair}/*.cpp | grep '^#include' | sort -u
  for file in $(ls examples/*.cpp examples/align/align.cpp | grep -v no_extra); do printf 'namespace %s_program {\n#include "%s"\n}\n' "$(basename "$file" .cpp)" "$file"; done
  printf '#include "%s"\n' examples/no_extra.cpp examples/align/{group_table,network_pair}.cpp examples/{registry,pair}/*.cpp
} > "$work/programs.cpp"
printf '%s\0' "$work"/*.cpp | xargs -0 -P "$(nproc)" -I '{}' clang-tidy-16 --quiet --config-file=.clang-tidy --checks=-bugprone-suspicious-include,-clang-analyzer-* \
  '{}' -- -std=c++20 -fopenmp -march=native -Wno-return-type -I. -Iinclude -Iexamples -Itests -isystem /usr/include/eigen3
