// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include <lmc/core/layout.hpp>
#include <lmc/layers/self_attention.hpp>
#include <lmc/models/lcn.hpp>
#include <lmc/optim/muon.hpp>
#include <lmc/optim/orthogonalize.hpp>
#include <lmc/testing/gradient_error.hpp>

#include <Eigen/SVD>

namespace optim_muon_test {

// The trajectories are compared in optimizer_test.cpp.

namespace {

using lmc::Index;
using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Matrix matrix(const std::vector<double>& x, Index rows) {
  return Eigen::Map<const Matrix>(x.data(), rows, static_cast<Index>(x.size()) / rows);
}

lmc::ParameterLayout layout(const lmc::Shape& weight, lmc::MatrixAxes axes = {}) {
  lmc::LayoutBuilder builder({});
  builder.add_parameter("weight", weight, lmc::Role::weight,
                        std::vector<lmc::AxisGroups>(static_cast<std::size_t>(weight.rank())), axes);
  return std::move(builder).build();
}

}  // namespace

TEST_CASE("Orthogonalizer: keeps the singular vectors and brings the singular values near 1", "[optim]") {
  const auto [rows, cols] = GENERATE(table<Index, Index>({{7, 7}, {4, 33}, {40, 6}, {65, 70}}));
  CAPTURE(rows, cols);
  const std::vector<double> x = lmc::testing::normal_numbers(rows * cols, 5, 1);
  std::vector<double> y = x;
  lmc::Orthogonalizer<double>().run(y, rows, 12);
  const Eigen::JacobiSVD<Matrix> before(matrix(x, rows), Eigen::ComputeThinU | Eigen::ComputeThinV);
  const Matrix values = before.matrixU().transpose() * matrix(y, rows) * before.matrixV();
  for (Index i = 0; i < values.rows(); ++i)
    for (Index j = 0; j < values.cols(); ++j) {
      CAPTURE(i, j);
      if (i == j) {
        CHECK(values(i, j) > 0.65);
        CHECK(values(i, j) < 1.25);
      } else {
        CHECK_THAT(values(i, j), Catch::Matchers::WithinAbs(0, 1e-9));
      }
    }
}

TEST_CASE("Orthogonalizer: nothing stays nothing, and does not depend on memory used before", "[optim]") {
  lmc::Orthogonalizer<float> used;
  std::vector<float> zero(12), large(900, 1), a(12), b;
  used.run(large, 30, 5);
  used.run(zero, 3, 5);
  CHECK(zero == std::vector<float>(12));
  for (std::size_t i = 0; i < a.size(); ++i) a[i] = static_cast<float>(i % 5) - 2;
  b = a;
  used.run(a, 4, 5);
  lmc::Orthogonalizer<float>().run(b, 4, 5);
  CHECK(a == b);
}

TEST_CASE("Muon: a large gradient in one direction does not outweigh the others", "[optim]") {
  // G = diag(100, 1): SGD would move the first entry 100 times as far; Muon about as far as the second.
  lmc::Muon<double> muon({.learning_rate = 1}, layout({2, 2}));
  std::vector<double> w(4);
  muon.step(std::vector<double>{100, 0, 0, 1}, w, 1, 0);
  CHECK(w[0] < -0.65);
  CHECK(w[1] == 0);
  CHECK(w[2] == 0);
  CHECK(std::abs(w[3]) > 0.65 * std::abs(w[0]) / 1.25);
  CHECK(w[3] < 0);
}

TEST_CASE("Muon: does not move what has never had a gradient", "[optim]") {
  lmc::Muon<double> muon({}, layout({3, 3}));
  std::vector<double> w(9);
  const std::vector<double> g{1, 0, 2, -1, 3, 1, 0, 1, -2};
  for (int i = 0; i < 3; ++i) muon.step(g, w, 0.1, 0);
  for (std::size_t i = 0; i < g.size(); ++i) CHECK((w[i] == 0) == (g[i] == 0));
}

TEST_CASE("Muon: takes query, key and value, and the positions of a locally connected layer, one by one", "[optim]") {
  const auto matrices = [](const lmc::ParameterLayout& layout, std::string_view name) {
    const auto s = std::ranges::find_if(layout.parameters, [&](const lmc::Segment& x) { return x.name.ends_with(name); });
    REQUIRE(s != layout.parameters.end());
    return s->matrix;
  };
  const lmc::Network<float> attention({lmc::SelfAttention<float>({.inputs = {3, 8}, .heads = 2})});
  for (const char* name : {"query/weight", "key/weight", "value/weight"})
    CHECK(matrices(attention.layout(), name) == lmc::MatrixAxes{.rows = 2});
  CHECK(matrices(attention.layout(), "output/weight") == lmc::MatrixAxes{});
  const auto lcn = lmc::lcn<float>({.inputs = {5, 5, 1}, .channels = {2}, .outputs = 3});
  CHECK(matrices(lcn.layout(), "local1/weight") == lmc::MatrixAxes{.matrices = 2});
}

TEST_CASE("Muon: updates a weight of one row or column, and what is no weight, as AdamW does", "[optim]") {
  const lmc::MuonOptions o{.weight_decay = 0.1, .beta2 = 0.9};
  const auto role = GENERATE(lmc::Role::weight, lmc::Role::bias, lmc::Role::embedding);
  lmc::LayoutBuilder builder({});
  builder.add_parameter("x", role == lmc::Role::weight ? lmc::Shape{1, 6} : lmc::Shape{2, 3}, role);
  lmc::Muon<double> muon(o, std::move(builder).build());
  lmc::AdamW<double> adam({.beta2 = 0.9, .weight_decay = 0.1}, 6);
  std::vector<double> a{1, 2, 3, 4, 5, 6}, b = a;
  for (std::uint32_t t = 0; t < 3; ++t) {
    const std::vector<double> g = lmc::testing::normal_numbers(6, 1, t);
    muon.step(g, a, 0.5, 0.01);
    adam.step(g, b, 0.01);
  }
  CHECK(a == b);
}

TEST_CASE("Orthogonalizer: five iterations bring singular values that are not small to about 1", "[optim]") {
  std::vector<double> x(16);
  const double values[] = {1, 0.3, 0.02, 0.004};
  for (std::size_t i = 0; i < 4; ++i) x[5 * i] = values[i];
  lmc::Orthogonalizer<double>().run(x, 4, 5);
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(x[5 * i] > 0.68);
    CHECK(x[5 * i] < 1.21);
  }
}

