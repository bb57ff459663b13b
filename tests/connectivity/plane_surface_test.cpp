// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/connectivity/plane/plane_surface.hpp>

#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <lmc/connectivity/plane/plane_grid.hpp>
#include <lmc/connectivity/plane/projection_check.hpp>

namespace connectivity_plane_surface_test {

using Catch::Matchers::Contains;
using Catch::Matchers::WithinAbs;
using lmc::Metrics;
using lmc::Plane;
using lmc::PlaneGrid;
using lmc::PlanePoint;
using lmc::PlaneSurface;

namespace {

Plane<double> tilted() { return Plane<double>(std::vector<double>{1, -2, 0.5}, {1, 2, 2}, {2, 1, 4}); }
Metrics of(double loss) { return {.loss = loss, .count = 1}; }

// Several places at once.
struct Many {
  mutable std::vector<std::size_t> calls = {};
  Metrics operator()(std::span<const double> theta) const { return {.loss = theta[0], .error = 0.5, .count = 2}; }
  std::vector<Metrics> evaluate_plane(const Plane<double>& plane, std::span<const PlanePoint> places) const {
    calls.push_back(places.size());
    std::vector<Metrics> metrics;
    std::vector<double> theta(plane.size());
    for (const PlanePoint& place : places) {
      plane.at(place, theta);
      metrics.push_back((*this)(theta));
    }
    return metrics;
  }
};

}  // namespace

TEST_CASE("plane grid: has exact edges, is symmetric about 0, and goes row by row", "[connectivity]") {
  const PlaneGrid grid{-0.3, 0.3, 1, 2, 7, 3};
  CHECK(grid.size() == 21);
  CHECK(grid.point(0) == PlanePoint{-0.3, 1});
  CHECK(grid.point(6) == PlanePoint{0.3, 1});
  CHECK(grid.point(7) == PlanePoint{-0.3, 1.5});
  CHECK(grid.point(20) == PlanePoint{0.3, 2});
  CHECK(grid.u(3) == 0);
  for (lmc::Index i = 0; i < 7; ++i) CHECK(grid.u(i) == -grid.u(6 - i));
}

TEST_CASE("plane grid: is laid around points with a share of their longer side", "[connectivity]") {
  const std::vector<lmc::PlaneMark> marks{{"a", {0, 0}, 0}, {"b", {4, 0}, 0}, {"c", {1, 2}, 0}};
  const PlaneGrid grid = lmc::grid_around(marks, {.columns = 3, .rows = 5, .margin = 0.25});
  CHECK(grid == PlaneGrid{-1, 5, -1, 3, 3, 5});
  CHECK_THROWS_WITH(lmc::grid_around({}), Contains("no points"));
  CHECK_THROWS_WITH(lmc::grid_around(std::span(marks).first(1)), Contains("all points are at one place"));
  CHECK_THROWS_WITH(lmc::grid_around(marks, {.margin = 0}), Contains("margin = 0; expected"));
  CHECK_THROWS_WITH(lmc::grid_around(marks, {.columns = 1}), Contains("the grid has 1 columns and 51 rows"));
}

TEST_CASE("measure_plane: a linear loss is a linear function of u and v", "[connectivity]") {
  const Plane<double> plane = tilted();
  const std::vector<double> slope{0.5, -1, 2};
  const PlaneSurface surface = lmc::measure_plane(plane, {-2, 2, -1, 3, 9, 5}, [&](std::span<const double> theta) {
    return of(slope[0] * theta[0] + slope[1] * theta[1] + slope[2] * theta[2]);
  });
  CHECK(surface.complete());
  // The second axis is (2, 1, 4) less (12 / 9) (1, 2, 2), which is (2, −5, 4) / 3, of length √5.
  const double by_u = (0.5 - 2 + 4) / 3, by_v = (1 + 5 + 8) / (3 * std::sqrt(5.0));
  for (std::size_t k = 0; k < 45; ++k) {
    const PlanePoint at = surface.grid.point(k);
    CHECK_THAT(surface.values[k]->loss, WithinAbs(3.5 + by_u * at.u + by_v * at.v, 1e-13));
    CHECK_FALSE(surface.values[k]->error);
  }
}

TEST_CASE("measure_plane: a quadratic loss around its minimum has circles for contours", "[connectivity]") {
  // ‖θ − c‖² with c at (0.5, −1.5) in the plane and 2 away from it, so that the loss there is 4.
  const Plane<double> plane(std::vector<double>{3, 1, 4, 1}, {0, 2, 0, 0}, {0, 3, -1, 0});
  const std::vector<double> c{3, 1.5, 5.5, 3};
  const PlaneSurface surface = lmc::measure_plane(plane, {-2, 2, -2, 2, 9, 9}, [&](std::span<const double> theta) {
    double sum = 0;
    for (std::size_t i = 0; i < 4; ++i) sum += (theta[i] - c[i]) * (theta[i] - c[i]);
    return of(sum);
  });
  for (std::size_t k = 0; k < 81; ++k) {
    const PlanePoint at = surface.grid.point(k);
    CHECK_THAT(surface.values[k]->loss, WithinAbs(4 + std::pow(at.u - 0.5, 2) + std::pow(at.v + 1.5, 2), 1e-13));
  }
}

TEST_CASE("measure_plane: gives all places to an evaluator that takes many, and a row first where progress is asked for",
          "[connectivity]") {
  const Plane<double> plane = tilted();
  const PlaneGrid grid{-1, 1, -1, 1, 6, 4};
  const Many at_once, in_parts;
  const PlaneSurface one = lmc::measure_plane(plane, grid, at_once);
  CHECK(at_once.calls == std::vector<std::size_t>{24});
  std::vector<std::size_t> progress;
  const auto report = [&](const PlaneSurface& surface) { progress.push_back(surface.measured()); };
  const PlaneSurface other = lmc::measure_plane(plane, grid, in_parts, {.on_progress = report, .seconds = 1e-9});
  CHECK(in_parts.calls.front() == 6);
  CHECK(in_parts.calls.size() > 2);
  CHECK(progress.front() == 6);
  CHECK(progress.back() == 24);
  for (std::size_t k = 0; k < 24; ++k) {
    CHECK(one.values[k]->loss == other.values[k]->loss);
    CHECK(one.values[k]->error == 0.5);
  }
}

TEST_CASE("measure_plane: measures only what is not known, and keeps what is not finite", "[connectivity]") {
  const PlaneGrid grid{-1, 1, -1, 1, 3, 2};
  PlaneSurface known{.grid = grid, .values = {}, .loss_name = {}};
  known.values.resize(6);
  known.values[1] = lmc::PlaneValue{77, std::nullopt};
  int calls = 0;
  const PlaneSurface surface =
      lmc::measure_plane(tilted(), grid,
                         [&](std::span<const double>) {
                           ++calls;
                           return of(calls == 1 ? NAN : calls == 2 ? std::numeric_limits<double>::infinity() : 3);
                         },
                         {.known = known});
  CHECK(calls == 5);
  CHECK(std::isnan(surface.values[0]->loss));
  CHECK(surface.values[1]->loss == 77);
  CHECK(std::isinf(surface.values[2]->loss));
  CHECK(surface.complete());
}

TEST_CASE("measure_plane: grids without area, and metrics that change their kind, are an error", "[connectivity]") {
  const auto constant = [](std::span<const double>) { return of(1); };
  CHECK_THROWS_WITH(lmc::measure_plane(tilted(), {-1, 1, -1, 1, 1, 5}, constant), Contains("1 columns and 5 rows"));
  CHECK_THROWS_WITH(lmc::measure_plane(tilted(), {1, 1, -1, 1, 5, 5}, constant), Contains("u = 1 to 1"));
  CHECK_THROWS_WITH(lmc::measure_plane(tilted(), {-1, NAN, -1, 1, 5, 5}, constant), Contains("u = -1 to nan"));
  constexpr double infinite = std::numeric_limits<double>::infinity(), huge = 1.7e308;
  for (const PlaneGrid& wide :
       {PlaneGrid{-infinite, 1, -1, 1, 5, 5}, PlaneGrid{-1, infinite, -1, 1, 5, 5}, PlaneGrid{-1, 1, -infinite, 1, 5, 5},
        PlaneGrid{-1, 1, -1, infinite, 5, 5}, PlaneGrid{-huge, huge, -1, 1, 5, 5}, PlaneGrid{-1, 1, -huge, huge, 5, 5}})
    CHECK_THROWS_WITH(lmc::measure_plane(tilted(), wide, constant), Contains("expected finite numbers that rise"));
  const PlaneSurface known = lmc::measure_plane(tilted(), {-1, 1, -1, 1, 2, 2}, constant);
  CHECK_THROWS_WITH(lmc::measure_plane(tilted(), {-1, 1, -1, 2, 2, 2}, constant, {.known = known}), Contains("another grid"));
  int calls = 0;
  const auto changing = [&](std::span<const double>) {
    return ++calls < 3 ? of(1) : Metrics{.loss = 1, .error = 0, .count = 1};
  };
  CHECK_THROWS_WITH(lmc::measure_plane(tilted(), {-1, 1, -1, 1, 2, 2}, changing), Contains("at (-1, 1) the evaluator"));
}

TEST_CASE("check_projections: measures a network beside the place that a figure shows for it", "[connectivity]") {
  const Plane<double> plane(std::vector<double>{0, 0, 0}, {1, 0, 0}, {0, 1, 0});
  const std::vector<double> network{3, 4, 5};
  const std::vector<lmc::PlaneMark> marks{plane.project(network, "x")};
  const std::vector<std::span<const double>> networks{network};
  const auto checks =
      lmc::check_projections<double>(plane, marks, networks, [](std::span<const double> theta) { return of(theta[2]); });
  REQUIRE(checks.size() == 1);
  CHECK(checks[0].mark.distance == 5);
  CHECK(checks[0].network.loss == 5);
  CHECK(checks[0].projection.loss == 0);
  CHECK_THROWS_WITH(lmc::check_projections<double>(plane, marks, {}, [](std::span<const double>) { return of(0); }),
                    Contains("0 networks for 1 marks"));
}

}  // namespace connectivity_plane_surface_test
