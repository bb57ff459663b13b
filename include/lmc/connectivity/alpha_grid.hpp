// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include <lmc/connectivity/interpolate.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/text.hpp>

namespace lmc {

/// The α at which a path is measured, both ends among them. Written as a count, `{.alphas = 25}`, or as a list,
/// `{.alphas = {0, 0.25, 0.5, 1}}`.
class AlphaGrid {
 public:
  /// The most even steps that a count may ask for.
  static constexpr int most = 1'000'000;

  /// K even steps with exactly mirrored weights: α = i/(K − 1), ᾱ = (K − 1 − i)/(K − 1).
  /// Throws: Error when K is below 2 or above most.
  template <std::integral Count>
  AlphaGrid(Count count) {  // NOLINT(google-explicit-constructor): `.alphas = 25` should read as it does
    require(count >= 2, "AlphaGrid: alphas = ", count, "; expected at least 2, since a barrier is measured from both ends");
    require(std::cmp_less_equal(count, most), "AlphaGrid: alphas = ", count, "; expected at most ", most,
            ", since each is an evaluation of the network");
    const auto last = static_cast<double>(count - 1);
    for (Count i = 0; i < count; ++i) {
      const auto step = static_cast<double>(i);
      points_.push_back({step / last, (last - step) / last});
    }
  }

  /// These α, with ᾱ = 1 − α.
  /// Throws: Error when they do not rise from 0 to 1.
  AlphaGrid(const std::vector<double>& alphas) {  // NOLINT(google-explicit-constructor)
    std::string list;
    for (const double alpha : alphas) (list += list.empty() ? "" : ", ") += shortest(alpha);
    const auto check = [&](bool ok, const char* problem, const char* way_out) {
      require(ok, "AlphaGrid: alphas = {", list, "} ", problem, "; ", way_out);
    };
    check(alphas.size() >= 2, "has fewer than two α", "a count is written without braces, as in .alphas = 25");
    for (std::size_t i = 0; i < alphas.size(); ++i) {
      // Written so that a NaN fails.
      check(i == 0 || alphas[i] > alphas[i - 1], "is not increasing", "sort the list, and name each α once");
      check(alphas[i] >= 0 && alphas[i] <= 1, "leaves [0, 1]", "α is the share of the way from one network to the other");
      points_.push_back({alphas[i], 1 - alphas[i]});
    }
    check(alphas.front() == 0, "does not begin with α = 0", "a barrier is measured from both ends, so add 0");
    check(alphas.back() == 1, "does not end with α = 1", "a barrier is measured from both ends, so add 1");
  }
  /// The same, for a list in braces.
  AlphaGrid(std::initializer_list<double> alphas) : AlphaGrid(std::vector<double>(alphas)) {}

  /// The weights of every place, by rising α.
  [[nodiscard]] const std::vector<PathWeights>& points() const& { return points_; }
  /// The same of a temporary grid, as a copy that outlives it: `for (… : AlphaGrid(25).points())`.
  [[nodiscard]] std::vector<PathWeights> points() && { return std::move(points_); }

 private:
  std::vector<PathWeights> points_;
};

}  // namespace lmc
