#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# align_test.sh PROGRAM: a planted order of units is undone to the bit in files of another trainer, running statistics and counters
# included, and what contradicts itself is said before the search. The networks are PyTorch's, by align/make_networks.py.
set -euo pipefail
program=$1
source "$(dirname "${BASH_SOURCE[0]}")/program_test.sh"
cp "$scripts"/align/*.safetensors "$scripts/align/groups.json" .

value() { json_lines "$1" | sed -n "s/^$2 //p"; }  # value FILE PATH

# A network onto itself: nothing moves, and the program writes what it read.
"$program" network.safetensors network.safetensors --groups groups.json -o same.safetensors --json same.json > out
[[ $(value same.json groups.0.moved) == 0 && $(value same.json groups.1.moved) == 0 ]] || fail "units of equal networks move: $(cat same.json)"
[[ $(value same.json distance_after) == 0.0 ]] || fail "equal networks are apart: $(cat same.json)"
data=$((4 * 467 + 4 * 8 + 8))
cmp <(tail -c $data network.safetensors) <(tail -c $data same.safetensors) || fail "values changed in a file that was written back"

# The same network in another order: found again, to the bit, with num_batches_tracked where it was.
"$program" network.safetensors planted.safetensors --groups groups.json -o back.safetensors --json back.json > out
cmp same.safetensors back.safetensors || fail "the planted order was not undone: $(cat out)"
[[ $(value back.json optimal) == true && $(value back.json distance_after) == 0.0 ]] || fail "not optimal: $(cat back.json)"
[[ $(value back.json groups.0.name) == channels && $(value back.json groups.0.moved) == 4 && $(value back.json groups.1.moved) == 8 ]] ||
  fail "moved units: $(cat back.json)"
# The inverses of the orders in make_networks.py.
[[ $(json_lines back.json | awk '/^groups.0.permutation/ { printf "%s", $2 }') == 1302 ]] || fail "the order of channels: $(cat back.json)"
[[ $(json_lines back.json | awk '/^groups.1.permutation/ { printf "%s", $2 }') == 25716043 ]] || fail "the order of units: $(cat back.json)"
grep -qx 'not in the table, and left as they are: fc2.bias, bn.num_batches_tracked (I64)' out || fail "fixed tensors: $(cat out)"

# Another training: nearer than before, below the bound, and the same bits again.
"$program" network.safetensors other.safetensors --groups groups.json -o moved.safetensors --json moved.json --restarts 3 > out
"$program" network.safetensors other.safetensors --groups groups.json -o again.safetensors --json again.json --restarts 3 > out
cmp moved.safetensors again.safetensors || fail "the same seed gives other bits"
cmp moved.json again.json || fail "the same seed gives another result"
json_lines moved.json | awk '
  { value[$1] = $2 }
  END { exit !(value["objective_before"] < value["objective_after"] && value["objective_after"] <= value["upper_bound"] &&
               value["distance_after"] < value["distance_before"] && value["restarts"] == 3) }' || fail "another training: $(cat moved.json)"

# What was forgotten is said.
sed '/running_mean/d' groups.json > forgotten.json
"$program" network.safetensors planted.safetensors --groups forgotten.json > out 2> err
grep -qF "'bn.running_mean' is not in the table, and has one entry for each of the 4 units of 'channels'; was it forgotten?" err ||
  fail "a forgotten tensor: $(cat err)"

# warns TEXT SED: the table changed by SED gets the warning.
warns() {
  sed "$2" groups.json > odd.json
  ! cmp -s odd.json groups.json || fail "$2 changes nothing"
  "$program" network.safetensors planted.safetensors --groups odd.json > out 2> err
  grep -qF "warning: $1" err || fail "$2: '$1' is not in: $(cat err)"
}
"$program" network.safetensors planted.safetensors --groups groups.json > out 2> err
[[ ! -s err ]] || fail "a warning of a table that is right: $(cat err)"
warns "nothing reads the units of group 'hidden'" 's/\[null, "hidden"\]/[null, null]/'
warns "nothing reads the units of group 'out'" 's/"fc2.weight": \[null, "hidden"\]/"fc2.weight": ["out", "hidden"], "fc2.bias": ["out"]/'
warns "'conv.bias' has the group 'other', and axis 0 of 'conv.weight' has the group 'channels'" \
  's/"conv.bias": \["channels"\]/"conv.bias": ["other"]/; s/\[4, 4, 3\], "groups": \["channels", null, null\]/[4, 4, 3], "groups": [null, "other", null]/'
warns "'fc1.bias' has no group, and axis 0 of 'fc1.weight' has the group 'hidden'" 's/"fc1.bias": \["hidden"\]/"fc1.bias": [null]/'
warns "'fc1.bias' has the group 'hidden', and axis 0 of 'fc1.weight' has no group" '/"fc1.weight"/d'
# Without the table: as any other error.
status=0
"$program" network.safetensors planted.safetensors > out 2> err || status=$?
[[ $status == 1 && $(head -n 1 err) == 'align: --groups is required' ]] || fail "no --groups: exit code $status, $(cat err)"
"$program" --help > out
grep -qF 'docs/alignment-files.md' out || fail "where the table of groups is described: $(cat out)"

refuses() {  # refuses TEXT ARGUMENT...
  local text=$1
  shift
  rm -f x.safetensors
  if "$program" "$@" -o x.safetensors > out 2> err; then fail "$* was accepted"; fi
  grep -qF -- "$text" err || fail "$*: '$text' is not in: $(cat err)"
  [[ ! -e x.safetensors ]] || fail "$* left a file behind"
}
# refuses_table TEXT SED: the table changed by SED.
refuses_table() {
  sed "$2" groups.json > wrong.json
  ! cmp -s wrong.json groups.json || fail "$2 changes nothing"
  refuses "$1" network.safetensors planted.safetensors --groups wrong.json
}
refuses_table "did you mean 'fc1.bias'" 's/"fc1.bias"/"fc1.bia"/'
refuses_table "the key 'conv.bias' appears twice" 's/"fc1.bias"/"conv.bias"/'
refuses_table "two entries for 'conv.bias'" 's/"bn.running_mean"/"conv.bias"/'
refuses_table "group 'hidden' has 8 units at axis 0 of 'fc1.weight' and 3 at axis 0 of 'fc2.weight'" 's/\[null, "hidden"\]/["hidden", null]/'
refuses_table "'conv.bias' has the shape [4], and its entry groups for 2 axes" 's/"conv.bias": \["channels"\]/"conv.bias": ["channels", null]/'
refuses_table "axis 1 of 'fc1.weight' has 48 entries, and is split into [4, 4, 4]" 's/\[4, 4, 3\]/[4, 4, 4]/'
refuses_table "expected positive whole numbers" 's/\[4, 4, 3\]/[4, 4.5, 3]/'
refuses_table "group 'last' occurs only in 'fc2.weight'" 's/\[null, "hidden"\]/["last", "hidden"]/'
refuses_table "expected the name of a group, or null" 's/\[null, "hidden"\]/[0, "hidden"]/'
refuses_table "there is a key 'buffer'" 's/"buffers"/"buffer"/'
refuses_table "is not valid JSON" 's/\[null, "hidden"\]/[null, "hidden"/'
refuses_table "'bn.num_batches_tracked' groups, which is I64" 's/"bn.running_mean"/"bn.num_batches_tracked"/'
LC_ALL=C sed 's/fc2\.bias/fc2.bia2/' planted.safetensors > names.safetensors
refuses "'fc2.bias' is only in 'network.safetensors'" network.safetensors names.safetensors --groups groups.json
grep -qF "'fc2.bia2' is only in 'names.safetensors'" err || fail "the other name is missing: $(cat err)"
LC_ALL=C sed 's/"shape": \[3, 8\]/"shape": [8, 3]/' planted.safetensors > shapes.safetensors
refuses "'fc2.weight' is F32 [3, 8] in 'network.safetensors' and F32 [8, 3] in 'shapes.safetensors'" network.safetensors shapes.safetensors --groups groups.json
LC_ALL=C sed 's/"F32", "shape": \[3\]/"U32", "shape": [3]/' planted.safetensors > types.safetensors
refuses "'fc2.bias' is F32 [3] in 'network.safetensors' and U32 [3] in 'types.safetensors'" network.safetensors types.safetensors --groups groups.json
head -c 2000 planted.safetensors > cut.safetensors
refuses "the file is cut" network.safetensors cut.safetensors --groups groups.json
refuses "restarts = -1" network.safetensors planted.safetensors --groups groups.json --restarts -1
refuses "absent.json" network.safetensors planted.safetensors --groups absent.json

if "$program" network.safetensors planted.safetensors --groups groups.json -o x --json ./x > out 2> err; then fail "one file was written twice"; fi
grep -qF -- "--json and --output both write './x'; expected a file for each" err || fail "two outputs of one name: $(cat err)"

# An end is never overwritten.
cp planted.safetensors before.safetensors
for end in network.safetensors ./planted.safetensors; do
  if "$program" network.safetensors planted.safetensors --groups groups.json -o "$end" > out 2> err; then fail "$end was overwritten"; fi
  grep -qF "is read, and would be overwritten" err || fail "overwriting $end: $(cat err)"
done
cmp before.safetensors planted.safetensors || fail "an input has changed"

ends
