# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Sourced by the tests of the program landscape, which set `program` and `setting`: a folder of their own, and how failures are counted.

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1

failures=0
fail() {
  echo "FAILED: $*" >&2
  failures=$((failures + 1))
}
refuses() {  # refuses TEXT OPTION...: fails with a message on standard error that contains TEXT
  local text=$1
  shift
  if "$program" "${setting[@]}" "$@" > out 2> err; then fail "$* was accepted"; fi
  grep -qF -- "$text" err || fail "$*: '$text' is not in: $(cat err)"
}
