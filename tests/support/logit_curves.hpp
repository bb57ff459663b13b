// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <lmc/connectivity/curve.hpp>
#include <lmc/connectivity/metrics.hpp>
#include <lmc/core/random.hpp>

namespace testing {

/// What a network with these logits [examples, classes] measures, in plain loops: the mean of −log softmax(z)_y, and whether
/// another class has a greater logit.
inline lmc::Metrics metrics_of(const std::vector<float>& logits, const std::vector<std::int32_t>& labels) {
  const std::size_t classes = logits.size() / labels.size();
  lmc::Metrics metrics{.error = 0, .count = static_cast<lmc::Index>(labels.size()), .logits = logits};
  const auto n = static_cast<double>(labels.size());
  double wrong = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto y = static_cast<std::size_t>(labels[i]);
    const auto z = [&](std::size_t j) { return static_cast<double>(logits[i * classes + j]); };
    double sum = 0;
    bool best = true;
    for (std::size_t j = 0; j < classes; ++j) {
      sum += std::exp(z(j) - z(y));
      best = best && (j < y ? z(j) < z(y) : z(j) <= z(y));
    }
    metrics.loss += std::log(sum) / n;
    metrics.wrong.push_back(!best);
    wrong += best ? 0 : 1;
  }
  metrics.error = wrong / n;
  return metrics;
}

/// A curve on an even grid of networks with these logits.
inline lmc::Curve logit_curve(const std::vector<std::vector<float>>& logits, const std::vector<std::int32_t>& labels) {
  std::vector<lmc::Metrics> metrics;
  for (const std::vector<float>& z : logits) metrics.push_back(metrics_of(z, labels));
  return lmc::make_curve(logits.size(), std::move(metrics));
}

inline std::vector<float> normal_logits(std::size_t count, std::uint64_t seed, double scale = 1) {
  std::vector<float> values;
  for (std::size_t i = 0; i < count; ++i) values.push_back(static_cast<float>(scale * lmc::normal({.seed = seed}, i)));
  return values;
}

inline std::vector<float> scaled(std::vector<float> logits, float factor) {
  for (float& z : logits) z *= factor;
  return logits;
}

/// Labels drawn from the probabilities that the logits stand for: the logits are calibrated.
inline std::vector<std::int32_t> drawn_labels(const std::vector<float>& logits, std::size_t classes, std::uint64_t seed) {
  std::vector<std::int32_t> labels;
  for (std::size_t i = 0; i < logits.size() / classes; ++i) {
    double sum = 0;
    for (std::size_t j = 0; j < classes; ++j) sum += std::exp(static_cast<double>(logits[i * classes + j]));
    double left = sum * lmc::uniform({.seed = seed, .purpose = lmc::Purpose::model_label}, i);
    std::int32_t label = 0;
    for (std::size_t j = 0; j + 1 < classes; ++j) {
      left -= std::exp(static_cast<double>(logits[i * classes + j]));
      if (left < 0) break;
      ++label;
    }
    labels.push_back(label);
  }
  return labels;
}

}  // namespace testing
