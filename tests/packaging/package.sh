#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# package.sh SOURCE WORK: the Debian package that cpack makes holds what it should and names what it needs, and a program is
# compiled through pkg-config from where the package was unpacked. From the environment: CMAKE, CXX. Exits with 77 where there is no
# dpkg-deb or no pkg-config.
set -euo pipefail
source=$1 work=$2
for tool in dpkg-deb pkg-config; do
  command -v "$tool" > /dev/null || { echo "there is no $tool"; exit 77; }
done
rm -rf "$work"
mkdir -p "$work"

fail() {
  echo "$*" >&2
  exit 1
}

(cd "$source" && "$CMAKE" --preset install -B "$work/build") > "$work/configure.log" 2>&1 || fail "$(cat "$work/configure.log")"
(cd "$work/build" && "$(dirname "$CMAKE")/cpack" -G DEB) > "$work/cpack.log" 2>&1 || fail "$(cat "$work/cpack.log")"
version=$(sed -n 's/.*version = "\(.*\)".*/\1/p' "$source/include/lmc/core/version.hpp")
package=$work/build/lmc-dev_${version}_all.deb
[[ -e $package ]] || fail "there is no $package; cpack says: $(cat "$work/cpack.log")"

# field NAME VALUE: what the package says of itself
field() {
  [[ $(dpkg-deb -f "$package" "$1") == "$2" ]] || fail "the package has $1: '$(dpkg-deb -f "$package" "$1")', expected '$2'"
}
field Package lmc-dev
field Version "$version"
field Architecture all
for dependency in libeigen3-dev libxsimd-dev nlohmann-json3-dev zlib1g-dev; do
  dpkg-deb -f "$package" Depends | grep -qF "$dependency" || fail "the package does not depend on $dependency"
done

root=$work/moved/elsewhere
mkdir -p "$root"
dpkg-deb -x "$package" "$root"
(cd "$source/include" && find lmc -type f | LC_ALL=C sort) > "$work/expected.txt"
(cd "$root/usr/include" && find lmc -type f | LC_ALL=C sort) | diff "$work/expected.txt" - || fail "the package lacks headers, or has others"
for file in share/cmake/lmc/lmcConfig.cmake share/cmake/lmc/lmcConfigVersion.cmake share/cmake/lmc/lmcTargets.cmake \
  share/pkgconfig/lmc.pc share/pkgconfig/lmc-connectivity.pc; do
  [[ -e $root/usr/$file ]] || fail "the package has no $file"
done
! grep -rIl -e "$source" -e "$work" "$root" || fail "these files of the package name folders of the machine that made it"

# The folder before any other, which may hold an lmc, too.
export PKG_CONFIG_PATH=$root/usr/share/pkgconfig
unset PKG_CONFIG_LIBDIR
for module in lmc lmc-connectivity; do
  [[ $(pkg-config --modversion "$module") == "$version" ]] || fail "$module.pc does not have the version $version"
done
[[ $(pkg-config --cflags --libs lmc-connectivity | xargs) == "-I$root/usr/share/pkgconfig/../../include" ]] ||
  fail "lmc-connectivity.pc asks for more than a path: $(pkg-config --cflags --libs lmc-connectivity)"

# One header for each dependency: Eigen, xsimd, OpenMP, zlib, nlohmann/json.
cat > "$work/main.cpp" << 'END'
#include <iostream>
#include <lmc/io/gzip.hpp>
#include <lmc/io/safetensors.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/simd/relu.hpp>
#include <span>
#include <vector>

int main() {
  std::vector<float> x = {-1, 2}, y(2);
  lmc::simd::relu<float>(x, y);
  lmc::ModelState<float> none;
  return y == std::vector<float>{0, 2} && none.parameters.empty() ? 0 : 1;
}
END
cat > "$work/curve.cpp" << 'END'
#include <lmc/connectivity/connectivity.hpp>

int main() {
  const auto curve = lmc::make_curve({0, 0.5, 1}, {{.loss = 1, .count = 9}, {.loss = 3, .count = 9}, {.loss = 1, .count = 9}});
  return lmc::loss_barrier(curve).value == 2 ? 0 : 1;
}
END
compile() {  # compile FILE MODULE: as a user's Makefile does
  # shellcheck disable=SC2046
  "$CXX" -std=c++20 $(pkg-config --cflags "$2") "$work/$1.cpp" -o "$work/$1" $(pkg-config --libs "$2")
  "$work/$1" || fail "$1.cpp, compiled through $2.pc, ends with an error"
}
compile main lmc
compile curve lmc-connectivity
