// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string_view>

#include <lmc/connectivity/interpolate.hpp>
#include <lmc/connectivity/plane/plane.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/text.hpp>

namespace lmc {

/// Where in a plane is measured: columns × rows places at even distances, the edges among them.
struct PlaneGrid {
  double u_low = -1;   // of the first column
  double u_high = 1;   // of the last one
  double v_low = -1;   // of the first row
  double v_high = 1;   // of the last one
  Index columns = 51;  // places along u, at least 2
  Index rows = 51;     // along v, at least 2

  /// Number of places.
  [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(columns * rows); }
  /// u of a column, from 0 on; the edges are exact, and a grid that is symmetric about 0 has columns that are, too.
  [[nodiscard]] double u(Index column) const { return between(u_low, u_high, column, columns); }
  /// v of a row, in the same way.
  [[nodiscard]] double v(Index row) const { return between(v_low, v_high, row, rows); }
  /// Place k: row by row, in each from the lowest u on.
  [[nodiscard]] PlanePoint point(std::size_t k) const {
    return {u(static_cast<Index>(k) % columns), v(static_cast<Index>(k) / columns)};
  }
  friend bool operator==(const PlaneGrid&, const PlaneGrid&) = default;

 private:
  static double between(double low, double high, Index i, Index count) {
    const auto last = static_cast<double>(count - 1);
    return chord(low, high, {static_cast<double>(i) / last, static_cast<double>(count - 1 - i) / last});
  }
};

namespace detail {

/// Throws: Error, begun by `who`, when there is nothing to measure on a grid.
inline void require_grid(std::string_view who, const PlaneGrid& grid) {
  require(grid.columns >= 2 && grid.rows >= 2, who, ": the grid has ", grid.columns, " columns and ", grid.rows,
          " rows; expected at least 2 of both");
  require(std::isfinite(grid.u_high - grid.u_low) && grid.u_low < grid.u_high && std::isfinite(grid.v_high - grid.v_low) &&
              grid.v_low < grid.v_high,
          who, ": the grid goes from u = ", shortest(grid.u_low), " to ", shortest(grid.u_high),
          " and from v = ", shortest(grid.v_low), " to ", shortest(grid.v_high), "; expected finite numbers that rise");
}

}  // namespace detail

/// How a grid is laid around points.
struct GridAround {
  Index columns = 51;   // places along u
  Index rows = 51;      // places along v
  double margin = 0.2;  // beyond the outermost points on all four sides, as a share of their box's longer side; above 0
};

/// The grid over the box around points, and a margin. Throws: Error when there are no points, they are all one, a number is not
/// finite, the margin is not above 0, or there are fewer than 2 columns or rows.
inline PlaneGrid grid_around(std::span<const PlaneMark> marks, const GridAround& options = {}) {
  require(!marks.empty(), "grid_around: there are no points to lay a grid around");
  require(std::isfinite(options.margin) && options.margin > 0, "grid_around: margin = ", shortest(options.margin),
          "; expected a share of the box above 0, such as 0.2");
  PlaneGrid grid{marks[0].at.u, marks[0].at.u, marks[0].at.v, marks[0].at.v, options.columns, options.rows};
  for (const PlaneMark& mark : marks) {
    grid.u_low = std::min(grid.u_low, mark.at.u);
    grid.u_high = std::max(grid.u_high, mark.at.u);
    grid.v_low = std::min(grid.v_low, mark.at.v);
    grid.v_high = std::max(grid.v_high, mark.at.v);
  }
  const double side = std::max(grid.u_high - grid.u_low, grid.v_high - grid.v_low);
  require(side > 0, "grid_around: all points are at one place; expected two different ones, or a grid of your own");
  grid.u_low -= options.margin * side;
  grid.u_high += options.margin * side;
  grid.v_low -= options.margin * side;
  grid.v_high += options.margin * side;
  detail::require_grid("grid_around", grid);
  return grid;
}

}  // namespace lmc
