#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# networks_test.sh PROGRAM: pair trains every network of the ladder, its bits depend on the seeds alone, and geometry that does
# not fit is refused with the layer, the numbers and the constraint. On images made here, in MNIST's format.
set -euo pipefail
program=$1
source "$(dirname "${BASH_SOURCE[0]}")/program_test.sh"

source "$scripts/images.sh"
source "$scripts/pair_outputs.sh"
pair=("$program" --dataset mnist --data images --epochs 1 --batch-size 50 --alphas 3)
digests() { "${pair[@]}" "$@" 2> err | sed -n 's/^digests //p'; }

trains() {  # trains PARAMETERS OPTION...: so many parameters; two digests, the same for any number of threads
  local parameters=$1 both
  shift
  "${pair[@]}" --network "$@" --json pair.json --csv curve.csv > out 2> err || fail "$*: $(cat err)"
  grep -q "^total $parameters parameters" out || fail "$*: expected $parameters parameters: $(grep ^total out)"
  json_lines pair.json > lines
  grep -qx "parameters $parameters" lines || fail "$*: the JSON file has $(grep '^parameters' lines)"
  wrong=$(contradictions pair.json curve.csv out)
  [[ -z $wrong ]] || fail "$*: the outputs contradict each other: $wrong"
  both=$(sed -n 's/^digests //p' out)
  [[ -n $both && ${both% *} != "${both#* }" ]] || fail "$*: two order seeds gave the digests '$both'"
  [[ $(digests --network "$@" --threads 1) == "$both" ]] || fail "$*: one thread gave other digests"
}

trains 7850 logistic
trains 12730 mlp --hidden 16
trains 12730 sparse-mlp --hidden 16 --sparsity 0.8
trains 7018 cnn --channels 8,16 --stride 2
trains 61338 lcn --channels 8,16 --stride 2
trains 11722 tied --channels 8,16 --stride 2 --sharing 4x4
trains 1690 cnn --channels 8,16 --kernel 5,3x2 --stride 2,1 --padding 1,0 --pool 2 --norm batch
trains 9770 attention --width 40 --heads 5
trains 67690 vit --width 40 --heads 2 --patch 14 --blocks 3
trains 5142 resnet --blocks 1 --width 4
trains 2965 resnet --blocks 1 --width 3 --norm layer
trains 4266 vgg --channels 4,8 --norm none
# Why: every network has its accounts, and the layers' shares add up.
# With few images, since every mixture of a resnet's layers has its buffers estimated from them.
few=("$program" --dataset mnist --data images --epochs 1 --batch-size 10 --alphas 3 --subset 50 --test-subset 20)
explains() {
  "${few[@]}" --network "$@" --explain --json pair.json > out 2> err || fail "--explain $*: $(cat err)"
  json_lines pair.json > lines
  awk '/^explain.layers.height.(error|loss) / { height[$1] = $2 } /^explain.layers.shares.*share.(error|loss) / { sum[$1 ~ /error$/] += $2; ++n }
       /^explain.features.layers/ { ++features } /^explain.distances.layers/ { ++distances }
       function far(x, y) { return x - y > 1e-6 || y - x > 1e-6 }
       END { exit n == 0 || features == 0 || distances == 0 || far(sum[1], height["explain.layers.height.error"]) || far(sum[0], height["explain.layers.height.loss"]) }' lines ||
    fail "--explain $*: $(grep '^explain.layers' lines)"
}
explains logistic
explains lcn --channels 4,6 --stride 2
explains cnn --channels 4 --stride 2 --norm batch
explains vit --width 8 --heads 2 --patch 14
explains resnet --blocks 1 --width 4
explains vgg --channels 4,8 --norm none
"${pair[@]}" --network cnn --channels 4 --stride 2 --exact > out 2> err || fail "--exact of one convolution: $(cat err)"
for options in '--network cnn --channels 4 --norm batch' '--network vit --width 8 --heads 2' '--network cnn --channels 4,4'; do
  read -r -a given <<< "$options"
  if "${pair[@]}" "${given[@]}" --exact > out 2> err; then fail "--exact $options was accepted"; fi
  grep -q '^pair: --exact: ' err && grep -q 'linear_path' err || fail "--exact $options: $(cat err)"
