// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/layers/detail/affine.hpp>
#include <lmc/layers/detail/channel_groups.hpp>
#include <lmc/layers/detail/row_blocks.hpp>
#include <lmc/layers/initialization.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/matrix/views.hpp>

namespace lmc {

/// The sizes of a TokenwiseDense layer, and how its weights start.
struct TokenwiseDenseOptions {
  Shape inputs = {};  // shape of one example: [tokens, features], or positions along several axes; every axis > 0
  Index outputs = 0;  // features of each output token, > 0
  InitializationOptions initialization = {};  // how W and b start
};

/// The same fully connected layer at every token, Y = X Wᵀ + 1 bᵀ; over an image, a convolution with a kernel of 1.
///
/// Shapes, row-major, R = batch size · tokens, in = the last axis:
///   X [R, in]   W [out, in]   b [out]   Y [R, out]   D = ∂L/∂Y [R, out]
/// backward:
///   ∂L/∂X  = D W
///   ∂L/∂W += Dᵀ X
///   ∂L/∂b += Dᵀ 1
/// The output units are one permutation group; input units that could be permuted at each token on their own become one.
/// Cache: none. Throws: Error on construction, when a size is not positive or there is no axis of tokens.
template <std::floating_point Scalar>
class TokenwiseDense {
 public:
  static constexpr bool scales_units = true, bilinear = true;

  explicit TokenwiseDense(TokenwiseDenseOptions options) : o_(std::move(options)) {
    require(o_.inputs.rank() > 1 && o_.inputs.is_positive() && o_.outputs > 0, "TokenwiseDense: inputs = ", o_.inputs,
            ", outputs = ", o_.outputs, "; expected [tokens, features] and a number of features, all positive");
    map_ = {o_.inputs[o_.inputs.rank() - 1], o_.outputs};
    tokens_ = o_.inputs.size() / map_.inputs;
  }

  [[nodiscard]] const TokenwiseDenseOptions& options() const { return o_; }

  [[nodiscard]] std::string_view kind() const { return "tokenwise_dense"; }
  [[nodiscard]] std::string describe() const { return concat(map_.inputs, " -> ", o_.outputs); }
  [[nodiscard]] std::optional<Shape> input_shape() const { return o_.inputs; }
  [[nodiscard]] Shape output_shape(const Shape&) const { return with_width(o_.inputs, o_.outputs); }

  void declare(LayoutBuilder& layout) const {
    const GroupId in = detail::shared_channel_group(layout), out = layout.add_group(o_.outputs);
    layout.add_parameter("weight", {o_.outputs, map_.inputs}, Role::weight, {out, in});
    layout.add_parameter("bias", o_.outputs, Role::bias, {out});
    layout.activation.shape = with_width(layout.activation.shape, o_.outputs);
    layout.activation.groups.back() = out;
  }
  void initialize(const InitializeArgs<Scalar>& a) const { map_.initialize(a, o_.initialization); }
  [[nodiscard]] Index workspace_size(Index batch) const {
    return map_.workspace_size(std::min(batch * tokens_, detail::row_block));
  }

  void forward(ForwardArgs<Scalar> a) const {
    detail::for_each_row_block(a.x.rows() * tokens_, detail::row_block, [&](Index first, Index count) {
      map_.forward(a.params, detail::rows_of(a.x.data(), map_.inputs, first, count),
                   detail::rows_of(a.y.data(), o_.outputs, first, count), a.workspace);
    });
  }
  void backward(BackwardArgs<Scalar> a) const {
    detail::for_each_row_block(a.x.rows() * tokens_, detail::row_block, [&](Index first, Index count) {
      InputGradient<Scalar> dx;
      if (a.dx) dx.emplace(detail::rows_of(a.dx->data(), map_.inputs, first, count));
      map_.backward(a.params, detail::rows_of(a.x.data(), map_.inputs, first, count),
                    detail::rows_of(a.dy.data(), o_.outputs, first, count), a.dparams, dx, a.workspace);
    });
  }

 private:
  static Shape with_width(const Shape& shape, Index width) {
    std::vector<Index> axes = shape.axes();
    axes.back() = width;
    return Shape(std::move(axes));
  }

  TokenwiseDenseOptions o_;
  detail::AffineMap<Scalar> map_{};
  Index tokens_ = 0;
};
static_assert(Layer<TokenwiseDense<float>, float>);

}  // namespace lmc
