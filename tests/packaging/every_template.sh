#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# every_template.sh none|O1|Release native|plain|compiled SOURCE WORK: builds and runs a user's project that uses every template of the
# public headers, with that build type (O1: none, with -O1), with lmc::native, without, or with lmc::compiled, and warnings as errors; for float and
# double without optimization, for double with -O1 and for float in Release, since optimized builds take their time. From the
# environment: CMAKE, CXX.
set -euo pipefail
build_type=$1 native=$2 source=$3 work=$4
here=$(cd "$(dirname "$0")" && pwd)
rm -rf "$work"
mkdir -p "$(dirname "$work")"

# One translation unit: each would parse the same headers.
options=(-DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=0 -DLMC_SOURCE="$source" -DWITH="$native")
flags='-Wall;-Wextra;-Wpedantic;-Werror'
case $build_type in
  none) ;;
  O1)
    flags+=';-O1'
    options+=(-DSCALARS=DOUBLE)
    ;;
  Release) options+=(-DCMAKE_BUILD_TYPE=Release -DSCALARS=FLOAT) ;;
  *)
    echo "unknown build type '$build_type'" >&2
    exit 2
    ;;
esac
"$CMAKE" -S "$here/templates_consumer" -B "$work" "${options[@]}" -DFLAGS="$flags" 2>&1 | tee "$work.log"

# A build without optimization is told so once.
told() { grep -c 'compiled without optimization' "$1" || true; }
expected=$([[ $build_type == none || $build_type == O1 ]] && echo 1 || echo 0)
[[ $(told "$work.log") == "$expected" ]] || { echo "the note on optimization came $(told "$work.log") times, expected $expected" >&2; exit 1; }
"$CMAKE" "$work" > "$work.again.log" 2>&1
[[ $(told "$work.again.log") == 0 ]] || { echo "the note on optimization came again" >&2; exit 1; }

"$CMAKE" --build "$work" --target consumer
cd "$work"  # it writes checkpoints
./consumer
