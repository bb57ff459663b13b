// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/window.hpp>
#include <lmc/layers/detail/channel_groups.hpp>
#include <lmc/layers/detail/describe_filters.hpp>
#include <lmc/layers/initialization.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/simd/convolution.hpp>

namespace lmc {

/// The sizes of a Conv2d, and how its weights start.
struct Conv2dOptions {
  Shape inputs = {};   // shape of one example: [rows, cols, channels], every axis > 0
  Index outputs = 0;   // channels of the output, > 0
  Extent kernel = 3;   // size of the filters
  Extent stride = 1;   // input positions from one output position to the next
  Extent padding = 0;  // rows and columns of zeros around the image, less than kernel
  Index groups = 1;    // divides both numbers of channels; an output channel sees the input channels of its own group alone
  bool bias = true;    // whether the layer has b
  InitializationOptions initialization = {};  // how W and b start; fan_in = kernel size · in / groups
};

/// Convolution (cross-correlation, as in PyTorch's Conv2d): one bank of filters for all positions of an image.
///
/// Shapes, N = batch size; Window says how many output positions there are, and which input a tap lies over:
///   x [N, rows, cols, in]   W [out, kernel rows, kernel cols, in / groups]   b [out]   y [N, out rows, out cols, out]
///   y[r, c, o] = b[o] + Σ_{i, j, k} W[o, i, j, k] · x[r · stride + i − padding, c · stride + j − padding, g · in / groups + k]
/// where g = o / (out / groups), and x is 0 outside the image.
/// backward, D = ∂L/∂y:
///   ∂L/∂x[u, v, k]    = Σ over all o and positions (r, c) with a tap (i, j) over (u, v) of W[o, i, j, k] · D[r, c, o]
///   ∂L/∂W[o, i, j, k] += Σ over examples and positions of D[r, c, o] · x[under tap (i, j), k]
///   ∂L/∂b[o]          += Σ over examples and positions of D[r, c, o]
/// Cache: none. The bits of an example's y and dx depend on nothing but that example and the parameters.
///
/// Permutation groups: the output channels are one; so are the input channels, even where they could be permuted at each
/// position on their own before. With groups, a permutation would have to keep to each group, which no PermutationGroup can
/// say: then neither side can be permuted, but for a depthwise convolution (in = out = groups), whose output channels go with
/// those of its input.
/// Throws: Error on construction, when out is not positive, groups does not divide the channels, or as Window does.
template <std::floating_point Scalar>
class Conv2d {
 public:
  static constexpr bool affine_in_parameters = true, scales_units = true;
  static constexpr bool bilinear = true;

  explicit Conv2d(Conv2dOptions options)
      : o_(std::move(options)), window_("Conv2d", o_.inputs, o_.kernel, o_.stride, o_.padding), kernel_(checked_shape()) {}

  [[nodiscard]] const Conv2dOptions& options() const { return o_; }
  /// The geometry: the number of output positions, and the input under each tap.
  [[nodiscard]] const Window& window() const { return window_; }

  [[nodiscard]] std::string_view kind() const { return "conv"; }
  [[nodiscard]] std::string describe() const { return detail::describe_filters(o_); }
  [[nodiscard]] std::optional<Shape> input_shape() const { return o_.inputs; }
  [[nodiscard]] Shape output_shape(const Shape&) const { return {window_.out.rows, window_.out.cols, o_.outputs}; }

  void declare(LayoutBuilder& layout) const {
    const GroupId inputs = detail::shared_channel_group(layout);  // one order everywhere, as a filter is the same everywhere
    const bool depthwise = o_.groups > 1 && o_.groups == o_.inputs[2] && o_.groups == o_.outputs;
    GroupId units;
    if (depthwise) {
      units = inputs;
      layout.forbid_scaling(units);  // a unit's weights are incoming and outgoing at once
    } else if (o_.groups == 1) {
      units = layout.add_group(o_.outputs);
    } else {
      layout.fix(inputs);
    }
    layout.add_parameter("weight", {o_.outputs, o_.kernel.rows, o_.kernel.cols, o_.inputs[2] / o_.groups}, Role::weight,
                         {units, {}, {}, o_.groups == 1 ? AxisGroups(inputs) : AxisGroups()});
    if (o_.bias) layout.add_parameter("bias", o_.outputs, Role::bias, {units});
    layout.activation = {output_shape(o_.inputs), {{}, {}, units}};
  }
  void initialize(const InitializeArgs<Scalar>& a) const {
    initialize_weights_and_biases(a, weights(), o_.kernel.size() * (o_.inputs[2] / o_.groups), o_.kernel.size() * o_.outputs,
                                  o_.initialization);
  }
  [[nodiscard]] Index workspace_size(Index) const { return kernel_.workspace_size(); }

  void forward(ForwardArgs<Scalar> a) const { kernel_.forward(weight(a.params), bias(a.params), a.x, a.y, a.workspace); }
  void backward(BackwardArgs<Scalar> a) const {
    if (a.dx) kernel_.backward_input(weight(a.params), a.dy, *a.dx, a.workspace);
    kernel_.backward_weights(a.x, a.dy, weight(a.dparams), bias(a.dparams), a.workspace);
  }

 private:
  [[nodiscard]] simd::ConvolutionShape checked_shape() const {
    require(o_.outputs > 0, "Conv2d: outputs = ", o_.outputs, "; expected a positive number of channels");
    require(o_.groups > 0 && o_.inputs[2] % o_.groups == 0 && o_.outputs % o_.groups == 0, "Conv2d: groups = ", o_.groups,
            " with ", o_.inputs[2], " input and ", o_.outputs, " output channels; groups must divide both");
    return {window_, o_.inputs[2], o_.outputs, o_.groups};
  }
  [[nodiscard]] Index weights() const { return o_.outputs * o_.kernel.size() * (o_.inputs[2] / o_.groups); }
  template <class T>
  auto weight(std::span<T> params) const {
    return slice(params, 0, weights());
  }
  template <class T>
  auto bias(std::span<T> params) const {
    return slice(params, weights(), o_.bias ? o_.outputs : 0);
  }

  Conv2dOptions o_;
  Window window_;
  simd::Convolution<Scalar> kernel_;
};
static_assert(Layer<Conv2d<float>, float>);

}  // namespace lmc
