// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <lmc/connectivity/linear_path.hpp>
#include <lmc/connectivity/paths/path_curve.hpp>
#include <lmc/connectivity/paths/simplex.hpp>
#include <lmc/connectivity/paths/simplex_volume.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/random.hpp>
#include <lmc/measure/simplex_training.hpp>
#include <lmc/measure/star_training.hpp>

namespace measure_star_training_test {

using Catch::Matchers::Contains;
using Catch::Matchers::WithinAbs;
using lmc::Index;
using lmc::SgdOptions;
using Points = std::vector<std::vector<double>>;

// (x y)²: a valley along both axes.
double cross(std::span<const double> p) { return p[0] * p[0] * p[1] * p[1]; }
double cross_gradient(std::span<const double> p, std::span<double> gradient, Index) {
  gradient[0] = 2 * p[0] * p[1] * p[1];
  gradient[1] = 2 * p[0] * p[0] * p[1];
  return cross(p);
}
lmc::Metrics measure_cross(std::span<const double> p) { return {.loss = cross(p), .error = {}, .count = 1}; }

TEST_CASE("train_star: finds the point from which all ends are in reach") {
  const Points ends{{3, 0}, {0, 2}, {-1, 0}};
  const auto star = lmc::train_star(ends, cross_gradient, {.updates = 4000, .optimizer = SgdOptions{.learning_rate = 0.1}});
  REQUIRE(star.losses.size() == 4000);
  const auto highest = [&](const std::vector<double>& from) {
    double maximum = 0;
    for (const auto& end : ends)
      maximum = std::max(maximum, lmc::path_level(lmc::linear_path(from, end, measure_cross), lmc::Metric::loss).maximum);
    return maximum;
  };
  CHECK(highest({2.0 / 3, 2.0 / 3}) > 0.4);  // the mean of the ends, where it begins
  CHECK(highest(star.center) < 0.01);        // it is near 0, where the valleys meet
}

TEST_CASE("train_star: a step is the gradient at a random place of a random line") {
  const Points ends{{3, 1}, {0, 2}};
  std::vector<int> towards(2);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto star = lmc::train_star(ends, cross_gradient,
                                      {.updates = 1, .optimizer = SgdOptions{.learning_rate = 1}, .places = {.seed = seed}});
    const std::vector<double> center{1.5, 1.5};
    const double t = lmc::uniform({.seed = seed, .purpose = lmc::Purpose::path_place}, 0);
    int found = -1;
    for (std::size_t end = 0; end < 2; ++end) {
      std::vector<double> theta(2), gradient(2);
      for (std::size_t i = 0; i < 2; ++i) theta[i] = (1 - t) * center[i] + t * ends[end][i];
      cross_gradient(theta, gradient, 0);
      const double error =
          std::hypot(center[0] - star.center[0] - (1 - t) * gradient[0], center[1] - star.center[1] - (1 - t) * gradient[1]);
      if (error < 1e-12) found = static_cast<int>(end);
    }
    REQUIRE(found >= 0);
    ++towards[static_cast<std::size_t>(found)];
  }
  CHECK(towards[0] > 3);  // of 20; fewer have a probability of 0.0013 each
  CHECK(towards[1] > 3);
}

TEST_CASE("train_star: what is wrong is named") {
  CHECK_THROWS_WITH(lmc::train_star(Points{{1, 2}}, cross_gradient), Contains("train_star: 1 vertices; expected at least 2"));
  const auto breaks = [](std::span<const double>, std::span<double>, Index) { return std::nan(""); };
  CHECK_THROWS_WITH(lmc::train_star(Points{{1, 2}, {3, 4}}, breaks),
                    Contains("at update 0, t = 0.") && Contains("towards end "));
}

