#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# expect_output.sh accepts what a program may print, and nothing else.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
prints() { bash "$here/expect_output.sh" "$work/expected" printf '%s' "$1" 2> "$work/errors"; }
accepts() { prints "$1" || { echo "FAILED: refused '$1': $(cat "$work/errors")" >&2; failures=$((failures + 1)); }; }
refuses() { ! prints "$1" || { echo "FAILED: accepted '$1'" >&2; failures=$((failures + 1)); }; }

printf 'an error  of [0.1~0.2, 5] at 3\nmade by *\n' > "$work/expected"
accepts $'an error of [0.1, 5] at 3\nmade by me\n'
accepts $'an error of [0.2, 5]   at 3\nmade by me'
accepts $'an error of [1.5e-1, 5] at 3\nmade by me\n'
for number in 0.09 0.21 nan -0.15 '' 0.15x x0.15; do refuses "an error of [$number, 5] at 3"$'\nmade by me\n'; done
refuses $'an error of 0.15, 5] at 3\nmade by me\n'
refuses $'an error of [0.15, 5 at 3\nmade by me\n'
refuses $'an error of [0.15, 5] at 4\nmade by me\n'
refuses $'an error of [0.15, 5] at\nmade by me\n'
refuses $'an error of [0.15, 5] at 3 or 4\nmade by me\n'
refuses $'an error of [0.15, 5] at 3\nmade by\n'
refuses $'an error of [0.15, 5] at 3\n'
refuses $'an error of [0.15, 5] at 3\nmade by me\nand more\n'
refuses ''

# Nor does a program that ends with an error, whatever it has printed.
echo fine > "$work/expected"
bash "$here/expect_output.sh" "$work/expected" bash -c 'echo fine'
if bash "$here/expect_output.sh" "$work/expected" bash -c 'echo fine; exit 1'; then
  echo 'FAILED: accepted a program that ends with an error' >&2
  failures=$((failures + 1))
fi
((failures == 0))
