#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Builds and runs all tests. On a fresh Debian 12 it installs what is missing first.
#   bash tests/run.sh
# LMC_TEST_DATA: a folder of real data sets; the tests that want them are skipped without it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source cmake/debian-packages.sh
install_packages "${lmc_packages[@]}" "${lmc_study_packages[@]}"

export CTEST_PARALLEL_LEVEL=${CTEST_PARALLEL_LEVEL:-$(nproc)}
cmake --workflow --preset dev
