// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/layout.hpp>
#include <lmc/core/random.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/layers/any_layer.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/matrix/write_mode.hpp>

/// What tests of your own layers need; not part of lmc.hpp.
namespace lmc::testing {

/// Standard normals at (seed, part).
inline std::vector<double> normal_numbers(Index n, std::uint64_t seed, std::uint32_t part) {
  std::vector<double> values;
  for (Index i = 0; i < n; ++i) values.push_back(normal({.seed = seed, .part = part}, static_cast<std::uint64_t>(i)));
  return values;
}

/// What gradient_error() feeds the layer with.
struct GradientOptions {
  Index batch = 2;         // examples
  std::uint64_t seed = 1;  // seed of x, of the parameters, and of the weights of the outputs
  Shape inputs = {};       // shape of one example, for a layer that takes any shape
};

namespace detail {

/// y = s ∘ x + t, entry by entry, for examples of any shape: a neighbor for the layer in question.
class Scaling {
 public:
  static constexpr bool affine_in_parameters = true;

  explicit Scaling(Shape shape) : shape_(std::move(shape)) {}

  [[nodiscard]] std::string_view kind() const { return "scaling"; }
  [[nodiscard]] std::optional<Shape> input_shape() const { return shape_; }
  void declare(LayoutBuilder& layout) const {
    for (const char* name : {"scale", "shift"})
      layout.add_parameter(name, shape_, Role::scale, std::vector<AxisGroups>(static_cast<std::size_t>(shape_.rank())));
  }
  void initialize(const InitializeArgs<double>& a) const { std::ranges::fill(a.params, 1.0); }
  void forward(ForwardArgs<double> a) const {
    for (Index i = 0; i < a.x.rows(); ++i)
      for (Index j = 0; j < a.x.cols(); ++j) a.y(i, j) = scale(a.params, j) * a.x(i, j) + shift(a.params, j);
  }
  void backward(BackwardArgs<double> a) const {
    for (Index i = 0; i < a.x.rows(); ++i)
      for (Index j = 0; j < a.x.cols(); ++j) {
        scale(a.dparams, j) += a.dy(i, j) * a.x(i, j);
        shift(a.dparams, j) += a.dy(i, j);
        if (a.dx) (*a.dx)(i, j) = scale(a.params, j) * a.dy(i, j);
      }
  }

 private:
  template <class T>
  [[nodiscard]] T& scale(std::span<T> values, Index j) const {
    return values[static_cast<std::size_t>(j)];
  }
  template <class T>
  [[nodiscard]] T& shift(std::span<T> values, Index j) const {
    return values[static_cast<std::size_t>(shape_.size() + j)];
  }
  Shape shape_;
};

/// y = −x, written where x is.
class Negation {
 public:
  static constexpr bool works_in_place = true;

  [[nodiscard]] std::string_view kind() const { return "negation"; }
  void declare(LayoutBuilder&) const {}
  void forward(ForwardArgs<double> a) const { a.y = -a.x; }
  void backward(BackwardArgs<double> a) const {
    if (a.dx) *a.dx = -a.dy;
  }
};

/// A layer with random inputs and parameters, and the scalar L = Σ w_i y_i, w normal, to differentiate. Memory that has no
/// meaning is NaN before every call.
class LayerUnderTest {
 public:
  std::vector<double> x, params;

  LayerUnderTest(AnyLayer<double> layer, const Shape& in, const GradientOptions& options)
      : layer_(std::move(layer)), batch_(options.batch), in_(in.size()), out_(layer_.output_shape(in).size()) {
    LayoutBuilder builder(in);
    layer_.declare(builder);
    const ParameterLayout layout = std::move(builder).build();
    x = normal_numbers(batch_ * in_, options.seed, 1);
    params = normal_numbers(layout.parameter_count(), options.seed, 2);
    weights_ = normal_numbers(batch_ * out_, options.seed, 3);
    buffers_.assign(static_cast<std::size_t>(layout.buffer_count()), 1.0);
    y_.resize(weights_.size());
    cache_.resize(static_cast<std::size_t>(layer_.cache_size(batch_)));
    workspace_.resize(static_cast<std::size_t>(layer_.workspace_size(batch_)));
  }

  [[nodiscard]] bool has_buffers() const { return !buffers_.empty(); }

  const std::vector<double>& forward() {
    forget(y_), forget(cache_), forget(workspace_);
    layer_.forward({.params = params,
                    .buffers = buffers_,
                    .x = matrix_view(std::span<const double>(x), batch_, in_),
                    .y = matrix_view(std::span(y_), batch_, out_),
                    .cache = cache_,
                    .workspace = workspace_,
                    .mode = Mode::training});
    return y_;
  }
  double loss() {
    forward();
    double sum = 0;
    for (std::size_t i = 0; i < y_.size(); ++i) sum += weights_[i] * y_[i];
    return sum;
  }
  /// After a forward. Without dx where that is null.
  void backward(std::vector<double>* dx, std::vector<double>& dparams, WriteMode dparams_mode = WriteMode::add) {
    forget(workspace_);
    layer_.backward({.params = params,
                     .buffers = buffers_,
                     .x = matrix_view(std::span<const double>(x), batch_, in_),
                     .y = matrix_view(std::span<const double>(y_), batch_, out_),
                     .dy = matrix_view(std::span<const double>(weights_), batch_, out_),
                     .dx = dx ? InputGradient<double>(matrix_view(std::span(*dx), batch_, in_)) : InputGradient<double>(),
                     .dparams = dparams,
                     .cache = cache_,
                     .workspace = workspace_,
                     .dparams_mode = dparams_mode});
  }

