#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# lmc beside libtorch: training on MNIST and on CIFAR-10, and curves, each library in its best configuration. On a fresh Debian 12 it
# installs what is missing first, and fetches the data.
#   bash benchmarks/versus_torch.sh [OPTION...]     options are handed on to versus_torch: --workloads cnn,lcn --repetitions 9
# Writes results/versus_torch/{results.json,table.md,ratios.png}. Another libtorch than Debian's: CMAKE_PREFIX_PATH=DIR/libtorch.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source cmake/debian-packages.sh

# Without OpenBLAS, libtorch's products go to the reference BLAS, which is ten times slower.
install_packages "${lmc_packages[@]}" libtorch-dev libopenblas0-pthread
cmake --preset release -B build/versus_torch -DLMC_BUILD_TESTS=OFF -DLMC_BUILD_EXAMPLES=OFF -DLMC_BUILD_BENCHMARKS=OFF \
  -DLMC_BUILD_VERSUS_TORCH=ON
cmake --build build/versus_torch --target versus_torch

bash examples/get-data.sh mnist cifar10
results=results/versus_torch
mkdir -p "$results"
build/versus_torch/benchmarks/versus_torch/versus_torch --data data/mnist --cifar10 data/cifar-10-batches-bin --json "$results/results.json" \
  --markdown "$results/table.md" --figure "$results/ratios.png" "$@"
echo "Written to $results:" "$(cd "$results" && echo *)"
