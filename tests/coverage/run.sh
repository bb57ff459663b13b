#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# run.sh: the shares of the lines and branches of include/lmc that the library's tests run, by folder. What none of them runs is listed in
# build/coverage/not_run.txt. On a fresh Debian 12 it installs what is missing first.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source cmake/debian-packages.sh
install_packages "${lmc_packages[@]}" "${lmc_study_packages[@]}" "${lmc_clang_packages[@]}" llvm-16
out=$PWD/build/coverage
cmake --preset coverage
cmake --build --preset coverage
rm -rf "$out/profiles"
LLVM_PROFILE_FILE=$out/profiles/%m.profraw CTEST_PARALLEL_LEVEL=${CTEST_PARALLEL_LEVEL:-$(nproc)} ctest --preset coverage
llvm-profdata-16 merge -o "$out/tests.profdata" "$out"/profiles/*.profraw
llvm-cov-16 export "$out/tests/lmc_tests" --object="$out/tests/lmc_baseline_tests" --instr-profile "$out/tests.profdata" include/lmc \
  > "$out/coverage.json"
python3 tests/coverage/report.py "$out/coverage.json" "$out/not_run.txt"
