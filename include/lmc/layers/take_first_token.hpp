// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <optional>
#include <string_view>
#include <utility>

#include <lmc/core/error.hpp>
#include <lmc/layers/detail/channel_groups.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/matrix/views.hpp>

namespace lmc {

/// The tokens that a TakeFirstToken receives.
struct TakeFirstTokenOptions {
  Shape inputs = {};  // shape of one example: [tokens, width]
};

/// The first token alone, where a ClassToken was put: y [N, width] = x[:, 0, :]; backward: ∂L/∂x is 0 for the others.
/// No parameters, no cache. Throws: Error on construction, when in is not [tokens, width] with positive sizes.
template <std::floating_point Scalar>
class TakeFirstToken {
 public:
  static constexpr bool scales_units = true, linear = true;

  explicit TakeFirstToken(TakeFirstTokenOptions options) : o_(std::move(options)) {
    require(o_.inputs.rank() == 2 && o_.inputs[0] > 0 && o_.inputs[1] > 0, "TakeFirstToken: inputs = ", o_.inputs,
            "; expected [tokens, width] with positive sizes");
  }

  [[nodiscard]] std::string_view kind() const { return "take_first_token"; }
  [[nodiscard]] std::optional<Shape> input_shape() const { return o_.inputs; }
  [[nodiscard]] Shape output_shape(const Shape&) const { return o_.inputs[1]; }
  void declare(LayoutBuilder& layout) const {
    detail::fix_positions(layout);
    layout.activation = {o_.inputs[1], {detail::shared_channel_group(layout)}};
  }

  void forward(ForwardArgs<Scalar> a) const {
    for (Index i = 0; i < a.x.rows(); ++i) std::ranges::copy(slice(row_of(a.x, i), 0, o_.inputs[1]), row_of(a.y, i).begin());
  }
  void backward(BackwardArgs<Scalar> a) const {
    if (!a.dx) return;
    std::ranges::fill(span_of(*a.dx), Scalar(0));
    for (Index i = 0; i < a.dy.rows(); ++i) std::ranges::copy(row_of(a.dy, i), row_of(*a.dx, i).begin());
  }

 private:
  TakeFirstTokenOptions o_;
};
static_assert(Layer<TakeFirstToken<float>, float>);

}  // namespace lmc
