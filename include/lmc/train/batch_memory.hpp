// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cassert>
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <lmc/core/layout.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/data/targets.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/loss/any_loss.hpp>
#include <lmc/loss/loss.hpp>
#include <lmc/matrix/detail/eigen.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/matrix/write_mode.hpp>
#include <lmc/parallel/thread_team.hpp>

namespace lmc {

/// What a batch is taken from: a Dataset, or an AugmentedDataset.
///   data.gather(examples, x, y)   x [examples, size of an example] and the targets that y has room for are overwritten
///   data.classes()                0 where there are no labels
///   data.target_size()            numbers for each example, 0 where there are none
template <class Data, class Scalar>
concept BatchSource =
    requires(Data& data, std::span<const Index> examples, MatrixView<Scalar> x, const TargetsOutput<Scalar>& y) {
      data.gather(examples, x, y);
      { data.classes() } -> std::convertible_to<Index>;
      { data.target_size() } -> std::convertible_to<Index>;
    };

/// The memory of a forward and a backward pass of one network under one loss, for batches of at most batch_size examples; allocated
/// once.
template <std::floating_point Scalar>
class BatchMemory {
 public:
  /// Room for batches of at most batch_size examples of that network.
  BatchMemory(const Network<Scalar>& network, Index batch_size, LossOf<Scalar> loss = CrossEntropy())
      : loss_(std::move(loss)),
        inputs_(network.input_shape()->size()),
        outputs_(network.output_shape().size()),
        labels_(static_cast<std::size_t>(batch_size)),
        values_(batch_size * outputs_),
        x_(batch_size * inputs_),
        logits_(batch_size * outputs_),
        dlogits_(batch_size * outputs_),
        cache_(network.cache_size(batch_size)),
        workspace_(network.workspace_size(batch_size)),
        loss_workspace_(loss_.workspace_size(outputs_)) {}

  /// The most examples that there is room for.
  [[nodiscard]] Index size() const { return static_cast<Index>(labels_.size()); }
  /// Fills x and the targets of its first rows with those examples of data, which fit the network.
  template <BatchSource<Scalar> Data>
  void gather(Data& data, std::span<const Index> examples) {
    const auto batch = static_cast<Index>(examples.size());
    data.gather(examples, x(batch), room_for(data.classes(), data.target_size(), batch));
  }
  /// The same of `batch` examples from `first` on.
  void gather_range(const Dataset<Scalar>& data, Index first, Index batch) {
    data.gather_range(first, x(batch), room_for(data.classes(), data.target_size(), batch));
  }

  /// The first `batch` rows of the inputs.
  [[nodiscard]] MatrixView<Scalar> x(Index batch) { return matrix_view(span(x_), batch, inputs_); }
  /// The labels of these rows.
  [[nodiscard]] std::span<std::int32_t> labels(Index batch) { return slice(std::span(labels_), 0, batch); }
  /// What forward() computes from them, [batch, outputs].
  [[nodiscard]] MatrixView<Scalar> logits(Index batch) { return matrix_view(span(logits_), batch, outputs_); }
  /// ∂L/∂logits, which backward() reads, [batch, outputs].
  [[nodiscard]] MatrixView<Scalar> dlogits(Index batch) { return matrix_view(span(dlogits_), batch, outputs_); }

  /// The loss of the batch that was gathered and went forward last, summed over its examples.
  LossSum loss(Index batch, const LossOutputs<Scalar>& results = {}) {
    return loss_.sum(read(logits(batch)), targets(batch), results, span(loss_workspace_));
  }
  /// The targets of the batch that was gathered last.
  [[nodiscard]] Targets<Scalar> targets(Index batch) {
    return {static_cast<std::size_t>(batch),
            has_labels_ ? std::span<const std::int32_t>(labels(batch)) : std::span<const std::int32_t>(),
            slice(std::span<const Scalar>(span(values_)), 0, batch * target_size_)};
  }
  /// The loss that it is for.
  [[nodiscard]] const AnyLoss<Scalar>& loss_function() const { return loss_; }
  /// What forward() left for backward passes.
  [[nodiscard]] std::span<const Scalar> cache() const { return {cache_.data(), static_cast<std::size_t>(cache_.size())}; }
  /// Memory of the layers; of no meaning before or after.
  [[nodiscard]] std::span<Scalar> workspace() { return span(workspace_); }
  /// Memory of the loss; of no meaning before or after.
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

  TargetsOutput<Scalar> room_for(Index classes, Index target_size, Index batch) {
    has_labels_ = classes > 0;
    target_size_ = target_size;
    return {.labels = has_labels_ ? labels(batch) : std::span<std::int32_t>(),
            .values = slice(span(values_), 0, batch * target_size)};
  }

  AnyLoss<Scalar> loss_;
  Index inputs_, outputs_;
  bool has_labels_ = true;  // of the data that were gathered last
  Index target_size_ = 0;   // the same
  std::vector<std::int32_t> labels_;
  Memory values_, x_, logits_, dlogits_, cache_, workspace_, loss_workspace_;
};

/// A BatchMemory for each thread of a team, made when the thread first asks. The network must outlive it.
template <std::floating_point Scalar>
class TeamMemory {
 public:
  /// Nothing is allocated for batches yet.
  TeamMemory(const Network<Scalar>& network, Index batch_size, const ThreadTeam& team, LossOf<Scalar> loss = CrossEntropy())
      : network_(&network), batch_size_(batch_size), loss_(std::move(loss)), memories_(static_cast<std::size_t>(team.size())) {}

  /// The memory of that worker of the team.
  [[nodiscard]] BatchMemory<Scalar>& operator()(int worker) {
    auto& memory = memories_[static_cast<std::size_t>(worker)];
    if (!memory) memory.emplace(*network_, batch_size_, loss_);
    return *memory;
  }

 private:
  const Network<Scalar>* network_;
  Index batch_size_;
  AnyLoss<Scalar> loss_;
  std::vector<std::optional<BatchMemory<Scalar>>> memories_;
};

}  // namespace lmc
