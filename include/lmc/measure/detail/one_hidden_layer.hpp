// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/connectivity/exact/readout_pair.hpp>
#include <lmc/core/error.hpp>
#include <lmc/layers/any_layer.hpp>
#include <lmc/layers/average_pool2d.hpp>
#include <lmc/layers/conv2d.hpp>
#include <lmc/layers/dense.hpp>
#include <lmc/layers/dropout.hpp>
#include <lmc/layers/flatten.hpp>
#include <lmc/layers/global_average_pool.hpp>
#include <lmc/layers/identity.hpp>
#include <lmc/layers/leaky_relu.hpp>
#include <lmc/layers/locally_connected2d.hpp>
#include <lmc/layers/masked_dense.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/layers/relu.hpp>
#include <lmc/matrix/views.hpp>

namespace lmc::detail {

/// Whether a layer gives the numbers that it gets, in evaluation mode.
template <std::floating_point Scalar>
bool leaves_numbers(const AnyLayer<Scalar>& layer) {
  return layer.template target<Flatten<Scalar>>() != nullptr || layer.template target<Identity<Scalar>>() != nullptr ||
         layer.template target<Dropout<Scalar>>() != nullptr;
}
/// Whether a layer is linear in its input and has no parameters, in evaluation mode.
template <std::floating_point Scalar>
bool is_linear_map(const AnyLayer<Scalar>& layer) {
  return leaves_numbers(layer) || layer.template target<AveragePool2d<Scalar>>() != nullptr ||
         layer.template target<GlobalAveragePool<Scalar>>() != nullptr;
}
/// Whether it is affine in its parameters for a fixed input, and in its input for fixed parameters.
template <std::floating_point Scalar>
bool is_affine_map(const AnyLayer<Scalar>& layer) {
  return layer.template target<Dense<Scalar>>() != nullptr || layer.template target<MaskedDense<Scalar>>() != nullptr ||
         layer.template target<LocallyConnected2d<Scalar>>() != nullptr || layer.template target<Conv2d<Scalar>>() != nullptr;
}
/// The slope of a ReLU (0) or leaky ReLU; none for another layer.
template <std::floating_point Scalar>
std::optional<double> rectifier_slope(const AnyLayer<Scalar>& layer) {
  if (layer.template target<Relu<Scalar>>() != nullptr) return 0;
  if (const auto* leaky = layer.template target<LeakyRelu<Scalar>>(); leaky != nullptr)
    return static_cast<double>(leaky->slope());
  return std::nullopt;
}

/// A readout of the units of a hidden layer as a matrix: logits = W rectify(h) + c.
template <class Scalar>
struct Readout {
  std::vector<Scalar> weight;  // W, [classes, hidden]
  std::vector<Scalar> bias;    // c, [classes]
};

/// A network as
///   logits = readout(θ_tail, rectify(head(θ_head, x))),
/// with a head that is affine in its parameters and a readout that is affine in rectify(…), and in its parameters. Where nothing
/// rectifies, and the readout has no parameters, the logits are affine in θ. The network must outlive it.
template <std::floating_point Scalar>
class OneHiddenLayer {
 public:
  /// Throws: Error, begun by `who`, that names the layer which does not fit.
  OneHiddenLayer(std::string_view who, const Network<Scalar>& network) : head_(head_of(who, network)) {
    const auto& parts = network.parts();
    auto next = parts.begin() + static_cast<std::ptrdiff_t>(head_.parts().size());
    // What leaves numbers as they are in evaluation mode may stand before the rectifier.
    const Shape hidden = head_.output_shape();
    std::vector<AnyLayer<Scalar>> tail;
    for (; next != parts.end() && leaves_numbers(next->layer); ++next) tail.push_back(next->layer);
    if (next != parts.end())
      if (const auto slope = rectifier_slope(next->layer)) {
        slope_ = *slope;
        ++next;
      }
    for (; next != parts.end(); ++next) {
      const bool readout = is_affine_map(next->layer) && !readout_has_parameters_;
      if (!readout && !is_linear_map(next->layer)) refuse(who, *next);
      readout_has_parameters_ = readout_has_parameters_ || readout;
      tail.push_back(next->layer);
    }
    if (!tail.empty()) tail_.emplace(std::move(tail), hidden);
  }

