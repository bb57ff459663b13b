#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# headers.sh REPOSITORY FLAG...: every header that users include compiles alone, without a warning. FLAG: where Eigen is. Syntax
# only: their code is generated in the tests. From the environment: CXX, a clang.
set -euo pipefail
cd "$1/include"
find lmc -name '*.hpp' ! -path '*/detail/*' -print0 | xargs -0 -P "$(nproc)" -n 1 \
  "$CXX" -std=c++20 -fopenmp -fsyntax-only -Wall -Wextra -Werror -Wno-pragma-once-outside-header -I. "${@:2}" -x c++
