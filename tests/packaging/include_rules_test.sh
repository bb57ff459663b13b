#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Each rule of include_rules.sh is broken on purpose in a small tree, and must be reported.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

header() {  # header PATH LINE...: writes a header of these lines
  mkdir -p "$(dirname "$tree/include/lmc/$1")"
  printf '%s\n' '// SPDX-License-Identifier: BSD-3-Clause' '#pragma once' "${@:2}" > "$tree/include/lmc/$1"
}
sound_tree() {
  rm -rf "$tree/include"
  header core/a.hpp
  header simd/b.hpp '#include <lmc/core/a.hpp>' '#include <lmc/simd/detail/xsimd.hpp>'
  header simd/detail/xsimd.hpp '#include <xsimd/xsimd.hpp>'
  header connectivity/c.hpp '#include <lmc/core/a.hpp>' '#include <lmc/connectivity/detail/d.hpp>'
  header connectivity/detail/d.hpp
  header lmc.hpp '#include <lmc/connectivity/c.hpp>' '#include <lmc/core/a.hpp>'
}
expect_violation() {  # expect_violation TEXT, of the tree as it is now
  local output
  if output=$(bash "$here/include_rules.sh" "$tree" 2>&1); then
    echo "not noticed: $1" >&2
    exit 1
  fi
  grep -qF -- "$1" <<< "$output" || { printf 'expected "%s" in:\n%s\n' "$1" "$output" >&2; exit 1; }
  sound_tree
}

sound_tree
bash "$here/include_rules.sh" "$tree"

header core/a.hpp 'template <class T>' 'void a();'
mkdir -p "$tree/tests/packaging/templates_consumer"
expect_violation 'lmc/core/a.hpp: not included in tests/packaging/templates_consumer'
echo '#include <lmc/core/a.hpp>' > "$tree/tests/packaging/templates_consumer/a.cpp"
header core/a.hpp 'template <class T>' 'void a();'
bash "$here/include_rules.sh" "$tree"
rm -r "$tree/tests"
sound_tree

header core/a.hpp '#include <lmc/simd/b.hpp>'
expect_violation 'lmc/core/a.hpp: includes <lmc/simd/b.hpp>'
header connectivity/c.hpp '#include <lmc/simd/b.hpp>'
expect_violation 'lmc/connectivity/c.hpp: includes <lmc/simd/b.hpp>'
header core/a.hpp '#include <lmc/lmc.hpp>'
expect_violation 'lmc/core/a.hpp: includes <lmc/lmc.hpp>'
header core/a.hpp '#include <xsimd/xsimd.hpp>'
expect_violation 'lmc/core/a.hpp: names xsimd'
header simd/b.hpp '#include <xsimd/xsimd.hpp>'
expect_violation 'lmc/simd/b.hpp: includes xsimd itself'
header core/a.hpp '#include <Eigen/Dense>'
expect_violation 'lmc/core/a.hpp: includes Eigen itself'
header core/a.hpp 'inline auto now() { return std::chrono::system_clock::now(); }'
expect_violation 'lmc/core/a.hpp: asks for the time of day'
header simd/b.hpp '#include "../core/a.hpp"'
expect_violation 'lmc/simd/b.hpp: includes with quotes'
header unheard_of/e.hpp
expect_violation 'the folder unheard_of is unknown'
header core/forgotten.hpp
expect_violation '< #include <lmc/core/forgotten.hpp>'
header lmc.hpp '#include <lmc/core/a.hpp>' '#include <lmc/connectivity/c.hpp>'
expect_violation 'its includes must be the public headers in order'
header lmc.hpp '#include <lmc/connectivity/c.hpp>' '#include <lmc/core/a.hpp>' '#include <lmc/simd/b.hpp>'
expect_violation '> #include <lmc/simd/b.hpp>'
header core/a.hpp '#include <nlohmann/json.hpp>'
expect_violation 'lmc/core/a.hpp: core needs the standard library alone'
echo '#pragma once' > "$tree/include/lmc/core/a.hpp"
expect_violation 'lmc/core/a.hpp: line 1'
