// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cassert>
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <lmc/core/layout.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/loss/cross_entropy.hpp>
#include <lmc/matrix/detail/eigen.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/matrix/write_mode.hpp>
#include <lmc/parallel/thread_team.hpp>

namespace lmc {

/// The memory of a forward and a backward pass of one network, for batches of at most batch_size examples; allocated once.
template <std::floating_point Scalar>
class BatchMemory {
 public:
  /// Room for batches of at most batch_size examples of that network.
  BatchMemory(const Network<Scalar>& network, Index batch_size)
      : inputs_(network.input_shape()->size()),
        outputs_(network.output_shape().size()),
        labels_(static_cast<std::size_t>(batch_size)),
        x_(batch_size * inputs_),
        logits_(batch_size * outputs_),
        dlogits_(batch_size * outputs_),
        cache_(network.cache_size(batch_size)),
        workspace_(network.workspace_size(batch_size)),
        loss_workspace_(cross_entropy_workspace<Scalar>(outputs_)) {}

  /// The most examples that there is room for.
  [[nodiscard]] Index size() const { return static_cast<Index>(labels_.size()); }
  /// The first `batch` rows of the inputs, to be filled by Dataset::gather.
  [[nodiscard]] MatrixView<Scalar> x(Index batch) { return matrix_view(span(x_), batch, inputs_); }
  /// The labels of these rows, filled at the same time.
  [[nodiscard]] std::span<std::int32_t> labels(Index batch) { return slice(std::span(labels_), 0, batch); }
  /// What forward() computes from them, [batch, outputs].
  [[nodiscard]] MatrixView<Scalar> logits(Index batch) { return matrix_view(span(logits_), batch, outputs_); }
  /// ∂L/∂logits, which backward() reads, [batch, outputs].
  [[nodiscard]] MatrixView<Scalar> dlogits(Index batch) { return matrix_view(span(dlogits_), batch, outputs_); }

  /// For mean_cross_entropy and cross_entropy_sum.
  [[nodiscard]] std::span<Scalar> loss_workspace() { return span(loss_workspace_); }

  /// logits ← network(x) for the first rows of x.
  void forward(const Network<Scalar>& network, std::span<const Scalar> params, std::span<Scalar> buffers, Index batch,
               Mode mode, const NoiseAddress& noise = {}) {
    network.forward({.params = params,
                     .buffers = buffers,
                     .x = read(x(batch)),
                     .y = logits(batch),
                     .cache = span(cache_),
                     .workspace = span(workspace_),
                     .mode = mode,
                     .noise = noise});
  }
  /// dparams += ∂L/∂params, or dparams ← ∂L/∂params, for the batch that went forward last, ∂L/∂logits being in dlogits; dx ←
  /// ∂L/∂x, where asked for.
  void backward(const Network<Scalar>& network, std::span<const Scalar> params, std::span<const Scalar> buffers, Index batch,
                std::span<Scalar> dparams, const InputGradient<Scalar>& dx = {}, WriteMode dparams_mode = WriteMode::add) {
    network.backward({.params = params,
                      .buffers = buffers,
                      .x = read(x(batch)),
                      .y = read(logits(batch)),
                      .dy = read(dlogits(batch)),
                      .dx = dx,
                      .dparams = dparams,
                      .cache = span(cache_),
                      .workspace = span(workspace_),
                      .dparams_mode = dparams_mode});
  }

 private:
  using Memory = Eigen::Array<Scalar, Eigen::Dynamic, 1>;  // aligned for vectors, and not written on allocation
  static std::span<Scalar> span(Memory& m) { return {m.data(), static_cast<std::size_t>(m.size())}; }
  static MatrixView<const Scalar> read(MatrixView<Scalar> view) { return {view.data(), view.rows(), view.cols()}; }

  Index inputs_, outputs_;
  std::vector<std::int32_t> labels_;
  Memory x_, logits_, dlogits_, cache_, workspace_, loss_workspace_;
};

/// A BatchMemory for each thread of a team, made when the thread first asks. The network must outlive it.
template <std::floating_point Scalar>
class TeamMemory {
 public:
  /// Nothing is allocated for batches yet.
  TeamMemory(const Network<Scalar>& network, Index batch_size, const ThreadTeam& team)
      : network_(&network), batch_size_(batch_size), memories_(static_cast<std::size_t>(team.size())) {}

  /// The memory of that worker of the team.
  [[nodiscard]] BatchMemory<Scalar>& operator()(int worker) {
    auto& memory = memories_[static_cast<std::size_t>(worker)];
    if (!memory) memory.emplace(*network_, batch_size_);
    return *memory;
  }

 private:
  const Network<Scalar>* network_;
  Index batch_size_;
  std::vector<std::optional<BatchMemory<Scalar>>> memories_;
};

}  // namespace lmc
