// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/optim/optimizer.hpp>

namespace optim_optimizer_test {

namespace {

struct Trajectory {
  lmc::OptimizerOptions options;
  std::vector<double> after_1, after_2, after_12, after_12_float;
};

const std::vector<Trajectory>& reference() {
  static const std::vector<Trajectory> all{
#include "optimizer_reference.inc"
  };
  return all;
}

constexpr std::size_t entries = 37;

// SEGMENTS in optimizer_reference.py.
lmc::ParameterLayout layout() {
  lmc::LayoutBuilder builder({});
  builder.add_parameter("dense/weight", {3, 5});
  builder.add_parameter("dense/bias", {3}, lmc::Role::bias);
  builder.add_parameter("local/weight", {2, 3, 2}, lmc::Role::weight, {{}, {}, {}}, {.matrices = 1});
  builder.add_parameter("norm/scale", {7}, lmc::Role::scale);
  return std::move(builder).build();
}

// The same formulas as in optimizer_reference.py, exact in both scalar types.
template <class Scalar>
std::vector<Scalar> start() {
  std::vector<Scalar> theta(entries);
  for (std::size_t i = 0; i < entries; ++i) theta[i] = (static_cast<Scalar>(31 * i % 17) - 8) / 16;
  return theta;
}
template <class Scalar>
std::vector<Scalar> gradient(std::size_t t) {
  std::vector<Scalar> g(entries);
  for (std::size_t i = 0; i < entries; ++i)
    g[i] = std::ldexp((static_cast<Scalar>((7919 * i + 104729 * t) % 2003) - 1001) / 1024, -static_cast<int>(i % 11));
  return g;
}

template <class A, class B>
double difference(const std::vector<A>& a, const std::vector<B>& b) {
  REQUIRE(a.size() == b.size());
  double most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double d = std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
    if (!(d <= most)) most = d;  // a NaN stays
  }
  return most;
}

std::string text(const lmc::OptimizerOptions& options) {
  std::ostringstream out;
  out << options;
  return out.str();
}

}  // namespace

TEST_CASE("Optimizer: follows PyTorch's trajectories", "[optim]") {
  REQUIRE(reference().size() == 21);
  for (const Trajectory& want : reference()) {
    CAPTURE(text(want.options));
    lmc::Optimizer<double> optimizer(want.options, layout());
    lmc::Optimizer<float> single(want.options, layout());
    auto theta = start<double>();
    auto theta_float = start<float>();
    const double tolerance = std::holds_alternative<lmc::MuonOptions>(want.options) ? 1e-12 : 1e-14;
    for (std::size_t t = 0; t < 12; ++t) {
      optimizer.step(gradient<double>(t), theta);
      single.step(gradient<float>(t), theta_float);
      // Per step, some ten roundings of terms of at most 1, here contracted otherwise than there: 12 · 10 · 1.1e-16.
      if (t == 0) CHECK(difference(theta, want.after_1) < tolerance);
      if (t == 1) CHECK(difference(theta, want.after_2) < tolerance);
    }
    CHECK(difference(theta, want.after_12) < tolerance);
    // 12 · 10 · 6e-8 would be 7e-6, were all of one sign and size. Muon's polynomial, whose derivative is up to 3.4, multiplies a
    // rounding by up to 500 in five iterations.
    const bool polynomial = std::holds_alternative<lmc::MuonOptions>(want.options);
    CHECK(difference(theta_float, want.after_12_float) < (polynomial ? 1e-4 : 1e-6));
    CHECK(optimizer.steps() == 12);
    CHECK(optimizer.options() == want.options);
  }
}

TEST_CASE("Optimizer: the reference tells its cases apart", "[optim]") {
  const auto rate = [](const lmc::OptimizerOptions& options) {
    return std::visit([](const auto& o) { return o.learning_rate; }, options);
  };
  for (const Trajectory& a : reference())
    for (const Trajectory& b : reference())
      // Adam and AdamW are one method without decay.
      if (&a != &b && !(rate(a.options) == rate(b.options) && a.after_1 == b.after_1))
        CHECK(difference(a.after_12, b.after_12) > 1e-4);
}

