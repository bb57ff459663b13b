// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/connectivity/detail/finite_values.hpp>
#include <lmc/connectivity/exact/detail/bernstein.hpp>
#include <lmc/connectivity/exact/detail/path_tracer.hpp>
#include <lmc/connectivity/exact/exact_error_curve.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/text.hpp>

namespace lmc {

/// An affine layer at both ends of a path, z = W x + bias, and the (leaky) ReLU behind it. Spans are only read.
template <std::floating_point T>
struct ReluLayer {
  Index in = 0;                       // inputs
  Index out = 0;                      // units
  std::span<const T> weights_a = {};  // W at the path's beginning, [out, in], row-major
  std::span<const T> weights_b = {};  // W at its end
  std::span<const T> biases_a = {};   // [out], or empty for none
  std::span<const T> biases_b = {};   // as many
  double slope = 0;                   // y / z for negative z, in [0, 1]: 0 is ReLU, 1 is no non-linearity
};

/// The error of a deep ReLU network along a path, and what there was to follow.
struct TracedErrorCurve {
  ExactErrorCurve curve = {};      // the error at every α
  std::vector<Index> events = {};  // for each example: how often a hidden unit changes its sign between the ends
  friend bool operator==(const TracedErrorCurve&, const TracedErrorCurve&) = default;

  /// The mean of events; 0 without examples.
  [[nodiscard]] double mean_events() const {
    const auto sum = static_cast<double>(std::accumulate(events.begin(), events.end(), Index{0}));
    return events.empty() ? 0 : sum / static_cast<double>(events.size());
  }
  /// The greatest of events; 0 without examples.
  [[nodiscard]] Index max_events() const { return events.empty() ? 0 : *std::ranges::max_element(events); }
};

namespace detail {

template <std::floating_point T>
void require_relu_layers(std::span<const ReluLayer<T>> layers) {
  require(!layers.empty(), "traced_error_curve: there is no layer; expected at least the readout");
  require(layers.size() <= max_degree, "traced_error_curve: ", layers.size(), " layers; expected at most ", max_degree);
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const ReluLayer<T>& layer = layers[l];
    require(layer.in > 0 && layer.out > 0, "traced_error_curve: layer ", l + 1, " has in = ", layer.in, ", out = ", layer.out,
            "; both must be positive");
    require(l == 0 || layer.in == layers[l - 1].out, "traced_error_curve: layer ", l + 1, " takes ", layer.in,
            " inputs, but the one before it has ", l == 0 ? 0 : layers[l - 1].out, " units; the numbers must be equal");
    const auto rows = static_cast<std::size_t>(layer.out), columns = static_cast<std::size_t>(layer.in);
    const std::size_t count = layer.weights_a.size();  // not in · out, which may overflow
    require(count % rows == 0 && count / rows == columns && layer.weights_b.size() == count, "traced_error_curve: layer ",
            l + 1, " has ", layer.weights_a.size(), " weights at one end and ", layer.weights_b.size(),
            " at the other; expected ", layer.out, " x ", layer.in);
    const std::size_t biases = layer.biases_a.size();
    require(layer.biases_b.size() == biases && (biases == 0 || biases == static_cast<std::size_t>(layer.out)),
            "traced_error_curve: layer ", l + 1, " has ", biases, " biases at one end and ", layer.biases_b.size(),
            " at the other; expected ", layer.out, ", or none at both");
    require(layer.slope >= 0 && layer.slope <= 1, "traced_error_curve: layer ", l + 1, " has the slope ", layer.slope,
            "; expected 0 (ReLU) to 1 (none)");
    const std::string who = concat("traced_error_curve: layer ", l + 1);
    require_finite_values(who, "weights_a", layer.weights_a);
    require_finite_values(who, "weights_b", layer.weights_b);
    require_finite_values(who, "biases_a", layer.biases_a);
    require_finite_values(who, "biases_b", layer.biases_b);
  }
  require(layers.back().slope == 1, "traced_error_curve: the last layer has the slope ", layers.back().slope,
          "; expected 1, since its units are the logits");
}

/// Whether the end b comes before a, by the bytes of the parameters.
template <std::floating_point T>
bool is_reversed(std::span<const ReluLayer<T>> layers) {
  for (const ReluLayer<T>& layer : layers)
    for (const auto& [a, b] : {std::pair(layer.weights_a, layer.weights_b), std::pair(layer.biases_a, layer.biases_b)}) {
      const auto x = std::as_bytes(a), y = std::as_bytes(b);
      const auto [in_a, in_b] = std::ranges::mismatch(x, y);
      if (in_a != x.end()) return *in_b < *in_a;
    }
  return false;
}

/// The layers of a path as PathTracer reads them. The ends are put into an order of their own, so that both directions of a path
/// are traced by the same operations.
class TracedPath {
 public:
  /// Throws: Error unless the layers are as ReluLayer has them, and fit together.
  template <std::floating_point T>
  explicit TracedPath(std::span<const ReluLayer<T>> layers) {
    require_relu_layers(layers);
    reversed_ = is_reversed(layers);
    for (const ReluLayer<T>& given : layers) {
      TracedLayer& layer = layers_.emplace_back();
      layer.in = static_cast<std::size_t>(given.in);
      layer.out = static_cast<std::size_t>(given.out);
      layer.lanes = (layer.out + lane_block - 1) / lane_block * lane_block;
      layer.degree = layers_.size();
      layer.slope = given.slope;
      layer.a = transposed(layer, reversed_ ? given.weights_b : given.weights_a);
      layer.b = transposed(layer, reversed_ ? given.weights_a : given.weights_b);
      layer.biases.resize((layer.degree + 1) * layer.lanes);
      const std::span<const T> a = reversed_ ? given.biases_b : given.biases_a, b = reversed_ ? given.biases_a : given.biases_b;
      for (std::size_t o = 0; o < a.size(); ++o)
        for (std::size_t m = 0; m < layer.degree; ++m) {
          const double times = binomials[layer.degree - 1][m];
          layer.biases[m * layer.lanes + o] += times * static_cast<double>(a[o]);
          layer.biases[(m + 1) * layer.lanes + o] += times * static_cast<double>(b[o]);
        }
    }
  }

