#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The ladder of architectures on MNIST: parameters, test error and error barriers with SGD and with Adam, three initialization
# seeds each, as a Markdown table on standard output. Needs what `bash examples/run.sh` has built and fetched.
#   bash examples/ladder.sh [OPTION...]     options are handed on to pair: --epochs 10
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

row() {  # row TITLE OPTION...
  local title=$1 seed optimizer
  shift
  for optimizer in sgd adam; do
    for seed in 0 1 2; do
      # No two pairs share a start or an order.
      build/release/bin/pair --dataset mnist --data data/mnist --epochs 5 --alphas 11 --optimizer "$optimizer" \
        --init-seed "$seed" --noise-seeds $((2 * seed + 1)),$((2 * seed + 2)) "$@" |
        awk -v optimizer="$optimizer" '
          /^total/ { parameters = $2 }
          /^error, (first|second) run / { error += $5 / 2 }
          /^error barrier/ { barrier = $4 }
          END { print optimizer, parameters, error, barrier }'
    done
  done | awk -v title="$title" '
    { parameters = $2; n[$1]++; error[$1] += $3; barrier[$1] += $4; all[$1] = all[$1] " " $4 }
    END {
      printf "| %s | %d", title, parameters
      for (i = 1; i <= 2; ++i) {
        o = i == 1 ? "sgd" : "adam"
        printf " | %.2f %% | **%.4f** (%s)", 100 * error[o] / n[o], barrier[o] / n[o], substr(all[o], 2)
      }
      print " |"
    }'
}

echo '| network | parameters | SGD: test error | barrier, mean (seeds 0, 1, 2) | Adam: test error | barrier |'
echo '| --- | --- | --- | --- | --- | --- |'
row 'logistic regression' --network logistic "$@"
row 'MLP, 512 ReLU units' --network mlp --hidden 512 "$@"
row 'the same, 90 % of the first layer masked' --network sparse-mlp --hidden 512 --sparsity 0.9 "$@"
row 'locally connected, 1→16→32 channels' --network lcn --channels 16,32 --stride 2 "$@"
row 'tied in blocks of 4x4 positions' --network tied --channels 16,32 --stride 2 --sharing 4x4 "$@"
row 'convolutional' --network cnn --channels 16,32 --stride 2 "$@"
row 'one attention layer' --network attention "$@"
row 'one transformer block' --network vit "$@"
