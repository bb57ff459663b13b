// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <cstddef>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/layers/detail/affine.hpp>
#include <lmc/layers/detail/dense_layout.hpp>
#include <lmc/layers/initialization.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/layers/mask.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/matrix/write_mode.hpp>
#include <lmc/simd/masked.hpp>
#include <lmc/simd/product.hpp>
#include <lmc/simd/rows.hpp>

namespace lmc {

/// The sizes of a MaskedDense layer, its mask, and how its weights start.
struct MaskedDenseOptions {
  Shape inputs = {};   // shape of one example; every axis > 0
  Shape outputs = {};  // shape of its output for one example; every axis > 0; a single number means a vector
  Mask mask = {};      // [units, inputs], both numbered row-major
  InitializationOptions initialization = {};  // how W and b start
};

/// Dense layer under a fixed mask M of zeros and ones, Y = X (W ∘ M)ᵀ + 1 bᵀ.
///
/// Shapes as in Dense: X [N, in]   W and M [out, in]   b [out]   Y [N, out]   D = ∂L/∂Y [N, out]; W's segment keeps all axes.
/// backward:
///   ∂L/∂X  = D (W ∘ M)
///   ∂L/∂W += (Dᵀ X) ∘ M
///   ∂L/∂b += Dᵀ 1
/// A masked weight starts at 0 and has gradient 0, whatever D and X are; so every optimizer leaves it at exactly 0.
/// Cache: none; workspace: one copy of W.
///
/// Initialization: the fan-in of a unit, for its weights and its bias, is the number of inputs that it sees (at least 1), so
/// that activations keep their size at any sparsity, and a convolution's mask gives the convolution's fan-in where no tap lies
/// in the padding; the fan-out is the mean number of units that see an input.
/// Permutation groups: units may be permuted only where they see the same inputs, so that the units of a position (all, where
/// out is a vector) are a group if their rows of M are equal: with a convolution's mask, not with a random one. Units of the
/// input stay a group only where their columns of M are equal.
/// Throws: Error on construction, when a size is not positive or the mask does not fit.
template <std::floating_point Scalar>
class MaskedDense {
 public:
  static constexpr bool affine_in_parameters = true, scales_units = true;
  static constexpr bool bilinear = true;

  explicit MaskedDense(MaskedDenseOptions options) : o_(std::move(options)), in_(o_.inputs.size()), out_(o_.outputs.size()) {
    detail::require_dense_sizes("MaskedDense", o_.inputs, o_.outputs);
    const Mask& mask = o_.mask;
    require(mask.outputs == out_ && mask.inputs == in_, "MaskedDense: the mask is for ", mask.inputs, " inputs and ",
            mask.outputs, " units, but inputs = ", o_.inputs, " has ", in_, " and outputs = ", o_.outputs, " has ", out_,
            "; the numbers must be equal");
    require(static_cast<Index>(mask.bits.size()) == out_ * in_, "MaskedDense: the mask has ", mask.bits.size(),
            " bits; expected one for each of ", out_, " x ", in_, " weights");
    keep_.assign(mask.bits.begin(), mask.bits.end());
  }

  [[nodiscard]] const MaskedDenseOptions& options() const { return o_; }

  [[nodiscard]] std::string_view kind() const { return "masked"; }
  [[nodiscard]] std::string describe() const {
    return concat(in_, " -> ", out_, ", ", o_.mask.kept(), " of ", out_ * in_, " weights");
  }
  [[nodiscard]] std::optional<Shape> input_shape() const { return o_.inputs; }
  [[nodiscard]] Shape output_shape(const Shape&) const { return o_.outputs; }

