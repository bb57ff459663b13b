// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <lmc/connectivity/detail/finite_values.hpp>
#include <lmc/connectivity/exact/detail/flip_finder.hpp>
#include <lmc/connectivity/exact/detail/linear_logits.hpp>
#include <lmc/connectivity/exact/detail/quadratic_logits.hpp>
#include <lmc/connectivity/exact/exact_error.hpp>
#include <lmc/connectivity/exact/exact_error_curve.hpp>
#include <lmc/connectivity/exact/readout_pair.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/measure/detail/dataset_chunks.hpp>
#include <lmc/measure/detail/finite_outputs.hpp>
#include <lmc/measure/detail/one_hidden_layer.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/train/batch_memory.hpp>
#include <lmc/train/run.hpp>

namespace lmc {

namespace detail {

/// The exact curve of a network on a data set. make_finder() makes what finds the flips of single examples from what
/// output(θ, memory, batch) gives at the two ends for the examples in memory, row-major.
template <std::floating_point Scalar, class MakeFinder>
ExactErrorCurve find_flips(const Network<Scalar>& from, std::span<const Scalar> a, std::span<const Scalar> b,
                           const DatasetChunks<Scalar>& chunks, const ThreadTeam& team, MakeFinder make_finder) {
  using Finder = decltype(make_finder());
  struct Worker {
    BatchMemory<Scalar> memory;
    std::vector<Scalar> at_a;
    Finder finder;
  };
  std::vector<std::optional<Worker>> workers(static_cast<std::size_t>(team.size()));
  std::vector<std::vector<ErrorFlip>> flips(static_cast<std::size_t>(chunks.count()));
  std::vector<std::uint8_t> wrong(static_cast<std::size_t>(chunks.examples()));
  const Index width = from.output_shape().size();
  team.for_each(chunks.count(), [&](Index c, int number) {
    std::optional<Worker>& worker = workers[static_cast<std::size_t>(number)];
    if (!worker) worker.emplace(Worker{BatchMemory<Scalar>(from, chunks.part()), {}, make_finder()});
    BatchMemory<Scalar>& memory = worker->memory;
    chunks.for_parts(c, memory, [&](Index first, Index batch) {
      memory.forward(from, a, {}, batch, Mode::evaluation);
      const auto outputs = span_of(memory.logits(batch));
      worker->at_a.assign(outputs.begin(), outputs.end());
      memory.forward(from, b, {}, batch, Mode::evaluation);
      require_finite_outputs("exact_error_curve", std::span<const Scalar>(worker->at_a), std::span<const Scalar>(outputs),
                             first, batch);
      const auto labels = memory.labels(batch);
      for (Index i = 0; i < batch; ++i)
        wrong[static_cast<std::size_t>(first + i)] =
            worker->finder.find(slice(std::span<const Scalar>(worker->at_a), i * width, width),
                                slice(std::span<const Scalar>(outputs), i * width, width), labels[static_cast<std::size_t>(i)],
                                first + i, flips[static_cast<std::size_t>(c)]);
    });
  });
  ExactErrorCurve curve{.wrong = std::vector<bool>(wrong.begin(), wrong.end())};
  for (const auto& of_chunk : flips) curve.flips.insert(curve.flips.end(), of_chunk.begin(), of_chunk.end());
  sort_flips(curve.flips);
  return curve;
}

}  // namespace detail

/// The error of a network on a data set at every α of the line from a to b, exactly: for networks of one affine layer (Dense,
/// MaskedDense, Conv2d, LocallyConnected2d, tied or not), ReLU or leaky ReLU, average pooling and an affine readout, and for
/// networks that are linear in their parameters, as logistic regression. Pre-activations and readouts of the two ends are those of
/// the network itself, in its own precision; from there on as exact_error_curve of a ReadoutPair.
///
/// The bits do not depend on the team. Cost: two passes through the first layer, and for each example what exact_error_curve of
/// a ReadoutPair says; docs/performance compares it with a curve on a grid. Memory for each thread does not depend on the
/// number of examples. Throws: Error when the network is another one (it names the layer), the data set does not fit or has no
/// classes, a length is not that of θ, or a parameter or an output is infinite or NaN.
template <std::floating_point Scalar>
ExactErrorCurve exact_error_curve(const Network<Scalar>& network, std::span<const Scalar> a, std::span<const Scalar> b,
                                  const Dataset<Scalar>& data, const ThreadTeam& team = ThreadTeam()) {
  const detail::DatasetChunks<Scalar> chunks(network, data);
  const detail::OneHiddenLayer<Scalar> split("exact_error_curve", network);
  require(data.classes() >= 2, "exact_error_curve: the data set has ", data.classes(),
          " classes; expected labels of at least two, since an error is a share of wrong predictions");
  const auto parameters = static_cast<std::size_t>(network.layout().parameter_count());
  require(a.size() == parameters && b.size() == parameters, "exact_error_curve: a has ", a.size(), " parameters and b ",
          b.size(), "; the network has ", parameters);
  detail::require_finite_values("exact_error_curve", "a", a);
  detail::require_finite_values("exact_error_curve", "b", b);
  const bool swapped = detail::starts_from_b<Scalar>({a}, {b});
  if (swapped) std::swap(a, b);
  const auto find = [&] {
    if (split.is_linear())
      return detail::find_flips(network, a, b, chunks, team, [&] {
        return detail::FlipFinder(detail::LinearLogits(static_cast<std::size_t>(split.classes())));
      });
    const detail::Readout<Scalar> at_a = split.readout(a), at_b = split.readout(b);
    const detail::QuadraticLogits logits(ReadoutPair<Scalar>{.hidden = split.hidden(),
                                                             .classes = split.classes(),
                                                             .slope = split.slope(),
                                                             .weight_a = at_a.weight,
                                                             .weight_b = at_b.weight,
                                                             .bias_a = at_a.bias,
                                                             .bias_b = at_b.bias});
    return detail::find_flips(split.head(), split.head_parameters(a), split.head_parameters(b), chunks, team,
                              [&] { return detail::FlipFinder(logits); });
  };
  return swapped ? mirrored(find()) : find();
}

/// The same between two states, such as load_state and Checkpoint::state give.
template <std::floating_point Scalar>
ExactErrorCurve exact_error_curve(const Network<Scalar>& network, const ModelState<Scalar>& a, const ModelState<Scalar>& b,
                                  const Dataset<Scalar>& data, const ThreadTeam& team = ThreadTeam()) {
  return exact_error_curve<Scalar>(network, std::span<const Scalar>(a.parameters), std::span<const Scalar>(b.parameters), data,
                                   team);
}
/// The same between the ends of two runs; ExactErrorCurve::diverged where one of them diverged, so that nothing is judged.
template <std::floating_point Scalar>
ExactErrorCurve exact_error_curve(const Network<Scalar>& network, const Run<Scalar>& a, const Run<Scalar>& b,
                                  const Dataset<Scalar>& data, const ThreadTeam& team = ThreadTeam()) {
  ExactErrorCurve curve = exact_error_curve(network, a.state, b.state, data, team);
  curve.diverged = a.diverged_at || b.diverged_at;
  return curve;
}

}  // namespace lmc
