// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <lmc/connectivity/interpolate.hpp>
#include <lmc/connectivity/linear_path.hpp>
#include <lmc/connectivity/metrics.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/thread_team.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/loss/cross_entropy.hpp>
#include <lmc/simd/lerp.hpp>
#include <lmc/train/batch_memory.hpp>
#include <lmc/train/detail/line_sums.hpp>
#include <lmc/train/detail/split_network.hpp>
#include <lmc/train/estimate_buffers.hpp>
#include <lmc/train/step.hpp>

namespace lmc {

namespace detail {

/// The metrics of a network on one data set, in chunks. Sums are in double, chunks in order.
template <std::floating_point Scalar>
class DatasetMetrics {
 public:
  DatasetMetrics(const Network<Scalar>& network, const Dataset<Scalar>& data) : network_(&network), data_(&data) {
    require_fit(network, data);
  }

  static constexpr Index chunk = 256;  // examples; fixed, since it decides the bits of the sums

  [[nodiscard]] Index examples() const { return data_->size(); }
  [[nodiscard]] Index chunks() const { return (data_->size() + chunk - 1) / chunk; }

  /// How many examples of a chunk are in memory together; their metrics do not depend on each other.
  [[nodiscard]] Index part() const { return detail::cached_part(*network_, std::min(chunk, examples())); }

  /// buffers are not written; memory is for at least part() examples, wrong has an entry an example.
  CrossEntropySum sum(std::span<const Scalar> theta, std::span<Scalar> buffers, Index c, BatchMemory<Scalar>& memory,
                      std::span<std::uint8_t> wrong) const {
    CrossEntropySum sum;
    const Index last = std::min((c + 1) * chunk, data_->size()), part = this->part();
    for (Index first = c * chunk; first < last; first += part) {
      const Index batch = std::min(part, last - first);
      data_->gather_range(first, memory.x(batch), memory.labels(batch));
      memory.forward(*network_, theta, buffers, batch, Mode::evaluation);
      sum += cross_entropy_sum<Scalar>(memory.logits(batch), memory.labels(batch), slice(wrong, first, batch));
    }
    return sum;
  }
  [[nodiscard]] Metrics finish(const CrossEntropySum& sum, std::span<const std::uint8_t> wrong) const {
    const double n = static_cast<double>(data_->size());
    return {.loss = sum.loss / n,
            .error = static_cast<double>(sum.wrong) / n,
            .count = data_->size(),
            .wrong = std::vector<bool>(wrong.begin(), wrong.end())};
  }
  /// Of all chunks, in parallel; memory(worker) is a thread's own.
  template <class MemoryOf>
  [[nodiscard]] Metrics all(std::span<const Scalar> theta, std::span<Scalar> buffers, const ThreadTeam& team,
                            MemoryOf memory) const {
    std::vector<std::uint8_t> wrong(static_cast<std::size_t>(data_->size()));
    const CrossEntropySum total = team.sum_in_order(
        chunks(), CrossEntropySum{}, [&](Index c, int worker) { return sum(theta, buffers, c, memory(worker), wrong); });
    return finish(total, wrong);
  }

 private:
  const Network<Scalar>* network_;
  const Dataset<Scalar>* data_;
};

}  // namespace detail

/// Mean cross-entropy, 0-1 error and outcome of every example of one data set, as a function of θ; the PathEvaluator of our
/// networks. Where the network has buffers (running statistics), they are estimated anew for every θ, as estimate_buffers does:
/// those between two networks are no mean of theirs, and at the ends the procedure is the same. Sums are in double over fixed
/// chunks of the data, added in order: the bits do not depend on the team.
///
/// Where the network has no buffers and its first layer with parameters is affine in them (Dense, MaskedDense, Conv2d,
/// LocallyConnected2d, PatchEmbedding), a path runs that layer at the two ends alone, once; what it gives in between is on the
/// line between its outputs there, up to rounding. The chunks are then worked on in parallel, as they are for a single θ; the
/// points of any other path are. Each thread has its own memory. Network and data sets must outlive it.
template <std::floating_point Scalar>
class NetworkEvaluator {
 public:
  /// Throws: Error when the data set does not fit the network, or the network has buffers.
  NetworkEvaluator(const Network<Scalar>& network, const Dataset<Scalar>& data, ThreadTeam team)
      : network_(&network), metrics_(network, data), line_(line(network, data)), team_(team) {
    require(network.layout().buffer_count() == 0, "evaluator: the network has buffers (", network.layout().buffer_count(),
            " values, the first in '", first_buffer(network),
            "'), which belong to one θ and are estimated anew for every "
            "other; say from which data: evaluator(network, data, training_data)");
  }
  /// statistics: the training data, from which buffers are estimated; a network without buffers needs none, and ignores it.
  /// Throws: Error when a data set does not fit the network, or the batch size is not positive.
  NetworkEvaluator(const Network<Scalar>& network, const Dataset<Scalar>& data, const Dataset<Scalar>& statistics,
                   ThreadTeam team, EstimateOptions options)
      : network_(&network),
        metrics_(network, data),
        line_(line(network, data)),
        estimate_(std::in_place, network, statistics, options),
        team_(team) {}