 private:
  static void forget(std::vector<double>& values) { std::ranges::fill(values, std::numeric_limits<double>::quiet_NaN()); }

  AnyLayer<double> layer_;
  Index batch_, in_, out_;
  std::vector<double> weights_, buffers_, y_, cache_, workspace_;
};

/// max |a_i − b_i| / max(1, |a_i|); infinite where one of them is NaN.
inline double largest_difference(std::span<const double> a, std::span<const double> b) {
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = std::abs(a[i] - b[i]) / std::max(1.0, std::abs(a[i]));
    worst = std::max(worst, std::isnan(difference) ? std::numeric_limits<double>::infinity() : difference);
  }
  return worst;
}

/// The largest difference between the gradient and central differences over every entry of `at`, a part of the layer's inputs
/// or parameters. h = ε^(1/3), so that rounding and truncation are of one order, 1e-10.
inline double central_difference_error(LayerUnderTest& layer, std::span<double> at, std::span<const double> gradient) {
  std::vector<double> slopes;
  for (double& entry : at) {
    const double value = entry, h = std::cbrt(std::numeric_limits<double>::epsilon()) * std::max(1.0, std::abs(value));
    entry = value + h;
    const double above = layer.loss();
    entry = value - h;
    const double below = layer.loss();
    entry = value;
    slopes.push_back((above - below) / (2 * h));
  }
  return largest_difference(slopes, gradient);
}

}  // namespace detail

/// The largest error of a layer's backward, over every entry of ∂L/∂x and ∂L/∂params, of the scalar L = Σ w_i y_i with normal
/// weights w, relative to those that are above 1; about 1e-9 where backward is the derivative of forward. Infinite where
/// something is NaN that should not be. It is the largest of the differences
///   from central differences, of the layer alone, where dx is to be overwritten and the gradient of the parameters to be added
///     to what is there;
///   from central differences, of the layer between others in a Network, where it overwrites its input if it WorksInPlace, and
///     its output is overwritten if it is AffineInParameters;
///   between the gradients of the parameters with dx and without, as a network's first layer is asked for them;
///   for a layer that OverwritesGradient, between the gradients added and replaced, with dx and without;
///   for one that is AffineInParameters, between y on the line through two parameter vectors and the line through two y.
/// x and the parameters are normal: a kink at 0, as in ReLU, is then seldom nearer than central differences bear; another seed
/// moves it away.
/// Throws: Error when the layer uses a dx that is absent, is AffineInParameters and has buffers, or there is nothing to
/// compare: no example, or an example without a value.
inline double gradient_error(const AnyLayer<double>& layer, const GradientOptions& options = {}) {
  require(options.batch >= 1, "gradient_error: batch = ", options.batch, "; expected at least 1");
  const Shape in = layer.input_shape().value_or(options.inputs);
  require(in.is_positive(), "gradient_error: ", layer.kind(), layer.input_shape() ? " takes" : " takes any shape, and is given",
          " examples of shape ", in, "; expected positive lengths, as in {.inputs = {4}}");
  detail::LayerUnderTest alone(layer, in, options);
  std::vector<double> dx(alone.x.size(), 1.0), dparams(alone.params.size(), 1.0);  // dx is overwritten, dparams added to
  alone.forward();
  alone.backward(&dx, dparams);
  for (double& g : dparams) g -= 1;

  double worst = 0;
  for (std::vector<double>* to : {&dx, static_cast<std::vector<double>*>(nullptr)}) {
    for (const WriteMode gradient : {WriteMode::add, WriteMode::overwrite}) {
      if (gradient == WriteMode::overwrite && !layer.overwrites_gradient()) continue;
      std::vector<double> again(alone.params.size(), gradient == WriteMode::add ? 0 : std::numeric_limits<double>::quiet_NaN());
      alone.forward();
      alone.backward(to, again, gradient);
      worst = std::max(worst, detail::largest_difference(again, dparams));
    }
  }
  worst = std::max(worst, detail::central_difference_error(alone, std::span(alone.x), dx));
  worst = std::max(worst, detail::central_difference_error(alone, std::span(alone.params), dparams));

  if (layer.affine_in_parameters()) {
    require(!alone.has_buffers(), "gradient_error: ", layer.kind(), " says affine_in_parameters, but has buffers");
    const std::vector<double> a = alone.params, y_a = alone.forward();
    for (std::uint32_t pair = 4; pair < 8; ++pair) {
      const std::vector<double> b = normal_numbers(static_cast<Index>(a.size()), options.seed, pair);
      alone.params = b;
      const std::vector<double> y_b = alone.forward();
      for (const double t : {0.5, -1.0, 2.0}) {
        std::vector<double> line(y_a.size());
        for (std::size_t i = 0; i < a.size(); ++i) alone.params[i] = a[i] + t * (b[i] - a[i]);
        for (std::size_t i = 0; i < line.size(); ++i) line[i] = y_a[i] + t * (y_b[i] - y_a[i]);
        worst = std::max(worst, detail::largest_difference(alone.forward(), line));
      }
    }
  }

  const Network<double> network({detail::Scaling(in), layer, detail::Negation(), detail::Scaling(layer.output_shape(in))});
  detail::LayerUnderTest between(network, in, options);
  dx.assign(between.x.size(), 1.0);
  dparams.assign(between.params.size(), 0.0);
  between.forward();
  between.backward(&dx, dparams);
  const Network<double>::Range own = network.parts()[1].params;
  worst = std::max(worst, detail::central_difference_error(between, std::span(between.x), dx));
  return std::max(worst, detail::central_difference_error(between, own.of(std::span(between.params)),
                                                          own.of(std::span<const double>(dparams))));
}

}  // namespace lmc::testing
