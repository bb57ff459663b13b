// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <cstddef>
#include <numeric>
#include <span>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/random.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/train/batch_memory.hpp>
#include <lmc/train/step.hpp>

namespace lmc {

/// The batches that calibrate_buffers() takes statistics of.
struct EstimateOptions {
  Index batch_size = 128;  // examples, > 0; batches have so many or, to be of equal size, fewer
};

namespace detail {

inline Index divided_up(Index a, Index b) { return (a + b - 1) / b; }

/// Examples 0 … n − 1, batch after batch of at most batch_size: dealt out at random, the same for each n, so that each batch has its
/// share of every class also where the data set is sorted by class; ascending in each batch, as they lie in memory.
inline std::vector<Index> calibration_order(Index n, Index batch_size) {
  std::vector<Index> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), Index{0});
  shuffle(Stream{.purpose = Purpose::calibration}, std::span(order));
  const Index batches = divided_up(n, batch_size);
  for (Index i = 0; i < batches; ++i) std::sort(order.begin() + i * n / batches, order.begin() + (i + 1) * n / batches);
  return order;
}

/// The batches over which the buffers of one network are estimated.
template <std::floating_point Scalar>
class BufferEstimate {
 public:
  /// Throws: Error when the data set does not fit the network, or the batch size is not positive.
  BufferEstimate(const Network<Scalar>& network, const Dataset<Scalar>& data, EstimateOptions options)
      : network_(&network), data_(&data) {
    require_fit(network, data);
    require(options.batch_size > 0, "calibrate_buffers: batch_size = ", options.batch_size, "; expected a positive number");
    if (network.layout().buffer_count() > 0) order_ = calibration_order(data.size(), options.batch_size);
    batches_ = divided_up(data.size(), options.batch_size);
  }

  /// The size of the largest batch.
  [[nodiscard]] Index batch_size() const { return divided_up(data_->size(), batches_); }
  [[nodiscard]] Index batches() const { return batches_; }

  /// buffers ← the statistics of batch i alone; memory is for at least batch_size() examples.
  void forward(std::span<const Scalar> theta, Index i, BatchMemory<Scalar>& memory, std::span<Scalar> buffers) const {
    const std::span<const Index> batch = std::span(order_).subspan(static_cast<std::size_t>(first(i)), size(i));
    memory.gather(*data_, batch);
    memory.forward(*network_, theta, buffers, static_cast<Index>(batch.size()), Mode::calibration);
  }

  /// The estimate, on this thread: the bits of the parallel one.
  void run(std::span<const Scalar> theta, BatchMemory<Scalar>& memory, std::span<Scalar> buffers) const {
    std::vector<double> sum(buffers.size());
    for (Index i = 0; i < batches(); ++i) {
      forward(theta, i, memory, buffers);
      for (std::size_t j = 0; j < sum.size(); ++j) sum[j] += static_cast<double>(size(i)) * static_cast<double>(buffers[j]);
    }
    finish(sum, buffers);
  }
  /// The estimate, batches in parallel; memory(worker) is a thread's own.
  void run(std::span<const Scalar> theta, const ThreadTeam& team, TeamMemory<Scalar>& memory, std::span<Scalar> buffers) const {
    const std::size_t count = buffers.size();
    std::vector<Scalar> of_batches(static_cast<std::size_t>(batches()) * count);
    team.for_each(batches(), [&](Index i, int worker) {
      forward(theta, i, memory(worker), std::span(of_batches).subspan(static_cast<std::size_t>(i) * count, count));
    });
    std::vector<double> sum(count);
    for (std::size_t i = 0; i < of_batches.size(); ++i)
      sum[i % count] += static_cast<double>(size(static_cast<Index>(i / count))) * static_cast<double>(of_batches[i]);
    finish(sum, buffers);
  }

 private:
  void finish(std::span<const double> sum, std::span<Scalar> buffers) const {
    for (std::size_t j = 0; j < sum.size(); ++j) buffers[j] = static_cast<Scalar>(sum[j] / static_cast<double>(data_->size()));
  }
  [[nodiscard]] Index first(Index i) const { return i * data_->size() / batches_; }
  [[nodiscard]] std::size_t size(Index i) const { return static_cast<std::size_t>(first(i + 1) - first(i)); }

  const Network<Scalar>* network_;
  const Dataset<Scalar>* data_;
  std::vector<Index> order_;
  Index batches_;
};

}  // namespace detail

/// The buffers, such as running statistics, that belong to parameters θ: the mean over batches, weighted by their sizes, of the
/// statistics of each batch alone, the layers below having those of the batch (Mode::calibration, without noise). That is
/// torch.optim.swa_utils.update_bn with BatchNorm's momentum = None. Each example is in one batch; batches differ in size by one
/// example at most, and are drawn at random, always the same, since batches of a data set that is sorted by class would have the
/// statistics of single classes.
///
/// Sums are in double, in the order of the batches: the bits depend on θ, data and batch size, not on the team. Empty for a
/// network without buffers. Throws: Error when θ or data do not fit the network, or the batch size is not positive.
/// Source: arXiv:1803.05407, section 3.2; for interpolated networks arXiv:2211.08403.
template <std::floating_point Scalar>
std::vector<Scalar> calibrate_buffers(const Network<Scalar>& network, std::span<const Scalar> theta,
                                      const Dataset<Scalar>& data, const ThreadTeam& team = ThreadTeam(),
                                      const EstimateOptions& options = {}) {
  const detail::BufferEstimate<Scalar> estimate(network, data, options);
  require(static_cast<Index>(theta.size()) == network.layout().parameter_count(), "calibrate_buffers: θ has ", theta.size(),
          " entries; the network has ", network.layout().parameter_count(), " parameters");
  std::vector<Scalar> buffers(static_cast<std::size_t>(network.layout().buffer_count()));
  if (buffers.empty()) return buffers;
  TeamMemory<Scalar> memory(network, estimate.batch_size(), team);
  estimate.run(theta, team, memory, buffers);
  return buffers;
}
/// The same for θ in a vector.
template <std::floating_point Scalar>
std::vector<Scalar> calibrate_buffers(const Network<Scalar>& network, const std::vector<Scalar>& theta,
                                      const Dataset<Scalar>& data, const ThreadTeam& team = ThreadTeam(),
                                      const EstimateOptions& options = {}) {
  return calibrate_buffers<Scalar>(network, std::span<const Scalar>(theta), data, team, options);
}

}  // namespace lmc
