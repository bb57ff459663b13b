// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/window.hpp>
#include <lmc/layers/any_layer.hpp>
#include <lmc/layers/conv2d.hpp>
#include <lmc/layers/dense.hpp>
#include <lmc/layers/for_each_layer.hpp>
#include <lmc/layers/locally_connected2d.hpp>
#include <lmc/layers/mask.hpp>
#include <lmc/layers/masked_dense.hpp>
#include <lmc/layers/network.hpp>

namespace lmc {

/// A network inside a larger one: a linear map θ' = E θ under which both compute the same function, to rounding. Every entry of
/// θ' is a copy of one entry of θ, or a zero, so that E has orthogonal columns:
///   lift      θ'_i = θ_source(i), or 0
///   project   θ_j = mean of the θ'_i with source(i) = j: the nearest θ' in the image of E, pulled back. What lift set to zero
///             is dropped; an entry that no θ'_i copies (a weight over padding alone) becomes 0. project(lift(θ)) is θ
///             elsewhere, exactly for float and to rounding for double.
template <std::floating_point Scalar>
class Lift {
 public:
  Network<Scalar> network;                         // the larger one
  std::vector<std::optional<std::size_t>> source;  // for each of its parameters, the position in the smaller one's θ

  /// The larger network, where each of its parameters comes from, and the layout of the smaller one. Nothing is checked here.
  Lift(Network<Scalar> network_, std::vector<std::optional<std::size_t>> source_, const ParameterLayout& smaller)
      : network(std::move(network_)),
        source(std::move(source_)),
        smaller_(smaller),
        parameters_(static_cast<std::size_t>(smaller.parameter_count())) {}

  /// E θ. Throws: Error when θ does not have the smaller network's length.
  [[nodiscard]] std::vector<Scalar> lift(std::span<const Scalar> theta) const {
    require(theta.size() == parameters_, "lift: θ has ", theta.size(), " entries; the smaller network has ", parameters_,
            " parameters");
    std::vector<Scalar> lifted(source.size());
    for (std::size_t i = 0; i < source.size(); ++i) lifted[i] = source[i] ? theta[*source[i]] : Scalar(0);
    return lifted;
  }
  /// The mean of the copies, as above. Throws: Error when θ' does not have the larger network's length.
  [[nodiscard]] std::vector<Scalar> project(std::span<const Scalar> theta) const {
    require(theta.size() == source.size(), "project: θ has ", theta.size(), " entries; the larger network has ", source.size(),
            " parameters");
    std::vector<double> sum(parameters_);
    std::vector<double> copies(parameters_);
    for (std::size_t i = 0; i < source.size(); ++i)
      if (source[i]) {
        sum[*source[i]] += static_cast<double>(theta[i]);
        copies[*source[i]] += 1;
      }
    std::vector<Scalar> projected(parameters_);
    for (std::size_t j = 0; j < parameters_; ++j)
      projected[j] = copies[j] == 0 ? Scalar(0) : static_cast<Scalar>(sum[j] / copies[j]);
    return projected;
  }

  /// The same for a whole state; the buffers of both networks are the same.
  [[nodiscard]] ModelState<Scalar> lift(const ModelState<Scalar>& state) const {
    return {lift(std::span<const Scalar>(state.parameters)), state.buffers};
  }
  /// The same back.
  [[nodiscard]] ModelState<Scalar> project(const ModelState<Scalar>& state) const {
    return {project(std::span<const Scalar>(state.parameters)), state.buffers};
  }

  /// What lies where in the smaller network's θ.
  [[nodiscard]] const ParameterLayout& smaller() const { return smaller_; }