done
"${pair[@]}" --network resnet --blocks 1 --width 4 --json resnet.json --csv resnet.csv --save-checkpoints ends > out 2> err
# Two rows of the table, which are compared with the JSON file.
[[ $(grep -c 'with stored statistics' out) == 2 ]] || fail "the table does not have both runs' stored statistics: $(cat out)"
wrong=$(contradictions resnet.json resnet.csv out)
[[ -z $wrong ]] || fail "with stored statistics, the outputs contradict each other: $wrong"
json_lines resnet.json > lines
awk '/stored_statistics.*error/ { ++n; part = /test/ ? 100 : 200; wrong = $2 * part; off = wrong - int(wrong + 0.5)
    if ($2 < 0 || $2 > 1 || off > 1e-6 || off < -1e-6) bad = 1 } /stored_statistics.*loss/ { ++n; if (!($2 > 0)) bad = 1 }
  END { exit n != 8 || bad }' lines || fail "stored statistics in the JSON file: $(grep stored lines)"
for name in mean variance; do
  grep -qaE "\"batch_norm1/$name\":\{\"dtype\":\"F32\",\"shape\":\[4\]" ends/a.safetensors || fail "the checkpoint has no running $name"
done

refuses() {  # refuses TEXT OPTION...: fails with a message on standard error that contains TEXT
  local text=$1
  shift
  if "${pair[@]}" "$@" > out 2> err; then fail "$* was accepted"; fi
  grep -qF -- "$text" err || fail "$*: '$text' is not in: $(cat err)"
}

refuses "unknown network 'cnnn'; did you mean 'cnn'?" --network cnnn
refuses "heads is an option of attention vit, not of the network cnn" --network cnn --heads 4
refuses "sharing is an option of tied, not of the network lcn" --network lcn --sharing 2x2
refuses "the kernel, 29x29, is larger than the input with its padding, 28x28" --network cnn --kernel 29
refuses "Conv2d: the kernel, 3x3, is larger than the input" --network cnn --channels 4,4,4 --stride 9,2,1
refuses "padding = 3x3 with kernel = 3x3" --network lcn --padding 3
refuses "stride has 3 entries; expected one for all layers, or one for each of the 2" --network cnn --stride 1,1,1
refuses "LocallyConnected2d: sharing = 40x2" --network tied --sharing 40x2
refuses "kernel 3x: '3x'; expected a whole number from 1 to 999999" --network cnn --kernel 3x
refuses "kernel 0: '0'; expected a whole number from 1 to 999999" --network cnn --kernel 0
refuses "kernel 3,: ''; expected a whole number from 1 to 999999" --network cnn --kernel 3,
refuses "channels 8,nan: 'nan' is not a number" --network cnn --channels 8,nan
refuses "a layer of 0 channels" --network cnn --channels 8,0
refuses "SelfAttention: heads = 5" --network vit --heads 5
refuses "patch" --network vit --patch 5
refuses "sparsity = 1.5; expected a share in [0, 1]" --network sparse-mlp --sparsity 1.5
refuses "unknown normalization 'bach'; did you mean 'batch'?" --network resnet --norm bach
refuses "vit: blocks = 0; expected at least 1" --network vit --blocks 0
refuses "--width 16385; expected at most 16384" --network vit --width 16385
refuses "--blocks 1001; expected at most 1000" --network resnet --blocks 1001
refuses "--channels 2000000: a layer of 2000000 channels; expected whole numbers from 1 to 1000000" --network cnn --channels 2000000
pair=("$program" --dataset spirals --epochs 1)
refuses "the network cnn takes images, but an example of the data set has the shape [2]" --network cnn

ends
