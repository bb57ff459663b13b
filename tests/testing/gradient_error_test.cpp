// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/testing/gradient_error.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <lmc/core/error.hpp>

namespace testing_gradient_error_test {

using lmc::Index;

namespace {

/// y_j = p x_j², with one parameter p, and a fault of the test's choice.
enum class Fault {
  none,
  wrong_dx,
  wrong_parameter_gradient,
  replaces_parameter_gradient,
  adds_to_dx,
  uses_absent_dx,
  needs_dx_for_the_parameters,
  reads_its_workspace,
};

template <Fault fault, class Flags>
struct Square : Flags {
  [[nodiscard]] std::string_view kind() const { return "square"; }
  [[nodiscard]] std::string describe() const { return {}; }
  [[nodiscard]] std::optional<lmc::Shape> input_shape() const { return std::nullopt; }
  [[nodiscard]] lmc::Shape output_shape(const lmc::Shape& in) const { return in; }
  void declare(lmc::LayoutBuilder& layout) const { layout.add_parameter("factor", {1}, lmc::Role::scale, {std::nullopt}); }
  void initialize(const lmc::InitializeArgs<double>& a) const { std::ranges::fill(a.params, 1.0); }
  [[nodiscard]] Index cache_size(Index) const { return 0; }
  [[nodiscard]] Index workspace_size(Index) const { return 1; }
  void forward(lmc::ForwardArgs<double> a) const { a.y = a.params[0] * a.x.cwiseProduct(a.x); }
  void backward(lmc::BackwardArgs<double> a) const {
    double dp = a.dy.cwiseProduct(a.x.cwiseProduct(a.x)).sum();
    if (fault == Fault::wrong_parameter_gradient) dp *= 1.001;
    if (fault == Fault::needs_dx_for_the_parameters && !a.dx) dp = 0;
    if (fault == Fault::reads_its_workspace) dp += a.workspace[0];
    const bool replaces = fault == Fault::replaces_parameter_gradient || a.dparams_mode == lmc::WriteMode::overwrite;
    a.dparams[0] = (replaces ? 0 : a.dparams[0]) + dp;
    const double factor = fault == Fault::wrong_dx ? 1 : 2;
    if (fault == Fault::adds_to_dx)
      *a.dx += factor * a.params[0] * a.dy.cwiseProduct(a.x);
    else if (a.dx || fault == Fault::uses_absent_dx)
      *a.dx = factor * a.params[0] * a.dy.cwiseProduct(a.x);
  }
};

struct Honest {
  static constexpr bool affine_in_parameters = true;
  static constexpr bool overwrites_gradient = true;
};
struct FalselyInPlace {
  static constexpr bool works_in_place = true;  // but backward reads x
};

/// y = p³ x: not affine in p.
struct Cubic : Square<Fault::none, Honest> {
  void forward(lmc::ForwardArgs<double> a) const { a.y = std::pow(a.params[0], 3) * a.x; }
  void backward(lmc::BackwardArgs<double> a) const {
    const double dp = 3 * a.params[0] * a.params[0] * a.dy.cwiseProduct(a.x).sum();
    a.dparams[0] = (a.dparams_mode == lmc::WriteMode::overwrite ? 0 : a.dparams[0]) + dp;
    if (a.dx) *a.dx = std::pow(a.params[0], 3) * a.dy;
  }
};
/// y = p x with a fault of the test's choice.
enum class AffineFault { none, reads_y, absolute_parameter, overwrites_with_dx_alone };
template <AffineFault fault>
struct Affine : Square<Fault::none, Honest> {
  [[nodiscard]] static double factor(double p) { return fault == AffineFault::absolute_parameter ? std::abs(p) : p; }
  void forward(lmc::ForwardArgs<double> a) const { a.y = factor(a.params[0]) * a.x; }
  void backward(lmc::BackwardArgs<double> a) const {
    const double p = factor(a.params[0]), sign = p == a.params[0] ? 1 : -1;
    const double dp = fault == AffineFault::reads_y ? a.dy.cwiseProduct(a.y).sum() / p : a.dy.cwiseProduct(a.x).sum();
    const bool replaces =
        a.dparams_mode == lmc::WriteMode::overwrite && (a.dx || fault != AffineFault::overwrites_with_dx_alone);
    a.dparams[0] = (replaces ? 0 : a.dparams[0]) + sign * dp;
    if (a.dx) *a.dx = p * a.dy;
  }
};
struct Buffered : Affine<AffineFault::none> {
  void declare(lmc::LayoutBuilder& layout) const {
    Affine::declare(layout);
    layout.add_buffer("mean", {1}, lmc::Role::mean, {std::nullopt});
  }
};
struct FalselyOverwriting : Square<Fault::none, Honest> {
  void backward(lmc::BackwardArgs<double> a) const {
    a.dparams_mode = lmc::WriteMode::add;
    Square::backward(a);
  }
};

template <class L>
double error_of(const L& layer) {
  return lmc::testing::gradient_error(layer, {.batch = 3, .inputs = {4}});
}

}  // namespace

TEST_CASE("gradient_error: is small for a right layer, whatever it says of itself", "[testing]") {
  struct Nothing {};
  CHECK(error_of(Square<Fault::none, Nothing>()) < 1e-8);
  CHECK(error_of(Square<Fault::none, Honest>()) < 1e-8);
}

TEST_CASE("gradient_error: notices a wrong gradient", "[testing]") {
  CHECK(error_of(Square<Fault::wrong_dx, Honest>()) > 0.1);
  CHECK(error_of(Square<Fault::wrong_parameter_gradient, Honest>()) > 1e-4);
  CHECK(error_of(Square<Fault::replaces_parameter_gradient, Honest>()) > 0.1);
  CHECK(error_of(Square<Fault::reads_its_workspace, Honest>()) > 0.1);
}

TEST_CASE("gradient_error: notices a layer that needs a dx which nobody asks for", "[testing]") {
  CHECK_THROWS_WITH(error_of(Square<Fault::uses_absent_dx, Honest>()),
                    Catch::Matchers::Contains("ask before, as in `if (a.dx)`"));
  CHECK_THROWS_AS(error_of(Square<Fault::adds_to_dx, Honest>()), lmc::Error);
  CHECK(error_of(Square<Fault::needs_dx_for_the_parameters, Honest>()) > 0.1);
}

TEST_CASE("gradient_error: notices a layer that says of itself what does not hold", "[testing]") {
  CHECK(error_of(Square<Fault::none, FalselyInPlace>()) > 0.1);
  CHECK(error_of(Cubic()) > 0.1);
  CHECK(error_of(FalselyOverwriting()) > 0.1);
  CHECK(error_of(Affine<AffineFault::none>()) < 1e-8);
  CHECK(error_of(Affine<AffineFault::reads_y>()) > 0.1);
  CHECK(error_of(Affine<AffineFault::overwrites_with_dx_alone>()) > 0.1);
  for (std::uint64_t seed = 1; seed < 7; ++seed)
    CHECK(lmc::testing::gradient_error(Affine<AffineFault::absolute_parameter>(), {.seed = seed, .inputs = {4}}) > 0.1);
  CHECK_THROWS_WITH(error_of(Buffered()), Catch::Matchers::Contains("says affine_in_parameters, but has buffers"));
}

TEST_CASE("gradient_error: refuses to compare nothing", "[testing][errors]") {
  using lmc::testing::gradient_error;
  const Square<Fault::wrong_dx, Honest> wrong;
  CHECK_THROWS_WITH(gradient_error(wrong, {.batch = 0, .inputs = {4}}), Catch::Matchers::Contains("batch = 0"));
  CHECK_THROWS_WITH(gradient_error(wrong, {.batch = -1, .inputs = {4}}), Catch::Matchers::Contains("batch = -1"));
  for (const lmc::Shape& in : {lmc::Shape{}, lmc::Shape{0}, lmc::Shape{2, 0}, lmc::Shape{-3}})
    CHECK_THROWS_WITH(gradient_error(wrong, {.inputs = in}),
                      Catch::Matchers::Contains("expected positive lengths, as in {.inputs = {4}}"));
}

}  // namespace testing_gradient_error_test
