// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cmath>
#include <concepts>
#include <cstddef>
#include <span>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/layers/any_layer.hpp>
#include <lmc/layers/for_each_layer.hpp>
#include <lmc/layers/locally_connected2d.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/optim/detail/sum_in_eight.hpp>
#include <lmc/train/events.hpp>

namespace lmc {

/// How much of their gradients the positions of a locally connected layer share.
struct SharedGradientOptions {
  double share = 1;        // λ, in [0, 1]
  bool keep_norm = false;  // the gradient of each layer is scaled to the length that it had before
};

/// A gradient hook by which all P blocks of every locally connected layer, filters and biases, share their gradients in part:
///   g_p ← (1 − λ) g_p + λ/P Σ_q g_q
/// It makes weight sharing a dose: parameterization, start and number of parameters are the same for every λ. With λ = 1 and plain SGD,
/// filters that begin alike stay alike to the bit, and are those of the network that has one filter for all positions and trains it at
/// 1/P of the learning rate, up to rounding. A mean is shorter than what it is of, so that updates of SGD shrink with λ; `keep_norm`
/// keeps the length of each layer's gradient. Means and lengths are summed in double. Layers of another kind, and those
/// with one block, stay as they are.
/// Throws: Error when λ is outside [0, 1], or no layer has two blocks or more; the hook throws for another network's gradient.
///   options.gradient_hooks.push_back(lmc::shared_gradient(net, {.share = 0.5}));
template <std::floating_point Scalar>
GradientHook<Scalar> shared_gradient(const Network<Scalar>& network, const SharedGradientOptions& options) {
  require(options.share >= 0 && options.share <= 1, "shared_gradient: share = ", options.share,
          "; expected a number in [0, 1]");
  struct Block {
    std::size_t first, count, blocks;  // where the first block's entries begin, how many each has, how many blocks
  };
  std::vector<std::vector<Block>> layers;  // filters and biases of each
  for_each_layer(network, [&](const AnyLayer<Scalar>& layer, Index first) {
    const auto* local = layer.template target<LocallyConnected2d<Scalar>>();
    if (local == nullptr || local->blocks().size() < 2) return;
    const auto blocks = static_cast<std::size_t>(local->blocks().size()), bank = static_cast<std::size_t>(local->bank_size());
    const auto begin = static_cast<std::size_t>(first);
    layers.push_back({{begin, bank, blocks}});
    if (local->options().bias)
      layers.back().push_back({begin + blocks * bank, static_cast<std::size_t>(local->options().outputs), blocks});
  });
  require(!layers.empty(), "shared_gradient: the network has no locally connected layer with two blocks or more, ",
          "whose gradients could be shared; lift a convolution by lift_to_local");
  const auto parameters = static_cast<std::size_t>(network.layout().parameter_count());
  return [options, layers, parameters](const GradientEvent<Scalar>& event) {
    require(event.gradient.size() == parameters, "shared_gradient: a gradient of ", event.gradient.size(),
            " entries; expected ", parameters, ", as many as the network that the hook was made for has");
    const auto square_of = [&](const std::vector<Block>& layer) {
      double sum = 0;
      for (const Block& b : layer)
        sum += detail::sum_in_eight(b.count * b.blocks, [&](std::size_t i) {
          const auto g = static_cast<double>(event.gradient[b.first + i]);
          return g * g;
        });
      return sum;
    };
    std::vector<double> mean;
    for (const std::vector<Block>& layer : layers) {
      const double before = options.keep_norm ? square_of(layer) : 0;
      for (const Block& b : layer) {
        const std::span<Scalar> g = event.gradient.subspan(b.first, b.count * b.blocks);
        mean.assign(b.count, 0);
        for (std::size_t first = 0; first < g.size(); first += b.count)
          for (std::size_t i = 0; i < b.count; ++i) mean[i] += static_cast<double>(g[first + i]);
        for (double& m : mean) m /= static_cast<double>(b.blocks);
        for (std::size_t first = 0; first < g.size(); first += b.count)
          for (std::size_t i = 0; i < b.count; ++i) {
            Scalar& entry = g[first + i];
            entry = static_cast<Scalar>((1 - options.share) * static_cast<double>(entry) + options.share * mean[i]);
          }
      }
      const double after = options.keep_norm ? square_of(layer) : 0;
      if (after == 0) continue;
      const auto factor = static_cast<Scalar>(std::sqrt(before / after));
      for (const Block& b : layer)
        for (Scalar& g : event.gradient.subspan(b.first, b.count * b.blocks)) g *= factor;
    }
  };
}

}  // namespace lmc
