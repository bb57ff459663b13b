// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/connectivity/plane/filter_plane.hpp>

#include <cmath>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <lmc/connectivity/plane/random_plane.hpp>
#include <lmc/core/layout.hpp>

namespace connectivity_filter_plane_test {

using Catch::Matchers::Contains;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using lmc::Role;

namespace {

#include "filter_plane_reference.inc"

std::vector<lmc::AxisGroups> fixed(std::size_t axes) { return std::vector<lmc::AxisGroups>(axes); }

// A kernel of a convolution, its biases, a locally connected layer whose filters are numbered by position and output, and a dense one.
lmc::ParameterLayout layout() {
  lmc::LayoutBuilder builder(lmc::Shape{1});
  builder.add_parameter("convolution", {3, 2, 2, 2}, Role::weight, fixed(4));
  builder.add_parameter("bias", 3, Role::bias, fixed(1));
  builder.add_parameter("local", {2, 2, 3, 4}, Role::weight, fixed(4), {.matrices = 2});
  builder.add_parameter("dense", {4, 5}, Role::weight, fixed(2));
  return std::move(builder).build();
}
std::vector<double> normalized(lmc::NoFilters others) {
  std::vector<double> direction = drawn;
  lmc::normalize_filters<float>(layout(), theta, direction, others);
  return direction;
}

}  // namespace

TEST_CASE("filter plane: directions have the norms of the network's filters, as numpy computes them", "[connectivity]") {
  const std::vector<double> zero = normalized(lmc::NoFilters::zero), scaled = normalized(lmc::NoFilters::scaled);
  REQUIRE(zero.size() == with_zero.size());
  for (std::size_t i = 0; i < zero.size(); ++i) {
    CHECK_THAT(zero[i], WithinAbs(with_zero[i], 1e-14));
    CHECK_THAT(scaled[i], WithinAbs(with_scaled[i], 1e-14));
  }
}

TEST_CASE("filter plane: is spanned by normalized Gaussian directions, at a right angle", "[connectivity]") {
  const lmc::FilterPlane<float> found = lmc::filter_plane(layout(), theta, 3);
  std::vector<double> first = lmc::random_direction(theta.size(), 3, 0), second = lmc::random_direction(theta.size(), 3, 1);
  lmc::normalize_filters<float>(layout(), theta, first);
  lmc::normalize_filters<float>(layout(), theta, second);
  const auto length = [](const std::vector<double>& x) {
    double sum = 0;
    for (const double value : x) sum += value * value;
    return std::sqrt(sum);
  };
  CHECK_THAT(found.step, WithinRel(length(first), 1e-14));
  for (std::size_t i = 0; i < first.size(); ++i) CHECK_THAT(found.plane.axis(0)[i] * found.step, WithinAbs(first[i], 1e-14));
  double across = 0, together = 0;
  for (std::size_t i = 0; i < first.size(); ++i) {
    across += found.plane.axis(1)[i] * first[i];
    together += first[i] * second[i] / (length(first) * length(second));
  }
  CHECK_THAT(across, WithinAbs(0, 1e-14));
  CHECK_THAT(found.cosine, WithinAbs(together, 1e-14));
  // Biases stay, and so does a filter of norm 0.
  for (const std::size_t axis : {0U, 1U}) {
    CHECK(found.plane.axis(axis)[24] == 0);
    CHECK(found.plane.axis(axis)[theta.size() - 11] == 0);
  }
}

TEST_CASE("filter plane: entries that a mask takes out stay 0, and do not count", "[connectivity]") {
  lmc::LayoutBuilder builder(lmc::Shape{1});
  builder.add_parameter("dense", {1, 3}, Role::weight, fixed(2));
  const lmc::ParameterLayout one = std::move(builder).build();
  std::vector<double> direction{3, 7, 4};
  lmc::normalize_filters<float>(one, std::vector<float>{6, 0, 8}, direction);
  CHECK(direction == std::vector<double>{6, 0, 8});
}

TEST_CASE("random planes: a seed names the directions, and another seed others", "[connectivity]") {
  const auto axis = [](std::uint64_t seed) {
    const auto plane = lmc::random_plane(theta, seed);
    return std::vector<double>(plane.axis(0).begin(), plane.axis(0).end());
  };
  CHECK(axis(1) == axis(1));
  CHECK(axis(1) != axis(2));
  for (const std::uint32_t k : {0U, 1U})
    CHECK(lmc::random_direction(3, 5, k)[2] == lmc::normal({.seed = 5, .purpose = lmc::Purpose::plane, .part = k}, 2));
  CHECK_THROWS_WITH(lmc::random_plane(std::vector<float>{1}), Contains("multiple of the first"));
}

TEST_CASE("filter plane: networks without filters and other layouts are an error", "[connectivity]") {
  CHECK_THROWS_WITH(lmc::filter_plane(layout(), std::vector<float>(theta.size())),
                    Contains("all weights of the network are 0"));
  CHECK_THROWS_WITH(lmc::filter_plane(layout(), std::vector<float>(3, 1.0F)), Contains("the layout has"));
}

}  // namespace connectivity_filter_plane_test