  [[nodiscard]] const std::vector<TracedLayer>& layers() const { return layers_; }
  [[nodiscard]] Index inputs() const { return static_cast<Index>(layers_.front().in); }
  [[nodiscard]] Index classes() const { return static_cast<Index>(layers_.back().out); }

  /// The curve of examples in order.
  [[nodiscard]] TracedErrorCurve assemble(const std::vector<ExampleTrace>& traces) const {
    TracedErrorCurve result;
    for (const ExampleTrace& trace : traces) {
      bool wrong = trace.wrong;
      for (const PathWeights& at : trace.flips) {
        wrong = !wrong;
        result.curve.flips.push_back({.at = at, .example = result.curve.examples(), .wrong = wrong});
      }
      result.curve.wrong.push_back(trace.wrong);
      result.events.push_back(trace.events);
    }
    sort_flips(result.curve.flips);
    if (reversed_) result.curve = mirrored(result.curve);
    return result;
  }

 private:
  template <std::floating_point T>
  static std::vector<double> transposed(const TracedLayer& layer, std::span<const T> weights) {
    std::vector<double> result(layer.in * layer.lanes);
    for (std::size_t o = 0; o < layer.out; ++o)
      for (std::size_t i = 0; i < layer.in; ++i) result[i * layer.lanes + o] = static_cast<double>(weights[o * layer.in + i]);
    return result;
  }

  std::vector<TracedLayer> layers_;
  bool reversed_ = false;
};

}  // namespace detail

/// The error of a deep ReLU network at every α of the straight line between its two ends, example by example, by tracing.
///
/// For one example, as long as no pre-activation changes its sign, those of layer ℓ are polynomials of degree ℓ in α: each layer
///   z_ℓ(α) = (ᾱ A_ℓ + α B_ℓ) h_(ℓ−1)(α) + ᾱ a_ℓ + α b_ℓ,   h_0 = x,   h_ℓ = z_ℓ where it is positive, else slope · z_ℓ
/// raises the degree by one. The places where a sign changes, the events, are isolated by the signs of Bernstein coefficients and
/// found to the last digits; so are the flips, where the greatest of the other logits passes that of the label. The network is
/// meant in real arithmetic: everything is in double, the parameters as they are. Of equal greatest logits the first is the
/// prediction; single places where classes tie are left out. Places no farther apart than 1e-14 are one place. Logits that touch
/// each other without crossing may by rounding do so twice, some 1e-8 apart.
///
/// inputs [n, layers.front().in], row-major; labels [n]; layers.back().slope is 1, its units are the logits.
/// Cost per example: a product with all weights of both ends; again with those of layer ℓ, without the inputs that are 0, for each
/// event before layer ℓ − 1, and for every 64th in it; one column of layer ℓ for each other event in layer ℓ − 1. Beside the
/// parameters, a copy in double is held. Swapped ends give the mirror, to the bit, and no example depends on the others.
/// Throws: Error when sizes do not fit, parameters or inputs are not finite or overflow, or a label is not in [0, classes).
template <std::floating_point T>
TracedErrorCurve traced_error_curve(std::span<const ReluLayer<T>> layers, std::span<const T> inputs,
                                    std::span<const std::int32_t> labels) {
  const detail::TracedPath path(layers);
  require(!labels.empty(), "traced_error_curve: there is no example; expected at least one");
  const auto width = static_cast<std::size_t>(path.inputs());
  require(inputs.size() == labels.size() * width, "traced_error_curve: there are ", inputs.size(), " inputs; expected ",
          labels.size(), " examples x ", width);
  std::vector<detail::ExampleTrace> traces;
  detail::PathTracer tracer(path.layers());
  for (std::size_t i = 0; i < labels.size(); ++i) {
    require(labels[i] >= 0 && labels[i] < path.classes(), "traced_error_curve: example ", i, " has the label ", labels[i],
            "; expected 0 to ", path.classes() - 1);
    const std::span<const T> x = inputs.subspan(i * width, width);
    require(std::ranges::all_of(x, [](T value) { return std::isfinite(value); }), "traced_error_curve: example ", i,
            " has an input that is not finite; replace or leave out what is missing");
    traces.push_back(tracer.trace(x, static_cast<std::size_t>(labels[i])));
  }
  return path.assemble(traces);
}

}  // namespace lmc
