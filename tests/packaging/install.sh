#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# install.sh SOURCE WORK: the presets that install the headers need nothing that only tests and examples need, and
# lmc::connectivity needs nothing at all. From the environment: CMAKE, CXX.
set -euo pipefail
source=$1 work=$2
here=$(cd "$(dirname "$0")" && pwd)
rm -rf "$work"
mkdir -p "$work"

fail() {
  echo "$*" >&2
  exit 1
}
# install PRESET PACKAGE...: as on a machine without those packages
install() {
  local preset=$1 package absent=()
  shift
  for package; do absent+=("-DCMAKE_DISABLE_FIND_PACKAGE_$package=ON"); done
  (cd "$source" && "$CMAKE" --preset "$preset" -B "$work/$preset" "${absent[@]}") > "$work/$preset.log" 2>&1 ||
    fail "$(cat "$work/$preset.log")"
  "$CMAKE" --install "$work/$preset" --prefix "$work/$preset-prefix" > /dev/null
}
use() {  # use PROJECT PRESET OPTION...: configures, builds and runs a user's project
  "$CMAKE" -S "$1" -B "$work/$2-use" -DCMAKE_PREFIX_PATH="$work/$2-prefix" "${@:3}" && "$CMAKE" --build "$work/$2-use" &&
    "$work/$2-use/consumer"
}

development=(Catch2 CLI11 benchmark JPEG PNG SQLite3 SQLiteCpp tomlplusplus MPI)
everything=("${development[@]}" Eigen3 OpenMP ZLIB nlohmann_json xsimd)

install install "${development[@]}"
[[ -e $work/install-prefix/include/lmc/lmc.hpp ]] || fail "lmc.hpp was not installed"

install install-connectivity "${everything[@]}"
for header in "$work"/install-connectivity-prefix/include/lmc/*/; do
  [[ $header == */connectivity/ || $header == */core/ ]] || fail "$header was installed with lmc::connectivity alone"
done
mkdir "$work/project"
cat > "$work/project/CMakeLists.txt" << 'END'
cmake_minimum_required(VERSION 3.25)
project(consumer LANGUAGES CXX)
find_package(lmc REQUIRED COMPONENTS connectivity)
add_executable(consumer main.cpp)
target_link_libraries(consumer PRIVATE lmc::connectivity)
END
cat > "$work/project/main.cpp" << 'END'
#include <lmc/connectivity/connectivity.hpp>

int main() {
  const auto curve = lmc::make_curve({0, 0.5, 1}, {{.loss = 1, .count = 9}, {.loss = 3, .count = 9}, {.loss = 1, .count = 9}});
  return lmc::loss_barrier(curve).value == 2 ? 0 : 1;
}
END
absent=()
for package in "${everything[@]}"; do absent+=("-DCMAKE_DISABLE_FIND_PACKAGE_$package=ON"); done
use "$work/project" install-connectivity "${absent[@]}"

# A project that asks the connectivity package for lmc::lmc is told what to do.
sed -i 's/ COMPONENTS connectivity//; s/lmc::connectivity/lmc::lmc/' "$work/project/CMakeLists.txt"
if use "$work/project" install-connectivity > "$work/refused.log" 2>&1; then fail "lmc::lmc was found where it was not installed"; fi
tr '\n' ' ' < "$work/refused.log" | tr -s ' ' | grep -q 'lmc was installed with LMC_CONNECTIVITY_ONLY: it has lmc::connectivity alone' ||
  fail "it is not said why lmc::lmc is not there: $(cat "$work/refused.log")"
