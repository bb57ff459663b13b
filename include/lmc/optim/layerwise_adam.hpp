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
#include <lmc/core/layout.hpp>
#include <lmc/core/parameter_layers.hpp>
#include <lmc/optim/adam.hpp>
#include <lmc/optim/detail/sum_in_eight.hpp>
#include <lmc/optim/update_range.hpp>
#include <lmc/simd/adam.hpp>

namespace lmc {

/// Adam with one second moment per layer instead of one per parameter, whose updates are as long as Adam's.
struct LayerwiseAdamOptions {
  double learning_rate = 1e-3;  // at least 0
  double beta1 = 0.9;           // decay of the mean of g, in [0, 1)
  double beta2 = 0.999;         // decay of the mean of g², in [0, 1)
  double epsilon = 1e-8;        // added to the roots, after bias correction; positive
  double weight_decay = 0.0;    // λ, added to the gradient as λ θ, at least 0
  friend bool operator==(const LayerwiseAdamOptions&, const LayerwiseAdamOptions&) = default;
};

/// Prints `layerwise-adam(learning_rate = 0.001)`: the learning rate, and what is not the default.
inline std::ostream& operator<<(std::ostream& out, const LayerwiseAdamOptions& o) {
  return detail::print_adam(out, "layerwise-adam", o);
}

/// Adam with one scale per layer. Its step is as long as Adam's would be, so that a comparison shows what the scale of each single
/// parameter does. With m̂ and v̂ as in Adam, a = m̂ / (√v̂ + ε) Adam's update at learning rate 1, and v̄ the mean over a layer (what has
/// one name before the last '/', as weight and bias) of the v̂ that are not 0, so that masked weights do not count,
///   u = m̂ / (√v̄ + ε)       θ ← θ − r ‖a‖ / ‖u‖ u
/// so that all parameters of a layer are scaled alike, and the step is as long as Adam's with the same gradients. Norms are over
/// all of θ, summed in double in a fixed order; where m is 0, θ stays. A gradient that is
/// not finite makes every other parameter NaN.
/// Checked against torch.optim.Adam's moments: tests/optim/optimizer_reference.inc.
template <std::floating_point Scalar>
class LayerwiseAdam {
 public:
  LayerwiseAdamOptions options;  // to change one, make a new object
  std::int64_t steps = 0;        // updates applied so far, t
  std::vector<Scalar> mean;      // m, as long as θ; zero at first
  std::vector<Scalar> square;    // v, the same

  /// For parameters of that layout. Throws: Error for an option out of range.
  LayerwiseAdam(const LayerwiseAdamOptions& o, const ParameterLayout& layout)
      : options(o), mean(static_cast<std::size_t>(layout.parameter_count())), square(mean.size()) {
    detail::require_adam("LayerwiseAdam", static_cast<Scalar>(o.epsilon), o);
    for (const ParameterLayer& layer : parameter_layers(layout)) {
      std::vector<Part>& parts = layers_.emplace_back().parts;
      for (const std::size_t i : layer.segments) {
        const Segment& s = layout.parameters[i];
        parts.push_back({static_cast<std::size_t>(s.offset), static_cast<std::size_t>(s.size())});
      }
    }
  }

  /// One update, at the given learning rate, times the factors of the ranges, which hold whole segments and cover θ, or are none.
  /// ‖a‖ and ‖u‖ then are of what is multiplied by these factors. Throws: Error when a length is not that of the layout.
  void step(std::span<const Scalar> gradient, std::span<Scalar> theta, double learning_rate,
            std::span<const UpdateRange> ranges = {}) {
    require(gradient.size() == mean.size() && theta.size() == mean.size(), "LayerwiseAdam: gradient has ", gradient.size(),
            " entries, theta ", theta.size(), "; expected ", mean.size());
    ++steps;
    const auto t = static_cast<double>(steps);
    const double of_mean = 1 / (1 - std::pow(options.beta1, t)), of_square = 1 / (1 - std::pow(options.beta2, t));
    detail::for_each_range(ranges, theta.size(), [&](const UpdateRange& range) {
      const auto of = [&](auto values) { return values.subspan(range.first, range.count); };
      simd::adam_moments(of(gradient), of(std::span(mean)), of(std::span(square)), of(std::span<const Scalar>(theta)),
                         simd::AdamMoments<Scalar>{.beta1 = static_cast<Scalar>(options.beta1),
                                                   .one_minus_beta1 = static_cast<Scalar>(1 - options.beta1),
                                                   .beta2 = static_cast<Scalar>(options.beta2),
                                                   .one_minus_beta2 = static_cast<Scalar>(1 - options.beta2),
                                                   .decay = static_cast<Scalar>(options.weight_decay * range.decay)});
    });
    double adam = 0, own = 0;  // ‖a‖², ‖u‖²
    for (Layer& layer : layers_) {
      layer.root = root_of(layer, of_square);
      for (const Part& part : layer.parts) {
        const double factor = detail::range_at(ranges, part.first).rate;
        const Scalar *const m = mean.data() + part.first, *const v = square.data() + part.first;
        adam += detail::sum_in_eight(part.count, [&](std::size_t i) {
          const double a = factor * of_mean * static_cast<double>(m[i]) /
                           (std::sqrt(of_square * static_cast<double>(v[i])) + options.epsilon);
          return a * a;
        });
        own += detail::sum_in_eight(part.count, [&](std::size_t i) {
          const double u = factor * of_mean * static_cast<double>(m[i]) / layer.root;
          return u * u;
        });
      }
    }
    const double ratio = own == 0 ? 0 : std::sqrt(adam / own);
    for (const Layer& layer : layers_)
      for (const Part& part : layer.parts) {
        const double factor = detail::range_at(ranges, part.first).rate;
        const auto rate = static_cast<Scalar>(learning_rate * factor * ratio * of_mean / layer.root);
        for (std::size_t i = part.first; i < part.first + part.count; ++i)
          if (mean[i] != 0) theta[i] -= rate * mean[i];  // what is masked stays, even where the rate is not finite
      }
  }

 private:
  struct Part {
    std::size_t first, count;  // entries of a segment
  };
  struct Layer {
    std::vector<Part> parts;
    double root = 0;  // √v̄ + ε at the last step
  };

  double root_of(const Layer& layer, double of_square) const {
    double total = 0;
    std::size_t count = 0;
    for (const Part& part : layer.parts) {
      const Scalar* const v = square.data() + part.first;
      total += detail::sum_in_eight(part.count, [&](std::size_t i) { return static_cast<double>(v[i]); });
      for (std::size_t i = 0; i < part.count; ++i) count += v[i] != 0 ? 1 : 0;
    }
    return std::sqrt(count == 0 ? 0 : of_square * total / static_cast<double>(count)) + options.epsilon;
  }
  std::vector<Layer> layers_;
};

}  // namespace lmc
