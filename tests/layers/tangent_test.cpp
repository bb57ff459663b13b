// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cmath>
#include <lmc/layers/masked_dense.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/layers/recipes.hpp>
#include <lmc/layers/sequential.hpp>
#include <lmc/layers/tangent.hpp>
#include <lmc/testing/tangent_error.hpp>
#include <string>
#include <vector>

namespace layers_tangent_test {

using lmc::AnyLayer;
using lmc::Index;
using lmc::Shape;
using lmc::testing::tangent_error;

namespace {

struct Case {
  std::string name;
  AnyLayer<double> layer;
  Shape inputs = {};
};

std::vector<Case> cases() {
  const auto body = [](const Shape& in, const std::vector<lmc::LayerRecipe<double>>& recipes) {
    return AnyLayer<double>(lmc::sequential<double>(in, recipes));
  };
  const Shape image{5, 4, 2};
  return {
      {"dense", lmc::Dense<double>({.inputs = 5, .outputs = 3})},
      {"masked", lmc::MaskedDense<double>(
                     {.inputs = 6, .outputs = 4, .mask = lmc::random_mask({.outputs = 4, .inputs = 6, .sparsity = 0.5})})},
      {"tokenwise", lmc::TokenwiseDense<double>({.inputs = {3, 4}, .outputs = 5})},
      {"conv", lmc::Conv2d<double>({.inputs = image, .outputs = 3, .kernel = 3, .stride = 2, .padding = 1})},
      {"conv without biases", lmc::Conv2d<double>({.inputs = image, .outputs = 2, .kernel = 2, .groups = 2, .bias = false})},
      {"local", lmc::LocallyConnected2d<double>({.inputs = image, .outputs = 3, .kernel = 3, .padding = 1})},
      {"patches", lmc::PatchEmbedding<double>({.inputs = {4, 6, 2}, .patch = 2, .width = 3})},
      {"flatten", lmc::Flatten<double>(), image},
      {"identity", lmc::Identity<double>(), {4}},
      {"average pool", lmc::AveragePool2d<double>({.inputs = image, .kernel = 3, .stride = 2, .padding = 1})},
      {"max pool", lmc::MaxPool2d<double>({.inputs = image, .kernel = 3, .stride = 2, .padding = 1})},
      {"global average pool", lmc::GlobalAveragePool<double>({.inputs = image})},
      {"first token", lmc::TakeFirstToken<double>({.inputs = {3, 4}})},
      {"class token", lmc::ClassToken<double>({.inputs = {3, 4}})},
      {"positions", lmc::PositionEmbedding<double>({.inputs = {3, 4}})},
      {"dropout", lmc::Dropout<double>({.inputs = 9, .rate = 0.4})},
      {"relu", lmc::Relu<double>(), {7}},
      {"leaky relu", lmc::LeakyRelu<double>({.slope = 0.2}), {7}},
      {"tanh", lmc::Tanh<double>(), {7}},
      {"gelu", lmc::Gelu<double>(), {7}},
      {"layer norm", lmc::LayerNorm<double>({.inputs = {3, 5}})},
      {"batch norm", lmc::BatchNorm<double>({.inputs = {2, 2, 3}})},
      {"attention", lmc::SelfAttention<double>({.inputs = {4, 6}, .heads = 2})},
      {"block", body(5, {lmc::dense(4), lmc::tanh(), lmc::dense(3), lmc::relu(), lmc::dense(2), lmc::tanh()})},
      {"block that begins without parameters", body(5, {lmc::tanh(), lmc::dense(4)})},
      {"residual", lmc::Residual<double>({.body = body({5}, {lmc::dense(5), lmc::gelu(), lmc::dense(5)})})},
      {"residual, two branches",
       lmc::Residual<double>({.body = body(image, {lmc::conv2d(3, {.padding = 1}), lmc::batch_norm()}),
                              .shortcut = body(image, {lmc::conv2d(3, {.kernel = 1})})})},
  };
}

/// y = x² and its backward, without tangents.
struct Square {
  [[nodiscard]] std::string_view kind() const { return "square"; }
  void forward(lmc::ForwardArgs<double> a) const { a.y = a.x.cwiseProduct(a.x); }
  void backward(lmc::BackwardArgs<double> a) const {
    if (a.dx) *a.dx = 2 * a.x.cwiseProduct(a.dy);
  }
};
/// The same with tangents, of which one can be wrong.
struct SquareWithTangents : Square {
  double factor = 2;  // 2 is right
  explicit SquareWithTangents(double f) : factor(f) {}
  void forward_tangent(lmc::ForwardTangentArgs<double> a) const { a.y_tangent = 2 * a.x.cwiseProduct(a.x_tangent); }
  void backward_tangent(lmc::BackwardTangentArgs<double> a) const {
    if (!a.dx) return;
    *a.dx = 2 * a.x.cwiseProduct(a.dy);
    *a.dx_tangent = 2 * a.x.cwiseProduct(a.dy_tangent) + factor * a.x_tangent.cwiseProduct(a.dy);
  }
};
/// A product of weights and inputs that forgets that its forward has biases.
class DenseSaidToBeLinear : public lmc::Dense<double> {
 public:
  using lmc::Dense<double>::Dense;
  static constexpr bool linear = true;
};

}  // namespace

TEST_CASE("every layer's tangents are the derivatives of its forward and its backward along a direction",
          "[layers][gradient]") {
  for (const Case& c : cases()) {
    CAPTURE(c.name);
    // Central differences leave 4e-11 / 6 times third derivatives, which are some 1e5 for the softmax of normal numbers.
    CHECK(tangent_error(c.layer, {.inputs = c.inputs}) < 5e-6);
    CHECK(tangent_error(c.layer, {.batch = 4, .seed = 9, .inputs = c.inputs}) < 5e-6);
  }
}

TEST_CASE("batch norm: the statistics of a batch move with it, those of the buffers are constants", "[layers][gradient]") {
  const lmc::BatchNorm<double> layer({.inputs = 3});
  CHECK(tangent_error(layer, {.batch = 6, .mode = lmc::Mode::calibration}) < 2e-7);
  CHECK(tangent_error(layer, {.batch = 6, .mode = lmc::Mode::evaluation}) < 2e-7);
}

TEST_CASE("tangent_error: notices a wrong tangent", "[testing]") {
  CHECK(tangent_error(SquareWithTangents(2), {.inputs = {3}}) < 1e-8);
  CHECK(tangent_error(SquareWithTangents(1), {.inputs = {3}}) > 1e-2);
  CHECK(tangent_error(DenseSaidToBeLinear({.inputs = 3, .outputs = 2})) > 1e-2);
}

TEST_CASE("a layer without tangents is named, with the ways out", "[layers][errors]") {
  CHECK_THROWS_WITH(tangent_error(Square(), {.inputs = {3}}),
                    Catch::Contains("the layer 'square' has no derivative along a direction") &&
                        Catch::Contains("bilinear = true") && Catch::Contains("difference_hessian"));
  CHECK_FALSE(AnyLayer<double>(Square()).has_tangent());
  CHECK(AnyLayer<double>(SquareWithTangents(2)).has_tangent());
}

}  // namespace layers_tangent_test
