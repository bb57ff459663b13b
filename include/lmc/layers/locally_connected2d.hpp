// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <concepts>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/window.hpp>
#include <lmc/layers/detail/describe_filters.hpp>
#include <lmc/layers/initialization.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/simd/local_convolution.hpp>

namespace lmc {

/// The sizes of a LocallyConnected2d, and how its weights start.
struct LocallyConnected2dOptions {
  Shape inputs = {};   // shape of one example: [rows, cols, channels]
  Index outputs = 0;   // channels of the output, > 0
  Extent kernel = 3;   // size of the filters
  Extent stride = 1;   // input positions from one output position to the next
  Extent padding = 0;  // zeros around the image, less than the kernel
  Index groups = 1;    // divides both numbers of channels; an output channel sees the input channels of its own group alone
  bool bias = true;    // whether the layer has b
  Extent sharing = 1;  // output positions that share their filters, as a block; at most the output grid, then a convolution
  InitializationOptions initialization = {};  // how W and b start
};

/// The geometry of a convolution with filters of its own for each block of output positions: between a locally connected layer
/// (sharing = 1, one filter bank per position) and a convolution (sharing = the output grid, one bank).
///   Y[n, r, c, o] = b[B, o] + Σ_{i, j, k} W[B, o, i, j, k] · X[n, in_row(r, i), in_col(c, j), g + k],   0 in the padding,
/// B = (⌊r / sharing.rows⌋, ⌊c / sharing.cols⌋) the position's block; the last blocks of an axis are smaller where sharing does
/// not divide. in_row, in_col: see Window; g: the first input channel of o's group.
///
/// Shapes, row-major, N = batch size, channels last, block grid = blocks():
///   X [N, rows, cols, in]   W [block grid, out, kernel rows, kernel cols, in / groups]   b [block grid, out]
///   Y [N, out rows, out cols, out]
/// backward, D = ∂L/∂Y, sums over the batch and the positions of a block (replaced, where asked for, instead of added):
///   ∂L/∂X = Σ D W over the taps above the input, overwritten    ∂L/∂W += Σ Dᵀ X    ∂L/∂b += Σ D
/// A weight that lies over the padding at every position of its block has no effect, and gradient 0. The bits of an example's y
/// and dx depend on nothing but that example and the parameters.
/// Cache: none; workspace: D of the last few output rows, and patches of 128 examples.
///
/// The fan-in of the initialization is kernel size · in / groups, the fan-out kernel size · out.
/// Permutation groups: the output channels of each block. Inputs under one tap of one block have to be permuted alike. With
/// groups > 1 nothing may be permuted, neither inputs nor outputs: no PermutationGroup can say that each group keeps to itself.
/// Throws: Error on construction for a geometry that does not fit (Window), channels that groups does not divide, and sharing
/// outside the output grid.
template <std::floating_point Scalar>
class LocallyConnected2d {
 public:
  static constexpr bool affine_in_parameters = true, overwrites_gradient = true;
  static constexpr bool scales_units = true, bilinear = true;

  explicit LocallyConnected2d(LocallyConnected2dOptions options)
      : o_(std::move(options)), w_("LocallyConnected2d", o_.inputs, o_.kernel, o_.stride, o_.padding), kernel_(shape()) {
    require(o_.outputs > 0, "LocallyConnected2d: outputs = ", o_.outputs, "; expected a positive number of channels");
    require(o_.groups > 0 && o_.inputs[2] % o_.groups == 0 && o_.outputs % o_.groups == 0,
            "LocallyConnected2d: groups = ", o_.groups, " with ", o_.inputs[2], " input and ", o_.outputs,
            " output channels; expected a positive divisor of both");
    require(o_.sharing.rows > 0 && o_.sharing.cols > 0, "LocallyConnected2d: sharing = ", o_.sharing,
            "; expected positive numbers");
    require(o_.sharing.rows <= w_.out.rows && o_.sharing.cols <= w_.out.cols, "LocallyConnected2d: sharing = ", o_.sharing,
            " is larger than the output grid, ", w_.out, "; a block may be as large as the grid, which is a convolution");
  }

  [[nodiscard]] const LocallyConnected2dOptions& options() const { return o_; }
  /// The geometry: the number of output positions, and the input under each tap.
  [[nodiscard]] const Window& window() const { return w_; }
  /// Numbers of blocks along the axes.
  [[nodiscard]] Extent blocks() const { return shape().blocks(); }
  /// The block of output position (r, c); blocks are numbered row by row.
  [[nodiscard]] Index block_of(Index r, Index c) const { return shape().block_of(r, c); }

  /// Weights of one block: its filters for all output channels.
  [[nodiscard]] Index bank_size() const { return o_.outputs * filter(); }