 private:
  ParameterLayout smaller_;
  std::size_t parameters_;  // parameters of the smaller network
};

namespace detail {

using Source = std::vector<std::optional<std::size_t>>;

template <std::floating_point Scalar>
struct LiftedLayer {
  AnyLayer<Scalar> layer;
  Source source;  // counted from the layer's first parameter
};

/// The layer that `rule` puts in the place of another, in layers that are made of others, too; where it gives nothing, the layer
/// itself, which has so many parameters.
template <std::floating_point Scalar, class Rule>
LiftedLayer<Scalar> lift_layer(const AnyLayer<Scalar>& layer, Index parameters, const Rule& rule) {
  if (std::optional<LiftedLayer<Scalar>> replaced = rule(layer)) return std::move(*replaced);
  Source source;
  const auto children = layer.children();
  if (children.empty()) {
    for (std::size_t i = 0; i < static_cast<std::size_t>(parameters); ++i) source.emplace_back(i);
    return {layer, std::move(source)};
  }
  std::vector<AnyLayer<Scalar>> layers;
  Index next = 0;
  for (const ChildLayer<Scalar>& child : children) {
    require(child.first == next, "lift: the layer '", layer.kind(), "' says that the parameters of its child '", child.name,
            "' begin at ", child.first, "; expected ", next, ", behind those of the child before");
    next += child.parameters;
    LiftedLayer<Scalar> lifted = lift_layer<Scalar>(child.layer, child.parameters, rule);
    for (const auto& entry : lifted.source)
      source.push_back(entry ? std::optional(*entry + static_cast<std::size_t>(child.first)) : std::nullopt);
    layers.push_back(std::move(lifted.layer));
  }
  require(next == parameters, "lift: the layer '", layer.kind(), "' has ", parameters, " parameters, its children ", next,
          "; expected no parameters beside theirs");
  AnyLayer<Scalar> lifted = layer.with_children(layers);
  const auto made = lifted.children();
  require(std::ranges::equal(
              made, layers, {}, [](const auto& child) { return child.layer.kind(); }, &AnyLayer<Scalar>::kind),
          "lift: with_children() of the layer '", layer.kind(),
          "' does not give it the layers that it is given, in their order");
  return {std::move(lifted), std::move(source)};
}

template <std::floating_point Scalar, class Rule>
Lift<Scalar> lift_network(const Network<Scalar>& network, const Rule& rule) {
  LiftedLayer<Scalar> whole = lift_layer<Scalar>(AnyLayer<Scalar>(network), network.layout().parameter_count(), rule);
  const auto* larger = whole.layer.template target<Network<Scalar>>();
  require(static_cast<Index>(whole.source.size()) == larger->layout().parameter_count(), "lift: the larger network has ",
          larger->layout().parameter_count(), " parameters, but a source is known for ", whole.source.size(),
          "; does a layer's children() say how many parameters each child has?");
  return {*larger, std::move(whole.source), network.layout()};
}

/// A convolution or a locally connected layer, as the latter.
template <std::floating_point Scalar>
std::optional<LocallyConnected2d<Scalar>> as_local(const AnyLayer<Scalar>& layer) {
  if (const auto* local = layer.template target<LocallyConnected2d<Scalar>>()) return *local;
  if (const auto* conv = layer.template target<Conv2d<Scalar>>()) {
    const Conv2dOptions& o = conv->options();
    return LocallyConnected2d<Scalar>({.inputs = o.inputs,
                                       .outputs = o.outputs,
                                       .kernel = o.kernel,
                                       .stride = o.stride,
                                       .padding = o.padding,
                                       .groups = o.groups,
                                       .bias = o.bias,
                                       .sharing = conv->window().out,
                                       .initialization = o.initialization});
  }
  return std::nullopt;
}

/// A locally connected layer as one with smaller blocks.
template <std::floating_point Scalar>
LiftedLayer<Scalar> untie_layer(const LocallyConnected2d<Scalar>& from, Extent sharing) {
  LocallyConnected2dOptions options = from.options();
  const Extent grid = from.window().out, shared = options.sharing;
  const auto fits = [](Index small, Index large, Index positions) {
    return small > 0 && (large >= positions || large % small == 0);
  };
  require(fits(sharing.rows, shared.rows, grid.rows) && fits(sharing.cols, shared.cols, grid.cols), "lift_to_tied: blocks of ",
          sharing, " positions do not fit into those of ", shared,
          " that share a filter now; each length must divide that which it replaces");
  options.sharing = sharing;
  LocallyConnected2d<Scalar> to(std::move(options));
  const Extent blocks = to.blocks();
  const auto bank = static_cast<std::size_t>(to.bank_size());
  const auto units = static_cast<std::size_t>(to.options().outputs);
  Source source;
  const auto copy = [&](std::size_t entries, std::size_t offset) {
    for (Index row = 0; row < blocks.rows; ++row)
      for (Index col = 0; col < blocks.cols; ++col) {
        const auto old = static_cast<std::size_t>(from.block_of(row * sharing.rows, col * sharing.cols));
        for (std::size_t i = 0; i < entries; ++i) source.push_back(offset + old * entries + i);
      }
  };
  copy(bank, 0);
  if (to.options().bias) copy(units, static_cast<std::size_t>(from.blocks().size()) * bank);
  return {std::move(to), std::move(source)};
}

/// For each weight [rows, cols, out, in rows, in cols, in] of the layer's matrix, then for each bias [rows, cols, out], the
/// parameter of the layer that stands there.
template <std::floating_point Scalar>
Source matrix_source(const LocallyConnected2d<Scalar>& layer) {
  const LocallyConnected2dOptions& o = layer.options();
  const Window& w = layer.window();
  const Index inputs = o.inputs.size(), channels = o.inputs[2] / o.groups, units = o.outputs / o.groups;
  const Index filter = layer.bank_size() / o.outputs;
  Source source(static_cast<std::size_t>(w.out.size() * o.outputs * (inputs + 1)));
  Index output = 0;
  for (Index row = 0; row < w.out.rows; ++row)
    for (Index col = 0; col < w.out.cols; ++col)
      for (Index unit = 0; unit < o.outputs; ++unit, ++output) {
        const Index bank = (layer.block_of(row, col) * o.outputs + unit) * filter, first_channel = unit / units * channels;
        for (Index i = 0; i < o.kernel.rows; ++i)
          for (Index j = 0; j < o.kernel.cols; ++j)
            for (Index channel = 0; channel < channels && w.inside(w.in_row(row, i), w.in_col(col, j)); ++channel)
              source[static_cast<std::size_t>(
                  output * inputs + (w.in_row(row, i) * w.in.cols + w.in_col(col, j)) * o.inputs[2] + first_channel +
                  channel)] = static_cast<std::size_t>(bank + (i * o.kernel.cols + j) * channels + channel);
        if (o.bias)
          source[static_cast<std::size_t>(w.out.size() * o.outputs * inputs + output)] =
              static_cast<std::size_t>(layer.blocks().size() * layer.bank_size() + layer.block_of(row, col) * o.outputs + unit);
      }
  return source;
}

template <std::floating_point Scalar>
Shape image_of(const LocallyConnected2d<Scalar>& layer) {
  return {layer.window().out.rows, layer.window().out.cols, layer.options().outputs};
}

}  // namespace detail

/// The output grids of the convolutions and locally connected layers of a network, nested ones too, in their order.
template <std::floating_point Scalar>
std::vector<Extent> output_grids(const Network<Scalar>& network) {
  std::vector<Extent> grids;
  for_each_layer(network, [&](const AnyLayer<Scalar>& layer, Index) {
    if (const auto local = detail::as_local<Scalar>(layer)) grids.push_back(local->window().out);
  });
  return grids;
}

/// Every convolution and every locally connected layer becomes one whose blocks of `sharing` positions share their filters:
/// {1} unties all, smaller blocks than now untie in steps. One Extent stands for all layers; else there is one per layer, in
/// their order. Throws: Error when the number of Extents is wrong, or the blocks do not divide those that share a filter now.
template <std::floating_point Scalar>
Lift<Scalar> lift_to_tied(const Network<Scalar>& network, const std::vector<Extent>& sharing) {
  const std::size_t layers = output_grids(network).size();
  require(sharing.size() == 1 || sharing.size() == layers, "lift_to_tied: ", sharing.size(),
          " sizes of blocks; expected one for all, or one for each of the ", layers,
          " convolutions and locally connected layers");
  std::size_t next = 0;
  return detail::lift_network<Scalar>(network,
                                      [&](const AnyLayer<Scalar>& layer) -> std::optional<detail::LiftedLayer<Scalar>> {
                                        const auto local = detail::as_local<Scalar>(layer);
                                        if (!local) return std::nullopt;
                                        const Extent blocks = sharing.size() == 1 ? sharing[0] : sharing[next];
                                        ++next;
                                        return detail::untie_layer<Scalar>(*local, blocks);
                                      });
}

/// Every convolution and tied layer becomes locally connected, with a filter bank at each position.
template <std::floating_point Scalar>
Lift<Scalar> lift_to_local(const Network<Scalar>& network) {
  return lift_to_tied(network, {Extent(1)});
}

/// Every convolution, tied and locally connected layer becomes a dense layer under the mask of its geometry.
template <std::floating_point Scalar>
Lift<Scalar> lift_to_masked_dense(const Network<Scalar>& network) {
  return detail::lift_network<Scalar>(network, [](const AnyLayer<Scalar>& layer) -> std::optional<detail::LiftedLayer<Scalar>> {
    const auto local = detail::as_local<Scalar>(layer);
    if (!local) return std::nullopt;
    const LocallyConnected2dOptions& o = local->options();
    return detail::LiftedLayer<Scalar>{
        MaskedDense<Scalar>({.inputs = o.inputs,
                             .outputs = detail::image_of(*local),
                             .mask = convolution_mask(local->window(), o.inputs[2], o.outputs, o.groups),
                             .initialization = o.initialization}),
        detail::matrix_source(*local)};
  });
}

/// Every convolution, tied, locally connected and masked layer becomes dense.
template <std::floating_point Scalar>
Lift<Scalar> lift_to_dense(const Network<Scalar>& network) {
  return detail::lift_network<Scalar>(network, [](const AnyLayer<Scalar>& layer) -> std::optional<detail::LiftedLayer<Scalar>> {
    if (const auto local = detail::as_local<Scalar>(layer))
      return detail::LiftedLayer<Scalar>{Dense<Scalar>({.inputs = local->options().inputs,
                                                        .outputs = detail::image_of(*local),
                                                        .initialization = local->options().initialization}),
                                         detail::matrix_source(*local)};
    const auto* masked = layer.template target<MaskedDense<Scalar>>();
    if (masked == nullptr) return std::nullopt;
    const MaskedDenseOptions& o = masked->options();
    detail::Source source(o.mask.bits.size() + static_cast<std::size_t>(o.mask.outputs));
    for (std::size_t i = 0; i < source.size(); ++i)
      if (i >= o.mask.bits.size() || o.mask.bits[i]) source[i] = i;
    return detail::LiftedLayer<Scalar>{
        Dense<Scalar>({.inputs = o.inputs, .outputs = o.outputs, .initialization = o.initialization}), std::move(source)};
  });
}

}  // namespace lmc
