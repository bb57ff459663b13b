// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <array>
#include <cmath>
#include <string_view>

#include <lmc/core/error.hpp>
#include <lmc/core/names.hpp>
#include <lmc/layers/layer.hpp>

namespace lmc {

/// How the weights W and the biases b of a layer start. fan_in and fan_out are the inputs of one output and the outputs of one
/// input; gain² = 2 / (1 + slope²) for the (leaky) ReLU that follows.
///   torch       W, b ~ U(±1/√fan_in)               PyTorch's default for Linear and convolutions, whatever follows
///   he_normal   W ~ N(0, gain²/fan_in),     b = 0  arXiv:1502.01852, eq. 14
///   he_uniform  W ~ U(±gain √(3/fan_in)),   b = 0  the same variance
///   xavier      W ~ U(±√(6/(fan_in + fan_out))), b = 0  Glorot and Bengio 2010, eq. 16
///   zero        W = 0, b = 0                       for logistic regression: with hidden units nothing would tell them apart
enum class Initialization { torch, he_normal, he_uniform, xavier, zero };

/// The names of the schemes, in the order of Initialization.
inline constexpr std::array<std::string_view, 5> initialization_names{"torch", "he-normal", "he-uniform", "xavier", "zero"};

/// The scheme of that name. Throws: Error that names the nearest known one.
inline Initialization parse_initialization(std::string_view name) {
  return static_cast<Initialization>(find_name("initialization", name, initialization_names));
}

/// A scheme, and what it takes from the layer that follows.
struct InitializationOptions {
  Initialization scheme = Initialization::torch;  // distribution of W and b
  double slope = 0;                               // slope of the leaky ReLU that follows; the He schemes use it
};

/// Fills weights, then biases, in the order in which they lie in args.params: weights first.
template <class Scalar>
void initialize_weights_and_biases(const InitializeArgs<Scalar>& args, Index weights, Index fan_in, Index fan_out,
                                   const InitializationOptions& options) {
  const double in = static_cast<double>(fan_in), gain = std::sqrt(2.0 / (1.0 + options.slope * options.slope));
  const double bound = [&] {
    switch (options.scheme) {
      case Initialization::torch:
        return 1.0 / std::sqrt(in);
      case Initialization::he_uniform:
        return gain * std::sqrt(3.0 / in);
      case Initialization::xavier:
        return std::sqrt(6.0 / (in + static_cast<double>(fan_out)));
      case Initialization::he_normal:
      case Initialization::zero:
        break;
    }
    return 0.0;
  }();
  for (std::size_t i = 0; i < args.params.size(); ++i) {
    const auto index = static_cast<std::uint64_t>(args.first) + i;
    const bool is_weight = static_cast<Index>(i) < weights;
    double value = 0;
    if (is_weight && options.scheme == Initialization::he_normal)
      value = gain / std::sqrt(in) * normal(args.stream, index);
    else if (is_weight || options.scheme == Initialization::torch)
      value = bound * (2.0 * uniform(args.stream, index) - 1.0);
    args.params[i] = static_cast<Scalar>(value);
  }
}

}  // namespace lmc