TEST_CASE("Orthogonalizer: takes numbers of any size, and shows one that is not finite", "[optim]") {
  std::vector<double> x{1e200, 0, 0, 1e200}, y{1e-150, 0, 0, 1e-150}, z{1, 0, std::numeric_limits<double>::infinity(), 1};
  lmc::Orthogonalizer<double> orthogonalizer;
  orthogonalizer.run(x, 2, 5);
  CHECK(x[0] > 0.68);
  CHECK(x[0] == x[3]);
  orthogonalizer.run(y, 2, 5);
  CHECK(y[0] < 1e-100);  // far below the 10⁻⁷ that is added to the norm
  orthogonalizer.run(z, 2, 5);
  for (const double v : z) CHECK(std::isnan(v));
  std::vector<double> seven(7);
  CHECK_THROWS_WITH(orthogonalizer.run(seven, 2, 5), Catch::Contains("Orthogonalizer: 7 entries in 2 rows"));
  CHECK_THROWS_WITH(orthogonalizer.run(seven, 0, 5), Catch::Contains("7 entries in 0 rows"));
}

TEST_CASE("Muon: takes a weight without axes, and refuses matrix axes that a segment does not have", "[optim][errors]") {
  std::vector<double> w{1};
  lmc::Muon<double>({}, layout(lmc::Shape{})).step(std::vector<double>{2}, w, 0.5, 0.25);
  CHECK_THAT(w[0], Catch::Matchers::WithinAbs(0.75, 1e-7));  // Adam's first step
  lmc::ParameterLayout wrong = layout({2, 3});
  wrong.parameters[0].matrix = {.matrices = 1, .rows = 3};
  CHECK_THROWS_WITH(lmc::Muon<double>({}, wrong),
                    Catch::Contains("'weight' has the shape [2, 3], but 1 axes that number matrices and 3"));
}

TEST_CASE("Muon: refuses options out of range, by name", "[optim][errors]") {
  using Catch::Matchers::Contains;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto make = [](const lmc::MuonOptions& o) { return lmc::Muon<float>(o, layout({2, 2})); };
  for (const double bad : {-0.1, nan}) {
    CHECK_THROWS_WITH(make({.learning_rate = bad}), Contains("Muon: learning_rate = "));
    CHECK_THROWS_WITH(make({.momentum = bad}), Contains("momentum = "));
    CHECK_THROWS_WITH(make({.weight_decay = bad}), Contains("weight_decay = "));
    CHECK_THROWS_WITH(make({.adam_learning_rate = bad}), Contains("adam_learning_rate = "));
    CHECK_THROWS_WITH(make({.beta1 = bad}), Contains("beta1 = "));
    CHECK_THROWS_WITH(make({.epsilon = bad}), Contains("epsilon = "));
  }
  CHECK_THROWS_WITH(make({.momentum = 1}), Contains("momentum = 1; expected a number in [0, 1)"));
  CHECK_THROWS_WITH(make({.iterations = 0}), Contains("iterations = 0; expected 1 to 100"));
  CHECK_THROWS_WITH(make({.iterations = 101}), Contains("iterations = 101; expected 1 to 100"));
  std::vector<float> three(3), four(4);
  CHECK_THROWS_WITH(make({}).step(four, three, 0.1, 0.1), Contains("gradient has 4 entries, theta 3; expected 4"));
}

}  // namespace optim_muon_test
