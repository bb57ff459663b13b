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

  /// One update, at the given learning rate. Throws: Error when a length is not the one given at construction.
  void step(std::span<const Scalar> gradient, std::span<Scalar> theta, double learning_rate) {
    require(gradient.size() == theta.size() && (options.momentum == 0 || velocity.size() == theta.size()),
            "SignDescent: gradient has ", gradient.size(), " entries, theta ", theta.size(), ", the velocity ",
            velocity.size());
    const simd::SignUpdate<Scalar> update{.rate = static_cast<Scalar>(learning_rate),
                                          .shrink = static_cast<Scalar>(1 - learning_rate * options.weight_decay)};
    if (options.momentum == 0) {
      simd::sign_update(gradient, theta, update);
    } else {
      simd::update_mean(gradient, std::span(velocity), static_cast<Scalar>(options.momentum),
                        static_cast<Scalar>(1 - options.momentum));
      simd::sign_update(std::span<const Scalar>(velocity), theta, update);
    }
    ++steps;
  }
};

}  // namespace lmc