  [[nodiscard]] std::string_view kind() const { return "local"; }
  [[nodiscard]] std::string describe() const { return detail::describe_filters(o_); }
  [[nodiscard]] std::optional<Shape> input_shape() const { return o_.inputs; }
  [[nodiscard]] Shape output_shape(const Shape&) const { return {w_.out.rows, w_.out.cols, o_.outputs}; }

  void declare(LayoutBuilder& layout) const {
    const Extent grid = blocks();
    std::vector<GroupId> units(static_cast<std::size_t>(grid.size()));
    if (o_.groups == 1)
      for (GroupId& id : units) id = layout.add_group(o_.outputs);
    layout.add_parameter("weight", {grid.rows, grid.cols, o_.outputs, w_.kernel.rows, w_.kernel.cols, o_.inputs[2] / o_.groups},
                         Role::weight, {{}, {}, {{0, 1}, units}, {}, {}, {{0, 1, 3, 4}, input_groups(layout)}},
                         {.matrices = 2});
    if (o_.bias) layout.add_parameter("bias", {grid.rows, grid.cols, o_.outputs}, Role::bias, {{}, {}, {{0, 1}, units}});
    std::vector<GroupId> at_positions;
    for_each_position([&](Index r, Index c) { at_positions.push_back(units[static_cast<std::size_t>(block_of(r, c))]); });
    layout.activation = {output_shape(o_.inputs), {{}, {}, {{0, 1}, std::move(at_positions)}}};
  }
  void initialize(const InitializeArgs<Scalar>& a) const {
    initialize_weights_and_biases(a, weights(), filter(), w_.kernel.size() * o_.outputs, o_.initialization);
  }

  [[nodiscard]] Index workspace_size(Index batch) const { return kernel_.workspace_size(batch); }

  void forward(ForwardArgs<Scalar> a) const { kernel_.forward(weight(a.params), bias(a.params), a.x, a.y, a.workspace); }
  void backward(BackwardArgs<Scalar> a) const {
    kernel_.backward(weight(a.params), a.x, a.dy, a.dx ? std::optional(*a.dx) : std::nullopt, weight(a.dparams),
                     bias(a.dparams), a.dparams_mode, a.workspace);
  }

 private:
  [[nodiscard]] simd::LocalConvolutionShape shape() const {
    return {.window = w_, .channels = o_.inputs[2], .outputs = o_.outputs, .groups = o_.groups, .sharing = o_.sharing};
  }
  [[nodiscard]] Index filter() const { return shape().filter(); }
  [[nodiscard]] Index weights() const { return blocks().size() * bank_size(); }
  template <class T>
  auto weight(std::span<T> params) const {
    return slice(params, 0, weights());
  }
  // Empty without biases.
  template <class T>
  auto bias(std::span<T> params) const {
    return params.subspan(static_cast<std::size_t>(weights()));
  }

  template <class Visit>
  void for_each_position(Visit visit) const {
    for (Index r = 0; r < w_.out.rows; ++r)
      for (Index c = 0; c < w_.out.cols; ++c) visit(r, c);
  }
  // The permutation group of the input channels under each tap of each block, [block grid, kernel rows, kernel cols].
  std::vector<GroupId> input_groups(LayoutBuilder& layout) const {
    const ActivationLayout in = layout.activation;
    std::vector<GroupId> ids(static_cast<std::size_t>(blocks().size() * w_.kernel.size()));
    if (in.shape != o_.inputs || o_.groups > 1) {
      layout.fix_activation();
      return ids;
    }
    for (const Index axis : {0, 1})
      for (const GroupId& id : in.groups[static_cast<std::size_t>(axis)].ids) layout.fix(id);  // a window knows its neighbors
    std::vector<bool> seen(ids.size());
    for_each_position([&](Index r, Index c) {
      for (Index i = 0; i < w_.kernel.rows; ++i)
        for (Index j = 0; j < w_.kernel.cols; ++j) {
          const std::array<Index, 3> at{w_.in_row(r, i), w_.in_col(c, j), 0};
          if (!w_.inside(at[0], at[1])) continue;
          const auto entry = static_cast<std::size_t>((block_of(r, c) * w_.kernel.rows + i) * w_.kernel.cols + j);
          const GroupId id = in.groups[2].at(in.shape, at);
          if (seen[entry]) layout.unify(ids[entry], id);
          if (!seen[entry]) ids[entry] = id;
          seen[entry] = true;
        }
    });
    return ids;
  }

  LocallyConnected2dOptions o_;
  Window w_;
  simd::LocalConvolution<Scalar> kernel_;
};
static_assert(Layer<LocallyConnected2d<float>, float>);

}  // namespace lmc
