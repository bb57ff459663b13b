// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <span>
#include <string_view>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/optim/update_range.hpp>
#include <lmc/simd/adam.hpp>

namespace lmc {

/// Adam, with a decay that is added to the gradient.
struct AdamOptions {
  double learning_rate = 1e-3;  // at least 0
  double beta1 = 0.9;           // decay of the mean of g, in [0, 1)
  double beta2 = 0.999;         // decay of the mean of g², in [0, 1)
  double epsilon = 1e-8;        // added to √v̂, after bias correction; positive
  double weight_decay = 0.0;    // λ, added to the gradient as λ θ, at least 0
  friend bool operator==(const AdamOptions&, const AdamOptions&) = default;
};

/// AdamW: Adam with a decay decoupled from the gradient.
struct AdamWOptions {
  double learning_rate = 1e-3;  // at least 0
  double beta1 = 0.9;           // decay of the mean of g, in [0, 1)
  double beta2 = 0.999;         // decay of the mean of g², in [0, 1)
  double epsilon = 1e-8;        // added to √v̂, after bias correction; positive
  double weight_decay = 0.0;    // λ, decoupled from the gradient, at least 0
  friend bool operator==(const AdamWOptions&, const AdamWOptions&) = default;
};

namespace detail {

template <class Options>
inline constexpr bool decoupled_decay = std::same_as<Options, AdamWOptions>;

/// Throws: Error, begun by `who`, for an option of Adam out of range. epsilon is given in the scalar type of θ, too, in which it must
/// not be 0: where gradient and mean are 0, it keeps 0/0 out of θ.
template <class Options>
void require_adam(std::string_view who, std::floating_point auto epsilon, const Options& o) {
  require(std::isfinite(o.learning_rate) && o.learning_rate >= 0, who, ": learning_rate = ", o.learning_rate,
          "; expected a finite number, at least 0");
  require(o.beta1 >= 0 && o.beta1 < 1, who, ": beta1 = ", o.beta1, "; expected a number in [0, 1)");
  require(o.beta2 >= 0 && o.beta2 < 1, who, ": beta2 = ", o.beta2, "; expected a number in [0, 1)");
  require(std::isfinite(epsilon) && epsilon > 0, who, ": epsilon = ", o.epsilon,
          "; expected a number that is positive and finite in the network's scalar type");
  require(std::isfinite(o.weight_decay) && o.weight_decay >= 0, who, ": weight_decay = ", o.weight_decay,
          "; expected a finite number, at least 0");
}

/// The numbers of update t = steps of Adam in a range.
template <std::floating_point Scalar, class Options>
simd::AdamUpdate<Scalar> adam_update(const Options& o, std::int64_t steps, double learning_rate, bool decoupled,
                                     const UpdateRange& range = {}) {
  const auto t = static_cast<double>(steps);
  learning_rate *= range.rate;
  const double decay = range.decay * o.weight_decay;
  return {
      .beta1 = static_cast<Scalar>(o.beta1),
      .one_minus_beta1 = static_cast<Scalar>(1 - o.beta1),
      .beta2 = static_cast<Scalar>(o.beta2),
      .one_minus_beta2 = static_cast<Scalar>(1 - o.beta2),
      .rate = static_cast<Scalar>(learning_rate / (1 - std::pow(o.beta1, t))),
      .root_scale = static_cast<Scalar>(1 / std::sqrt(1 - std::pow(o.beta2, t))),
      .epsilon = static_cast<Scalar>(o.epsilon),
      .decay = static_cast<Scalar>(decoupled ? 0 : decay),
      .shrink = static_cast<Scalar>(decoupled ? 1 - learning_rate * decay : 1),
  };
}

template <class Options>
std::ostream& print_adam(std::ostream& out, std::string_view name, const Options& o) {
  out << name << "(learning_rate = " << o.learning_rate;
  if (o.beta1 != Options().beta1) out << ", beta1 = " << o.beta1;
  if (o.beta2 != Options().beta2) out << ", beta2 = " << o.beta2;
  if (o.epsilon != Options().epsilon) out << ", epsilon = " << o.epsilon;
  if (o.weight_decay != 0) out << ", weight_decay = " << o.weight_decay;
  return out << ')';
}

}  // namespace detail

/// Prints `adam(learning_rate = 0.001)`: the learning rate, and what is not the default.
inline std::ostream& operator<<(std::ostream& out, const AdamOptions& o) { return detail::print_adam(out, "adam", o); }
/// The same as `adamw(…)`.
inline std::ostream& operator<<(std::ostream& out, const AdamWOptions& o) { return detail::print_adam(out, "adamw", o); }

/// Adam over one flat vector. At step t = 1, 2, …, with learning rate r:
///   g' = g + λ θ for AdamOptions, g for AdamWOptions
///   m ← β₁ m + (1 − β₁) g'       m̂ = m / (1 − β₁ᵗ)
///   v ← β₂ v + (1 − β₂) g'²      v̂ = v / (1 − β₂ᵗ)
///   θ ← θ − r m̂ / (√v̂ + ε)                 for AdamOptions
///   θ ← (1 − r λ) θ − r m̂ / (√v̂ + ε)       for AdamWOptions
/// as torch.optim.Adam and torch.optim.AdamW; the paper of the latter scales λ by the schedule alone, not by the learning rate.
/// Source: arXiv:1412.6980, Algorithm 1; arXiv:1711.05101, Algorithm 2.
/// Checked against PyTorch: tests/optim/optimizer_reference.inc, made by tests/optim/optimizer_reference.py.
template <std::floating_point Scalar, class Options>
class AdamMethod {
 public:
  Options options;             // to change one, make a new object
  std::int64_t steps = 0;      // updates applied so far, t
  std::vector<Scalar> mean;    // m, as long as θ; zero at first
  std::vector<Scalar> square;  // v, the same

  /// For a θ of `size` entries. Throws: Error for an option out of range.
  AdamMethod(const Options& o, std::size_t size) : options(o), mean(size), square(size) {
    detail::require_adam("Adam", static_cast<Scalar>(o.epsilon), o);
  }

  /// One update, at the given learning rate, times the factors of the ranges, which cover θ or are none. Throws: Error when a length
  /// is not the one given at construction.
  void step(std::span<const Scalar> gradient, std::span<Scalar> theta, double learning_rate,
            std::span<const UpdateRange> ranges = {}) {
    require(gradient.size() == mean.size() && theta.size() == mean.size(), "Adam: gradient has ", gradient.size(),
            " entries, theta ", theta.size(), "; expected ", mean.size());
    ++steps;
    detail::for_each_range(ranges, theta.size(), [&](const UpdateRange& range) {
      const auto of = [&](auto values) { return values.subspan(range.first, range.count); };
      simd::adam_update(of(gradient), of(std::span(mean)), of(std::span(square)), of(theta),
                        detail::adam_update<Scalar>(options, steps, learning_rate, detail::decoupled_decay<Options>, range));
    });
  }
};

/// Adam with a decay that is added to the gradient.
template <std::floating_point Scalar>
using Adam = AdamMethod<Scalar, AdamOptions>;

/// Adam with a decay decoupled from the gradient.
template <std::floating_point Scalar>
using AdamW = AdamMethod<Scalar, AdamWOptions>;

}  // namespace lmc
