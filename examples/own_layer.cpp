// SPDX-License-Identifier: BSD-3-Clause
// How is a layer written that lmc does not have, and how do you know that its gradient is right?
#include <algorithm>
#include <iostream>
#include <lmc/lmc.hpp>
#include <lmc/testing/gradient_error.hpp>
#include <optional>
#include <span>
#include <string_view>

/// Swish with a learned slope for each feature: y = x σ(βx), element by element, β [features] (arXiv:1710.05941).
///   ∂y/∂x = σ + βx σ(1 − σ)   ∂y/∂β = x² σ(1 − σ)
template <class Scalar>
class Swish {  // what it leaves out has a default: no cache, no workspace, the output has the shape of the input
 public:
  explicit Swish(lmc::Index features) : features_(features) {}

  std::string_view kind() const { return "swish"; }
  std::optional<lmc::Shape> input_shape() const { return features_; }  // so that a width that does not fit is named
  void declare(lmc::LayoutBuilder& layout) const {
    // β belongs to the units before it: where those are permuted, so is β.
    layout.add_parameter("beta", layout.activation.shape, lmc::Role::scale, layout.activation.groups);
  }
  void initialize(const lmc::InitializeArgs<Scalar>& a) const { std::ranges::fill(a.params, Scalar(1)); }

  void forward(lmc::ForwardArgs<Scalar> a) const { a.y = a.x.array() * gate(a.x, a.params); }
  void backward(lmc::BackwardArgs<Scalar> a) const {
    const Array s = gate(a.x, a.params), slope = s * (1 - s), x = a.x.array(), dy = a.dy.array();
    lmc::matrix_view(a.dparams, 1, features_).array() += (dy * x.square() * slope).colwise().sum();  // added to what is there
    if (a.dx) a.dx->array() = dy * (s + x * slope * beta(a.params, x.rows()));  // overwritten, where it is asked for
  }

 private:
  using Array = Eigen::Array<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

  Array beta(std::span<const Scalar> params, lmc::Index rows) const {
    return lmc::matrix_view(params, 1, features_).array().replicate(rows, 1);
  }
  Array gate(lmc::MatrixView<const Scalar> x, std::span<const Scalar> params) const {
    return 1 / (1 + (-x.array() * beta(params, x.rows())).exp());
  }
  lmc::Index features_;
};
static_assert(lmc::Layer<Swish<float>, float>);

int main() {
  const double wrong = lmc::testing::gradient_error(Swish<double>(5), {.batch = 3});
  std::cout << "gradient " << (wrong < 1e-7 ? "right" : "WRONG") << '\n';

  const auto data = lmc::spirals<float>({.seed = 1}), test = lmc::spirals<float>({.seed = 2});
  const auto net = lmc::sequential<float>(2, {lmc::dense(32), Swish<float>(32), lmc::dense(3)});
  const auto [a, b] =
      lmc::train_pair(net, data, net.initialize({.seed = 0}),
                      {.batch_size = 32, .optimizer = lmc::AdamOptions{.learning_rate = 0.01}}, {.order = 1}, {.order = 2});
  const auto [least, most] = std::ranges::minmax(net.parts()[1].params.of(std::span(a.state.parameters)));
  const auto curve = lmc::linear_path(a, b, lmc::evaluator(net, test), {.alphas = 25});
  std::cout << net << "learned slopes from " << lmc::fixed(least, 1) << " to " << lmc::fixed(most, 1) << "\nerror barrier "
            << lmc::error_barrier(curve) << '\n';
}
