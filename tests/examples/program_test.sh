# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Sourced by the tests of the programs: a folder of their own, which they work in, and how failures are counted. A test ends with `ends`.

scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$scripts/json.sh"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1

failures=0
fail() {
  echo "FAILED: $*" >&2
  failures=$((failures + 1))
}
skipped=0
skip() {  # skip REASON: says that something is not tested here; the exit code tells CTest
  echo "skipped: $*" >&2
  skipped=77
}
ends() {  # the exit code of the test
  ((failures == 0)) || { echo "$failures failures" >&2; exit 1; }
  exit $skipped
}
