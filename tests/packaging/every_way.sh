#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# every_way.sh [COMPILER-BUILD_TYPE-WITH]...: every_template.sh with both compilers, with and without optimization, lmc::native and
# lmc::compiled: all six ways by default, as before a release. Debug compiles what no build type does; -O1 has warnings of its own in GCC.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
(($# > 0)) || set -- g++-{O1,Release}-plain g++-{none,Release}-native clang++-16-none-plain clang++-16-Release-compiled

every_template() {
  local compiler=${1%-*-*} rest=${1##"${1%-*-*}-"}
  CXX=$compiler bash tests/packaging/every_template.sh "${rest%-*}" "${rest#*-}" "$PWD" "build/every_template/$1"
}
export -f every_template
export CMAKE=${CMAKE:-cmake} CMAKE_GENERATOR=${CMAKE_GENERATOR:-Ninja}
# shellcheck disable=SC2016  # the inner bash expands it
printf '%s\0' "$@" | xargs -0 -P "$(nproc)" -I '{}' bash -euo pipefail -c 'every_template "$1"' bash '{}'
