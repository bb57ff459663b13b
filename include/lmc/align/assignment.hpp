// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>

namespace lmc {

/// A one-to-one assignment of rows to columns, and the dual variables that certify it:
///   value = Σ_i s[i, columns[i]] ≤ Σ_i s[i, σ(i)] of the best σ ≤ Σ_i u_i + Σ_j v_j = upper_bound,
/// since u_i + v_j ≥ s[i, j] for all i and j, up to the rounding of one subtraction.
struct Assignment {
  std::vector<Index> columns;        // the column of each row
  double value = 0;                  // the sum of the scores of these
  double upper_bound = 0;            // no assignment has a larger sum; above value by rounding alone
  std::vector<double> row_duals;     // u, in the units of the scores
  std::vector<double> column_duals;  // v, the same; a start for similar scores
};

namespace detail {

/// Shortest augmenting paths on costs c = −s, which are read once a pass and never copied. With prices v of the columns, the
/// reduced cost of (i, j) is c[i, j] − v_j; every assigned row has its smallest one, up to rounding.
template <std::floating_point Scalar>
class AugmentingPaths {
 public:
  AugmentingPaths(std::span<const Scalar> scores, Index n, std::vector<double> prices)
      : scores_(scores),
        n_(static_cast<std::size_t>(n)),
        price_(std::move(prices)),
        column_of_(n_, none),
        row_of_(n_, none),
        distance_(n_),
        before_(n_),
        done_(n_) {}

  void solve() {
    std::vector<std::size_t> free(n_);
    std::iota(free.begin(), free.end(), std::size_t{0});
    // Most rows find a column by bidding, at the cost of one pass over a row each; two rounds, as in the source.
    for (int round = 0; round < 2; ++round) free = bid(std::move(free));
    for (const std::size_t row : free) augment(row);
  }
  [[nodiscard]] const std::vector<std::size_t>& columns() const { return column_of_; }
  [[nodiscard]] const std::vector<double>& prices() const { return price_; }

 private:
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  [[nodiscard]] const Scalar* row(std::size_t i) const { return scores_.data() + i * n_; }

  // Each free row takes the column that is cheapest for it, at a price that makes it as cheap as the second; who held it is free
  // again, and bids at once where the price fell. Returns the rows that are still free. Rounding may keep prices from falling, and
  // close scores make them fall in tiny steps: the number of bids is limited.
  [[nodiscard]] std::vector<std::size_t> bid(std::vector<std::size_t> free) {
    std::vector<std::size_t> left;
    std::size_t bids = 0;
    for (std::size_t next = 0; next < free.size();) {
      const std::size_t i = free[next++];
      if (++bids > 4 * n_) {
        left.push_back(i);
        continue;
      }
      const Scalar* const s = row(i);
      double first = std::numeric_limits<double>::infinity(), second = first;
      std::size_t best = none, runner_up = none;
      for (std::size_t j = 0; j < n_; ++j) {
        const double cost = -static_cast<double>(s[j]) - price_[j];
        if (cost >= second) continue;
        if (cost < first) {
          second = std::exchange(first, cost);
          runner_up = std::exchange(best, j);
        } else {
          second = cost;
          runner_up = j;
        }
      }
      const double lowered = runner_up == none ? price_[best] : price_[best] - (second - first);
      const bool falls = lowered < price_[best];
      if (falls) {
        price_[best] = lowered;
      } else if (row_of_[best] != none && runner_up != none) {
        best = runner_up;
      }
      const std::size_t displaced = std::exchange(row_of_[best], i);
      column_of_[i] = best;
      if (displaced == none) continue;
      column_of_[displaced] = none;
      if (falls) {
        free[--next] = displaced;
      } else {
        left.push_back(displaced);
      }
    }
    return left;
  }

  // Dijkstra's shortest path from a free row to a free column; prices of the columns on the way change so that the rows of the
  // path, which exchange columns, keep their smallest reduced costs.
  void augment(std::size_t start) {
    std::ranges::fill(distance_, std::numeric_limits<double>::infinity());
    std::ranges::fill(done_, char{0});
    scanned_.clear();
    std::size_t i = start, end = none;
    double reached = 0, offset = 0;  // the length of the path to row i, and what turns its reduced costs into lengths
    for (;;) {
      const Scalar* const s = row(i);
      double nearest = std::numeric_limits<double>::infinity();
      std::size_t column = none;
      for (std::size_t j = 0; j < n_; ++j) {
        if (done_[j]) continue;
        const double length = -static_cast<double>(s[j]) - price_[j] + offset;
        if (length < distance_[j]) {
          distance_[j] = length;
          before_[j] = i;
        }
        // Where several columns are at one distance, a free one ends the search.
        if (distance_[j] < nearest || (distance_[j] == nearest && row_of_[j] == none)) {
          nearest = distance_[j];
          column = j;
        }
      }
      reached = nearest;
      if (row_of_[column] == none) {
        end = column;
        break;
      }
      done_[column] = 1;
      scanned_.push_back(column);
      i = row_of_[column];
      offset = reached - (-static_cast<double>(row(i)[column]) - price_[column]);
    }
    for (const std::size_t j : scanned_) price_[j] += distance_[j] - reached;
    for (std::size_t j = end;;) {
      const std::size_t taker = before_[j];
      row_of_[j] = taker;
      std::swap(column_of_[taker], j);
      if (taker == start) return;
    }
  }

