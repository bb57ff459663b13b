#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# libtorch_trainer_test.sh REPOSITORY WORK: builds the example with libtorch as a user does, against an installed lmc::connectivity, and
# lets it compare its results with a loop by hand. Exits with 77 where CMake finds no libtorch (Debian: libtorch-dev).
set -euo pipefail
source=$1
mkdir -p "$2"
work=$(cd "$2" && pwd)  # CMake looks for a relative prefix elsewhere
cmake -S "$source" -B "$work/lmc" -DLMC_CONNECTIVITY_ONLY=ON -DLMC_BUILD_TESTS=OFF > "$work/configure.log"
cmake --install "$work/lmc" --prefix "$work/prefix" > /dev/null
if ! cmake -S "$source/examples/libtorch_trainer" -B "$work/build" -DCMAKE_PREFIX_PATH="$work/prefix" > "$work/configure.log" 2>&1; then
  grep -q 'By not providing "FindTorch.cmake"' "$work/configure.log" && { echo "there is no libtorch"; exit 77; }
  cat "$work/configure.log" >&2
  exit 1
fi
cmake --build "$work/build"
"$work/build/libtorch_trainer" --check
if "$work/build/libtorch_trainer" --chekc 2> /dev/null; then
  echo "an unknown argument is taken" >&2
  exit 1
fi
