#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# machines.sh [MACHINE]...: some of the library's tests, and the quickstart, compiled for other machines: x86-64-v2, x86-64-v3, x86-64-v4
# (with AVX-512) and aarch64, and by clang++-22, the newest of Debian 12; all by default, as before a release. What this processor cannot
# run is only compiled, and said; aarch64 is emulated. The quickstart has to give the same bits with any number of threads, and on
# emulated processors of two makes. About three minutes of CPU each (EPYC of the Zen 3 generation), and more for aarch64.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source cmake/debian-packages.sh
(($# > 0)) || set -- x86-64-v{2,3,4} aarch64 clang++-22

# Without those that need zlib, libpng or libjpeg, which Debian has for this machine alone.
tests=(core/{digest,hash,layout,parameter_layers,random,rank_correlation,shape,text}
  connectivity/{barriers,clopper_pearson,interpolate,interval,linear_path}
  io/{mapped_file,npy,output_file,safetensors,utf8,widen_halves}
  simd/{lerp,masked,product,softmax_cross_entropy,transpose,vectors}
  layers/{batch_norm,dense})
# But for what GCC says of its own headers (cmake/development.cmake) and of how xsimd passes arguments on aarch64, and clang of what is
# deprecated inside GCC's.
warnings=(-Wall -Wextra -Werror -Wno-maybe-uninitialized -Wno-uninitialized -Wno-restrict -Wno-array-bounds -Wno-psabi
  -Wno-deprecated-declarations -Wno-unknown-warning-option)

for machine; do
  compiler=g++ flags=(-march="$machine") run=() processors=()
  case $machine in
    x86-64-v2 | x86-64-v3) processors=(Haswell EPYC) ;;  # with fused multiply-adds, by which glibc chooses its exponentials
    x86-64-v4) ;;
    aarch64)
      install_packages g++-aarch64-linux-gnu qemu-user
      compiler=aarch64-linux-gnu-g++ flags=(-idirafter /usr/include -idirafter "/usr/include/$(uname -m)-linux-gnu")
      run=(qemu-aarch64 -L /usr/aarch64-linux-gnu)
      ;;
    clang++-22)
      install_packages clang-22 libomp-22-dev  # which takes the place of libomp-16-dev, until what needs that installs it again
      compiler=clang++-22 flags=(-march=native)
      ;;
    *)
      echo "unknown machine '$machine'; known are x86-64-v2, x86-64-v3, x86-64-v4, aarch64 and clang++-22" >&2
      exit 2
      ;;
  esac
  ((${#processors[@]} == 0)) || install_packages qemu-user
  work=build/machines/$machine
  rm -rf "$work"
  mkdir -p "$work"
  compile() {
    "$compiler" -std=c++20 -Og -D_GLIBCXX_ASSERTIONS -fopenmp "${flags[@]}" "${warnings[@]}" -Iinclude -Itests \
      -isystem /usr/include/eigen3 "$@"
  }
  # A file for each folder, since what its tests include alike is most of the work.
  for test in "${tests[@]}"; do
    printf '#include "%s_test.cpp"\n' "$test" >> "$work/${test%/*}.cpp"
  done
  for source in "$work"/*.cpp tests/main.cpp tests/support/allocations.cpp; do
    compile -c "$source" -o "$work/$(basename "$source" .cpp).o"
  done
  compile "$work"/*.o -Wl,--wrap=malloc -o "$work/tests"
  compile examples/quickstart.cpp -o "$work/quickstart"

  if [[ $machine == x86-64-v* ]] && ! /lib64/ld-linux-x86-64.so.2 --help | grep -q "$machine (supported"; then
    echo "$machine: compiled, and not run, since this processor cannot"
    continue
  fi
  "${run[@]}" "$work/tests" '~[long]' || (($? == 77))  # some skipped: support/skip.hpp
  OMP_NUM_THREADS=1 "${run[@]}" "$work/quickstart" > "$work/expected.txt"
  OMP_NUM_THREADS=3 "${run[@]}" "$work/quickstart" | diff "$work/expected.txt" -
  for processor in "${processors[@]}"; do
    qemu-x86_64 -cpu "$processor" "$work/quickstart" 2> "$work/qemu.log" | diff "$work/expected.txt" - || { cat "$work/qemu.log"; exit 1; }
  done
  echo "$machine: $(tail -1 "$work/expected.txt")"
done
