#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The main job on real data: two networks trained on MNIST from one initialization, and the barrier between them. On a fresh
# Debian 12 it installs what is missing first.
#   bash examples/run.sh [OPTION...]     options are handed on to minimal_pair: --hidden 512,512 --optimizer adam
# MNIST is taken from data/mnist, else fetched to there; when it cannot be had, Fashion-MNIST takes its place.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source cmake/debian-packages.sh
source cmake/mnist.sh

install_packages "${lmc_packages[@]}"
cmake --preset release
cmake --build --preset release --target minimal_pair

dataset=mnist
data=data/mnist
if ! is_mnist "$data" && ! fetch_mnist; then
  echo "MNIST cannot be had here. Taking FASHION-MNIST from the Debian package dataset-fashion-mnist instead." >&2
  install_packages dataset-fashion-mnist
  dataset=fashion-mnist
  data=/usr/share/datasets/fashion-mnist
fi

results=results/$dataset
mkdir -p "$results"
build/release/examples/minimal_pair --dataset "$dataset" --data "$data" --json "$results/pair.json" --csv "$results/curve.csv" \
  --figure "$results/curve.png" --save-checkpoints "$results" "$@"
echo "Written to $results:" "$(cd "$results" && echo *)"
