// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/layers/any_layer.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/layers/tangent.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/testing/gradient_error.hpp>

namespace lmc::testing {

/// What tangent_error() feeds the layer with.
struct TangentOptions {
  Index batch = 3;             // examples
  std::uint64_t seed = 1;      // seed of x, θ, dy and their tangents
  Shape inputs = {};           // shape of one example, for a layer that takes any shape
  Mode mode = Mode::training;  // of the forward pass
};

namespace detail {

/// x, θ and dy of a layer, and what it makes of them: y, dx and the gradient of θ. Memory that has no meaning is NaN before every call.
struct LayerPasses {
  AnyLayer<double> layer;
  Index batch, in, out;
  Mode mode;
  std::vector<double> x, params, dy, buffers;
  std::vector<double> y, dx, dparams, cache, workspace;

  void run(const std::vector<double>& start_buffers) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    buffers = start_buffers;
    y.assign(static_cast<std::size_t>(batch * out), nan);
    dx.assign(x.size(), nan);
    dparams.assign(params.size(), 0);
    cache.assign(static_cast<std::size_t>(layer.cache_size(batch)), nan);
    workspace.assign(static_cast<std::size_t>(layer.workspace_size(batch)), nan);
    layer.forward({.params = params,
                   .buffers = buffers,
                   .x = matrix_view(std::span<const double>(x), batch, in),
                   .y = matrix_view(std::span(y), batch, out),
                   .cache = cache,
                   .workspace = workspace,
                   .mode = mode});
    layer.backward({.params = params,
                    .buffers = buffers,
                    .x = matrix_view(std::span<const double>(x), batch, in),
                    .y = matrix_view(std::span<const double>(y), batch, out),
                    .dy = matrix_view(std::span<const double>(dy), batch, out),
                    .dx = matrix_view(std::span(dx), batch, in),
                    .dparams = dparams,
                    .cache = cache,
                    .workspace = workspace});
  }
};

}  // namespace detail

/// The largest error of a layer's forward_tangent and backward_tangent, over every entry of ẏ, ḋx, ḋθ and dx, relative to those that are
/// above 1; about 1e-8 where they are the derivatives of forward and backward along a direction, which is found by central differences.
/// Infinite where something is NaN that should not be. ẋ, θ̇ and ḋy are normal, as x and the parameters: another seed moves a kink away.
/// Throws: Error when the layer has no tangents, or there is nothing to compare.
inline double tangent_error(const AnyLayer<double>& layer, const TangentOptions& options = {}) {
  require(options.batch >= 1, "tangent_error: batch = ", options.batch, "; expected at least 1");
  const Shape in = layer.input_shape().value_or(options.inputs);
  require(in.is_positive(), "tangent_error: ", layer.kind(), " is given examples of shape ", in,
          "; expected positive lengths, as in {.inputs = {4}}");
  LayoutBuilder builder(in);
  layer.declare(builder);
  const ParameterLayout layout = std::move(builder).build();
  const Index batch = options.batch, inputs = batch * in.size(), outputs = batch * layer.output_shape(in).size();
  const auto numbers = [&](Index n, std::uint32_t part) { return normal_numbers(n, options.seed, part); };
  const std::vector<double> x = numbers(inputs, 1), params = numbers(layout.parameter_count(), 2), dy = numbers(outputs, 3);
  const std::vector<double> x_tangent = numbers(inputs, 4), params_tangent = numbers(layout.parameter_count(), 5),
                            dy_tangent = numbers(outputs, 6);
  const std::vector<double> buffers(static_cast<std::size_t>(layout.buffer_count()), 1.0);
  const auto at = [&](double t) {
    detail::LayerPasses passes{.layer = layer,
                               .batch = batch,
                               .in = in.size(),
                               .out = outputs / batch,
                               .mode = options.mode,
                               .x = x,
                               .params = params,
                               .dy = dy,
                               .buffers = {},
                               .y = {},
                               .dx = {},
                               .dparams = {},
                               .cache = {},
                               .workspace = {}};
    for (std::size_t i = 0; i < x.size(); ++i) passes.x[i] += t * x_tangent[i];
    for (std::size_t i = 0; i < params.size(); ++i) passes.params[i] += t * params_tangent[i];
    for (std::size_t i = 0; i < dy.size(); ++i) passes.dy[i] += t * dy_tangent[i];
    passes.run(buffers);
    return passes;
  };
  detail::LayerPasses passes = at(0);

  const double nan = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> y_tangent(dy.size(), nan), dx(x.size(), nan), dx_tangent(x.size(), nan),
      dparams_tangent(params.size(), 1.0);
  std::vector<double> cache(static_cast<std::size_t>(layer.tangent_cache_size(batch)), nan);
  const auto view = [&](const std::vector<double>& values) {
    return matrix_view(std::span<const double>(values), batch, static_cast<Index>(values.size()) / batch);
  };
  const auto output = [&](std::vector<double>& values) {
    return matrix_view(std::span(values), batch, static_cast<Index>(values.size()) / batch);
  };
  std::ranges::fill(passes.workspace, nan);
  layer.forward_tangent({.params = params,
                         .params_tangent = params_tangent,
                         .buffers = passes.buffers,
                         .x = view(x),
                         .x_tangent = view(x_tangent),
                         .y = view(passes.y),
                         .y_tangent = output(y_tangent),
                         .cache = passes.cache,
                         .tangent_cache = cache,
                         .workspace = passes.workspace});
  std::ranges::fill(passes.workspace, nan);
  layer.backward_tangent({.params = params,
                          .params_tangent = params_tangent,
                          .buffers = passes.buffers,
                          .x = view(x),
                          .x_tangent = view(x_tangent),
                          .y = view(passes.y),
                          .y_tangent = view(y_tangent),
                          .dy = view(dy),
                          .dy_tangent = view(dy_tangent),
                          .dx = output(dx),
                          .dx_tangent = output(dx_tangent),
                          .dparams_tangent = dparams_tangent,
                          .cache = passes.cache,
                          .tangent_cache = cache,
                          .workspace = passes.workspace});
  for (double& g : dparams_tangent) g -= 1;  // it was added to what was there

  const double h = std::cbrt(std::numeric_limits<double>::epsilon());
  const detail::LayerPasses above = at(h), below = at(-h);
  const auto error = [&](const std::vector<double>& tangent, const std::vector<double>& plus,
                         const std::vector<double>& minus) {
    std::vector<double> slope(tangent.size());
    for (std::size_t i = 0; i < slope.size(); ++i) slope[i] = (plus[i] - minus[i]) / (2 * h);
    return detail::largest_difference(slope, tangent);
  };
  return std::max({error(y_tangent, above.y, below.y), error(dx_tangent, above.dx, below.dx),
                   error(dparams_tangent, above.dparams, below.dparams), detail::largest_difference(passes.dx, dx)});
}

}  // namespace lmc::testing
