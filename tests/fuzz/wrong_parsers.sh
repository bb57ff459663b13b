#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# wrong_parsers.sh PROGRAM: each kind of finding ends the replay, with a message and the input; sound parsers pass.
set -euo pipefail
program=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir corpus

finds() {  # finds TEXT INPUT
  printf '%s' "$2" > corpus/input
  if "$program" corpus > out 2> err; then
    echo "not noticed: $1" >&2
    exit 1
  fi
  grep -q -- "$1" err || { echo "'$1' is not in: $(cat err)" >&2; exit 1; }
  cmp -s corpus/input finding-corpus || { echo "$1: the input is not kept" >&2; exit 1; }
  rm finding-corpus
}
finds 'bytes are allocated, and 20972.. are the limit' o
finds 'bytes are allocated, and 20972.. are the limit' s
finds 'wrong exception' w
finds 'lmc::Error' e
finds 'not so: a condition' c

# A sound parser, on all mutations of an input of some length.
seq 1000 | sed 's/^/f/' > corpus/input
"$program" corpus > out 2> err || { cat err >&2; exit 1; }
grep -qx '1 files, 3000 mutations of each' out || { cat out >&2; exit 1; }
mkdir empty
if "$program" empty 2> /dev/null; then
  echo "an empty corpus passes" >&2
  exit 1
fi
