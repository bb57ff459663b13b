#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# permutation_share_test.sh PROGRAM: every setting has its barriers and its moved units, and what cannot work is said before training.
set -euo pipefail
program=$1
source "$(dirname "${BASH_SOURCE[0]}")/program_test.sh"
source "$scripts/images.sh"

"$program" --data images --examples 200 --epochs 4 --pairs 2 > out 2> err || fail "$(cat err)"
for network in cnn lcn mlp; do
  for optimizer in sgd adam; do grep -q "^$network, $optimizer(" out || fail "no $network with $optimizer: $(cat out)"; done
done
# 16 updates: after the 1st, the 4th and the last. Shares of two pairs' units, and a mean among those of the positions.
[[ $(grep -cx '  moved after updates *1 *4 *16' out) == 6 ]] || fail "updates: $(cat out)"
[[ $(grep -cE '^  (error|loss ) barrier -?0\.[0-9]{4} -> -?0\.[0-9]{4}, removed: (-?[0-9]+ % of the barrier, 95 % \[|undefined: )' out) == 12 ]] ||
  fail "barriers: $(cat out)"
[[ $(grep -cE '^    [a-z0-9]+ ( +[0-9.]+ %){3}' out) == 12 ]] || fail "layers: $(cat out)"
[[ $(grep -c 'at a position' out) == 4 ]] || fail "positions: $(cat out)"
sed -n 's/^    [a-z0-9]* .* \([0-9.]*\) %, at a position \([0-9.]*\) % to \([0-9.]*\) %$/\1 \2 \3/p' out |
  awk '!(0 <= $2 && $2 <= $1 && $1 <= $3 && $3 <= 100) { exit 1 }' || fail "positions: $(cat out)"
# One update from one start moves next to nothing.
! grep -E '^    dense1 +[1-9][0-9]' out || fail "units moved at once: $(cat out)"

refuses() {  # refuses TEXT OPTION...
  local text=$1
  shift
  if "$program" "$@" > out 2> err; then fail "$* was accepted"; fi
  grep -qF -- "$text" err || fail "$*: '$text' is not in: $(cat err)"
}
refuses "--pairs 0 --epochs 1; expected at least 1 of each" --data images --examples 200 --pairs 0 --epochs 1
refuses "--examples 201; expected 1 to 200" --data images --examples 201
refuses "there is no directory 'nowhere'" --data nowhere

ends
