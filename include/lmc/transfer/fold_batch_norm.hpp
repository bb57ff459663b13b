// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cmath>
#include <concepts>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/layers/any_layer.hpp>
#include <lmc/layers/batch_norm.hpp>
#include <lmc/layers/network.hpp>

namespace lmc {

/// A network without the BatchNorm of another one, whose states become states of it with the same function, to rounding.
template <std::floating_point Scalar>
class BatchNormFold {
 public:
  Network<Scalar> network;  // the one without

  /// What fold_batch_norm() returns. Throws: Error as it does.
  explicit BatchNormFold(const Network<Scalar>& with)
      : network(without(with)), parameters_(with.layout().parameter_count()), buffers_(with.layout().buffer_count()) {
    std::size_t to = 0;
    for (std::size_t i = 0; i < with.parts().size(); ++i) {
      const auto& part = with.parts()[i];
      if (const auto* norm = part.layer.template target<BatchNorm<Scalar>>()) {
        folds_.push_back(fold_of(with, i, to - 1, *norm));
      } else {
        copies_.push_back({part.params.first, network.parts()[to++].params.first, part.params.count});
      }
    }
    require(network.layout().buffer_count() == 0, "fold_batch_norm: '", first_buffer(),
            "' is inside another layer, where nothing is folded; expected a chain of layers");
  }

  /// The state of `network` that computes what `state` does in evaluation mode, with its running statistics. Throws: Error when
  /// the state is not one of the network with BatchNorm, or a running variance is negative or NaN.
  [[nodiscard]] ModelState<Scalar> fold(const ModelState<Scalar>& state) const {
    require(static_cast<Index>(state.parameters.size()) == parameters_ && static_cast<Index>(state.buffers.size()) == buffers_,
            "fold_batch_norm: the state has ", state.parameters.size(), " parameters and ", state.buffers.size(),
            " buffers; the network with BatchNorm has ", parameters_, " and ", buffers_);
    ModelState<Scalar> folded{std::vector<Scalar>(static_cast<std::size_t>(network.layout().parameter_count())), {}};
    for (const Copy& c : copies_)
      for (Index i = 0; i < c.count; ++i) at(folded.parameters, c.to + i) = at(state.parameters, c.from + i);
    for (const Fold& f : folds_)
      for (Index row = 0; row < f.rows; ++row) {
        const Index channel = row % f.channels;
        const double variance = static_cast<double>(at(state.buffers, f.buffers + f.channels + channel));
        require(variance >= 0, "fold_batch_norm: a running variance is ", variance,
                "; expected at least 0; did the training diverge?");
        const double scale = static_cast<double>(at(state.parameters, f.norm + channel)) / std::sqrt(variance + f.epsilon);
        for (Index i = row * f.columns; i < (row + 1) * f.columns; ++i) {
          Scalar& weight = at(folded.parameters, f.weight + i);
          weight = static_cast<Scalar>(scale * static_cast<double>(weight));
        }
        Scalar& bias = at(folded.parameters, f.bias + row);
        bias = static_cast<Scalar>(
            static_cast<double>(at(state.parameters, f.norm + f.channels + channel)) +
            scale * (static_cast<double>(bias) - static_cast<double>(at(state.buffers, f.buffers + channel))));
      }
    return folded;
  }

 private:
  // Parameters that stay as they are, or are folded into.
  struct Copy {
    Index from, to, count;
  };
  // Where the parts of one normalization lie, and what it is folded into.
  struct Fold {
    Index norm, buffers, channels;      // in θ, in the buffers, and how many; scale then bias, mean then variance
    double epsilon;                     // added to the variance
    Index weight, bias, rows, columns;  // in the θ without BatchNorm
  };

  template <class Values>
  static auto& at(Values& values, Index i) {
    return values[static_cast<std::size_t>(i)];
  }
  static Network<Scalar> without(const Network<Scalar>& with) {
    std::vector<AnyLayer<Scalar>> layers;
    for (const auto& part : with.parts())
      if (part.layer.template target<BatchNorm<Scalar>>() == nullptr) layers.push_back(part.layer);
    require(layers.size() < with.parts().size(), "fold_batch_norm: the network has no BatchNorm among its layers");
    require(!layers.empty(),
            "fold_batch_norm: there is no layer but BatchNorm; expected one in front that it can be folded into");
    return Network<Scalar>(std::move(layers), *with.input_shape());
  }
  // The normalization that is layer i of the network, to be folded into layer `before` of the one without.
  Fold fold_of(const Network<Scalar>& with, std::size_t i, std::size_t before, const BatchNorm<Scalar>& norm) const {
    const auto& part = with.parts()[i];
    const Segment *weight = nullptr, *bias = nullptr;
    std::size_t segments = 0;
    if (i > 0 && with.parts()[i - 1].layer.affine_in_parameters()) {
      const auto& params = network.parts()[before].params;
      for (const Segment& s : network.layout().parameters)
        if (s.offset >= params.first && s.offset < params.first + params.count) {
          ++segments;
          if (s.role == Role::weight) weight = &s;
          if (s.role == Role::bias) bias = &s;
        }
    }
    const Index channels = norm.options().inputs[norm.options().inputs.rank() - 1];
    require(segments == 2 && weight != nullptr && bias != nullptr && bias->size() % channels == 0, "fold_batch_norm: '",
            part.name, "' is behind ", i == 0 ? "no layer" : concat("'", with.parts()[i - 1].name, "'"),
            "; expected a layer of a weight and a bias in front of it, such as Dense or Conv2d with a bias");
    return {.norm = part.params.first,
            .buffers = part.buffers.first,
            .channels = channels,
            .epsilon = norm.options().epsilon,
            .weight = weight->offset,
            .bias = bias->offset,
            .rows = bias->size(),
            .columns = weight->size() / bias->size()};
  }
  [[nodiscard]] std::string first_buffer() const {
    return network.layout().buffers.empty() ? "" : network.layout().buffers.front().name;
  }

  std::vector<Copy> copies_;
  std::vector<Fold> folds_;
  Index parameters_, buffers_;  // of the network with BatchNorm
};

/// The network without its BatchNorm, each folded into the layer in front of it:
///   W' = s W,   b' = β + s (b − μ),   s = γ / √(v + ε)
/// row by row, with scale γ, bias β, running mean μ and variance v of the row's channel, in double. A network that was trained
/// with BatchNorm becomes one of weights and biases alone, so that a line between two has no statistics that would not fit it:
///   const auto folded = fold_batch_norm(net);
///   linear_path(folded.fold(a.state), folded.fold(b.state), evaluator(folded.network, test))
/// Throws: Error when the network has no BatchNorm, one is not right behind a layer of a weight and a bias that is affine in
/// them (Dense, MaskedDense, Conv2d, LocallyConnected2d), or is inside another layer. Source: arXiv:2211.08403, section 3.2.
template <std::floating_point Scalar>
BatchNormFold<Scalar> fold_batch_norm(const Network<Scalar>& network) {
  return BatchNormFold<Scalar>(network);
}

}  // namespace lmc