TEST_CASE("Optimizer: the rate factor multiplies the learning rate, decoupled decay included", "[optim]") {
  const lmc::OptimizerOptions options =
      GENERATE(as<lmc::OptimizerOptions>(), lmc::SgdOptions{.learning_rate = 0.25, .momentum = 0.5, .weight_decay = 0.5},
               lmc::AdamOptions{.learning_rate = 0.25, .weight_decay = 0.5},
               lmc::AdamWOptions{.learning_rate = 0.25, .weight_decay = 0.5},
               lmc::SignOptions{.learning_rate = 0.25, .momentum = 0.5, .weight_decay = 0.5},
               lmc::MuonOptions{.learning_rate = 0.25, .weight_decay = 0.5},
               lmc::LayerwiseAdamOptions{.learning_rate = 0.25, .weight_decay = 0.5});
  const lmc::OptimizerOptions half = std::visit(
      [](auto o) -> lmc::OptimizerOptions {
        o.learning_rate /= 2;
        if constexpr (requires { o.adam_learning_rate; }) o.adam_learning_rate /= 2;
        return o;
      },
      options);
  lmc::Optimizer<double> scaled(options, layout()), plain(half, layout());
  auto a = start<double>(), b = a;
  for (std::size_t t = 0; t < 5; ++t) {
    scaled.step(gradient<double>(t), a, 0.5);
    plain.step(gradient<double>(t), b);
  }
  CHECK(a == b);
  scaled.step(gradient<double>(5), a, 0);
  CHECK(a == b);
}

TEST_CASE("Optimizer: a copy is an independent snapshot", "[optim]") {
  for (const Trajectory& want : reference()) {
    CAPTURE(text(want.options));
    lmc::Optimizer<float> optimizer(want.options, layout());
    auto theta = start<float>();
    for (std::size_t t = 0; t < 4; ++t) optimizer.step(gradient<float>(t), theta);
    auto later = optimizer;
    auto theta_later = theta;
    for (std::size_t t = 4; t < 12; ++t) optimizer.step(gradient<float>(t), theta);
    CHECK(later.steps() == 4);
    for (std::size_t t = 4; t < 12; ++t) later.step(gradient<float>(t), theta_later);
    CHECK(theta == theta_later);
  }
}

TEST_CASE("Optimizer: is named and printed", "[optim]") {
  for (const std::string_view name : lmc::optimizer_names)
    CHECK(text(lmc::parse_optimizer(name)).substr(0, name.size() + 1) == std::string(name) + '(');
  CHECK(text(lmc::SgdOptions{.momentum = 0.9, .weight_decay = 0.5, .nesterov = true}) ==
        "sgd(learning_rate = 0.1, momentum = 0.9, weight_decay = 0.5, nesterov)");
  CHECK(text(lmc::AdamWOptions{.weight_decay = 0.01}) == "adamw(learning_rate = 0.001, weight_decay = 0.01)");
  CHECK(text(lmc::SignOptions{.momentum = 0.9}) == "sign(learning_rate = 0.001, momentum = 0.9)");
  CHECK(text(lmc::MuonOptions()) == "muon(learning_rate = 0.02, momentum = 0.95, nesterov, adam_learning_rate = 0.0003)");
  CHECK(text(lmc::LayerwiseAdamOptions()) == "layerwise-adam(learning_rate = 0.001)");
  CHECK_THROWS_AS(lmc::parse_optimizer("adamm"), lmc::Error);
  CHECK_THROWS_WITH(lmc::parse_optimizer("adamm"), Catch::Matchers::Contains("did you mean 'adam'"));
}

TEST_CASE("Optimizer: different options are different values", "[optim]") {
  CHECK(lmc::OptimizerOptions(lmc::AdamOptions()) != lmc::OptimizerOptions(lmc::AdamWOptions()));
  CHECK(lmc::OptimizerOptions(lmc::SgdOptions()) == lmc::OptimizerOptions(lmc::SgdOptions()));
  CHECK(lmc::SgdOptions{.nesterov = true} != lmc::SgdOptions());
}

}  // namespace optim_optimizer_test
