// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <span>
#include <type_traits>

#include <lmc/core/shape.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/matrix/views.hpp>

// Derivatives along a direction, by Pearlmutter's R operator: while inputs and parameters move as x + t ẋ and θ + t θ̇, every number
// q of the forward and the backward pass has a tangent q̇ = dq/dt at t = 0. The tangent of the gradient is the product of the Hessian
// with θ̇. Source: Pearlmutter, "Fast exact multiplication by the Hessian", Neural Computation 6, 1994.

namespace lmc {

/// What a layer's forward_tangent receives: the direction, and what a forward pass over the same batch has left. It writes
///   ẏ = ∂y/∂x ẋ + ∂y/∂θ θ̇.
/// Shapes as in ForwardArgs. A layer that WorksInPlace may find y where x was, as in its backward.
template <class Scalar>
struct ForwardTangentArgs {
  std::span<const Scalar> params;          // the layer's own part of θ
  std::span<const Scalar> params_tangent;  // θ̇, as long as params
  std::span<const Scalar> buffers;         // the layer's own part of the buffers, which are constants
  MatrixView<const Scalar> x;              // the inputs
  MatrixView<const Scalar> x_tangent;      // ẋ; a matrix without rows where the inputs stand still, for a whole Network alone
  MatrixView<const Scalar> y;              // the outputs
  MatrixView<Scalar> y_tangent;            // ẏ, overwritten
  std::span<const Scalar> cache;           // what forward left there
  std::span<Scalar> tangent_cache;         // tangent_cache_size(N): what backward_tangent will need; overwritten
  std::span<Scalar> workspace;             // workspace_size(N): of no meaning before or after
};

/// What a layer's backward_tangent receives, after forward_tangent. It writes what backward does and the tangents of that, but for the
/// gradient of the parameters, of which only the tangent is asked for:
///   dx = (∂y/∂x)ᵀ dy      ḋx = d/dt (∂y/∂x)ᵀ dy      ḋθ += d/dt (∂y/∂θ)ᵀ dy
template <class Scalar>
struct BackwardTangentArgs {
  std::span<const Scalar> params;          // the layer's own part of θ
  std::span<const Scalar> params_tangent;  // θ̇
  std::span<const Scalar> buffers;         // the layer's own part of the buffers
  MatrixView<const Scalar> x;              // the inputs
  MatrixView<const Scalar> x_tangent;      // ẋ, as in ForwardTangentArgs
  MatrixView<const Scalar> y;              // the outputs
  MatrixView<const Scalar> y_tangent;      // ẏ
  MatrixView<const Scalar> dy;             // ∂L/∂y
  MatrixView<const Scalar> dy_tangent;     // its tangent
  InputGradient<Scalar> dx;                // ∂L/∂x, overwritten; absent where nobody asks for it
  InputGradient<Scalar> dx_tangent;        // its tangent, overwritten; absent where dx is
  std::span<Scalar> dparams_tangent;       // the tangent of ∂L/∂params is added
  std::span<const Scalar> cache;           // what forward left there
  std::span<const Scalar> tangent_cache;   // what forward_tangent left there
  std::span<Scalar> workspace;             // workspace_size(N): of no meaning before or after
};

/// A layer whose y is linear in (x, θ) together, given what its backward knows of the forward pass (x, y and the cache), says so by a
/// member `static constexpr bool linear = true`: flatten, average pooling, embeddings. Where forward itself is not that linear map, as
/// for ReLU and for max pooling, whose choices stay, it has a forward_tangent, too.
template <class L>
concept LinearLayer = std::bool_constant<L::linear>::value;

/// A layer without buffers and without a cache, whose y is linear in its parameters for a fixed x and affine in x for fixed parameters,
/// says so by a member `static constexpr bool bilinear = true`: whatever is a product of weights and inputs, with biases.
template <class L>
concept BilinearLayer = std::bool_constant<L::bilinear>::value;

}  // namespace lmc
