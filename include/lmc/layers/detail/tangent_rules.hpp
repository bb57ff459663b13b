// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <new>
#include <span>

#include <lmc/core/shape.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/layers/tangent.hpp>
#include <lmc/matrix/detail/eigen.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/simd/rows.hpp>
#include <lmc/simd/vector.hpp>

namespace lmc::detail {

/// How a layer's tangents are computed: by members of its own, or by a rule for layers of its kind.
enum class TangentRule { none, own, linear, bilinear };

/// Memory for a moment, aligned for vectors and not written on allocation.
template <std::floating_point Scalar>
class Scratch {
 public:
  explicit Scratch(Index size) : values_(size) {}
  Scratch(Index size, Scalar value) : values_(Eigen::Array<Scalar, Eigen::Dynamic, 1>::Constant(size, value)) {}
  [[nodiscard]] std::span<Scalar> span() { return {values_.data(), static_cast<std::size_t>(values_.size())}; }
  [[nodiscard]] MatrixView<Scalar> rows(Index rows, Index cols) { return matrix_view(span(), rows, cols); }

 private:
  Eigen::Array<Scalar, Eigen::Dynamic, 1> values_;
};

/// ẏ of a map that is bilinear up to biases, f(x, θ) = B(x, θ) + b(θ): ẏ = f(ẋ, θ) − f(0, θ) + f(x, θ̇), so that biases are counted
/// once; f(0, θ) is the same for all rows. forward(params, x, y) is f. Without rows, ẋ is 0.
template <std::floating_point Scalar, class Forward>
void bilinear_forward(std::span<const Scalar> params, std::span<const Scalar> params_tangent, MatrixView<const Scalar> x,
                      MatrixView<const Scalar> x_tangent, MatrixView<Scalar> y_tangent, Forward forward) {
  if (x_tangent.rows() == 0) return forward(params_tangent, x, y_tangent);
  Scratch<Scalar> of_params(y_tangent.size()), zero(x.cols(), Scalar(0)), biases(y_tangent.cols());
  forward(params, x_tangent, y_tangent);
  forward(params_tangent, x, of_params.rows(y_tangent.rows(), y_tangent.cols()));
  forward(params, as_const(zero.rows(1, x.cols())), biases.rows(1, y_tangent.cols()));
  simd::add<Scalar>(span_of(y_tangent), of_params.span(), span_of(y_tangent));
  for (Index i = 0; i < y_tangent.rows(); ++i) simd::axpy<Scalar>(Scalar(-1), biases.span(), row_of(y_tangent, i));
}

/// The tangents of that map's backward, which adds grad(x, dy) to the gradient of the parameters and writes back(dy, θ) to dx:
///   dx = back(dy, θ)     ḋx = back(ḋy, θ) + back(dy, θ̇)     ḋθ += grad(x, ḋy) + grad(ẋ, dy) − grad(0, dy)
/// where the last takes away the biases of the one before: it is linear in dy, so that one row with the sum of dy has it.
/// backward(params, x, dy, dx, dparams) is the map's.
template <std::floating_point Scalar, class Backward>
void bilinear_backward(std::span<const Scalar> params, std::span<const Scalar> params_tangent, MatrixView<const Scalar> x,
                       MatrixView<const Scalar> x_tangent, MatrixView<const Scalar> dy, MatrixView<const Scalar> dy_tangent,
                       InputGradient<Scalar> dx, InputGradient<Scalar> dx_tangent, std::span<Scalar> dparams_tangent,
                       Backward backward) {
  backward(params, x, dy_tangent, dx_tangent, dparams_tangent);
  if (x_tangent.rows() > 0) {
    backward(params, x_tangent, dy, dx, dparams_tangent);
    Scratch<Scalar> zero(x.cols(), Scalar(0)), sum(dy.cols(), Scalar(0));
    for (Index i = 0; i < dy.rows(); ++i) simd::axpy<Scalar>(Scalar(-1), row_of(dy, i), sum.span());
    backward(params, as_const(zero.rows(1, x.cols())), as_const(sum.rows(1, dy.cols())), InputGradient<Scalar>(),
             dparams_tangent);
  }
  if (!dx_tangent) return;
  // No backward leaves out the gradient of the parameters.
  Scratch<Scalar> unused(static_cast<Index>(params.size()), Scalar(0)), of_params(x.size());
  backward(params_tangent, x, dy, InputGradient<Scalar>(of_params.rows(x.rows(), x.cols())), unused.span());
  simd::add<Scalar>(span_of(*dx_tangent), of_params.span(), span_of(*dx_tangent));
}

/// forward_tangent by a rule, for any layer that has forward and backward.
template <std::floating_point Scalar, class L>
void forward_tangent_by(TangentRule rule, const L& layer, const ForwardTangentArgs<Scalar>& a) {
  const auto forward = [&](std::span<const Scalar> params, MatrixView<const Scalar> x, MatrixView<Scalar> y) {
    Scratch<Scalar> cache(layer.cache_size(x.rows()));
    layer.forward({.params = params, .buffers = {}, .x = x, .y = y, .cache = cache.span(), .workspace = a.workspace});
  };
  if (rule == TangentRule::linear)
    forward(a.params_tangent, a.x_tangent, a.y_tangent);
  else
    bilinear_forward<Scalar>(a.params, a.params_tangent, a.x, a.x_tangent, a.y_tangent, forward);
}

/// backward_tangent by a rule.
template <std::floating_point Scalar, class L>
void backward_tangent_by(TangentRule rule, const L& layer, const BackwardTangentArgs<Scalar>& a) {
  const auto backward = [&](std::span<const Scalar> params, MatrixView<const Scalar> x, MatrixView<const Scalar> dy,
                            InputGradient<Scalar> dx, std::span<Scalar> dparams) {
    layer.backward({.params = params,
                    .buffers = a.buffers,
                    .x = x,
                    .y = a.y,
                    .dy = dy,
                    .dx = dx,
                    .dparams = dparams,
                    .cache = a.cache,
                    .workspace = a.workspace});
  };
  if (rule == TangentRule::linear) {
    Scratch<Scalar> unused(static_cast<Index>(a.params.size()), Scalar(0));
    if (a.dx) backward(a.params, a.x, a.dy, a.dx, unused.span());
    backward(a.params, a.x, a.dy_tangent, a.dx_tangent, a.dparams_tangent);
  } else {
    bilinear_backward<Scalar>(a.params, a.params_tangent, a.x, a.x_tangent, a.dy, a.dy_tangent, a.dx, a.dx_tangent,
                              a.dparams_tangent, backward);
  }
}

/// Calls use(a) for arguments whose ẋ has rows: zeros, where a has none.
template <std::floating_point Scalar, class Args, class Use>
void with_x_tangent(const Args& a, Use use) {
  if (a.x_tangent.rows() == a.x.rows()) return use(a);
  Scratch<Scalar> zeros(a.x.size(), Scalar(0));
  Args filled = a;
  new (&filled.x_tangent)
      MatrixView<const Scalar>(zeros.span().data(), a.x.rows(), a.x.cols());  // how a Map is pointed elsewhere
  use(filled);
}

}  // namespace lmc::detail
