#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# include_rules.sh REPOSITORY: checks who includes whom in include/lmc, and that lmc.hpp is complete. Prints every violation.
set -euo pipefail
cd "$1/include"

# Headers that need an optional dependency are not part of lmc.hpp. Each line is a path: those of lmc::images.
optional='lmc/data/sources/image_folder.hpp
lmc/data/sources/tiny_imagenet.hpp
lmc/io/image.hpp
lmc/io/image_file.hpp
lmc/io/jpeg.hpp
lmc/io/png.hpp'

# The folders that a header of a folder may include, its own among them. Includes point one way.
allowed_for() {
  case $1 in
    core) echo core ;;
    parallel | matrix | connectivity | align | io) echo core "$1" ;;
    simd) echo core matrix simd ;;
    layers | optim) echo core matrix simd "$1" ;;
    loss) echo core parallel matrix simd io data loss ;;
    models) echo core matrix simd layers models ;;
    data) echo core parallel matrix simd io data ;;
    testing) echo core matrix simd layers align testing ;;
    train) echo core parallel matrix simd layers loss optim data io train ;;
    measure) echo core parallel matrix simd layers loss optim data io align connectivity models train measure ;;
    transfer) echo core matrix simd layers optim train transfer ;;
    curvature) echo core matrix connectivity curvature ;;
    plot) echo core io connectivity plot ;;
    compiled) echo core connectivity matrix simd layers models data loss train measure compiled ;;
    *) return 1 ;;
  esac
}

violations=0
violation() {
  echo "$*" >&2
  violations=$((violations + 1))
}

for header in $(find lmc -name '*.hpp' | sort); do
  [[ $(sed -n 1p "$header") == '// SPDX-License-Identifier: BSD-3-Clause' ]] || violation "$header: line 1 is not the SPDX line"
  [[ $(sed -n 2p "$header") == '#pragma once' ]] || violation "$header: line 2 is not #pragma once"
  ! grep -q '^ *# *include *"' "$header" || violation "$header: includes with quotes; write <lmc/…>"
  [[ $header != lmc/lmc.hpp ]] || continue

  folder=${header#lmc/}
  folder=${folder%%/*}
  if ! allowed=" $(allowed_for "$folder") "; then
    violation "$header: the folder $folder is unknown to include_rules.sh; say there what it may include"
    continue
  fi
  for included in $(sed -n 's|^ *# *include *<\(lmc/[^>]*\)>.*|\1|p' "$header"); do
    target=${included#lmc/}
    target=${target%%/*}
    [[ $allowed == *" $target "* ]] || violation "$header: includes <$included>; $folder/ may include only:$allowed"
  done
  [[ $folder != core ]] || ! grep -qE '<(Eigen/|omp\.h|nlohmann/|zlib\.h)' "$header" || violation "$header: core needs the standard library alone"
  ! grep -qE 'system_clock|gettimeofday|CLOCK_REALTIME|[^_a-z]time\((nullptr|NULL|0)\)|utc_clock' "$header" ||
    violation "$header: asks for the time of day, which can be set back; durations are steady_clock's"
  [[ $folder == simd ]] || ! grep -qE 'xsimd::|<xsimd/' "$header" || violation "$header: names xsimd; only simd/ does"
  [[ $header == lmc/simd/detail/xsimd.hpp ]] || ! grep -q '<xsimd/' "$header" ||
    violation "$header: includes xsimd itself; include <lmc/simd/detail/xsimd.hpp>, which keeps GCC's false warnings from users"
  [[ $header == lmc/matrix/detail/eigen.hpp || $header == lmc/matrix/detail/eigenvalues.hpp ]] || ! grep -q '<Eigen/' "$header" ||
    violation "$header: includes Eigen itself; include <lmc/matrix/detail/eigen.hpp>, which keeps GCC's false warnings from users"
done

# Nor are the kernels, and what tests of one's own layers need.
public_headers=$(find lmc -name '*.hpp' ! -path '*/detail/*' ! -path 'lmc/testing/*' ! -path 'lmc/simd/*' ! -path 'lmc/compiled/*' ! -path lmc/lmc.hpp | LC_ALL=C sort)
expected=$(grep -vxF -e "$optional" <<< "$public_headers" | sed 's|.*|#include <&>|')
found=$(grep '^#include' lmc/lmc.hpp | grep -v lmc/compiled/ || true)
if [[ $found != "$expected" ]]; then
  violation "lmc/lmc.hpp: its includes must be the public headers in order; < is missing there, > is too much:"
  diff <(echo "$expected") <(echo "$found") | grep '^[<>]' >&2 || true
fi

# The project of every_template.sh uses them all. Kernels are used through layers, losses and optimizers.
if [[ -d ../tests/packaging/templates_consumer ]]; then
  for header in $(grep -l '^template <' $(find lmc -name '*.hpp' ! -path '*/detail/*' ! -path 'lmc/simd/*' ! -path 'lmc/compiled/*')); do
    grep -rqF "#include <$header>" ../tests/packaging/templates_consumer ||
      violation "$header: not included in tests/packaging/templates_consumer; use its templates there"
  done
fi

((violations == 0)) || { echo "$violations violations" >&2; exit 1; }
