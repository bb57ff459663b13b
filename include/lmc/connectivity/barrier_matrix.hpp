// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <cstddef>
#include <iomanip>
#include <optional>
#include <ostream>
#include <span>
#include <utility>
#include <vector>

#include <lmc/connectivity/barriers.hpp>
#include <lmc/connectivity/curve.hpp>
#include <lmc/connectivity/linear_path.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/text.hpp>

namespace lmc {

/// The barriers on the line between two networks.
struct PairBarriers {
  std::optional<ErrorBarrier> error = {};  // none where the error was not measured
  std::optional<LossBarrier> loss = {};    // of the same curve; none where the loss was not
  bool diverged = false;                   // one of the two, so that there is nothing to judge
};

/// The barriers between every two of several networks.
class BarrierMatrix {
 public:
  /// pairs: of networks (0, 1), (0, 2), …, (1, 2), … Throws: Error when there are fewer than two networks, or not as many
  /// pairs.
  BarrierMatrix(Index networks, std::vector<PairBarriers> pairs) : networks_(networks), pairs_(std::move(pairs)) {
    require(networks_ >= 2 && static_cast<Index>(pairs_.size()) == networks_ * (networks_ - 1) / 2,
            "BarrierMatrix: ", networks_, " networks and ", pairs_.size(),
            " pairs; expected at least 2 networks, and every pair once");
  }

  /// The number of networks.
  [[nodiscard]] Index size() const { return networks_; }
  /// The barriers between two different networks; their α runs from i to j. Throws: Error when there is no such pair.
  [[nodiscard]] PairBarriers at(Index i, Index j) const {
    require(i >= 0 && j >= 0 && i < networks_ && j < networks_ && i != j, "BarrierMatrix: at(", i, ", ", j,
            "); expected two different networks, each 0 to ", networks_ - 1);
    const auto [low, high] = std::minmax(i, j);
    PairBarriers pair = pairs_[static_cast<std::size_t>(low * networks_ - low * (low + 1) / 2 + high - low - 1)];
    if (i < j) return pair;
    if (pair.error) pair.error->alpha = 1 - pair.error->alpha;
    if (pair.loss) pair.loss->alpha = 1 - pair.loss->alpha;
    return pair;
  }

  /// Prints a row of error barriers for each network, or of loss barriers where there are no errors; `-` on the diagonal, `diverged`
  /// where there is nothing to judge.
  friend std::ostream& operator<<(std::ostream& out, const BarrierMatrix& matrix) {
    for (Index i = 0; i < matrix.size(); ++i)
      for (Index j = 0; j < matrix.size(); ++j) {
        std::string text = "-";
        if (i != j) {
          const PairBarriers pair = matrix.at(i, j);
          const bool judged = !pair.diverged && (!pair.error || pair.error->verdict != Verdict::none);
          text = !judged ? "diverged" : fixed(pair.error ? pair.error->value : pair.loss.value().value, 4);
        }
        out << std::setw(8) << text << (j + 1 == matrix.size() ? "\n" : " ");
      }
    return out;
  }

 private:
  Index networks_;
  std::vector<PairBarriers> pairs_;
};

namespace detail {

/// diverged[i]: whether θ_i is what was left of a training that diverged.
template <std::floating_point T, Evaluator<T> E>
BarrierMatrix barrier_matrix_of(const std::vector<std::span<const T>>& thetas, const std::vector<bool>& diverged, E&& evaluate,
                                const PathOptions& options) {
  require(thetas.size() >= 2, "barrier_matrix: ", thetas.size(), " networks; expected at least 2");
  std::vector<PairBarriers> pairs;
  for (std::size_t i = 0; i < thetas.size(); ++i)
    for (std::size_t j = i + 1; j < thetas.size(); ++j) {
      Curve curve = linear_path<T>(thetas[i], thetas[j], evaluate, options);
      curve.diverged = diverged[i] || diverged[j];
      PairBarriers pair{.diverged = curve.diverged};
      if (curve.points.front().metrics.error) pair.error = error_barrier(curve);
      if (has_loss(curve)) pair.loss = loss_barrier(curve);
      pairs.push_back(pair);
    }
  return BarrierMatrix(static_cast<Index>(thetas.size()), std::move(pairs));
}

}  // namespace detail

/// The barriers on the lines between every two of several θ of one network, a vector for each:
///   std::cout << barrier_matrix(thetas, evaluate);
/// Every pair is a linear_path, measured one after another. Throws: Error when there are fewer than two; as linear_path.
template <std::floating_point T, Evaluator<T> E>
BarrierMatrix barrier_matrix(const std::vector<std::vector<T>>& thetas, E&& evaluate, const PathOptions& options = {}) {
  return detail::barrier_matrix_of<T>({thetas.begin(), thetas.end()}, std::vector<bool>(thetas.size()), evaluate, options);
}

}  // namespace lmc