  Metrics operator()(std::span<const Scalar> theta) const {
    require_length(theta);
    if (line_) {
      const detail::PlaceSums sums = line_->measure(theta, team_);
      return metrics_.finish(sums.total, sums.wrong);
    }
    std::vector<std::optional<BatchMemory<Scalar>>> memories(static_cast<std::size_t>(team_.size()));
    const auto memory = [&](int worker) -> BatchMemory<Scalar>& { return made(memories[static_cast<std::size_t>(worker)]); };
    std::vector<Scalar> buffers(static_cast<std::size_t>(network_->layout().buffer_count()));
    if (!buffers.empty()) estimate_->run(theta, team_, memory, buffers);
    return metrics_.all(theta, buffers, team_, memory);
  }

  [[nodiscard]] std::vector<Metrics> evaluate_path(std::span<const Scalar> a, std::span<const Scalar> b,
                                                   std::span<const PathWeights> points) const {
    require_length(a);
    require_length(b);
    if (!line_) return evaluate_places(a, b, points);
    const std::vector<detail::PlaceSums> sums = line_->measure(a, b, points, team_);
    std::vector<Metrics> measured(points.size());
    team_.for_each(static_cast<Index>(points.size()), [&](Index i, int) {
      const detail::PlaceSums& place = sums[static_cast<std::size_t>(i)];
      measured[static_cast<std::size_t>(i)] = metrics_.finish(place.total, place.wrong);
    });
    return measured;
  }

 private:
  // Each by itself, places in parallel.
  [[nodiscard]] std::vector<Metrics> evaluate_places(std::span<const Scalar> a, std::span<const Scalar> b,
                                                     std::span<const PathWeights> points) const {
    struct Worker {
      std::vector<Scalar> theta, buffers;
      std::optional<BatchMemory<Scalar>> memory;
      std::vector<std::uint8_t> wrong;
    };
    std::vector<Worker> workers(static_cast<std::size_t>(team_.size()));
    std::vector<Metrics> measured(points.size());
    team_.for_each(static_cast<Index>(points.size()), [&](Index i, int w) {
      Worker& worker = workers[static_cast<std::size_t>(w)];
      worker.theta.resize(a.size());
      worker.buffers.resize(static_cast<std::size_t>(network_->layout().buffer_count()));
      worker.wrong.resize(static_cast<std::size_t>(metrics_.examples()));
      BatchMemory<Scalar>& memory = made(worker.memory);
      const PathWeights& weights = points[static_cast<std::size_t>(i)];
      lerp<Scalar>(a, b, weights.alpha, weights.alpha_bar, worker.theta);
      if (!worker.buffers.empty()) estimate_->run(worker.theta, memory, worker.buffers);
      CrossEntropySum sum;
      for (Index c = 0; c < metrics_.chunks(); ++c) sum += metrics_.sum(worker.theta, worker.buffers, c, memory, worker.wrong);
      measured[static_cast<std::size_t>(i)] = metrics_.finish(sum, worker.wrong);
    });
    return measured;
  }

