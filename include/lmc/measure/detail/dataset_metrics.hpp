// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/connectivity/metrics.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/loss/any_loss.hpp>
#include <lmc/loss/loss.hpp>
#include <lmc/measure/detail/dataset_chunks.hpp>
#include <lmc/measure/detail/split_sums.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/train/batch_memory.hpp>
#include <lmc/train/step.hpp>

namespace lmc::detail {

/// Leaves the inputs of DatasetMetrics as they are.
struct Unchanged {
  template <class... Arguments>
  void operator()(const Arguments&...) const {}
};

/// The metrics of a network on one data set, in one loss. Sums are in double, chunks in order.
template <std::floating_point Scalar>
class DatasetMetrics {
 public:
  DatasetMetrics(const Network<Scalar>& network, const Dataset<Scalar>& data, AnyLoss<Scalar> loss)
      : chunks_(network, data), loss_(std::move(loss)) {
    require_fit(network, data, loss_);
  }

  [[nodiscard]] const DatasetChunks<Scalar>& chunks() const { return chunks_; }
  [[nodiscard]] const AnyLoss<Scalar>& loss() const { return loss_; }
  /// Room for the outcomes of all examples.
  [[nodiscard]] std::size_t outcomes() const {
    return chunks_.data().classes() == 0 ? 0 : static_cast<std::size_t>(chunks_.examples());
  }
  /// Room for the logits of all examples.
  [[nodiscard]] std::size_t logits() const {
    return static_cast<std::size_t>(chunks_.examples() * chunks_.network().output_shape().size());
  }

  /// The sums over chunk c, after change(first, batch) of those inputs in memory, which begin with example `first`.
  /// buffers are not written; wrong has outcomes() entries, logits has logits() entries or none.
  template <class Change = Unchanged>
  LossSum sum(std::span<const Scalar> theta, std::span<Scalar> buffers, Index c, BatchMemory<Scalar>& memory,
              std::span<std::uint8_t> wrong, Change change = {}, std::span<float> logits = {}) const {
    LossSum sum;
    chunks_.for_parts(c, memory, [&](Index first, Index batch) {
      change(first, batch);
      memory.forward(chunks_.network(), theta, buffers, batch, Mode::evaluation);
      keep_logits<Scalar>(as_const(memory.logits(batch)), first, logits);
      sum += memory.loss(batch, {.wrong = wrong.empty() ? wrong : slice(wrong, first, batch)});
    });
    return sum;
  }
  [[nodiscard]] Metrics finish(const LossSum& sum, std::span<const std::uint8_t> wrong,
                               std::vector<float>&& logits = {}) const {
    const double n = static_cast<double>(chunks_.examples());
    Metrics metrics{.loss = sum.loss / n,
                    .count = chunks_.examples(),
                    .wrong = std::vector<bool>(wrong.begin(), wrong.end()),
                    .loss_name = loss_.name(),
                    .logits = std::move(logits)};
    if (chunks_.data().classes() > 0) metrics.error = static_cast<double>(sum.wrong) / n;
    return metrics;
  }
  /// The metrics over all chunks, in parallel, after change(worker, first, batch) of the inputs in memory(worker).
  template <class Change = Unchanged>
  [[nodiscard]] Metrics all(std::span<const Scalar> theta, std::span<Scalar> buffers, const ThreadTeam& team,
                            TeamMemory<Scalar>& memory, Change change = {}, bool with_logits = false) const {
    std::vector<std::uint8_t> wrong(outcomes());
    std::vector<float> kept(with_logits ? logits() : 0);
    const LossSum total = team.sum_in_order(chunks_.count(), LossSum{}, [&](Index c, int worker) {
      return sum(
          theta, buffers, c, memory(worker), wrong, [&](Index first, Index batch) { change(worker, first, batch); }, kept);
    });
    return finish(total, wrong, std::move(kept));
  }

 private:
  DatasetChunks<Scalar> chunks_;
  AnyLoss<Scalar> loss_;
};

/// The metrics of a state as it is; `who` begins an error message, change is that of DatasetMetrics::all, and gets the memories
/// first.
template <std::floating_point Scalar, class Change>
Metrics evaluate_changed(std::string_view who, const Network<Scalar>& network, const ModelState<Scalar>& state,
                         const Dataset<Scalar>& data, const ThreadTeam& team, const AnyLoss<Scalar>& loss, Change change) {
  const DatasetMetrics<Scalar> metrics(network, data, loss);
  require_state(who, network, state);
  std::vector<Scalar> buffers = state.buffers;  // not written, but a layer could
  TeamMemory<Scalar> memory(network, metrics.chunks().part(), team, loss);
  return metrics.all(state.parameters, buffers, team, memory,
                     [&](int worker, Index first, Index batch) { change(memory(worker), worker, first, batch); });
}

}  // namespace lmc::detail
