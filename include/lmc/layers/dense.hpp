// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <lmc/core/error.hpp>
#include <lmc/layers/detail/affine.hpp>
#include <lmc/layers/detail/dense_layout.hpp>
#include <lmc/layers/initialization.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/matrix/views.hpp>

namespace lmc {

/// The sizes of a Dense layer, and how its weights start.
struct DenseOptions {
  Shape inputs = {};   // shape of one example; every axis > 0
  Shape outputs = {};  // shape of its output for one example; every axis > 0; a single number means a vector
  InitializationOptions initialization = {};  // how W and b start
};

/// Fully connected layer, Y = X Wᵀ + 1 bᵀ.
///
/// Shapes, row-major, N = batch size, in and out = the products of the axes of an example:
///   X [N, in]   W [out, in]   b [out]   Y [N, out]   D = ∂L/∂Y [N, out]
/// W's segment keeps the axes, those of the input from before a Flatten: [out, height, width, channels] after a convolution.
/// A vector of units is one permutation group. Where out is an image, for layers that expect one, its channels at each position
/// are a group.
/// backward:
///   ∂L/∂X  = D W
///   ∂L/∂W += Dᵀ X    replaced, where asked for
///   ∂L/∂b += Dᵀ 1
/// Cache: none. Throws: Error on construction, when a size is not positive.
template <std::floating_point Scalar>
class Dense {
 public:
  static constexpr bool affine_in_parameters = true, overwrites_gradient = true;
  static constexpr bool scales_units = true, bilinear = true;

  explicit Dense(DenseOptions options) : o_(std::move(options)), map_{o_.inputs.size(), o_.outputs.size()} {
    detail::require_dense_sizes("Dense", o_.inputs, o_.outputs);
  }

  [[nodiscard]] std::string_view kind() const { return "dense"; }
  [[nodiscard]] std::string describe() const { return concat(map_.inputs, " -> ", map_.outputs); }
  [[nodiscard]] std::optional<Shape> input_shape() const { return o_.inputs; }
  [[nodiscard]] Shape output_shape(const Shape&) const { return o_.outputs; }

  void declare(LayoutBuilder& layout) const {
    const ActivationLayout in = layout.activation;
    detail::declare_dense(layout, in, o_.outputs, [&](Index) { return layout.add_group(o_.outputs[o_.outputs.rank() - 1]); });
  }
  void initialize(const InitializeArgs<Scalar>& a) const { map_.initialize(a, o_.initialization); }
  [[nodiscard]] Index workspace_size(Index batch) const { return map_.workspace_size(batch); }

  void forward(ForwardArgs<Scalar> a) const { map_.forward(a.params, a.x, a.y, a.workspace); }
  void backward(BackwardArgs<Scalar> a) const {
    map_.backward(a.params, a.x, a.dy, a.dparams, a.dx, a.workspace, a.dparams_mode);
  }

 private:
  DenseOptions o_;
  detail::AffineMap<Scalar> map_;
};
static_assert(Layer<Dense<float>, float>);

}  // namespace lmc
