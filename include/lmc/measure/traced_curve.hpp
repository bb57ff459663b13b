// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <lmc/connectivity/exact/detail/path_tracer.hpp>
#include <lmc/connectivity/exact/traced_curve.hpp>
#include <lmc/connectivity/linear_path.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/text.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/any_layer.hpp>
#include <lmc/layers/dense.hpp>
#include <lmc/layers/dropout.hpp>
#include <lmc/layers/flatten.hpp>
#include <lmc/layers/identity.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/layers/leaky_relu.hpp>
#include <lmc/layers/locally_connected2d.hpp>
#include <lmc/layers/masked_dense.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/layers/relu.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/train/batch_memory.hpp>
#include <lmc/train/run.hpp>
#include <lmc/train/step.hpp>

namespace lmc {

namespace detail {

/// A layer that is affine in its inputs, as a dense one.
template <std::floating_point Scalar>
struct AffineMatrix {
  std::vector<Scalar> weights = {};  // [out, in]
  std::vector<Scalar> biases = {};   // [out]
};

/// W and b of a network that is one layer y = W x + b: b is y for x = 0, and a row of W is ∂L/∂x where ∂L/∂y is 1 for one unit
/// and 0 for the others, which rounds nothing.
template <std::floating_point Scalar>
AffineMatrix<Scalar> affine_matrix(const Network<Scalar>& layer, std::span<const Scalar> params) {
  const Index in = layer.input_shape()->size(), out = layer.output_shape().size();
  AffineMatrix<Scalar> matrix;
  matrix.weights.resize(static_cast<std::size_t>(in * out));
  std::vector<Scalar> unused(params.size());
  const Index batch = std::min<Index>(out, 64);
  BatchMemory<Scalar> memory(layer, batch);
  memory.x(batch).setZero();
  memory.forward(layer, params, {}, batch, Mode::evaluation);
  const std::span<const Scalar> biases = row_of(memory.logits(batch), 0);
  matrix.biases.assign(biases.begin(), biases.end());
  for (Index first = 0; first < out; first += batch) {
    const Index rows = std::min(batch, out - first);
    MatrixView<Scalar> unit_rows = memory.dlogits(rows);
    unit_rows.setZero();
    for (Index r = 0; r < rows; ++r) unit_rows(r, first + r) = 1;
    memory.backward(layer, params, {}, rows, unused,
                    matrix_view(slice(std::span(matrix.weights), first * in, rows * in), rows, in));
  }
  return matrix;
}

/// A network of affine layers and (leaky) ReLUs, at both ends of a path.
template <std::floating_point Scalar>
class ReluNetworkEnds {
 public:
  /// Throws: Error when the network has another layer, or parameters that are not finite.
  ReluNetworkEnds(const Network<Scalar>& network, std::span<const Scalar> a, std::span<const Scalar> b) {
    require_parameters(network, "a", a);
    require_parameters(network, "b", b);
    Shape in = *network.input_shape();
    for (const auto& part : network.parts()) {
      const AnyLayer<Scalar>& layer = part.layer;
      if (layer.template target<Dense<Scalar>>() != nullptr || layer.template target<MaskedDense<Scalar>>() != nullptr ||
          layer.template target<LocallyConnected2d<Scalar>>() != nullptr) {
        const Network<Scalar> alone({layer}, in);
        layers_.push_back(
            {in.size(), part.output.size(), affine_matrix(alone, part.params.of(a)), affine_matrix(alone, part.params.of(b))});
      } else if (const std::optional<double> slope = slope_of(layer)) {
        require(*slope == 1 || !layers_.empty(), "traced_error_curve: '", part.name,
                "' comes before the first layer with weights; expected Dense, MaskedDense or LocallyConnected2d before it");
        if (!layers_.empty()) layers_.back().slope *= *slope;  // one ReLU after the other
      } else {
        const std::string options = layer.describe();
        throw Error(concat("traced_error_curve: the network has the layer '", part.name, options.empty() ? "'" : "' (", options,
                           options.empty() ? "" : ")",
                           "; expected Dense, MaskedDense, LocallyConnected2d, Relu, LeakyRelu, Identity, Dropout and Flatten "
                           "alone. For other networks use linear_path() with many α; lift_to_local() makes convolutions "
                           "locally connected"));
      }
      in = part.output;
    }
    require(!layers_.empty(), "traced_error_curve: the network has no layer with weights");
    require(layers_.back().slope == 1, "traced_error_curve: the network ends in '", network.parts().back().name,
            "'; expected an affine layer, whose units are the logits");
  }

  /// Views of this.
  [[nodiscard]] std::vector<ReluLayer<Scalar>> layers() const {
    std::vector<ReluLayer<Scalar>> views;
    for (const Layer& l : layers_)
      views.push_back({.in = l.in,
                       .out = l.out,
                       .weights_a = l.a.weights,
                       .weights_b = l.b.weights,
                       .biases_a = l.a.biases,
                       .biases_b = l.b.biases,
                       .slope = l.slope});
    return views;
  }

 private:
  struct Layer {
    Index in, out;
    AffineMatrix<Scalar> a, b;
    double slope = 1;  // of what has come behind it
  };

