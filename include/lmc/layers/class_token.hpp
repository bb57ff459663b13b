// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <optional>
#include <string_view>
#include <utility>

#include <lmc/core/error.hpp>
#include <lmc/layers/detail/channel_groups.hpp>
#include <lmc/layers/detail/embedding.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/simd/vector.hpp>

namespace lmc {

/// The tokens that a ClassToken receives, and how its own starts.
struct ClassTokenOptions {
  Shape inputs = {};                 // shape of one example: [tokens, width]
  double standard_deviation = 0.02;  // the token starts as N(0, standard_deviation²)
};

/// Puts a learned token before the others: y [N, 1 + tokens, width] = (t, x), N = batch size, t [width].
/// backward: ∂L/∂x is the rest of ∂L/∂y; ∂L/∂t += Σ over the examples of its first token.
///
/// t has the permutation group of x's units. Cache: none. Source: arXiv:1810.04805, arXiv:2010.11929.
/// Throws: Error on construction, when in is not [tokens, width] with positive sizes, or the deviation is negative.
template <std::floating_point Scalar>
class ClassToken {
 public:
  static constexpr bool scales_units = true, linear = true;

  explicit ClassToken(ClassTokenOptions options) : o_(std::move(options)) {
    require(o_.inputs.rank() == 2 && o_.inputs[0] > 0 && o_.inputs[1] > 0, "ClassToken: inputs = ", o_.inputs,
            "; expected [tokens, width] with positive sizes");
    detail::require_standard_deviation("ClassToken", o_.standard_deviation);
  }

  [[nodiscard]] const ClassTokenOptions& options() const { return o_; }

  [[nodiscard]] std::string_view kind() const { return "class_token"; }
  [[nodiscard]] std::optional<Shape> input_shape() const { return o_.inputs; }
  [[nodiscard]] Shape output_shape(const Shape&) const { return {o_.inputs[0] + 1, o_.inputs[1]}; }
  void declare(LayoutBuilder& layout) const {
    detail::fix_positions(layout);
    const GroupId units = detail::shared_channel_group(layout);
    layout.add_parameter("weight", o_.inputs[1], Role::embedding, {units});
    layout.activation.shape = output_shape(o_.inputs);
  }
  void initialize(const InitializeArgs<Scalar>& a) const { detail::initialize_embedding(a, o_.standard_deviation); }

  void forward(ForwardArgs<Scalar> a) const {
    for (Index i = 0; i < a.x.rows(); ++i) {
      std::ranges::copy(a.params, row_of(a.y, i).begin());
      std::ranges::copy(row_of(a.x, i), row_of(a.y, i).begin() + o_.inputs[1]);
    }
  }
  void backward(BackwardArgs<Scalar> a) const {
    for (Index i = 0; i < a.dy.rows(); ++i) {
      const auto dy = row_of(a.dy, i);
      simd::axpy<Scalar>(Scalar(1), slice(dy, 0, o_.inputs[1]), a.dparams);
      if (a.dx) std::ranges::copy(slice(dy, o_.inputs[1], a.dx->cols()), row_of(*a.dx, i).begin());
    }
  }

 private:
  ClassTokenOptions o_;
};
static_assert(Layer<ClassToken<float>, float>);

}  // namespace lmc