  void declare(LayoutBuilder& layout) const {
    const ActivationLayout in = layout.activation;  // with the axes from before a Flatten
    fix_distinct_inputs(layout);
    const Index units = o_.outputs[o_.outputs.rank() - 1];
    detail::declare_dense(layout, in, o_.outputs, [&](Index position) {
      const auto row = o_.mask.bits.begin() + position * units * in_;
      const bool alike = std::equal(row + in_, row + units * in_, row);  // every row is equal to the one before it
      return alike ? layout.add_group(units) : GroupId();
    });
  }
  void initialize(const InitializeArgs<Scalar>& a) const {
    const Index fan_out = std::max<Index>(1, (o_.mask.kept() + in_ / 2) / in_);
    const auto part = [&](Index first, Index count, Index weights, Index fan_in) {
      initialize_weights_and_biases<Scalar>(
          {.params = slice(a.params, first, count), .buffers = a.buffers, .stream = a.stream, .first = a.first + first},
          weights, fan_in, fan_out, o_.initialization);
    };
    for (Index unit = 0; unit < out_; ++unit) {
      const auto row = o_.mask.bits.begin() + unit * in_;
      const Index seen = std::max<Index>(1, std::count(row, row + in_, true));
      part(unit * in_, in_, in_, seen);
      part(out_ * in_ + unit, 1, 0, seen);
    }
    simd::copy_masked<Scalar>(keep_, weight(a.params), weight(a.params));
  }
  [[nodiscard]] Index workspace_size(Index batch) const {
    return padded<Scalar>(out_ * in_) + detail::affine_workspace<Scalar>(batch, in_, out_);
  }

  void forward(ForwardArgs<Scalar> a) const {
    detail::affine<Scalar>(a.x, masked(a.params, a.workspace), bias(a.params), a.y, products(a));
  }
  void backward(BackwardArgs<Scalar> a) const {
    if (a.dx) simd::product<Scalar>(a.dy, masked(a.params, a.workspace), *a.dx, WriteMode::overwrite, products(a));
    const std::span<Scalar> gradient = weight(a.workspace);
    simd::product<Scalar>(Strided<const Scalar>(a.dy).transposed(), a.x, matrix_view(gradient, out_, in_), WriteMode::overwrite,
                          products(a));
    simd::add_masked<Scalar>(keep_, gradient, weight(a.dparams));
    simd::add_column_sums<Scalar>(a.dy, bias(a.dparams));
  }

 private:
  template <class T>
  auto weight(std::span<T> params) const {
    return slice(params, 0, out_ * in_);
  }
  template <class T>
  auto bias(std::span<T> params) const {
    return slice(params, out_ * in_, out_);
  }
  // The workspace behind the weights.
  template <class Args>
  [[nodiscard]] std::span<Scalar> products(const Args& a) const {
    return a.workspace.subspan(static_cast<std::size_t>(padded<Scalar>(out_ * in_)));
  }
  // W ∘ M, written into the workspace.
  MatrixView<const Scalar> masked(std::span<const Scalar> params, std::span<Scalar> workspace) const {
    simd::copy_masked<Scalar>(keep_, weight(params), weight(workspace));
    return as_const(matrix_view(workspace, out_, in_));
  }

  // A group of the input stays one where, along its axis, all columns of the mask are equal.
  void fix_distinct_inputs(LayoutBuilder& layout) const {
    const ActivationLayout in = layout.activation;
    Index stride = in_;
    for (std::size_t axis = 0; axis < in.groups.size(); ++axis) {
      const Index length = in.shape.axes()[axis];
      stride /= length;
      if (std::ranges::none_of(in.groups[axis].ids, [](const GroupId& id) { return id.has_value(); })) continue;
      std::vector<bool> distinct(static_cast<std::size_t>(in_));  // inputs that differ from the one before them along the axis
      for (Index unit = 0; unit < out_; ++unit)
        for (Index i = 0; i < in_; ++i)
          if (i / stride % length > 0 && o_.mask.at(unit, i) != o_.mask.at(unit, i - stride))
            distinct[static_cast<std::size_t>(i)] = true;
      Index i = 0;
      for_each_index(in.shape, [&](std::span<const Index> index) {
        if (distinct[static_cast<std::size_t>(i++)]) layout.fix(in.groups[axis].at(in.shape, index));
      });
    }
  }

  MaskedDenseOptions o_;
  Index in_, out_;
  std::vector<Scalar> keep_;  // the mask as zeros and ones
};
static_assert(Layer<MaskedDense<float>, float>);

}  // namespace lmc
