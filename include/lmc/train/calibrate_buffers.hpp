// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <span>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/train/batch_memory.hpp>
#include <lmc/train/step.hpp>

namespace lmc {

/// The batches that calibrate_buffers() takes statistics of.
struct EstimateOptions {
  Index batch_size = 128;  // examples, > 0; statistics are those of batches of this size
};

namespace detail {

/// The batches over which the buffers of one network are estimated.
template <std::floating_point Scalar>
class BufferEstimate {
 public:
  /// Throws: Error when the data set does not fit the network, or the batch size is not positive.
  BufferEstimate(const Network<Scalar>& network, const Dataset<Scalar>& data, EstimateOptions options)
      : network_(&network), data_(&data), batch_(std::min(options.batch_size, data.size())) {
    require_fit(network, data);
    require(options.batch_size > 0, "calibrate_buffers: batch_size = ", options.batch_size, "; expected a positive number");
  }

  [[nodiscard]] Index batch_size() const { return batch_; }
  [[nodiscard]] Index batches() const { return data_->size() / batch_; }

  /// buffers ← the statistics of batch i alone; memory is for at least batch_size() examples.
  void forward(std::span<const Scalar> theta, Index i, BatchMemory<Scalar>& memory, std::span<Scalar> buffers) const {
    memory.gather_range(*data_, i * batch_, batch_);
    memory.forward(*network_, theta, buffers, batch_, Mode::calibration);
  }

  /// The estimate, on this thread: the bits of the parallel one.
  void run(std::span<const Scalar> theta, BatchMemory<Scalar>& memory, std::span<Scalar> buffers) const {
    std::vector<double> sum(buffers.size());
    for (Index i = 0; i < batches(); ++i) {
      forward(theta, i, memory, buffers);
      for (std::size_t j = 0; j < sum.size(); ++j) sum[j] += static_cast<double>(buffers[j]);
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
    for (std::size_t i = 0; i < of_batches.size(); ++i) sum[i % count] += static_cast<double>(of_batches[i]);
    finish(sum, buffers);
  }

 private:
  void finish(std::span<const double> sum, std::span<Scalar> buffers) const {
    for (std::size_t j = 0; j < sum.size(); ++j) buffers[j] = static_cast<Scalar>(sum[j] / static_cast<double>(batches()));
  }

  const Network<Scalar>* network_;
  const Dataset<Scalar>* data_;
  Index batch_;
};

}  // namespace detail

/// The buffers, such as running statistics, that belong to parameters θ: the mean over the batches of data, in its own order,
/// of the statistics of each batch alone, the layers below having those of the batch (Mode::calibration, without noise). That is
/// torch.optim.swa_utils.update_bn with BatchNorm's momentum = None. A short last batch is left out, since it would count as
/// much as the others, unless it is the only one.
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
