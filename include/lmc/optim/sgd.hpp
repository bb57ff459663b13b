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
#include <lmc/simd/sgd.hpp>

namespace lmc {

/// Stochastic gradient descent, with or without momentum.
struct SgdOptions {
  double learning_rate = 0.1;  // at least 0
  double momentum = 0.0;       // μ, share of the velocity that is kept, at least 0
  double dampening = 0.0;      // τ, share of the gradient that does not enter the velocity, in [0, 1]
  double weight_decay = 0.0;   // λ, added to the gradient as λ θ, at least 0
  bool nesterov = false;       // step by the velocity after the next gradient; needs momentum, and no dampening
  friend bool operator==(const SgdOptions&, const SgdOptions&) = default;
};

/// Prints `sgd(learning_rate = 0.1, momentum = 0.9)`: the learning rate, and what is not 0.
inline std::ostream& operator<<(std::ostream& out, const SgdOptions& o) {
  out << "sgd(learning_rate = " << o.learning_rate;
  if (o.momentum != 0) out << ", momentum = " << o.momentum;
  if (o.dampening != 0) out << ", dampening = " << o.dampening;
  if (o.weight_decay != 0) out << ", weight_decay = " << o.weight_decay;
  return out << (o.nesterov ? ", nesterov)" : ")");
}

/// Stochastic gradient descent over one flat vector. At step t = 1, 2, …, with learning rate r:
///   g' = g + λ θ
///   without momentum     θ ← θ − r g'
///   with momentum        v ← g' at t = 1, then μ v + (1 − τ) g'     θ ← θ − r (nesterov ? g' + μ v : v)
/// The rate is outside the velocity and the first gradient enters it undampened, both as in torch.optim.SGD.
/// Checked against PyTorch: tests/optim/optimizer_reference.inc, made by tests/optim/optimizer_reference.py.
template <std::floating_point Scalar>
class Sgd {
 public:
  SgdOptions options;            // to change one, make a new object
  std::int64_t steps = 0;        // updates applied so far
  std::vector<Scalar> velocity;  // v, as long as θ; empty without momentum

  /// For a θ of `size` entries. Throws: Error for an option out of range.
  Sgd(const SgdOptions& o, std::size_t size) : options(o) {
    require(std::isfinite(o.learning_rate) && o.learning_rate >= 0, "Sgd: learning_rate = ", o.learning_rate,
            "; expected a finite number, at least 0");
    require(std::isfinite(o.momentum) && o.momentum >= 0, "Sgd: momentum = ", o.momentum,
            "; expected a finite number, at least 0");
    require(o.dampening >= 0 && o.dampening <= 1, "Sgd: dampening = ", o.dampening, "; expected a number in [0, 1]");
    require(std::isfinite(o.weight_decay) && o.weight_decay >= 0, "Sgd: weight_decay = ", o.weight_decay,
            "; expected a finite number, at least 0");
    require(!o.nesterov || (o.momentum > 0 && o.dampening == 0), "Sgd: nesterov with momentum = ", o.momentum,
            ", dampening = ", o.dampening, "; it needs momentum > 0 and dampening = 0");
    if (o.momentum > 0) velocity.resize(size);
  }

  /// One update, at the given learning rate, times the factors of the ranges, which cover θ or are none. Throws: Error when a length
  /// is not the one given at construction.
  void step(std::span<const Scalar> gradient, std::span<Scalar> theta, double learning_rate,
            std::span<const UpdateRange> ranges = {}) {
    require(gradient.size() == theta.size() && (options.momentum == 0 || velocity.size() == theta.size()), "Sgd: gradient has ",
            gradient.size(), " entries, theta ", theta.size(), ", the velocity ", velocity.size());
    detail::for_each_range(ranges, theta.size(), [&](const UpdateRange& range) {
      const auto of = [&](auto values) { return values.subspan(range.first, range.count); };
      const auto rate = static_cast<Scalar>(learning_rate * range.rate);
      const auto decay = static_cast<Scalar>(options.weight_decay * range.decay);
      if (options.momentum == 0)
        simd::sgd_update(of(gradient), of(theta), rate, decay);
      else
        simd::sgd_momentum_update(of(gradient), of(std::span(velocity)), of(theta),
                                  simd::SgdMomentum<Scalar>{.rate = rate,
                                                            .decay = decay,
                                                            .keep = static_cast<Scalar>(options.momentum),
                                                            .take = static_cast<Scalar>(steps == 0 ? 1 : 1 - options.dampening),
                                                            .nesterov = options.nesterov});
    });
    ++steps;
  }
};

}  // namespace lmc
