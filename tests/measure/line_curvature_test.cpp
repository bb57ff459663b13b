// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <lmc/curvature/chord_curvature.hpp>
#include <lmc/curvature/cross_share.hpp>
#include <lmc/data/sources/synthetic.hpp>
#include <lmc/layers/recipes.hpp>
#include <lmc/layers/sequential.hpp>
#include <lmc/measure/gradient.hpp>
#include <lmc/measure/hessian_vector.hpp>
#include <lmc/measure/position_blocks.hpp>
#include <lmc/transfer/lift.hpp>
#include <span>
#include <utility>
#include <vector>

// What curvature/ says of the line between two networks.
namespace measure_line_curvature_test {

using Catch::Matchers::WithinAbs;
using lmc::ThreadTeam;

TEST_CASE("chord_curvature: of a smooth network is the second difference of its loss", "[measure][curvature]") {
  const auto data = lmc::spirals<double>({.examples = 60, .classes = 3, .seed = 1});
  const auto network = lmc::sequential<double>(2, {lmc::dense(8), lmc::gelu(), lmc::dense(3)});
  const auto a = network.initialize({.seed = 1}).parameters, b = network.initialize({.seed = 2}).parameters;
  const auto gradient = lmc::gradient_function(network, data, ThreadTeam(1));
  const auto curve =
      lmc::chord_curvature(a, b, gradient, lmc::hessian_function(network, data, ThreadTeam(1)), {.intervals = 16});
  const auto loss = [&](double alpha) {
    std::vector<double> theta(a.size()), unused(a.size());
    for (std::size_t i = 0; i < a.size(); ++i) theta[i] = a[i] + alpha * (b[i] - a[i]);
    return gradient(theta, unused);
  };
  for (std::size_t i = 0; i < curve.alphas.size(); ++i) {
    // h = 1e-4: a truncation of some 1e-9, a rounding of some 1e-8.
    const double h = 1e-4, alpha = curve.alphas[i];
    CHECK_THAT(curve.curvature[i], WithinAbs((loss(alpha + h) - 2 * loss(alpha) + loss(alpha - h)) / (h * h), 1e-6));
  }
  CHECK(std::abs(curve.kinks) <= curve.integral_error);
  CHECK(curve.integral_error < 1e-3 * std::abs(curve.integral));
  CHECK_THAT(curve.height, WithinAbs(loss(0.5) - (loss(0) + loss(1)) / 2, 1e-12));
  CHECK(std::abs(curve.residual) < std::abs(curve.height));
}

TEST_CASE("chord_curvature: with ReLU kinks add to the change of the slope", "[measure][curvature]") {
  const auto data = lmc::spirals<double>({.examples = 300, .classes = 3, .seed = 1});
  const auto network = lmc::sequential<double>(2, {lmc::dense(16), lmc::relu(), lmc::dense(3)});
  const auto a = network.initialize({.seed = 1}).parameters, b = network.initialize({.seed = 2}).parameters;
  const auto curve = lmc::chord_curvature(a, b, lmc::gradient_function(network, data, ThreadTeam(1)),
                                          lmc::hessian_function(network, data, ThreadTeam(1)), {.intervals = 64});
  CHECK(std::abs(curve.kinks) > 10 * curve.integral_error);
}

TEST_CASE("cross_share: of a lifted convolution is what its positions have together", "[measure][curvature]") {
  lmc::DatasetParts<double> parts{.shape = {4, 4, 1}, .classes = 2, .labels = {}, .features = std::vector<double>()};
  std::vector<double> x;
  for (int i = 0; i < 160; ++i) x.push_back(std::sin(0.9 * i * i));
  parts.features = std::move(x);
  for (std::int32_t i = 0; i < 10; ++i) parts.labels.push_back(i % 2);
  const lmc::Dataset<double> data(std::move(parts));
  const auto network = lmc::sequential<double>({4, 4, 1}, {lmc::conv2d(2, {.kernel = 3}), lmc::tanh(), lmc::dense(2)});
  const auto a = network.initialize({.seed = 1}).parameters, b = network.initialize({.seed = 2}).parameters;
  std::vector<double> middle(a.size()), delta(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    middle[i] = (a[i] + b[i]) / 2;
    delta[i] = i < 20 ? b[i] - a[i] : 0;  // of the convolution alone
  }
  std::vector<double> product(a.size());
  lmc::hessian_function(network, data, ThreadTeam(1))(middle, delta, product);
  double shared = 0;
  for (std::size_t i = 0; i < a.size(); ++i) shared += delta[i] * product[i];

  const auto lift = lmc::lift_to_local(network);
  const lmc::ModelState<double> state{lift.lift(std::span<const double>(middle)), {}};
  const auto lifted = lift.lift(std::span<const double>(delta));
  const auto hessian = lmc::hessian_at(lift.network, state, data, ThreadTeam(1));
  const auto blocks = lmc::position_blocks(lift.network);
  const auto found = lmc::cross_share(hessian, lifted, blocks, {.probes = 200});
  CHECK_THAT(found.total, WithinAbs(shared, 1e-12 * std::abs(shared)));
  double within = 0;
  for (std::size_t p = 0; p < 4; ++p) {
    std::vector<double> part(lifted.size()), of_part(lifted.size());
    for (std::size_t i = 0; i < part.size(); ++i) part[i] = blocks[i] == p ? lifted[i] : 0;
    hessian(part, of_part);
    for (std::size_t i = 0; i < part.size(); ++i) within += part[i] * of_part[i];
  }
  CHECK(std::abs(found.within.value - within) < 4 * found.within.standard_error);
  CHECK(found.within.standard_error < 0.2 * std::abs(found.total));
}

}  // namespace measure_line_curvature_test
