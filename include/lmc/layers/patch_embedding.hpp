// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/window.hpp>
#include <lmc/layers/detail/affine.hpp>
#include <lmc/layers/detail/channel_groups.hpp>
#include <lmc/layers/detail/row_blocks.hpp>
#include <lmc/layers/initialization.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/simd/patches.hpp>

namespace lmc {

/// The sizes of a PatchEmbedding, and how its weights start.
struct PatchEmbeddingOptions {
  Shape inputs = {};                          // shape of one example: [rows, cols, channels]
  Extent patch = 4;                           // size of one patch; divides the image
  Index width = 0;                            // units of one token, > 0
  InitializationOptions initialization = {};  // how weight and bias start
};

/// Cuts an image into patches side by side, and makes a token of each: Y = P Wᵀ + 1 bᵀ, a convolution whose stride is its
/// kernel.
///
/// Shapes, N = batch size, tokens = (rows / patch rows) · (cols / patch cols), row by row:
///   x [N, rows, cols, channels]   P [N · tokens, patch rows · patch cols · channels]   y [N, tokens, width]
///   weight [width, patch rows, patch cols, channels]   bias [width]
/// backward, D = ∂L/∂Y: ∂L/∂P = D W, put back into the image;   ∂L/∂W += Dᵀ P;   ∂L/∂b += Dᵀ 1.
/// Cache: none. The units of a token are one permutation group; channels that could be permuted at each position on their own
/// become one, and the order of positions is fixed. Source: arXiv:2010.11929.
/// Throws: Error on construction, when a size is not positive or the patch does not divide the image.
template <std::floating_point Scalar>
class PatchEmbedding {
 public:
  static constexpr bool affine_in_parameters = true, scales_units = true;
  static constexpr bool bilinear = true;

  explicit PatchEmbedding(PatchEmbeddingOptions options)
      : o_(std::move(options)), window_("PatchEmbedding", o_.inputs, o_.patch, o_.patch, 0) {
    const Index rows = window_.in.rows % o_.patch.rows, cols = window_.in.cols % o_.patch.cols;
    require(rows == 0 && cols == 0, "PatchEmbedding: patch = ", o_.patch, " does not divide the image, ", window_.in,
            ": it leaves ", rows, " rows and ", cols, " columns; choose a patch that divides both");
    require(o_.width > 0, "PatchEmbedding: width = ", o_.width, "; expected a positive number");
    channels_ = o_.inputs[2];
    map_ = {o_.patch.size() * channels_, o_.width};
    tokens_ = window_.out.size();
  }

  [[nodiscard]] const PatchEmbeddingOptions& options() const { return o_; }

  [[nodiscard]] std::string_view kind() const { return "patches"; }
  [[nodiscard]] std::string describe() const { return concat(window_.out, " of ", o_.patch); }
  [[nodiscard]] std::optional<Shape> input_shape() const { return o_.inputs; }
  [[nodiscard]] Shape output_shape(const Shape&) const { return {tokens_, o_.width}; }

  void declare(LayoutBuilder& layout) const {
    detail::fix_positions(layout);
    const GroupId channels = detail::shared_channel_group(layout), units = layout.add_group(o_.width);
    layout.add_parameter("weight", {o_.width, o_.patch.rows, o_.patch.cols, channels_}, Role::weight,
                         {units, {}, {}, channels});
    layout.add_parameter("bias", o_.width, Role::bias, {units});
    layout.activation = {{tokens_, o_.width}, {{}, units}};
  }
  void initialize(const InitializeArgs<Scalar>& a) const { map_.initialize(a, o_.initialization); }
  [[nodiscard]] Index workspace_size(Index batch) const {
    const Index tokens = std::min(batch, block()) * tokens_;
    return padded<Scalar>(tokens * map_.inputs) + map_.workspace_size(tokens);
  }

  void forward(ForwardArgs<Scalar> a) const {
    detail::for_each_row_block(a.x.rows(), block(), [&](Index first, Index count) {
      map_.forward(a.params, as_const(gather(a.x, first, count, a.workspace)),
                   detail::rows_of(a.y.data(), o_.width, first * tokens_, count * tokens_), behind_patches(a));
    });
  }
  void backward(BackwardArgs<Scalar> a) const {
    detail::for_each_row_block(a.x.rows(), block(), [&](Index first, Index count) {
      const auto patches = gather(a.x, first, count, a.workspace);
      InputGradient<Scalar> dpatches;
      if (a.dx) dpatches.emplace(patches);
      map_.backward(a.params, as_const(patches), detail::rows_of(a.dy.data(), o_.width, first * tokens_, count * tokens_),
                    a.dparams, dpatches, behind_patches(a));
      if (!a.dx) return;
      for (Index i = 0; i < count; ++i)
        simd::scatter_patches<Scalar>(
            window_, channels_, slice(std::span<const Scalar>(a.workspace), i * tokens_ * map_.inputs, tokens_ * map_.inputs),
            row_of(*a.dx, first + i));
    });
  }

 private:
  // Examples that are taken at a time.
  [[nodiscard]] Index block() const { return std::max<Index>(1, detail::row_block / tokens_); }
  // The workspace behind the patches.
  template <class Args>
  [[nodiscard]] std::span<Scalar> behind_patches(const Args& a) const {
    return a.workspace.subspan(static_cast<std::size_t>(padded<Scalar>(std::min(a.x.rows(), block()) * tokens_ * map_.inputs)));
  }
  // The patches of the examples first, …, first + count − 1.
  MatrixView<Scalar> gather(const MatrixView<const Scalar>& x, Index first, Index count, std::span<Scalar> workspace) const {
    for (Index i = 0; i < count; ++i)
      simd::gather_patches<Scalar>(window_, channels_, row_of(x, first + i),
                                   slice(workspace, i * tokens_ * map_.inputs, tokens_ * map_.inputs));
    return matrix_view(workspace, count * tokens_, map_.inputs);
  }

  PatchEmbeddingOptions o_;
  Window window_;
  detail::AffineMap<Scalar> map_{};
  Index channels_ = 0, tokens_ = 0;
};
static_assert(Layer<PatchEmbedding<float>, float>);

}  // namespace lmc
