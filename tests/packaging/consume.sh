#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# consume.sh find_package|add_subdirectory|connectivity|images SOURCE BUILD WORK: uses the library at SOURCE, built in BUILD, as
# a user does; configures, builds and runs the user's project in WORK. From the environment: CMAKE, CXX, XSIMD_INCLUDE (the path of
# xsimd's headers).
set -euo pipefail
kind=$1 source=$2 build=$3 work=$4
here=$(cd "$(dirname "$0")" && pwd)
rm -rf "$work"
mkdir -p "$work"

fail() {
  echo "$*" >&2
  exit 1
}

configure() {  # configure PROJECT OPTION...
  "$CMAKE" -S "$here/$1" -B "$work/build" -DCMAKE_EXPORT_COMPILE_COMMANDS=ON "${@:2}"
  "$CMAKE" --build "$work/build" --target consumer
}

# The consumer sets no compiler flags, so that any flag beyond those expected has leaked from the library.
check_flags() {  # check_flags FILE.o-PATTERN: of the compile commands that write such a file
  local command word skip=0
  local -a words
  while IFS= read -r command; do
    read -ra words <<< "$command"
    for word in "${words[@]:1}"; do
      if ((skip)); then skip=0; continue; fi
      case $word in
        -o | -c | -isystem | -include) skip=1 ;;
        -I* | -isystem* | -std=* | -fopenmp | -fopenmp=*) ;;
        *) fail "the flag $word reached a consumer: $command" ;;
      esac
    done
  done < <(sed -n 's/^ *"command": "\(.*\)",$/\1/p' "$work/build/compile_commands.json" | grep -- "$1")
}

if [[ $kind != add_subdirectory ]]; then
  "$CMAKE" --install "$build" --prefix "$work/prefix" > "$work/install.log"
fi

case $kind in
  find_package)
    # xsimd elsewhere than in the compiler's own path, its target linking another library, as Debian's does.
    mkdir -p "$work/xsimd/include"
    ln -s "$XSIMD_INCLUDE/xsimd" "$work/xsimd/include/xsimd"
    cat > "$work/xsimd/xsimdConfig.cmake" << 'END'
add_library(xsimd INTERFACE IMPORTED)
set_target_properties(xsimd PROPERTIES
  INTERFACE_INCLUDE_DIRECTORIES "${CMAKE_CURRENT_LIST_DIR}/include" INTERFACE_LINK_LIBRARIES xtl-is-not-needed)
END
    configure consumer -DCMAKE_PREFIX_PATH="$work/prefix" -Dxsimd_DIR="$work/xsimd" \
      -DCMAKE_DISABLE_FIND_PACKAGE_JPEG=ON -DCMAKE_DISABLE_FIND_PACKAGE_PNG=ON
    grep -q -- "-isystem $work/xsimd/include" "$work/build/compile_commands.json" || fail "the include path of xsimd is not used"
    ! grep -qF "$source/include" "$work/build/compile_commands.json" || fail "the checkout is used instead of what was installed"
    ;;
  add_subdirectory)
    configure consumer -DLMC_SOURCE="$source"
    for leak in lmc_tests examples benchmarks; do
      [[ ! -e $work/build/lmc/$leak && ! -e $work/build/lmc/tests ]] || fail "a consumer got our $leak"
    done
    ;;
  connectivity)
    for file in main other; do
      (cd "$source/include" && find lmc/connectivity -name '*.hpp' | sort | sed 's|.*|#include <&>|') > "$work/$file.cpp"
    done
    echo 'int main() {}' >> "$work/main.cpp"
    disabled=()
    for package in Eigen3 OpenMP ZLIB nlohmann_json xsimd; do disabled+=("-DCMAKE_DISABLE_FIND_PACKAGE_$package=ON"); done
    configure connectivity_consumer -DCMAKE_PREFIX_PATH="$work/prefix" -DSOURCES="$work" "${disabled[@]}"
    # Debian keeps xsimd in /usr/include, where no option hides it: look at what was read.
    "$CXX" -std=c++20 -I"$work/prefix/include" -M "$work/main.cpp" > "$work/read.txt"
    grep -q 'lmc/connectivity/' "$work/read.txt" || fail "no header of lmc/connectivity was read"
    ! grep -E 'xsimd|Eigen|omp\.h|nlohmann|zlib\.h' "$work/read.txt" || fail "lmc/connectivity reads a header of a dependency"
    ;;
  images)
    configure images_consumer -DCMAKE_PREFIX_PATH="$work/prefix"
    # Without libjpeg the component is not there, and the rest is.
    "$CMAKE" -S "$here/images_consumer" -B "$work/without" -DCMAKE_PREFIX_PATH="$work/prefix" \
      -DCMAKE_DISABLE_FIND_PACKAGE_JPEG=ON > "$work/without.log" 2>&1 && fail "lmc::images was found without libjpeg"
    grep -q 'lmc::images needs libjpeg and libpng' "$work/without.log" || fail "it is not said what lmc::images needs"
    "$CMAKE" -S "$here/images_consumer" -B "$work/optional" -DCMAKE_PREFIX_PATH="$work/prefix" -DOPTIONAL=ON \
      -DCMAKE_DISABLE_FIND_PACKAGE_JPEG=ON
    ;;
  *) fail "unknown consumer '$kind'" ;;
esac

"$work/build/consumer"
check_flags '/consumer\.dir/'
if [[ $kind == find_package || $kind == add_subdirectory ]]; then
  grep -q -- '-march=native .*/native_consumer\.dir/' "$work/build/compile_commands.json" || fail "lmc::native does nothing"
fi
