// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <catch2/catch.hpp>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/layers/any_layer.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/matrix/views.hpp>
#include <span>
#include <support/allocations.hpp>
#include <type_traits>
#include <utility>
#include <vector>

namespace testing {

/// A layer, its parameters and buffers, and the memory for its passes over one batch. What a pass must overwrite, and memory
/// that has no meaning, is NaN before it.
template <std::floating_point Scalar>
class LayerRunner {
 public:
  std::vector<Scalar> params, buffers;  // 0 at first
  std::vector<Scalar> y;                // by forward
  std::vector<Scalar> dx, dparams;      // by backward, which adds to dparams; 0 at first
  std::size_t allocations = 0;          // how often the passes allocated memory

  LayerRunner(lmc::AnyLayer<Scalar> layer, lmc::Index batch, const lmc::Shape& in)
      : layer_(std::move(layer)), batch_(batch), in_(in.size()), out_(layer_.output_shape(in).size()) {
    lmc::LayoutBuilder builder(in);
    layer_.declare(builder);
    const lmc::ParameterLayout layout = std::move(builder).build();
    const auto zeros = [](lmc::Index n) { return std::vector<Scalar>(static_cast<std::size_t>(n)); };
    params = dparams = zeros(layout.parameter_count());
    buffers = zeros(layout.buffer_count());
    y = zeros(batch_ * out_);
    dx = zeros(batch_ * in_);
    cache_ = zeros(layer_.cache_size(batch_));
    workspace_ = zeros(layer_.workspace_size(batch_));
  }
  /// For a layer that says which shape it takes.
  LayerRunner(const lmc::AnyLayer<Scalar>& layer, lmc::Index batch) : LayerRunner(layer, batch, layer.input_shape().value()) {}

  void initialize(std::uint64_t seed = 0) {
    layer_.initialize({.params = params, .buffers = buffers, .stream = {.seed = seed}});
  }

  /// Returns y. x is [batch, in].
  const std::vector<Scalar>& forward(std::span<const Scalar> x, lmc::Mode mode = lmc::Mode::evaluation,
                                     lmc::NoiseAddress noise = {}) {
    REQUIRE(static_cast<lmc::Index>(x.size()) == batch_ * in_);
    forget(y), forget(cache_), forget(workspace_);
    const std::size_t before = testing::allocations();
    layer_.forward({.params = params,
                    .buffers = buffers,
                    .x = lmc::matrix_view(x, batch_, in_),
                    .y = lmc::matrix_view(std::span(y), batch_, out_),
                    .cache = cache_,
                    .workspace = workspace_,
                    .mode = mode,
                    .noise = noise});
    allocations += testing::allocations() - before;
    return y;
  }
  /// After forward for the same x. dy is [batch, out].
  void backward(std::span<const Scalar> x, std::span<const Scalar> dy) {
    forget(dx);
    backward(x, dy, lmc::matrix_view(std::span(dx), batch_, in_));
  }
  /// The same without ∂L/∂x, as for a network's first layer.
  void backward_without_dx(std::span<const Scalar> x, std::span<const Scalar> dy) { backward(x, dy, {}); }

 private:
  static void forget(std::vector<Scalar>& values) { std::ranges::fill(values, std::numeric_limits<Scalar>::quiet_NaN()); }

  void backward(std::span<const Scalar> x, std::span<const Scalar> dy, lmc::InputGradient<Scalar> to) {
    REQUIRE(static_cast<lmc::Index>(x.size()) == batch_ * in_);
    REQUIRE(static_cast<lmc::Index>(dy.size()) == batch_ * out_);
    forget(workspace_);
    const std::size_t before = testing::allocations();
    layer_.backward({.params = params,
                     .buffers = buffers,
                     .x = lmc::matrix_view(x, batch_, in_),
                     .y = lmc::matrix_view(std::span<const Scalar>(y), batch_, out_),
                     .dy = lmc::matrix_view(dy, batch_, out_),
                     .dx = to,
                     .dparams = dparams,
                     .cache = cache_,
                     .workspace = workspace_});
    allocations += testing::allocations() - before;
  }

  lmc::AnyLayer<Scalar> layer_;
  lmc::Index batch_, in_, out_;
  std::vector<Scalar> cache_, workspace_;
};

/// Outputs and gradients of a layer with these parameters: a forward pass in training mode, and a backward pass.
template <std::floating_point Scalar>
LayerRunner<Scalar> run_layer(const std::type_identity_t<lmc::AnyLayer<Scalar>>& layer, const std::vector<Scalar>& params,
                              const std::vector<Scalar>& x, const std::vector<Scalar>& dy) {
  LayerRunner<Scalar> runner(layer, static_cast<lmc::Index>(x.size()) / layer.input_shape().value().size());
  REQUIRE(params.size() == runner.params.size());
  runner.params = params;
  runner.forward(x, lmc::Mode::training);
  runner.backward(x, dy);
  return runner;
}

}  // namespace testing
