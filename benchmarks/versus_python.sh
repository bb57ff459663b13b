#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# lmc beside PyTorch, as it is and compiled, and JAX: training on MNIST and on CIFAR-10, and curves, each library in its best
# configuration. On a fresh Debian 12 it installs what lmc needs and is missing first, and fetches the data.
#   bash benchmarks/versus_python.sh --python PYTHON [OPTION...]
# PYTHON: an interpreter that has PyTorch (2.1 or newer for the compiled column), JAX, or both; what it lacks is left out, and said. Such
# a one is made by `python3 -m venv build/python && build/python/bin/pip install torch jax`. Other options are handed on to
# versus_python: --workloads cnn,lcn --repetitions 9; --quick tells in minutes whether the losses agree.
# Writes results/versus_python/{results.json,table.md,ratios.png}.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source cmake/debian-packages.sh

install_packages "${lmc_packages[@]}"
cmake --preset release -B build/versus_python -DLMC_BUILD_TESTS=OFF -DLMC_BUILD_EXAMPLES=OFF -DLMC_BUILD_BENCHMARKS=OFF \
  -DLMC_BUILD_VERSUS_PYTHON=ON
cmake --build build/versus_python --target versus_python

bash examples/get-data.sh mnist cifar10
results=results/versus_python
mkdir -p "$results"
build/versus_python/benchmarks/versus_python/versus_python --data data/mnist --cifar10 data/cifar-10-batches-bin --json "$results/results.json" \
  --markdown "$results/table.md" --figure "$results/ratios.png" "$@"
echo "Written to $results:" "$(cd "$results" && echo *)"
