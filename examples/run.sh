#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The main job on real data: two networks trained on MNIST from one initialization, and the barrier between them. On a fresh
# Debian 12 it installs what is missing first.
#   bash examples/run.sh [OPTION...]     options are handed on to pair: --hidden 512,512 --optimizer adam
# MNIST is taken from data/mnist, else fetched to there by get-data.sh; when it cannot be had, Fashion-MNIST takes its place.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source cmake/debian-packages.sh

install_packages "${lmc_packages[@]}"
cmake --preset release
cmake --build --preset release --target pair

dataset=mnist
if ! bash examples/get-data.sh mnist; then
  echo "MNIST cannot be had here. Taking FASHION-MNIST instead." >&2
  dataset=fashion-mnist
  bash examples/get-data.sh fashion-mnist
fi

results=results/$dataset
mkdir -p "$results"
build/release/bin/pair --dataset "$dataset" --data "data/$dataset" --json "$results/pair.json" --csv "$results/curve.csv" \
  --figure "$results/curve.png" --save-checkpoints "$results" "$@"
echo "Written to $results:" "$(cd "$results" && echo *)"