  // How θ are measured whose network can be split, unless its tail is so large that there is nothing to gain.
  std::optional<detail::LineSums<Scalar>> line(const Network<Scalar>& network, const Dataset<Scalar>& data) const {
    auto split = detail::SplitNetwork<Scalar>::of(network);
    if (!split) return std::nullopt;
    detail::LineSums<Scalar> line(std::move(*split), data, {.chunk = metrics_.chunk, .part = metrics_.part()});
    if (line.places_at_once() < 3) return std::nullopt;
    return line;
  }
  static std::string_view first_buffer(const Network<Scalar>& network) {
    const auto& buffers = network.layout().buffers;
    return buffers.empty() ? std::string_view() : buffers.front().name;
  }
  void require_length(std::span<const Scalar> theta) const {
    require(static_cast<Index>(theta.size()) == network_->layout().parameter_count(), "evaluator: θ has ", theta.size(),
            " entries; the network has ", network_->layout().parameter_count(), " parameters");
  }
  // Large enough for a part of a chunk and for a batch of the estimate.
  BatchMemory<Scalar>& made(std::optional<BatchMemory<Scalar>>& memory) const {
    if (!memory) {
      const bool estimated = network_->layout().buffer_count() > 0;
      memory.emplace(*network_, estimated ? std::max(metrics_.part(), estimate_->batch_size()) : metrics_.part());
    }
    return *memory;
  }

  const Network<Scalar>* network_;
  detail::DatasetMetrics<Scalar> metrics_;
  std::optional<detail::LineSums<Scalar>> line_;
  std::optional<detail::BufferEstimate<Scalar>> estimate_;
  ThreadTeam team_;
};

/// The evaluator of network on data, with the threads of team.
template <std::floating_point Scalar>
NetworkEvaluator<Scalar> evaluator(const Network<Scalar>& network, const Dataset<Scalar>& data,
                                   ThreadTeam team = ThreadTeam()) {
  return NetworkEvaluator<Scalar>(network, data, team);
}
/// The same for a network that may have running statistics: for every θ they are estimated from `statistics`, the training
/// data.
template <std::floating_point Scalar>
NetworkEvaluator<Scalar> evaluator(const Network<Scalar>& network, const Dataset<Scalar>& data,
                                   const Dataset<Scalar>& statistics, ThreadTeam team = ThreadTeam(),
                                   EstimateOptions options = {}) {
  return NetworkEvaluator<Scalar>(network, data, statistics, team, options);
}

namespace detail {
template <class T>
inline constexpr bool is_kept_by_evaluator = false;
template <std::floating_point Scalar>
inline constexpr bool is_kept_by_evaluator<Network<Scalar>> = true;
template <std::floating_point Scalar>
inline constexpr bool is_kept_by_evaluator<Dataset<Scalar>> = true;
template <class... Arguments>
concept DanglingInEvaluator = ((!std::is_lvalue_reference_v<Arguments> && is_kept_by_evaluator<std::remove_cv_t<Arguments>>) ||
                               ...);
}  // namespace detail

// It would point at a network or a data set that is gone.
template <class... Arguments>
requires detail::DanglingInEvaluator<Arguments...>
void evaluator(Arguments&&...) = delete;

/// The metrics of a trained network as it is: with the buffers of its state, the running statistics of its training. They
/// differ from an evaluator's, which estimates the buffers; for a network without buffers both are equal, to the bit. Throws:
/// Error when state or data do not fit the network.
template <std::floating_point Scalar>
Metrics evaluate(const Network<Scalar>& network, const ModelState<Scalar>& state, const Dataset<Scalar>& data,
                 const ThreadTeam& team = ThreadTeam()) {
  const detail::DatasetMetrics<Scalar> metrics(network, data);
  const ParameterLayout& layout = network.layout();
  require(static_cast<Index>(state.parameters.size()) == layout.parameter_count() &&
              static_cast<Index>(state.buffers.size()) == layout.buffer_count(),
          "evaluate: the state has ", state.parameters.size(), " parameters and ", state.buffers.size(),
          " buffer values; the network has ", layout.parameter_count(), " and ", layout.buffer_count());
  if (state.buffers.empty()) return NetworkEvaluator<Scalar>(network, data, team)(state.parameters);
  std::vector<Scalar> buffers = state.buffers;  // not written, but a layer could
  std::vector<std::optional<BatchMemory<Scalar>>> memories(static_cast<std::size_t>(team.size()));
  return metrics.all(state.parameters, buffers, team, [&](int worker) -> BatchMemory<Scalar>& {
    auto& memory = memories[static_cast<std::size_t>(worker)];
    if (!memory) memory.emplace(network, metrics.part());
    return *memory;
  });
}

}  // namespace lmc