  static void require_parameters(const Network<Scalar>& network, std::string_view name, std::span<const Scalar> theta) {
    require(static_cast<Index>(theta.size()) == network.layout().parameter_count(), "traced_error_curve: ", name, " has ",
            theta.size(), " entries; the network has ", network.layout().parameter_count(), " parameters");
    const auto wrong = std::ranges::find_if(theta, [](Scalar x) { return !std::isfinite(x); });
    require(wrong == theta.end(), "traced_error_curve: parameter ", wrong - theta.begin(), " of ", name, " is ",
            wrong == theta.end() ? Scalar(0) : *wrong, "; expected finite numbers; did the training diverge?");
  }
  // That of a layer which passes positive inputs on as they are, and multiplies negative ones with it in evaluation mode.
  static std::optional<double> slope_of(const AnyLayer<Scalar>& layer) {
    if (layer.template target<Relu<Scalar>>() != nullptr) return 0;
    if (const auto* leaky = layer.template target<LeakyRelu<Scalar>>()) return static_cast<double>(leaky->slope());
    if (layer.template target<Identity<Scalar>>() != nullptr || layer.template target<Dropout<Scalar>>() != nullptr ||
        layer.template target<Flatten<Scalar>>() != nullptr)
      return 1;
    return std::nullopt;
  }

  std::vector<Layer> layers_;
};

}  // namespace detail

/// The same for a network of ours in evaluation mode, from parameters a to b on the examples of data, in parallel. Its layers are
/// Dense, MaskedDense, LocallyConnected2d (of any sharing), Relu, LeakyRelu, Identity, Dropout and Flatten in any order that ends
/// in an affine one. Each affine layer is held as a dense matrix, at both ends in Scalar and in double. Each thread has its own
/// memory, which does not grow with the data; nothing depends on the number of threads. For a part of the examples, pass
/// data.subset(…).
/// Throws: Error when data or parameters do not fit the network, parameters are not finite, the data have no classes, or the network
/// has another layer.
template <std::floating_point Scalar>
TracedErrorCurve traced_error_curve(const Network<Scalar>& network, std::span<const Scalar> a, std::span<const Scalar> b,
                                    const Dataset<Scalar>& data, const ThreadTeam& team = ThreadTeam()) {
  require_fit(network, data);
  require(data.classes() > 0,
          "traced_error_curve: the data set has no classes; expected labels, of which a prediction can differ");
  const detail::ReluNetworkEnds<Scalar> ends(network, a, b);
  const std::vector<ReluLayer<Scalar>> layers = ends.layers();
  const detail::TracedPath path{std::span<const ReluLayer<Scalar>>(layers)};

  struct Worker {
    std::optional<detail::PathTracer> tracer = {};
    std::vector<Scalar> x = {};
  };
  std::vector<Worker> workers(static_cast<std::size_t>(team.size()));
  std::vector<detail::ExampleTrace> traces(static_cast<std::size_t>(data.size()));
  team.for_each(data.size(), [&](Index i, int w) {
    Worker& worker = workers[static_cast<std::size_t>(w)];
    if (!worker.tracer) worker.tracer.emplace(path.layers());
    worker.x.resize(static_cast<std::size_t>(path.inputs()));
    data.gather_range(i, matrix_view(std::span(worker.x), 1, path.inputs()), std::span<std::int32_t>());
    const auto label = static_cast<std::size_t>(data.labels()[static_cast<std::size_t>(i)]);
    traces[static_cast<std::size_t>(i)] = worker.tracer->trace(std::span<const Scalar>(worker.x), label);
  });
  return path.assemble(traces);
}

/// The same for a and b in vectors, arrays and the like.
template <ContiguousFloats Range>
TracedErrorCurve traced_error_curve(const Network<std::ranges::range_value_t<Range>>& network, const Range& a, const Range& b,
                                    const Dataset<std::ranges::range_value_t<Range>>& data,
                                    const ThreadTeam& team = ThreadTeam()) {
  using Scalar = std::ranges::range_value_t<Range>;
  return traced_error_curve<Scalar>(network, std::span<const Scalar>(a), std::span<const Scalar>(b), data, team);
}

/// The same between two states, such as load_state and Checkpoint::state give.
template <std::floating_point Scalar>
TracedErrorCurve traced_error_curve(const Network<Scalar>& network, const ModelState<Scalar>& a, const ModelState<Scalar>& b,
                                    const Dataset<Scalar>& data, const ThreadTeam& team = ThreadTeam()) {
  return traced_error_curve(network, a.parameters, b.parameters, data, team);
}
/// The same between the ends of two runs; ExactErrorCurve::diverged where one of them diverged, so that nothing is judged.
template <std::floating_point Scalar>
TracedErrorCurve traced_error_curve(const Network<Scalar>& network, const Run<Scalar>& a, const Run<Scalar>& b,
                                    const Dataset<Scalar>& data, const ThreadTeam& team = ThreadTeam()) {
  TracedErrorCurve traced = traced_error_curve(network, a.state, b.state, data, team);
  traced.curve.diverged = a.diverged_at || b.diverged_at;
  return traced;
}

}  // namespace lmc