TEST_CASE("train_simplex: a step is that of loss and volume") {
  const Points given{{0, 0, 1}, {1, 0, 0}};
  const double rate = 1e-3, lambda = 0.3;
  const auto trained = lmc::train_simplex(given,
                                          [](std::span<const double> p, std::span<double> gradient, Index) {
                                            std::copy(p.begin(), p.end(), gradient.begin());
                                            return 1.0;
                                          },
                                          {.updates = 1, .optimizer = SgdOptions{.learning_rate = rate}},
                                          {.volume = lambda, .spread = 1, .places = {.seed = 2}});
  const auto start = lmc::train_simplex(given,
                                        [](std::span<const double>, std::span<double> gradient, Index) {
                                          std::fill(gradient.begin(), gradient.end(), 0.0);
                                          return 1.0;
                                        },
                                        {.updates = 1}, {.volume = 0, .spread = 1, .places = {.seed = 2}});
  CHECK(trained.vertices[0] == given[0]);
  CHECK(trained.vertices[1] == given[1]);
  const auto w = lmc::simplex_weights({.seed = 2, .purpose = lmc::Purpose::path_place, .part = 1}, 0, 3);
  // ½ ‖θ‖² − λ log V, by the third vertex.
  const auto objective = [&](const Points& v) {
    double square = 0;
    for (std::size_t i = 0; i < 3; ++i) square += std::pow(w[0] * v[0][i] + w[1] * v[1][i] + w[2] * v[2][i], 2);
    return square / 2 - lambda * lmc::log_volume<double>(v);
  };
  for (std::size_t i = 0; i < 3; ++i) {
    const double h = 1e-6;
    Points above = start.vertices, below = start.vertices;
    above[2][i] += h;
    below[2][i] -= h;
    CHECK_THAT((start.vertices[2][i] - trained.vertices[2][i]) / rate,
               WithinAbs((objective(above) - objective(below)) / (2 * h), 1e-7));
  }
}

TEST_CASE("train_simplex: an added vertex begins at the mean, with normal noise of (seed, its number)") {
  const Points given{{0, 0, 1}, {1, 0, 0}};
  const auto flat = [](std::span<const double>, std::span<double> gradient, Index) {
    std::fill(gradient.begin(), gradient.end(), 0.0);
    return 1.0;
  };
  const auto start =
      lmc::train_simplex(given, flat, {.updates = 1}, {.added = 2, .volume = 0, .spread = 0.5, .places = {.seed = 2}});
  const std::vector<double> mean{0.5, 0, 0.5};
  const double scale = 0.5 * std::sqrt(0.5 / 3);
  for (std::uint32_t k = 0; k < 2; ++k)
    for (std::size_t i = 0; i < 3; ++i) {
      const lmc::Stream stream{.seed = 2, .purpose = lmc::Purpose::path_place, .part = 2 + k};
      CHECK_THAT(start.vertices[2 + k][i], WithinAbs(mean[i] + scale * lmc::normal(stream, i), 1e-14));
    }
}

TEST_CASE("train_simplex: grows where the loss is flat") {
  // The loss is flat in the first two entries.
  const auto loss = [](std::span<const double> p, std::span<double> gradient, Index) {
    gradient[0] = gradient[1] = 0;
    gradient[2] = 20 * p[2];
    return 10 * p[2] * p[2];
  };
  const auto trained =
      lmc::train_simplex(Points{{0, 0, 0}, {1, 0, 0}}, loss, {.updates = 2000, .optimizer = SgdOptions{.learning_rate = 0.01}},
                         {.volume = 0.1, .spread = 0.2});
  CHECK(trained.log_volume > std::log(0.5));  // a height of 1
  CHECK(std::abs(trained.vertices[2][1]) > 10 * std::abs(trained.vertices[2][2]));
  CHECK(trained.log_volume == lmc::log_volume<double>(trained.vertices));
}

TEST_CASE("train_simplex: what is wrong is named") {
  const Points given{{0, 0}, {1, 0}};
  CHECK_THROWS_WITH(lmc::train_simplex(Points{}, cross_gradient), Contains("there are no vertices"));
  CHECK_THROWS_WITH(lmc::train_simplex(given, cross_gradient, {}, {.added = 0}), Contains("added = 0"));
  CHECK_THROWS_WITH(lmc::train_simplex(given, cross_gradient, {}, {.spread = 0}), Contains("spread = 0"));
  CHECK_THROWS_WITH(lmc::train_simplex(given, cross_gradient, {}, {.volume = -1}), Contains("volume = -1"));
  CHECK_THROWS_WITH(lmc::train_simplex(given, cross_gradient, {}, {.added = 2}), Contains("4 vertices has no volume"));
  CHECK_THROWS_WITH(lmc::train_simplex(Points{{1, NAN}}, cross_gradient), Contains("position 1 of vertex 0 is nan"));
}

}  // namespace measure_star_training_test