  /// From the examples to the pre-activations of the hidden layer.
  [[nodiscard]] const Network<Scalar>& head() const { return head_; }
  [[nodiscard]] Index hidden() const { return head_.output_shape().size(); }
  [[nodiscard]] Index classes() const { return (tail_ ? tail_->output_shape() : head_.output_shape()).size(); }
  /// The rectifier's slope; 1 where there is none.
  [[nodiscard]] double slope() const { return slope_; }
  /// Whether the logits are affine in θ.
  [[nodiscard]] bool is_linear() const { return slope_ == 1 && !readout_has_parameters_; }

  [[nodiscard]] std::span<const Scalar> head_parameters(std::span<const Scalar> theta) const {
    return slice(theta, 0, head_.layout().parameter_count());
  }
  /// W and c of one θ: what the readout makes of 0, and of a unit vector for each class on the way back.
  [[nodiscard]] Readout<Scalar> readout(std::span<const Scalar> theta) const {
    const Index width = hidden(), outputs = classes();
    Readout<Scalar> r{.weight = std::vector<Scalar>(static_cast<std::size_t>(outputs * width)),
                      .bias = std::vector<Scalar>(static_cast<std::size_t>(outputs))};
    if (!tail_) {
      for (Index c = 0; c < outputs; ++c) r.weight[static_cast<std::size_t>(c * width + c)] = 1;
      return r;
    }
    const auto size = [](Index entries) { return std::vector<Scalar>(static_cast<std::size_t>(entries)); };
    auto x = size(outputs * width), y = size(outputs * outputs), dy = size(outputs * outputs);
    auto cache = size(tail_->cache_size(outputs)), workspace = size(tail_->workspace_size(outputs));
    auto unused = size(tail_->layout().parameter_count());
    const auto params = theta.subspan(static_cast<std::size_t>(head_.layout().parameter_count()));
    const auto read = [&](const std::vector<Scalar>& v, Index cols) {
      return matrix_view(std::span<const Scalar>(v), outputs, cols);
    };
    for (Index c = 0; c < outputs; ++c) dy[static_cast<std::size_t>(c * outputs + c)] = 1;
    tail_->forward({.params = params,
                    .buffers = {},
                    .x = read(x, width),
                    .y = matrix_view(std::span(y), outputs, outputs),
                    .cache = cache,
                    .workspace = workspace});
    std::copy_n(y.begin(), outputs, r.bias.begin());
    tail_->backward({.params = params,
                     .buffers = {},
                     .x = read(x, width),
                     .y = read(y, outputs),
                     .dy = read(dy, outputs),
                     .dx = matrix_view(std::span(r.weight), outputs, width),
                     .dparams = unused,
                     .cache = cache,
                     .workspace = workspace});
    return r;
  }

 private:
  using Part = typename Network<Scalar>::Part;

  [[noreturn]] static void refuse(std::string_view who, const Part& part) {
    throw Error(concat(who, ": the layer '", part.name,
                       "' is not part of one affine layer, ReLU or leaky ReLU, average pooling and an affine readout, which is "
                       "what can be solved exactly in this way; for deeper ReLU networks take traced_error_curve, for others "
                       "linear_path with more α, and refine"));
  }
  static Network<Scalar> head_of(std::string_view who, const Network<Scalar>& network) {
    require(
        network.layout().buffer_count() == 0, who, ": the network has buffers (", network.layout().buffer_count(),
        " values), which are estimated anew for every θ, so that the logits are no quadratics; take linear_path with more α, "
        "and refine");
    const auto& parts = network.parts();
    const auto first = std::ranges::find_if(parts, [](const Part& part) { return part.params.count > 0; });
    require(first != parts.end(), who, ": the network has no parameters; expected a path between two networks");
    if (!first->layer.affine_in_parameters()) refuse(who, *first);
    std::vector<AnyLayer<Scalar>> layers;
    for (auto part = parts.begin(); part != first + 1; ++part) layers.push_back(part->layer);
    return Network<Scalar>(std::move(layers), *network.input_shape());
  }

  Network<Scalar> head_;
  double slope_ = 1;
  bool readout_has_parameters_ = false;
  std::optional<Network<Scalar>> tail_;
};

}  // namespace lmc::detail
