// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <lmc/connectivity/interpolate.hpp>
#include <lmc/connectivity/linear_path.hpp>
#include <lmc/connectivity/metrics.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/thread_team.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/loss/cross_entropy.hpp>
#include <lmc/simd/vector.hpp>
#include <lmc/train/batch_memory.hpp>
#include <lmc/train/step.hpp>

namespace lmc {

/// Mean cross-entropy, 0-1 error and outcome of every example of one data set, as a function of θ; the PathEvaluator of our
/// networks. Sums are in double over fixed chunks of the data, added in order: the bits do not depend on the team.
///
/// A single θ is evaluated with the chunks in parallel, a path with its points in parallel. Network and data set must outlive
/// it.
template <std::floating_point Scalar>
class NetworkEvaluator {
 public:
  /// Throws: Error when the data set does not fit the network.
  NetworkEvaluator(const Network<Scalar>& network, const Dataset<Scalar>& data, ThreadTeam team)
      : network_(&network), data_(&data), team_(team) {
    require_fit(network, data);
    require(network.layout().buffer_count() == 0,
            "evaluator: the network has buffers, whose values along a path this evaluator does not know");
  }

  Metrics operator()(std::span<const Scalar> theta) const {
    require_length(theta);
    std::vector<std::optional<BatchMemory<Scalar>>> memories(static_cast<std::size_t>(team_.size()));
    std::vector<std::uint8_t> wrong(static_cast<std::size_t>(data_->size()));
    const CrossEntropySum sum = team_.sum_in_order(chunks(), CrossEntropySum{}, [&](Index c, int worker) {
      return chunk_sum(theta, c, memories[static_cast<std::size_t>(worker)], wrong);
    });
    return finish(sum, wrong);
  }

  [[nodiscard]] std::vector<Metrics> evaluate_path(std::span<const Scalar> a, std::span<const Scalar> b,
                                                   std::span<const PathWeights> points) const {
    require_length(a);
    require_length(b);
    struct Worker {
      std::vector<Scalar> theta;
      std::optional<BatchMemory<Scalar>> memory;
      std::vector<std::uint8_t> wrong;
    };
    std::vector<Worker> workers(static_cast<std::size_t>(team_.size()));
    std::vector<Metrics> measured(points.size());
    team_.for_each(static_cast<Index>(points.size()), [&](Index i, int w) {
      Worker& worker = workers[static_cast<std::size_t>(w)];
      worker.theta.resize(a.size());
      worker.wrong.resize(static_cast<std::size_t>(data_->size()));
      const PathWeights& weights = points[static_cast<std::size_t>(i)];
      lerp<Scalar>(a, b, weights.alpha, weights.alpha_bar, worker.theta);
      CrossEntropySum sum;
      for (Index c = 0; c < chunks(); ++c) sum += chunk_sum(worker.theta, c, worker.memory, worker.wrong);
      measured[static_cast<std::size_t>(i)] = finish(sum, worker.wrong);
    });
    return measured;
  }

 private:
  static constexpr Index chunk = 256;  // examples; fixed, since it decides the bits of the sums

  [[nodiscard]] Index chunks() const { return (data_->size() + chunk - 1) / chunk; }

  void require_length(std::span<const Scalar> theta) const {
    require(static_cast<Index>(theta.size()) == network_->layout().parameter_count(), "evaluator: θ has ", theta.size(),
            " entries; the network has ", network_->layout().parameter_count(), " parameters");
  }
  CrossEntropySum chunk_sum(std::span<const Scalar> theta, Index c, std::optional<BatchMemory<Scalar>>& memory,
                            std::span<std::uint8_t> wrong) const {
    if (!memory) memory.emplace(*network_, std::min(chunk, data_->size()));
    const Index first = c * chunk, batch = std::min(chunk, data_->size() - first);
    data_->gather_range(first, memory->x(batch), memory->labels(batch));
    memory->forward(*network_, theta, {}, batch, Mode::evaluation);
    return cross_entropy_sum<Scalar>(memory->logits(batch), memory->labels(batch), slice(wrong, first, batch));
  }
  [[nodiscard]] Metrics finish(const CrossEntropySum& sum, std::span<const std::uint8_t> wrong) const {
    const double n = static_cast<double>(data_->size());
    return {.loss = sum.loss / n,
            .error = static_cast<double>(sum.wrong) / n,
            .count = data_->size(),
            .wrong = std::vector<bool>(wrong.begin(), wrong.end())};
  }

  const Network<Scalar>* network_;
  const Dataset<Scalar>* data_;
  ThreadTeam team_;
};

/// The evaluator of network on data, with the threads of team.
template <std::floating_point Scalar>
NetworkEvaluator<Scalar> evaluator(const Network<Scalar>& network, const Dataset<Scalar>& data,
                                   ThreadTeam team = ThreadTeam()) {
  return NetworkEvaluator<Scalar>(network, data, team);
}
// It would point at objects that are gone.
template <std::floating_point Scalar>
void evaluator(Network<Scalar>&&, const Dataset<Scalar>&, ThreadTeam = ThreadTeam()) = delete;
template <std::floating_point Scalar>
void evaluator(const Network<Scalar>&, Dataset<Scalar>&&, ThreadTeam = ThreadTeam()) = delete;
template <std::floating_point Scalar>
void evaluator(Network<Scalar>&&, Dataset<Scalar>&&, ThreadTeam = ThreadTeam()) = delete;

}  // namespace lmc