  std::span<const Scalar> scores_;
  std::size_t n_;
  std::vector<double> price_;
  std::vector<std::size_t> column_of_, row_of_;
  std::vector<double> distance_;     // from the start of a search, of each column
  std::vector<std::size_t> before_;  // the row from which the path comes to a column
  std::vector<char> done_;           // whether a column's distance is final
  std::vector<std::size_t> scanned_;
};

/// Gives row i column i wherever two rows can exchange their columns at no loss: what is alike, units that are dead in both
/// networks say, does not move.
template <std::floating_point Scalar>
std::vector<Index> nearest_to_identity(std::span<const Scalar> scores, std::vector<std::size_t> columns) {
  const std::size_t n = columns.size();
  std::vector<std::size_t> rows(n);
  for (std::size_t i = 0; i < n; ++i) rows[columns[i]] = i;
  const auto score = [&](std::size_t i, std::size_t j) { return static_cast<double>(scores[i * n + j]); };
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t column = columns[i], holder = rows[i];
    if (holder == i || score(i, i) + score(holder, column) < score(i, column) + score(holder, i)) continue;
    columns[i] = rows[i] = i;
    columns[holder] = column;
    rows[column] = holder;
  }
  return {columns.begin(), columns.end()};
}

}  // namespace detail

/// The assignment of n rows to n columns with the largest sum of scores [n, n], row-major. Where two rows can exchange columns at
/// no loss, a row has the column of its own number; equal arguments give equal bits. Sums are in double, also for float scores.
/// O(n³) at most; scores are read in place. column_duals: those of an earlier assignment of similar scores make it faster, and
/// change the answer only among equal sums; empty: none.
/// Source: Jonker and Volgenant, "A shortest augmenting path algorithm for dense and sparse linear assignment problems",
/// Computing 38 (1987): row bids and shortest paths, with a limit on the bids.
/// Throws: Error when scores are not square, a score or a dual variable is not finite or above 2⁹⁶⁰ (sums would overflow), or the
/// dual variables are not one for each column. Dual variables above 64 times the largest score are no start for these scores, and
/// only lose their digits: they are as good as none.
template <std::floating_point Scalar>
Assignment linear_assignment(std::span<const Scalar> scores, std::span<const double> column_duals = {}) {
  const auto n = static_cast<Index>(std::llround(std::sqrt(static_cast<double>(scores.size()))));
  const auto size = static_cast<std::size_t>(n);
  require(size * size == scores.size(), "linear_assignment: ", scores.size(),
          " scores; expected those of n rows and n columns, n · n of them");
  require(column_duals.empty() || column_duals.size() == size, "linear_assignment: ", column_duals.size(),
          " dual variables of ", n, " columns; expected one for each, or none");
  const auto is_small = [](double x) { return std::abs(x) <= 0x1p960; };  // false for NaN
  double largest = 0;
  for (std::size_t k = 0; k < scores.size(); ++k) {
    require(is_small(static_cast<double>(scores[k])), "linear_assignment: the score of row ", k / size, " and column ",
            k % size, " is ", static_cast<double>(scores[k]), "; expected a finite number of at most 2^960");
    largest = std::max(largest, std::abs(static_cast<double>(scores[k])));
  }
  bool is_start = !column_duals.empty();
  for (const double v : column_duals) {
    require(is_small(v), "linear_assignment: a dual variable is ", v, "; expected a finite number of at most 2^960");
    if (std::abs(v) > 64 * largest) is_start = false;
  }

  std::vector<double> prices(size);
  if (!is_start) {
    // The largest score of each column: then no reduced cost is negative.
    std::ranges::fill(prices, std::numeric_limits<double>::infinity());
    for (std::size_t i = 0; i < size; ++i)
      for (std::size_t j = 0; j < size; ++j) prices[j] = std::min(prices[j], -static_cast<double>(scores[i * size + j]));
  } else {
    for (std::size_t j = 0; j < size; ++j) prices[j] = -column_duals[j];
  }
  detail::AugmentingPaths<Scalar> paths(scores, n, std::move(prices));
  paths.solve();

  Assignment result{.columns = detail::nearest_to_identity<Scalar>(scores, paths.columns()),
                    .row_duals = std::vector<double>(size),
                    .column_duals = paths.prices()};
  for (double& v : result.column_duals) v = -v;
  for (std::size_t i = 0; i < size; ++i) {
    const Scalar* const s = scores.data() + i * size;
    double u = -std::numeric_limits<double>::infinity();
    for (std::size_t j = 0; j < size; ++j) u = std::max(u, static_cast<double>(s[j]) - result.column_duals[j]);
    result.row_duals[i] = u;
    result.value += static_cast<double>(s[result.columns[i]]);
    result.upper_bound += u + result.column_duals[i];
  }
  return result;
}

}  // namespace lmc
