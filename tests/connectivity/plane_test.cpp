// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/connectivity/plane/plane.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <lmc/core/random.hpp>

namespace connectivity_plane_test {

using Catch::Matchers::Contains;
using Catch::Matchers::WithinAbs;

namespace {

std::vector<float> normals(std::uint64_t seed, std::size_t count = 301) {
  std::vector<float> v(count);
  for (std::size_t i = 0; i < count; ++i) v[i] = static_cast<float>(lmc::normal({.seed = seed}, i));
  return v;
}
double dot(std::span<const double> x, std::span<const double> y) {
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += x[i] * y[i];
  return sum;
}
double distance(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::pow(static_cast<double>(a[i]) - static_cast<double>(b[i]), 2);
  return std::sqrt(sum);
}

}  // namespace

TEST_CASE("plane: its axes have length 1 and stand at a right angle, even for directions that nearly agree", "[connectivity]") {
  const std::vector<float> origin = normals(1);
  std::vector<double> first(301), second(301);
  for (std::size_t i = 0; i < 301; ++i) {
    first[i] = 40 * lmc::normal({.seed = 2}, i);
    second[i] = first[i] + 1e-6 * lmc::normal({.seed = 3}, i);
  }
  const lmc::Plane<float> plane(origin, first, second);
  // Rounding of some 300 summands.
  CHECK_THAT(dot(plane.axis(0), plane.axis(0)), WithinAbs(1, 1e-14));
  CHECK_THAT(dot(plane.axis(1), plane.axis(1)), WithinAbs(1, 1e-14));
  CHECK_THAT(dot(plane.axis(0), plane.axis(1)), WithinAbs(0, 1e-14));
}

TEST_CASE("plane: goes through three networks, whose places are as far apart as they are", "[connectivity]") {
  const std::vector<float> a = normals(1), b = normals(2), c = normals(3);
  const lmc::MarkedPlane<float> found = lmc::plane_through(a, b, c, {"first", "second", "start"});
  const lmc::Plane<float>& plane = found.plane;
  const std::vector<lmc::PlaneMark>& marks = found.marks;
  REQUIRE(marks.size() == 3);
  CHECK(marks[0].at == lmc::PlanePoint{0, 0});
  CHECK(marks[1].at.v == 0);
  CHECK(marks[2].at.v > 0);
  CHECK(marks[2].name == "start");
  const auto apart = [&](std::size_t i, std::size_t j) {
    return std::hypot(marks[i].at.u - marks[j].at.u, marks[i].at.v - marks[j].at.v);
  };
  CHECK_THAT(apart(0, 1), WithinAbs(distance(a, b), 1e-12));
  CHECK_THAT(apart(0, 2), WithinAbs(distance(a, c), 1e-12));
  CHECK_THAT(apart(1, 2), WithinAbs(distance(b, c), 1e-12));

  std::vector<float> theta(a.size());
  plane.at(marks[0].at, theta);
  CHECK(theta == a);
  // Entries of some 3 at most: one rounding is 1.2e-7.
  plane.at(marks[1].at, theta);
  for (std::size_t i = 0; i < b.size(); ++i) CHECK_THAT(theta[i], WithinAbs(b[i], 2.5e-7));
  plane.at(marks[2].at, theta);
  for (std::size_t i = 0; i < c.size(); ++i) CHECK_THAT(theta[i], WithinAbs(c[i], 2.5e-7));
  std::vector<float> part(7);
  plane.at(marks[2].at, 100, part);
  CHECK(std::equal(part.begin(), part.end(), theta.begin() + 100));
}

TEST_CASE("plane: projects a network to its nearest point", "[connectivity]") {
  const std::vector<float> origin{1, 2, 3, 4};
  const lmc::Plane<float> plane(origin, {2, 0, 0, 0}, {5, 0, -3, 0});
  const lmc::PlaneMark mark = plane.project(std::vector<float>{1.5F, 5, 1, 8}, "x");
  CHECK(mark.name == "x");
  CHECK_THAT(mark.at.u, WithinAbs(0.5, 1e-15));
  CHECK_THAT(mark.at.v, WithinAbs(2, 1e-15));
  CHECK_THAT(mark.distance, WithinAbs(5, 1e-15));  // 3 and 4 in the entries that the plane leaves alone
}

TEST_CASE("plane: three networks that span none are an error that says which and why", "[connectivity]") {
  const std::vector<float> a = normals(1), b = normals(2);
  std::vector<float> between(a.size()), beyond(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    between[i] = a[i] + 0.25F * (b[i] - a[i]);
    beyond[i] = a[i] + 3 * (b[i] - a[i]);
  }
  const std::array<std::string, 3> names{"A", "B", "C"};
  CHECK_THROWS_WITH(lmc::plane_through(a, a, b, names), Contains("A and B are equal; expected three different"));
  CHECK_THROWS_WITH(lmc::plane_through(a, b, a, names), Contains("A and C are equal;"));
  CHECK_THROWS_WITH(lmc::plane_through(a, b, b, names), Contains("C lies on the line through A and B, at 1.000 of the way"));
  CHECK_THROWS_WITH(lmc::plane_through(a, b, between, names),
                    Contains("C lies on the line through A and B, at 0.250 of the way"));
  CHECK_THROWS_WITH(lmc::plane_through(a, b, beyond, names), Contains("C lies on the line"));
  CHECK_THROWS_WITH(lmc::plane_through(a, b, normals(3, 300), names), Contains("A has 301 parameters, B 301 and C 300"));
  between[7] = std::numeric_limits<float>::infinity();
  CHECK_THROWS_WITH(lmc::plane_through(a, b, between, names), Contains("position 7 of C is inf"));
  // One that is off the line by more than rounding is a plane.
  std::vector<float> beside = b;
  beside[0] += 0.001F;
  CHECK_NOTHROW(lmc::plane_through(a, b, beside, names));
}

TEST_CASE("plane: directions that span none are an error", "[connectivity]") {
  const std::vector<float> origin{1, 2, 3};
  using Direction = std::vector<double>;
  const auto make = [&](Direction first, Direction second) {
    return lmc::Plane<float>(origin, std::move(first), std::move(second));
  };
  CHECK_THROWS_WITH(make({0, 0, 0}, {1, 0, 0}), Contains("the first direction is 0"));
  CHECK_THROWS_WITH(make({1, 0, 0}, {0, 0, 0}), Contains("the second direction is 0"));
  CHECK_THROWS_WITH(make({1, 2, 3}, {-3, -6, -9}), Contains("a multiple of the first"));
  CHECK_THROWS_WITH(make({1, 2}, {1, 2, 3}), Contains("the first direction has 2 entries and the origin 3"));
  CHECK_THROWS_WITH(make({1, 2, NAN}, {1, 2, 3}), Contains("position 2 of the first direction is nan"));
  CHECK_THROWS_WITH(lmc::Plane<float>({}, {}, {}), Contains("the origin is empty"));
  CHECK_THROWS_WITH(make({1, 0, 0}, {0, 1, 0}).project(std::vector<float>{1, 2}), Contains("θ has 2 entries"));
}

}  // namespace connectivity_plane_test
