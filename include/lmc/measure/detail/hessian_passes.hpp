// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <span>
#include <string_view>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/layers/any_layer.hpp>
#include <lmc/layers/detail/tangent_rules.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/layers/tangent.hpp>
#include <lmc/loss/loss.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/train/batch_memory.hpp>

namespace lmc::detail {

/// Throws: Error, begun by `who`, when the layer or one inside it has no derivative along a direction.
template <std::floating_point Scalar>
void require_tangents(std::string_view who, const AnyLayer<Scalar>& layer) {
  require(
      layer.has_tangent(), who, ": the layer '", layer.kind(),
      "' has no derivative along a direction; expected `static constexpr bool linear = true` or `bilinear = true`, or "
      "`forward_tangent` and `backward_tangent` (lmc/layers/tangent.hpp); or take difference_hessian, which needs gradients alone");
  for (const ChildLayer<Scalar>& child : layer.children()) require_tangents(who, child.layer);
}

/// The power of two above max |v_i|, or 1 where v is 0. Throws: Error when v is not finite.
inline double power_of_two_above(std::span<const double> v) {
  double largest = 0;
  for (const double x : v) {
    require(std::isfinite(x), "hessian: an entry of v is ", x, "; expected finite numbers");
    largest = std::max(largest, std::abs(x));
  }
  return largest == 0 ? 1 : std::ldexp(1.0, std::ilogb(largest) + 1);
}

/// sum += scale · the Hessian of the summed loss of the batch that went forward last, times `direction`.
template <std::floating_point Scalar>
void add_hessian_product(const Network<Scalar>& network, std::span<const Scalar> theta, std::span<const Scalar> direction,
                         std::span<const Scalar> buffers, BatchMemory<Scalar>& memory, Index batch, double scale,
                         std::span<Scalar> sum) {
  const Index outputs = network.output_shape().size();
  Scratch<Scalar> tangent_cache(network.tangent_cache_size(batch)), tangents(2 * batch * outputs);
  const auto logits_tangent = matrix_view(tangents.span(), batch, outputs);
  const auto dlogits_tangent = matrix_view(slice(tangents.span(), batch * outputs, batch * outputs), batch, outputs);
  const MatrixView<const Scalar> x = as_const(memory.x(batch)), logits = as_const(memory.logits(batch)),
                                 still(nullptr, 0, x.cols());
  memory.loss(batch, {.doutputs = span_of(memory.dlogits(batch)), .scale = scale});
  network.forward_tangent({.params = theta,
                           .params_tangent = direction,
                           .buffers = buffers,
                           .x = x,
                           .x_tangent = still,
                           .y = logits,
                           .y_tangent = logits_tangent,
                           .cache = memory.cache(),
                           .tangent_cache = tangent_cache.span(),
                           .workspace = memory.workspace()});
  memory.loss_function().tangent(logits, memory.targets(batch), as_const(logits_tangent), scale, dlogits_tangent);
  network.backward_tangent({.params = theta,
                            .params_tangent = direction,
                            .buffers = buffers,
                            .x = x,
                            .x_tangent = still,
                            .y = logits,
                            .y_tangent = as_const(logits_tangent),
                            .dy = as_const(memory.dlogits(batch)),
                            .dy_tangent = as_const(dlogits_tangent),
                            .dx = {},
                            .dx_tangent = {},
                            .dparams_tangent = sum,
                            .cache = memory.cache(),
                            .tangent_cache = tangent_cache.span(),
                            .workspace = memory.workspace()});
}

}  // namespace lmc::detail
