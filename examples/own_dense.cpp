// SPDX-License-Identifier: BSD-3-Clause
// How does a layer declare units of its own, so that alignment may permute them? Here: a dense layer without bias.
#include <algorithm>
#include <iostream>
#include <lmc/lmc.hpp>
#include <lmc/simd/product.hpp>
#include <lmc/testing/gradient_error.hpp>
#include <lmc/testing/permutation_effect.hpp>

using lmc::Index, lmc::Shape, lmc::Strided, lmc::simd::product, lmc::simd::product_workspace;

/// Y = X Wᵀ; X [N, inputs], W [units, inputs], Y [N, units].
struct Linear {
  Shape inputs;
  Index units;

  std::string_view kind() const { return "linear"; }
  std::optional<Shape> input_shape() const { return inputs; }
  Shape output_shape(const Shape&) const { return units; }
  void declare(lmc::LayoutBuilder& layout) const {
    const lmc::GroupId group = layout.add_group(units);  // of new units, which are interchangeable
    // The axes of W: the units, then those of the input, each with its own groups.
    std::vector<Index> axes{units};
    std::vector<lmc::AxisGroups> groups{group};
    for (const Index length : layout.activation.shape.axes()) axes.push_back(length);
    for (const lmc::AxisGroups& axis : layout.activation.groups) groups.push_back(axis.shifted(1));
    layout.add_parameter("weight", Shape(axes), lmc::Role::weight, groups);
    layout.activation = {units, {group}};  // what the next layer receives
  }
  void initialize(const lmc::InitializeArgs<double>& a) const {
    lmc::initialize_weights_and_biases(a, units * inputs.size(), inputs.size(), units, {});
  }
  Index workspace_size(Index batch) const {
    const Index n = inputs.size();
    return std::max({product_workspace<double>(batch, units, n), product_workspace<double>(units, n, batch),
                     product_workspace<double>(batch, n, units)});
  }
  // Unlike Eigen's, these products give the same bits for any number of threads.
  void forward(const lmc::ForwardArgs<double>& a) const {
    const Strided<const double> w = lmc::matrix_view(a.params, units, inputs.size());
    product<double>(a.x, w.transposed(), a.y, lmc::WriteMode::overwrite, a.workspace);
  }
  void backward(lmc::BackwardArgs<double> a) const {
    const Strided<const double> dy = a.dy;
    product<double>(dy.transposed(), a.x, lmc::matrix_view(a.dparams, units, inputs.size()), lmc::WriteMode::add, a.workspace);
    const Strided<const double> w = lmc::matrix_view(a.params, units, inputs.size());
    if (a.dx) product<double>(dy, w, *a.dx, lmc::WriteMode::overwrite, a.workspace);
  }
};

int main() {
  std::cout << "gradient " << (lmc::testing::gradient_error(Linear{5, 3}) < 1e-7 ? "right" : "WRONG") << '\n';
  const auto linear = [](Index units) { return [units](const Shape& in) { return Linear{in, units}; }; };
  const auto net = lmc::sequential<double>({6, 6, 1}, {lmc::conv2d(4), lmc::relu(), linear(8), lmc::relu(), linear(3)});
  const auto effect = lmc::testing::permutation_effect(net);
  std::cout << net.layout().groups.size() << " permutation groups, "
            << (effect.outputs < 1e-12 && effect.parameters > 0 ? "right" : "WRONG") << '\n';
}
