// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <optional>
#include <string_view>
#include <utility>

#include <lmc/core/error.hpp>
#include <lmc/layers/detail/embedding.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/simd/rows.hpp>
#include <lmc/simd/vector.hpp>

namespace lmc {

/// The tokens that a PositionEmbedding receives, and how its vectors start.
struct PositionEmbeddingOptions {
  Shape inputs = {};                 // shape of one example: [tokens, width]
  double standard_deviation = 0.02;  // p starts as N(0, standard_deviation²)
};

/// A learned vector for every position: y = x + p, with p of the shape of an example.
/// backward: ∂L/∂x = ∂L/∂y; ∂L/∂p += Σ over the examples of ∂L/∂y.
///
/// p begins with N(0, 0.02²), as arXiv:1810.04805 and, truncated, most vision transformers do. Its axes have the permutation
/// groups of the input's. Cache: none. Throws: Error on construction, when a size is not positive or the deviation negative.
template <std::floating_point Scalar>
class PositionEmbedding {
 public:
  static constexpr bool scales_units = true, linear = true;

  explicit PositionEmbedding(PositionEmbeddingOptions options) : o_(std::move(options)) {
    require(o_.inputs.is_positive(), "PositionEmbedding: inputs = ", o_.inputs, "; all sizes must be positive");
    detail::require_standard_deviation("PositionEmbedding", o_.standard_deviation);
  }

  [[nodiscard]] const PositionEmbeddingOptions& options() const { return o_; }

  [[nodiscard]] std::string_view kind() const { return "positions"; }
  [[nodiscard]] std::optional<Shape> input_shape() const { return o_.inputs; }
  void declare(LayoutBuilder& layout) const {
    layout.add_parameter("weight", layout.activation.shape, Role::embedding, layout.activation.groups);
  }
  void initialize(const InitializeArgs<Scalar>& a) const { detail::initialize_embedding(a, o_.standard_deviation); }

  void forward(ForwardArgs<Scalar> a) const {
    for (Index i = 0; i < a.x.rows(); ++i) simd::add<Scalar>(row_of(a.x, i), a.params, row_of(a.y, i));
  }
  void backward(BackwardArgs<Scalar> a) const {
    simd::add_column_sums<Scalar>(a.dy, a.dparams);
    if (a.dx) std::ranges::copy(span_of(a.dy), a.dx->data());
  }

 private:
  PositionEmbeddingOptions o_;
};
static_assert(Layer<PositionEmbedding<float>, float>);

}  // namespace lmc
