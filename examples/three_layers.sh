#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Three hidden layers of 512 on MNIST: error barriers of SGD, Adam, and Adam with warm-up, for five initialization seeds each, as a
# Markdown table on standard output. Some six minutes on two cores. Needs what `bash examples/run.sh` has built and fetched.
#   bash examples/three_layers.sh [OPTION...]     options are handed on to pair: --epochs 20
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

barriers() {  # barriers TITLE OPTION...: a row of the table
  local title=$1 seed pair values=()
  shift
  for seed in 0 1 2 3 4; do
    # No two pairs share a start or an order.
    pair=$(build/release/bin/pair --dataset mnist --data data/mnist --hidden 512,512,512 --init-seed "$seed" \
      --noise-seeds $((2 * seed + 1)),$((2 * seed + 2)) "$@" | awk '/^error barrier/ { print $3, $4 }')
    values+=("$pair")
  done
  printf '%s\n' "${values[@]}" | awk -v title="$title" '
    { train = train " " $1; test = test " " $2; train_sum += $1; test_sum += $2 }
    END {
      printf "| %s | test | **%.4f** |%s |\n", title, test_sum / NR, test
      printf "| | train | %.4f |%s |\n", train_sum / NR, train
    }'
}

echo '| training | measured on | mean | seeds 0, 1, 2, 3, 4 |'
echo '| --- | --- | --- | --- |'
barriers 'SGD, 0.1' --optimizer sgd "$@"
barriers 'Adam, 0.001' --optimizer adam "$@"
barriers 'Adam, 0.001, warm-up of 2,000 steps' --optimizer adam --warmup 2000 "$@"
