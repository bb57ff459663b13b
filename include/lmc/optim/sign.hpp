// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <span>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/optim/update_range.hpp>
#include <lmc/simd/sign.hpp>

namespace lmc {

/// Sign descent: every parameter moves by the learning rate, however large its gradient.
struct SignOptions {
  double learning_rate = 1e-3;  // at least 0
  double momentum = 0.0;        // μ, share of the running mean of the gradients that is kept, in [0, 1)
  double weight_decay = 0.0;    // λ, decoupled from the gradient, at least 0
  friend bool operator==(const SignOptions&, const SignOptions&) = default;
};

/// Prints `sign(learning_rate = 0.001, momentum = 0.9)`: the learning rate, and what is not 0.
inline std::ostream& operator<<(std::ostream& out, const SignOptions& o) {
  out << "sign(learning_rate = " << o.learning_rate;
  if (o.momentum != 0) out << ", momentum = " << o.momentum;
  if (o.weight_decay != 0) out << ", weight_decay = " << o.weight_decay;
  return out << ')';
}

/// Sign descent over one flat vector. At every step, with learning rate r, sign(0) = 0 and v = 0 at first:
///   v ← μ v + (1 − μ) g               the gradient itself without momentum
///   θ ← (1 − r λ) θ − r sign(v)
/// A gradient that is not finite makes θ NaN. Source: arXiv:1802.04434, Algorithm 1: signSGD, and Signum with momentum.
/// Checked against plain loops: tests/optim/optimizer_reference.inc.
template <std::floating_point Scalar>
class SignDescent {
 public:
  SignOptions options;           // to change one, make a new object
  std::int64_t steps = 0;        // updates applied so far
  std::vector<Scalar> velocity;  // v, as long as θ; empty without momentum

  /// For a θ of `size` entries. Throws: Error for an option out of range.
  SignDescent(const SignOptions& o, std::size_t size) : options(o) {
    require(std::isfinite(o.learning_rate) && o.learning_rate >= 0, "SignDescent: learning_rate = ", o.learning_rate,
            "; expected a finite number, at least 0");
    require(o.momentum >= 0 && o.momentum < 1, "SignDescent: momentum = ", o.momentum, "; expected a number in [0, 1)");
    require(std::isfinite(o.weight_decay) && o.weight_decay >= 0, "SignDescent: weight_decay = ", o.weight_decay,
            "; expected a finite number, at least 0");
    if (o.momentum > 0) velocity.resize(size);
  }

  /// One update, at the given learning rate, times the factors of the ranges, which cover θ or are none. Throws: Error when a length
  /// is not the one given at construction.
  void step(std::span<const Scalar> gradient, std::span<Scalar> theta, double learning_rate,
            std::span<const UpdateRange> ranges = {}) {
    require(gradient.size() == theta.size() && (options.momentum == 0 || velocity.size() == theta.size()),
            "SignDescent: gradient has ", gradient.size(), " entries, theta ", theta.size(), ", the velocity ",
            velocity.size());
    std::span<const Scalar> direction = gradient;
    if (options.momentum != 0) {
      simd::update_mean(gradient, std::span(velocity), static_cast<Scalar>(options.momentum),
                        static_cast<Scalar>(1 - options.momentum));
      direction = velocity;
    }
    detail::for_each_range(ranges, theta.size(), [&](const UpdateRange& range) {
      const double rate = learning_rate * range.rate;
      simd::sign_update(direction.subspan(range.first, range.count), theta.subspan(range.first, range.count),
                        simd::SignUpdate<Scalar>{.rate = static_cast<Scalar>(rate),
                                                 .shrink = static_cast<Scalar>(1 - rate * range.decay * options.weight_decay)});
    });
    ++steps;
  }
};

}  // namespace lmc
