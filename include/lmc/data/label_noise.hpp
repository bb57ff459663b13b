// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <cstdint>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/random.hpp>
#include <lmc/data/dataset.hpp>

namespace lmc {

/// Which labels with_label_noise() makes wrong.
struct LabelNoiseOptions {
  double share = 0;        // share of the examples whose label becomes a wrong one, in [0, 1]
  std::uint64_t seed = 0;  // which examples, and which labels
};

/// The same examples, each with probability `share` under one of the other classes, all of which are equally likely: symmetric
/// label noise. The label of example i is a function of (seed, i) and its true label; more noise of one seed keeps the wrong
/// labels of less. The features are shared, not copied. Throws: Error when share is outside [0, 1], or there is noise but no
/// other class.
template <std::floating_point Scalar>
Dataset<Scalar> with_label_noise(const Dataset<Scalar>& data, LabelNoiseOptions options) {
  require(options.share >= 0 && options.share <= 1, "with_label_noise: share = ", options.share,
          "; expected a share of the examples in [0, 1]");
  if (options.share == 0) return data;
  detail::require_classes("with_label_noise", data);
  require(data.classes() > 1, "with_label_noise: the data set has one class; there is no wrong label");
  std::vector<std::int32_t> labels(data.labels().begin(), data.labels().end());
  const Stream stream{.seed = options.seed, .purpose = Purpose::label_noise};
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto bits = random_bits(stream, i);
    if (detail::unit_interval(bits[0], bits[1]) >= options.share) continue;
    const auto others = static_cast<std::uint64_t>(data.classes() - 1);
    const auto other = static_cast<std::int32_t>(bits[2] * others >> 32);
    labels[i] = other < labels[i] ? other : other + 1;
  }
  return data.with_labels(std::move(labels), data.classes());
}

}  // namespace lmc
