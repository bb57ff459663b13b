// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cmath>
#include <lmc/layers/patch_embedding.hpp>
#include <lmc/layers/tanh.hpp>
#include <lmc/models/transformer_block.hpp>
#include <string>
#include <support/layer_runner.hpp>
#include <vector>

namespace layers_transformer_reference_test {

using Catch::Matchers::WithinAbs;
using lmc::AnyLayer;
using lmc::Index;
using lmc::Shape;

namespace {

struct Reference {
  std::string name;
  Index batch;
  std::vector<double> y, dx, gradient;
};
const std::vector<Reference> references{
#include "transformer_reference.inc"
};

struct Case {
  AnyLayer<double> layer;
  Shape in;
};
Case case_of(const std::string& name) {
  if (name == "gelu") return {lmc::Gelu<double>(), 9};
  if (name == "tanh") return {lmc::Tanh<double>(), 9};
  if (name == "layer_norm") return {lmc::LayerNorm<double>({.inputs = {3, 5}}), {3, 5}};
  if (name == "tokenwise_dense") return {lmc::TokenwiseDense<double>({.inputs = {3, 5}, .outputs = 4}), {3, 5}};
  if (name == "patches") return {lmc::PatchEmbedding<double>({.inputs = {6, 4, 3}, .patch = {3, 2}, .width = 5}), {6, 4, 3}};
  if (name == "attention, 1 head") return {lmc::SelfAttention<double>({.inputs = {4, 3}, .heads = 1}), {4, 3}};
  if (name == "attention, 3 heads") return {lmc::SelfAttention<double>({.inputs = {5, 6}, .heads = 3}), {5, 6}};
  if (name == "block") return {lmc::transformer_block<double>({.inputs = {5, 4}, .heads = 2, .mlp_ratio = 3}), {5, 4}};
  throw lmc::Error("no layer of the name " + name);
}

void check_equal(const std::vector<double>& got, const std::vector<double>& expected) {
  REQUIRE(got.size() == expected.size());
  // Sums of some dozen terms of order 1 in another order.
  for (std::size_t i = 0; i < got.size(); ++i) CHECK_THAT(got[i], WithinAbs(expected[i], 2e-14 * (1 + std::abs(expected[i]))));
}

}  // namespace

TEST_CASE("the layers of a transformer compute what PyTorch's compute", "[layers][golden]") {
  REQUIRE(references.size() == 8);
  for (const Reference& reference : references) {
    CAPTURE(reference.name);
    const auto [layer, in] = case_of(reference.name);
    const Index batch = reference.batch, outputs = layer.output_shape(in).size();
    testing::LayerRunner<double> passes(layer, batch, in);
    std::vector<double> x(static_cast<std::size_t>(batch * in.size())), dy(static_cast<std::size_t>(batch * outputs));
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = 2 * std::sin(1.0 + 0.7 * static_cast<double>(i));
    for (std::size_t i = 0; i < dy.size(); ++i) dy[i] = std::cos(0.9 * static_cast<double>(i));
    for (std::size_t i = 0; i < passes.params.size(); ++i) passes.params[i] = 0.6 * std::sin(1.0 + static_cast<double>(i));
    passes.forward(x, lmc::Mode::training);
    passes.backward(x, dy);
    check_equal(passes.y, reference.y);
    check_equal(passes.dx, reference.dx);
    check_equal(passes.dparams, reference.gradient);
  }
}

}  // namespace layers_transformer_reference_test
