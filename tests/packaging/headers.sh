#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# headers.sh PART PARTS FLAG...: every header that users include compiles alone, without a warning. They are dealt
# out to so many parts; PART, from 0, is the one that is checked. FLAG: where Eigen is. Syntax only: their code is generated in the tests. All
# of them take 17 minutes of CPU (EPYC of the Zen 3 generation). From the environment: CXX, a clang.
set -euo pipefail
part=$1 parts=$2
cd "$(dirname "${BASH_SOURCE[0]}")/../../include"
find lmc -name '*.hpp' ! -path '*/detail/*' | sort | awk -v part="$part" -v parts="$parts" 'NR % parts == part' | xargs -P "$(nproc)" -n 1 \
  "$CXX" -std=c++20 -fopenmp -fsyntax-only -Wall -Wextra -Werror -Wno-pragma-once-outside-header -I. "${@:3}" -x c++
