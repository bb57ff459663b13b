#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# headers.sh SOURCE WORK: every header compiles alone. Syntax only: their code is generated in the tests.
set -euo pipefail
source=$1 work=$2
"$CMAKE" -S "$source" -B "$work" -DCMAKE_VERIFY_INTERFACE_HEADER_SETS=ON -DCMAKE_BUILD_TYPE=Debug \
  -DCMAKE_CXX_FLAGS_DEBUG=-fsyntax-only -DLMC_BUILD_TESTS=OFF -DLMC_BUILD_EXAMPLES=OFF -DLMC_BUILD_BENCHMARKS=OFF
"$CMAKE" --build "$work" --target all_verify_interface_header_sets
