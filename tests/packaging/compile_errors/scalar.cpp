// SPDX-License-Identifier: BSD-3-Clause
// A layer of double in a network of float.
#include <lmc/layers/dense.hpp>
#include <lmc/layers/network.hpp>

int main() {
  // error: a layer initializes by `void initialize(InitializeArgs<Scalar>) const`: it is private, not const
  // error: a layer needs `void forward(ForwardArgs<Scalar>) const`: it is missing, private, not const
  // error: a layer needs `void backward(BackwardArgs<Scalar>) const`: it is missing, private, not const
  lmc::Network<float> network({lmc::Dense<double>({.inputs = 2, .outputs = 2})});
}
