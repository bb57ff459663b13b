// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include <lmc/connectivity/causes/decomposition.hpp>
#include <lmc/connectivity/causes/detail/labelled_logits.hpp>
#include <lmc/connectivity/metrics.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>

namespace lmc {

namespace detail {

/// The metrics of an ensemble. combine(networks' logits of one example, scores) fills in a score for each class, up to a number that
/// is the same for all classes the logarithm of its probability.
template <std::floating_point T, class Combine>
Metrics ensemble_metrics(std::string_view who, const std::vector<std::vector<T>>& logits, std::span<const std::int32_t> labels,
                         Combine combine) {
  require(!logits.empty(), who, ": there are no networks; expected the logits of at least one");
  require(!labels.empty(), who, ": there are no labels; expected one per example");
  const std::size_t size = logits.front().size(), classes = size / labels.size();
  require(classes >= 2 && size == classes * labels.size(), who, ": network 0 has ", size, " logits for ", labels.size(),
          " labels; expected [examples, classes] with at least two classes");
  for (std::size_t k = 0; k < logits.size(); ++k)
    require(logits[k].size() == size, who, ": network ", k, " has ", logits[k].size(), " logits, and network 0 has ", size,
            "; expected those of the same examples");
  require_label_of_each(who, labels, labels.size(), classes);
  Metrics metrics{.count = static_cast<Index>(labels.size()), .loss_name = "cross-entropy"};
  std::vector<std::span<const T>> rows(logits.size());
  std::vector<double> scores(classes);
  for (std::size_t n = 0; n < labels.size(); ++n) {
    for (std::size_t k = 0; k < logits.size(); ++k) rows[k] = std::span<const T>(logits[k]).subspan(n * classes, classes);
    combine(rows, scores);
    const auto label = static_cast<std::size_t>(labels[n]);
    const double loss = cross_entropy(scores, label);
    metrics.loss += loss;
    const auto predicted = static_cast<std::size_t>(std::ranges::max_element(scores) - scores.begin());
    metrics.wrong.push_back(predicted != label || std::isnan(loss));
  }
  const auto examples = static_cast<double>(labels.size());
  metrics.loss /= examples;
  metrics.error = static_cast<double>(std::ranges::count(metrics.wrong, true)) / examples;
  return metrics;
}

}  // namespace detail

/// The ensemble of N networks whose logits are averaged, z̄ = 1/N Σ z_k: the normalized geometric mean of their probabilities. Its
/// cross-entropy is at most the mean of theirs. `logits` has a vector for each network, row-major [examples, classes], as
/// logits() gives it; labels has one entry per example, in [0, classes). An example is wrong when its greatest averaged logit, the
/// first of several, is not its label's, or its loss is NaN. Sums are in double, in the order of the networks.
/// Between two networks, at every α: logit_ensemble(). Throws: Error when there is no network or no label, or lengths do not fit.
template <std::floating_point T>
Metrics ensemble_of_logits(const std::vector<std::vector<T>>& logits, std::span<const std::int32_t> labels) {
  const auto networks = static_cast<double>(logits.size());
  return detail::ensemble_metrics<T>("ensemble_of_logits", logits, labels, [&](const auto& rows, std::span<double> scores) {
    std::ranges::fill(scores, 0.0);
    for (const std::span<const T> row : rows)
      for (std::size_t j = 0; j < scores.size(); ++j) scores[j] += static_cast<double>(row[j]);
    for (std::size_t j = 0; j < scores.size(); ++j) {
      if (std::isfinite(scores[j])) {
        scores[j] /= networks;
        continue;
      }
      // The sum may be out of range where the mean is not; a logit that is infinite leaves it so.
      scores[j] = 0;
      for (const std::span<const T> row : rows) scores[j] += static_cast<double>(row[j]) / networks;
    }
  });
}

/// The ensemble of N networks whose probabilities are averaged, p̄ = 1/N Σ softmax(z_k), as deep ensembles do. Its cross-entropy, too,
/// is at most the mean of theirs; computed from logarithms, so that no small probability becomes 0. Everything else is as for
/// ensemble_of_logits. Source: arXiv:1612.01474.
template <std::floating_point T>
Metrics ensemble_of_probabilities(const std::vector<std::vector<T>>& logits, std::span<const std::int32_t> labels) {
  std::vector<double> z, logarithms;
  return detail::ensemble_metrics<T>("ensemble_of_probabilities", logits, labels,
                                     [&](const auto& rows, std::span<double> scores) {
                                       const std::size_t classes = scores.size();
                                       logarithms.clear();
                                       for (const std::span<const T> row : rows) {
                                         z.assign(row.begin(), row.end());
                                         for (std::size_t j = 0; j < classes; ++j)
                                           logarithms.push_back(-detail::cross_entropy(z, j));
                                       }
                                       for (std::size_t j = 0; j < classes; ++j) {
                                         double greatest = logarithms[j], sum = 0;
                                         for (std::size_t k = 1; k < rows.size(); ++k)
                                           greatest = std::max(greatest, logarithms[k * classes + j]);
                                         if (greatest == -std::numeric_limits<double>::infinity()) {
                                           scores[j] = greatest;  // a class that every network rules out: not −∞ − (−∞)
                                           continue;
                                         }
                                         for (std::size_t k = 0; k < rows.size(); ++k)
                                           sum += std::exp(logarithms[k * classes + j] - greatest);
                                         scores[j] = greatest + std::log(sum);
                                       }
                                     });
}

}  // namespace lmc
