// SPDX-License-Identifier: BSD-3-Clause
#include <Eigen/Dense>
#include <catch2/catch.hpp>
#include <lmc/connectivity/plane/principal_plane.hpp>

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <lmc/core/random.hpp>

namespace connectivity_principal_plane_test {

using Catch::Matchers::Contains;
using Catch::Matchers::WithinAbs;
using Points = std::vector<std::vector<double>>;

namespace {

// A way that drifts in one direction and wanders in all.
Points way(std::size_t points, std::size_t size) {
  Points way(points, std::vector<double>(size));
  for (std::size_t k = 0; k < points; ++k)
    for (std::size_t i = 0; i < size; ++i)
      way[k][i] = (k == 0 ? 0 : way[k - 1][i]) + 0.05 + 0.1 * lmc::normal({.seed = 5}, k * size + i);
  return way;
}
auto plane_of(const Points& points, lmc::PlaneCenter center, const std::vector<std::string>& names = {}) {
  const std::vector<std::span<const double>> spans(points.begin(), points.end());
  return lmc::principal_plane<double>(spans, center, names);
}

}  // namespace

TEST_CASE("principal plane: has the directions and shares of Eigen's singular value decomposition", "[connectivity]") {
  const Points points = way(9, 40);
  for (const auto center : {lmc::PlaneCenter::last, lmc::PlaneCenter::mean}) {
    Eigen::MatrixXd rows(9, 40);
    for (int k = 0; k < 9; ++k)
      for (int i = 0; i < 40; ++i) rows(k, i) = points[static_cast<std::size_t>(k)][static_cast<std::size_t>(i)];
    const Eigen::RowVectorXd origin =
        center == lmc::PlaneCenter::last ? Eigen::RowVectorXd(rows.row(8)) : Eigen::RowVectorXd(rows.colwise().mean());
    rows.rowwise() -= origin;
    const Eigen::JacobiSVD<Eigen::MatrixXd> svd(rows, Eigen::ComputeThinV);
    const auto squares = svd.singularValues().array().square().eval();

    const auto found = plane_of(points, center);
    for (int a = 0; a < 2; ++a) {
      const auto axis = found.plane.axis(static_cast<std::size_t>(a));
      const Eigen::VectorXd v = svd.matrixV().col(a);
      double along = 0;
      for (int i = 0; i < 40; ++i) along += v(i) * axis[static_cast<std::size_t>(i)];
      CHECK_THAT(std::abs(along), WithinAbs(1, 1e-12));  // up to a sign, which is no property of a direction
      CHECK_THAT(found.explained[static_cast<std::size_t>(a)], WithinAbs(squares(a) / squares.sum(), 1e-12));
    }
    // Pythagoras: what lies in the plane and what does not.
    for (int k = 0; k < 9; ++k) {
      const lmc::PlaneMark& mark = found.marks[static_cast<std::size_t>(k)];
      CHECK_THAT(mark.at.u * mark.at.u + mark.at.v * mark.at.v + mark.distance * mark.distance,
                 WithinAbs(rows.row(k).squaredNorm(), 1e-10));
    }
  }
}

TEST_CASE("principal plane: points in one plane lie in it, and the farthest ones where axes point to", "[connectivity]") {
  const Points points{{3, 0, 5, 1}, {3, 2, 5, -4}, {3, 2, 5, 1}};  // differences from the last: (·, −2, ·, 0), (·, 0, ·, −5)
  const auto found = plane_of(points, lmc::PlaneCenter::last, {"x", "y", "z"});
  CHECK_THAT(found.explained[0], WithinAbs(25.0 / 29, 1e-14));
  CHECK_THAT(found.explained[1], WithinAbs(4.0 / 29, 1e-14));
  CHECK(found.marks[1].name == "y");
  CHECK_THAT(found.marks[1].at.u, WithinAbs(5, 1e-14));
  CHECK_THAT(found.marks[0].at.v, WithinAbs(2, 1e-14));
  CHECK(found.marks[2].at == lmc::PlanePoint{0, 0});
  for (const lmc::PlaneMark& mark : found.marks) CHECK(mark.distance < 1e-14);
}

TEST_CASE("principal plane: trajectories that span none are an error", "[connectivity]") {
  using lmc::PlaneCenter;
  const std::vector<double> a{1, 0, 2}, b{0, 1, 2}, c{-1, 2, 2}, d{-4, 5, 2};
  CHECK_THROWS_WITH(plane_of({a, b}, PlaneCenter::last), Contains("has 2 points; expected at least three"));
  CHECK_THROWS_WITH(plane_of({a, b, a, b}, PlaneCenter::last), Contains("only 2 of the trajectory's 4 points are different"));
  CHECK_THROWS_WITH(plane_of({a, b, c, d}, PlaneCenter::last), Contains("lie on one line"));
  CHECK_THROWS_WITH(plane_of({a, b, c, d}, PlaneCenter::mean), Contains("lie on one line"));
  CHECK_THROWS_WITH(plane_of({a, b, {1, 2}}, PlaneCenter::last), Contains("point 2 has 2 parameters and the first 3"));
  CHECK_THROWS_WITH(plane_of({a, {1, NAN, 1}, b}, PlaneCenter::last), Contains("position 1 of point 1 is nan"));
  CHECK_THROWS_WITH(plane_of({a, b, c}, PlaneCenter::last, {"x"}), Contains("1 names for 3 points"));
}

}  // namespace connectivity_principal_plane_test
