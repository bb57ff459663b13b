// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <lmc/curvature/block_hessian.hpp>
#include <lmc/curvature/spectrum_ends.hpp>
#include <lmc/curvature/trace.hpp>
#include <lmc/data/sources/synthetic.hpp>
#include <lmc/layers/recipes.hpp>
#include <lmc/layers/sequential.hpp>
#include <lmc/loss/squared_error.hpp>
#include <lmc/matrix/detail/eigenvalues.hpp>
#include <lmc/measure/gradient.hpp>
#include <lmc/measure/hessian_vector.hpp>
#include <vector>

// What curvature/ says of networks, whose Hessian is known entry by entry.
namespace measure_curvature_test {

using Catch::Matchers::WithinAbs;
using lmc::Index;
using lmc::ThreadTeam;

namespace {

/// H, column by column.
template <class H>
Eigen::MatrixXd dense(H& hessian, Index size) {
  Eigen::MatrixXd matrix(size, size);
  std::vector<double> v(static_cast<std::size_t>(size)), product(v.size());
  for (Index i = 0; i < size; ++i) {
    v[static_cast<std::size_t>(i)] = 1;
    hessian(v, product);
    v[static_cast<std::size_t>(i)] = 0;
    matrix.col(i) = Eigen::Map<Eigen::VectorXd>(product.data(), size);
  }
  return matrix;
}

}  // namespace

TEST_CASE("spectrum_ends and hessian_trace: of networks are those of the dense Hessian", "[measure][curvature][long]") {
  const auto data = lmc::spirals<double>({.examples = 90, .classes = 3, .seed = 1});
  for (const lmc::LayerRecipe<double>& activation :
       {lmc::LayerRecipe<double>(lmc::tanh()), lmc::LayerRecipe<double>(lmc::relu())}) {
    const auto network = lmc::sequential<double>(2, {lmc::dense(12), activation, lmc::dense(12), activation, lmc::dense(3)});
    const auto state = network.initialize({.seed = 3});
    auto hessian = lmc::hessian_at(network, state, data, ThreadTeam(1));
    const Eigen::MatrixXd matrix = dense(hessian, hessian.size());
    CHECK((matrix - matrix.transpose()).norm() < 1e-12 * matrix.norm());
    const Eigen::VectorXd values = Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(matrix).eigenvalues();
    const auto ends = lmc::spectrum_ends(hessian, hessian.size(), {.steps = 80, .tolerance = 1e-7});
    CHECK_THAT(ends.largest.value, WithinAbs(values[values.size() - 1], 1e-6 * matrix.norm()));
    CHECK_THAT(ends.smallest.value, WithinAbs(values[0], 1e-6 * matrix.norm()));
    const auto trace = lmc::hessian_trace(hessian, hessian.size(), {.products = 60});
    CHECK(std::abs(trace.trace.value - matrix.trace()) < 5 * trace.trace.standard_error);
    CHECK(std::abs(trace.square_trace.value - matrix.squaredNorm()) < 5 * trace.square_trace.standard_error);

    const auto entries = lmc::layer_entries(network.layout(), "dense2");
    lmc::BlockHessian block(hessian, hessian.size(), entries);
    const auto first = static_cast<Index>(entries.front()), size = block.size();
    CHECK((dense(block, size) - matrix.block(first, first, size, size)).norm() < 1e-13);
  }
}

TEST_CASE("full-batch gradient descent: its sharpness rises to 2 / learning rate, and stays", "[measure][curvature]") {
  // Cohen, Kaur, Li, Kolter, Talwalkar, arXiv:2103.00065. A run of the same kind in PyTorch rose from 0.53 to within 1 %.
  lmc::DatasetParts<double> parts{.shape = 4, .classes = 3, .labels = {}, .features = std::vector<double>()};
  std::vector<double> x;
  for (int i = 0; i < 120; ++i) x.push_back(2 * std::sin(1 + 0.7 * i));
  parts.features = std::move(x);
  for (std::int32_t i = 0; i < 30; ++i) parts.labels.push_back((i * i + i / 3) % 3);
  const lmc::Dataset<double> data(std::move(parts));
  const auto network = lmc::sequential<double>(4, {lmc::dense(12), lmc::tanh(), lmc::dense(12), lmc::tanh(), lmc::dense(3)});
  const auto gradient = lmc::gradient_function(network, data, ThreadTeam(1), lmc::SquaredError());
  auto state = network.initialize({.seed = 1});
  const double rate = 0.7;
  const auto sharpness = [&] {
    auto hessian = lmc::hessian_at(network, state, data, ThreadTeam(1), lmc::SquaredError());
    return rate / 2 * lmc::spectrum_ends(hessian, hessian.size(), {.starts = 1}).largest.value;
  };
  CHECK(sharpness() < 0.8);
  std::vector<double> g(state.parameters.size());
  for (int step = 0; step < 1500; ++step) {
    gradient(state.parameters, g);
    for (std::size_t i = 0; i < g.size(); ++i) state.parameters[i] -= rate * g[i];
  }
  CHECK_THAT(sharpness(), WithinAbs(1, 0.03));
}

}  // namespace measure_curvature_test
