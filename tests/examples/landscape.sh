# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Sourced by the tests of the program landscape, which set `program` and `setting`.

source "$(dirname "${BASH_SOURCE[0]}")/program_test.sh"

fails() {  # fails TEXT OPTION...: ends with exit code 1 and a message on standard error that contains TEXT
  local text=$1 code=0
  shift
  "$program" "${setting[@]}" "$@" > out 2> err || code=$?
  [[ $code == 1 ]] || fail "$* ends with exit code $code, expected 1"
  grep -qF -- "$text" err || fail "$*: '$text' is not in: $(cat err)"
}
refuses() {  # refuses TEXT OPTION...: the same, before anything is trained
  fails "$@"
  if grep -q '^run 1: ' err; then fail "${*:2} is refused after the training"; fi
}
