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
#include <lmc/matrix/write_mode.hpp>
#include <lmc/simd/local_product.hpp>
#include <lmc/simd/transpose.hpp>

namespace lmc {

struct LocallyConnected2dOptions {
  Shape inputs = {};   // of one example: [rows, cols, channels]
  Index outputs = 0;   // channels, > 0
  Extent kernel = 3;   // taps
  Extent stride = 1;   // input positions from one output position to the next
  Extent padding = 0;  // zeros around the image, less than the kernel
  Index groups = 1;    // output channels see the input channels of their own group alone; divides both numbers of channels
  bool bias = true;
  Extent sharing = 1;  // output positions of a block that shares its filters; at most the output grid, which is a convolution
  InitializationOptions initialization = {};
};

/// The geometry of a convolution with filters of its own for each block of output positions: between a locally connected layer
/// (sharing = 1, a filter bank a position) and a convolution (sharing = the output grid, one bank).
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

  explicit LocallyConnected2d(LocallyConnected2dOptions options)
      : o_(std::move(options)), w_("LocallyConnected2d", o_.inputs, o_.kernel, o_.stride, o_.padding) {
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
  [[nodiscard]] const Window& window() const { return w_; }
  /// Numbers of blocks along the axes.
  [[nodiscard]] Extent blocks() const {
    return {(w_.out.rows + o_.sharing.rows - 1) / o_.sharing.rows, (w_.out.cols + o_.sharing.cols - 1) / o_.sharing.cols};
  }
  /// The block of output position (r, c); blocks are numbered row by row.
  [[nodiscard]] Index block_of(Index r, Index c) const { return r / o_.sharing.rows * blocks().cols + c / o_.sharing.cols; }

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
                         Role::weight, {{}, {}, {{0, 1}, units}, {}, {}, {{0, 1, 3, 4}, input_groups(layout)}});
    if (o_.bias) layout.add_parameter("bias", {grid.rows, grid.cols, o_.outputs}, Role::bias, {{}, {}, {{0, 1}, units}});
    std::vector<GroupId> at_positions;
    for_each_position([&](Index r, Index c) { at_positions.push_back(units[static_cast<std::size_t>(block_of(r, c))]); });
    layout.activation = {output_shape(o_.inputs), {{}, {}, {{0, 1}, std::move(at_positions)}}};
  }
  void initialize(const InitializeArgs<Scalar>& a) const {
    initialize_weights_and_biases(a, weights(), filter(), w_.kernel.size() * o_.outputs, o_.initialization);
  }

  [[nodiscard]] Index workspace_size(Index batch) const {
    const Index forward = forward_rows * patch_stride() + (filter() + 1) * padded<Scalar>(units());
    const Index backward = backward_rows * patch_stride() + batch * recent_rows() * w_.out.cols * o_.outputs;
    return std::max(forward, backward);
  }

  void forward(ForwardArgs<Scalar> a) const {
    const Index stride = patch_stride(), room = padded<Scalar>(units()), depth = filter() + (o_.bias ? 1 : 0);
    Scalar* const patches = a.workspace.data();
    // The filters of one block and group, transposed, and under them their biases, to which the one behind each patch belongs.
    Scalar* const filters = patches + forward_rows * stride;
    for (Index n = 0; n < forward_rows; ++n) patches[n * stride + filter()] = 1;
    for (Index block = 0; block < blocks().size(); ++block)
      for (Index group = 0; group < o_.groups; ++group) {
        const Index first = block * o_.outputs + group * units();
        const auto size = [](Index n) { return static_cast<std::size_t>(n); };
        simd::transpose(a.params.data() + first * filter(), size(filter()), size(units()), size(filter()), filters, size(room));
        if (o_.bias) std::copy_n(a.params.data() + weights() + first, units(), filters + filter() * room);
        const std::array terms{simd::ProductTerm<Scalar>{patches, filters}};
        for_each_position_of(block, [&](Index r, Index c) {
          for (Index n = 0; n < a.x.rows(); n += forward_rows) {
            const Index rows = std::min(forward_rows, a.x.rows() - n);
            gather(a.x, n, rows, r, c, group, patches);
            Scalar* const y = a.y.data() + n * a.y.cols() + (r * w_.out.cols + c) * o_.outputs + group * units();
            simd::sum_of_products<Scalar>(terms,
                                          {.depth = depth, .a_row_stride = stride, .a_col_stride = 1, .b_row_stride = room},
                                          Strided<Scalar>(y, rows, units(), a.y.cols()), WriteMode::overwrite);
          }
        });
      }
  }

  void backward(BackwardArgs<Scalar> a) const {
    Scalar* const patches = a.workspace.data();
    // What the products read of ∂L/∂Y lies together, [N, out] for each position of the last few output rows: as many as the
    // rows of the input need, which are written as soon as all output rows that see them have been here.
    Scalar* const recent = patches + backward_rows * patch_stride();
    const auto dy = [&](Index r, Index c) {
      return recent + (a.dx ? (r % recent_rows() * w_.out.cols + c) * a.dy.rows() * o_.outputs : 0);
    };
    if (o_.bias && a.dparams_mode == WriteMode::overwrite)
      std::fill_n(a.dparams.data() + weights(), blocks().size() * o_.outputs, Scalar(0));
    Index row = 0;
    for (Index r = 0; r < w_.out.rows; ++r) {
      for (Index c = 0; c < w_.out.cols; ++c) {
        const Strided<const Scalar> from(a.dy.data() + (r * w_.out.cols + c) * o_.outputs, a.dy.rows(), o_.outputs,
                                         a.dy.cols());
        const Strided<Scalar> to(dy(r, c), a.dy.rows(), o_.outputs, o_.outputs);
        if (o_.bias)
          simd::copy_rows_and_sum<Scalar>(from, to, slice(a.dparams, weights() + block_of(r, c) * o_.outputs, o_.outputs));
        else
          simd::copy_rows<Scalar>(from, to);
        add_weight_gradient(a, r, c, to.data, patches);
      }
      for (; a.dx && row < w_.in.rows && rows_over(row).last <= r + 1; ++row) write_input_gradient(a, row, dy);
    }
  }

 private:
  // Examples whose patches are copied together: with them, a panel of the filters stays in a first-level cache when going
  // forward; going backward they are the summed dimension.
  static constexpr Index forward_rows = 48, backward_rows = 128;

  [[nodiscard]] Index channels() const { return o_.inputs[2] / o_.groups; }     // that a filter sees
  [[nodiscard]] Index filter() const { return w_.kernel.size() * channels(); }  // weights of one
  [[nodiscard]] Index units() const { return o_.outputs / o_.groups; }          // filters of a group
  [[nodiscard]] Index weights() const { return blocks().size() * bank_size(); }
  // From one patch to the next, with room for a one behind it: an odd number of cache lines, so that patches fall into
  // different sets of a cache.
  [[nodiscard]] Index patch_stride() const {
    const Index line = padded<Scalar>(1), lines = padded<Scalar>(filter() + 1) / line;
    return (lines | 1) * line;
  }

  template <class Visit>
  void for_each_position(Visit visit) const {
    for (Index r = 0; r < w_.out.rows; ++r)
      for (Index c = 0; c < w_.out.cols; ++c) visit(r, c);
  }
  template <class Visit>
  void for_each_position_of(Index block, Visit visit) const {
    const Index r0 = block / blocks().cols * o_.sharing.rows, c0 = block % blocks().cols * o_.sharing.cols;
    for (Index r = r0; r < std::min(r0 + o_.sharing.rows, w_.out.rows); ++r)
      for (Index c = c0; c < std::min(c0 + o_.sharing.cols, w_.out.cols); ++c) visit(r, c);
  }

  // The permutation group of the input channels under each tap of each block, [block grid, kernel rows, kernel cols].
  std::vector<GroupId> input_groups(LayoutBuilder& layout) const {
    const ActivationLayout in = layout.activation;
    std::vector<GroupId> ids(static_cast<std::size_t>(blocks().size() * w_.kernel.size()));
    if (in.shape != o_.inputs || o_.groups > 1) {
      for (const AxisGroups& axis : in.groups)
        for (const GroupId& id : axis.ids) layout.fix(id);
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

  // The patches of examples n, …, n + rows − 1 under output position (r, c), [rows, kernel rows, kernel cols, channels].
  void gather(MatrixView<const Scalar> x, Index n, Index rows, Index r, Index c, Index group, Scalar* patches) const {
    const IndexRange row_taps = w_.row_taps(r), col_taps = w_.col_taps(c);
    const Index stride = patch_stride();
    if (row_taps.size() * col_taps.size() < w_.kernel.size())
      for (Index row = 0; row < rows; ++row) std::fill_n(patches + row * stride, filter(), Scalar(0));
    // A row of taps is contiguous, where a filter sees all channels.
    const Index taps = o_.groups == 1 ? col_taps.size() : 1;
    for (Index i = row_taps.first; i < row_taps.last; ++i)
      for (Index j = col_taps.first; j < col_taps.last; j += taps) {
        const Index pixel = w_.in_row(r, i) * w_.in.cols + w_.in_col(c, j);
        simd::copy_rows<Scalar>(
            {x.data() + n * x.cols() + pixel * o_.inputs[2] + group * channels(), rows, taps * channels(), x.cols()},
            {patches + (i * w_.kernel.cols + j) * channels(), rows, taps * channels(), stride});
      }
  }

  // Of the filters of output position (r, c), whose ∂L/∂Y [N, out] is dy; the first position of a block replaces, where asked
  // for.
  void add_weight_gradient(const BackwardArgs<Scalar>& a, Index r, Index c, const Scalar* dy, Scalar* patches) const {
    const bool first_of_block = r % o_.sharing.rows == 0 && c % o_.sharing.cols == 0;
    for (Index n = 0; n < a.x.rows(); n += backward_rows)
      for (Index group = 0; group < o_.groups; ++group) {
        const Index rows = std::min(backward_rows, a.x.rows() - n), first = group * units();
        gather(a.x, n, rows, r, c, group, patches);
        const std::array terms{simd::ProductTerm<Scalar>{dy + n * o_.outputs + first, patches}};
        simd::sum_of_products<Scalar>(
            terms, {.depth = rows, .a_row_stride = 1, .a_col_stride = o_.outputs, .b_row_stride = patch_stride()},
            {a.dparams.data() + (block_of(r, c) * o_.outputs + first) * filter(), units(), filter(), filter()},
            first_of_block && n == 0 ? a.dparams_mode : WriteMode::add);
      }
  }

  // Pixel by pixel: each is written once, as the sum over the output positions that see it, whose ∂L/∂Y [N, out] are dy(r, c).
  template <class Dy>
  void write_input_gradient(const BackwardArgs<Scalar>& a, Index row, Dy dy) const {
    MatrixView<Scalar> dx = *a.dx;
    for (Index col = 0; col < w_.in.cols; ++col)
      for (Index first = 0, channel = 0; first < o_.outputs; first += units(), channel += channels()) {
        const Strided<Scalar> pixel(dx.data() + (row * w_.in.cols + col) * o_.inputs[2] + channel, dx.rows(), channels(),
                                    dx.cols());
        std::array<simd::ProductTerm<Scalar>, 32> terms;
        std::size_t count = 0;
        WriteMode into = WriteMode::overwrite;
        const auto flush = [&] {
          simd::sum_of_products<Scalar>(
              std::span(terms).first(count),
              {.depth = units(), .a_row_stride = o_.outputs, .a_col_stride = 1, .b_row_stride = filter()}, pixel, into);
          count = 0;
          into = WriteMode::add;
        };
        const IndexRange rows = rows_over(row), cols = cols_over(col);
        for (Index r = rows.first; r < rows.last; ++r)
          for (Index c = cols.first; c < cols.last; ++c) {
            if (count == terms.size()) flush();
            const Index tap = (row - w_.in_row(r, 0)) * w_.kernel.cols + col - w_.in_col(c, 0);
            terms[count++] = {dy(r, c) + first,
                              a.params.data() + (block_of(r, c) * o_.outputs + first) * filter() + tap * channels()};
          }
        flush();
      }
  }

  // The output rows whose windows contain an input row, and the columns.
  [[nodiscard]] IndexRange rows_over(Index row) const {
    return over(row + w_.padding.rows, w_.kernel.rows, w_.stride.rows, w_.out.rows);
  }
  [[nodiscard]] IndexRange cols_over(Index col) const {
    return over(col + w_.padding.cols, w_.kernel.cols, w_.stride.cols, w_.out.cols);
  }
  // `at` counts from the edge of the padding.
  static IndexRange over(Index at, Index kernel, Index stride, Index out) {
    const Index first = at < kernel ? 0 : (at - kernel) / stride + 1;
    return {first, std::max(first, std::min(at / stride + 1, out))};
  }
  // The most output rows whose windows contain one input row.
  [[nodiscard]] Index recent_rows() const { return (w_.kernel.rows + w_.stride.rows - 1) / w_.stride.rows; }

  LocallyConnected2dOptions o_;
  Window w_;
};
static_assert(Layer<LocallyConnected2d<float>, float>);

}  // namespace lmc
