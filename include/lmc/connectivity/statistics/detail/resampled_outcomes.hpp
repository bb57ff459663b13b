// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <lmc/connectivity/interpolate.hpp>
#include <lmc/connectivity/statistics/detail/binomial.hpp>
#include <lmc/connectivity/statistics/detail/outcomes.hpp>
#include <lmc/core/random.hpp>
#include <lmc/core/shape.hpp>

namespace lmc::detail {

/// Number of resamples behind every interval and noise floor of one curve.
inline constexpr std::uint32_t resamples = 2000;

/// Calls draw(j) for every example that changes which a resample of all examples draws: j < changing says which, and `number` how
/// many are drawn. Always the same resamples.
template <class Draw>
void draw_changing(const Binomial& number, std::size_t changing, std::uint32_t resample, Draw draw) {
  const Stream stream{.seed = 0, .purpose = Purpose::bootstrap, .epoch = resample};
  Index left = number(uniform(stream, 0));
  for (std::uint64_t index = 1; left > 0; ++index)
    for (const std::uint64_t word : random_bits(stream, index))
      if (left-- > 0) draw(word * changing >> 32);
}

/// The height g(α) = err(α) − chord(α) as a mean over examples, and its bootstrap over them.
class ResampledOutcomes {
 public:
  explicit ResampledOutcomes(const Outcomes& outcomes)
      : examples_(outcomes.examples), heights_(outcomes.weights.size()), errors_(outcomes.weights.size()) {
    const std::size_t alphas = heights_.size();
    const auto n = static_cast<double>(examples_);
    for (const auto& [row, count] : outcomes.rows) {
      row_of_.insert(row_of_.end(), static_cast<std::size_t>(count), static_cast<std::uint32_t>(deviations_.size() / alphas));
      for (std::size_t k = 0; k < alphas; ++k) {
        const double d = row[k] - chord(row.front(), row.back(), outcomes.weights[k]);
        deviations_.push_back(d);
        heights_[k] += static_cast<double>(count) * d / n;
      }
    }
    for (std::size_t k = 0; k < alphas; ++k) {
      double squares = (n - static_cast<double>(row_of_.size())) * heights_[k] * heights_[k];
      for (std::size_t i = 0; const auto& [row, count] : outcomes.rows)
        squares += static_cast<double>(count) * std::pow(deviations_[i++ * alphas + k] - heights_[k], 2);
      errors_[k] = std::sqrt(squares) / n;
      if (errors_[k] < 1e-12) errors_[k] = 0;  // rounding: one example of a million that differs by 0.001 gives 1e-9
    }
  }

  /// The number of examples.
  [[nodiscard]] Index examples() const { return examples_; }
  /// g at each α.
  [[nodiscard]] const std::vector<double>& heights() const { return heights_; }
  /// The standard error of g over resamples at each α, in closed form; 0 where all that the examples differ in is rounding.
  [[nodiscard]] const std::vector<double>& standard_errors() const { return errors_; }
  /// Whether resamples differ.
  [[nodiscard]] bool is_noisy() const {
    return std::any_of(errors_.begin(), errors_.end(), [](double s) { return s > 0; });
  }

  /// Calls visit(g*) for each resample of the examples, with a span of one height for each α: always the same resamples.
  /// Cost: resamples × (examples that change + different rows of outcomes × α).
  template <class Visit>
  void for_each_resample(Visit visit) const {
    const std::size_t alphas = heights_.size();
    const auto n = static_cast<double>(examples_);
    const Binomial changing(examples_, static_cast<double>(row_of_.size()) / n);
    std::vector<double> copies(deviations_.size() / alphas), height(alphas);
    for (std::uint32_t resample = 0; resample < resamples; ++resample) {
      std::fill(copies.begin(), copies.end(), 0.0);
      draw_changing(changing, row_of_.size(), resample, [&](std::size_t j) { ++copies[row_of_[j]]; });
      std::fill(height.begin(), height.end(), 0.0);
      for (std::size_t r = 0; r < copies.size(); ++r)
        if (copies[r] != 0)
          for (std::size_t k = 0; k < alphas; ++k) height[k] += copies[r] * deviations_[r * alphas + k];
      for (double& g : height) g /= n;
      visit(std::span<const double>(height));
    }
  }

 private:
  Index examples_;
  std::vector<std::uint32_t> row_of_;  // the row of each example that changes
  std::vector<double> deviations_;     // [rows, alphas]: outcome − chord of outcomes
  std::vector<double> heights_, errors_;
};

}  // namespace lmc::detail
