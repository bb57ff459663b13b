// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/views.hpp>
#include <lmc/layers/initialization.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/simd/product.hpp>
#include <lmc/simd/vector.hpp>

namespace lmc {

struct DenseOptions {
  Shape in = {};   // of one example; every axis > 0
  Shape out = {};  // the same; a number is a vector of so many units
  InitializationOptions initialization = {};
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
///   ∂L/∂W += Dᵀ X
///   ∂L/∂b += Dᵀ 1
/// Cache: none. Throws: Error on construction, when a size is not positive.
template <std::floating_point Scalar>
class Dense {
 public:
  explicit Dense(DenseOptions options) : o_(std::move(options)), in_(o_.in.size()), out_(o_.out.size()) {
    bool positive = o_.in.rank() > 0 && o_.out.rank() > 0;
    for (const Shape* shape : {&o_.in, &o_.out})
      for (const Index length : shape->axes()) positive = positive && length > 0;
    require(positive, "Dense: in = ", o_.in, ", out = ", o_.out, "; all sizes must be positive");
  }

  [[nodiscard]] std::string_view kind() const { return "dense"; }
  [[nodiscard]] std::string describe() const { return detail::concat(in_, " -> ", out_); }
  [[nodiscard]] std::optional<Shape> input_shape() const { return o_.in; }
  [[nodiscard]] Shape output_shape(const Shape&) const { return o_.out; }

  void declare(LayoutBuilder& layout) const {
    const Activation& in = layout.activation;  // with the axes from before a Flatten
    const std::vector<AxisGroups> units = unit_groups(layout);
    std::vector<Index> shape = o_.out.axes();
    shape.insert(shape.end(), in.shape.axes().begin(), in.shape.axes().end());
    std::vector<AxisGroups> groups = units;
    for (const AxisGroups& axis : in.groups) groups.push_back(axis.shifted(o_.out.rank()));
    layout.add_parameter("weight", Shape(std::move(shape)), Role::weight, std::move(groups));
    layout.add_parameter("bias", o_.out, Role::bias, units);
    layout.activation = {o_.out, units};
  }
  void initialize(const InitializeArgs<Scalar>& a) const {
    initialize_weights_and_biases(a, out_ * in_, in_, out_, o_.initialization);
  }
  [[nodiscard]] Index cache_size(Index) const { return 0; }
  [[nodiscard]] Index workspace_size(Index) const { return 0; }

  void forward(ForwardArgs<Scalar> a) const {
    product<Scalar>(a.x, Strided<const Scalar>(weight(a.params)).transposed(), a.y, Into::overwrite);
    for (Index i = 0; i < a.y.rows(); ++i) axpy(Scalar(1), bias(a.params), row_of(a.y, i));
  }
  void backward(BackwardArgs<Scalar> a) const {
    if (a.dx) product<Scalar>(a.dy, weight(a.params), *a.dx, Into::overwrite);
    product<Scalar>(Strided<const Scalar>(a.dy).transposed(), a.x, weight(a.dparams), Into::add);
    for (Index i = 0; i < a.dy.rows(); ++i) axpy(Scalar(1), row_of(a.dy, i), bias(a.dparams));
  }

 private:
  template <class T>
  auto weight(std::span<T> params) const {
    return matrix_view(params, out_, in_);
  }
  template <class T>
  auto bias(std::span<T> params) const {
    return slice(params, out_ * in_, out_);
  }
  // Of the axes of out: none but the last, which has a group for each index of the others.
  std::vector<AxisGroups> unit_groups(LayoutBuilder& layout) const {
    std::vector<AxisGroups> axes(static_cast<std::size_t>(o_.out.rank()));
    std::vector<Index> over(axes.size() - 1);
    std::iota(over.begin(), over.end(), Index{0});
    const Index units = o_.out[o_.out.rank() - 1];
    std::vector<GroupId> ids;
    for (Index position = 0; position < out_ / units; ++position) ids.push_back(layout.add_group(units));
    axes.back() = AxisGroups(std::move(over), std::move(ids));
    return axes;
  }

  DenseOptions o_;
  Index in_, out_;
};
static_assert(Layer<Dense<float>, float>);

}  // namespace lmc
