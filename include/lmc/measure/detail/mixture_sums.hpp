// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <cstddef>
#include <numeric>
#include <optional>
#include <span>
#include <vector>

#include <lmc/connectivity/causes/layer_groups.hpp>
#include <lmc/connectivity/causes/layer_mixtures.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/loss/any_loss.hpp>
#include <lmc/loss/loss.hpp>
#include <lmc/matrix/detail/eigen.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/measure/detail/dataset_chunks.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/train/batch_memory.hpp>

namespace lmc::detail {

/// The mixtures of a request in the order of a walk through the tree that they form, layer by layer of the network: neighbors agree
/// in as many layers from the input on as possible, and the activations behind those are computed once. Only parts of the outermost
/// network are shared; where two mixtures differ inside a residual block, the whole block is computed for each.
/// Network and request must outlive it.
template <std::floating_point Scalar>
class MixtureTree {
 public:
  /// One mixture, and the first part of the network that has other parameters in it than in the mixture before.
  struct Step {
    std::size_t mixture = 0;
    std::size_t first_part = 0;
  };

  MixtureTree(const Network<Scalar>& network, const LayerMixtures<Scalar>& request) : network_(&network), request_(&request) {
    std::vector<std::size_t> order(request.mixtures.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, [&](std::size_t i, std::size_t j) {
      const std::size_t r = first_difference(i, j);
      return r < request_->ranges.size() && place(i, r) < place(j, r);
    });
    for (std::size_t i = 0; i < order.size(); ++i)
      steps_.push_back({order[i], i == 0 ? 0 : part_of(first_difference(order[i - 1], order[i]))});
  }

  [[nodiscard]] const std::vector<Step>& steps() const { return steps_; }

  /// The parameters of a part in a mixture: a view into one of the three θ, or, where its layers are at different places, scratch.
  [[nodiscard]] std::span<const Scalar> parameters(std::size_t part, std::size_t mixture, std::vector<Scalar>& scratch) const {
    const auto [first, count] = network_->parts()[part].params;
    const auto begin = static_cast<std::size_t>(first), end = static_cast<std::size_t>(first + count);
    scratch.clear();
    for (const LayerRange& range : request_->ranges) {
      const std::size_t from = std::max(begin, range.first), to = std::min(end, range.first + range.count);
      if (from >= to) continue;
      const auto source = request_->source(range, request_->mixtures[mixture]).subspan(from - range.first, to - from);
      if (source.size() == end - begin) return source;
      scratch.insert(scratch.end(), source.begin(), source.end());
    }
    return scratch;
  }

 private:
  [[nodiscard]] LayerPlace place(std::size_t mixture, std::size_t range) const {
    return request_->mixtures[mixture][request_->ranges[range].layer];
  }
  [[nodiscard]] std::size_t first_difference(std::size_t i, std::size_t j) const {
    std::size_t range = 0;
    while (range < request_->ranges.size() && place(i, range) == place(j, range)) ++range;
    return range;
  }
  // The part that holds the first parameter of a range; behind the last part for no range.
  [[nodiscard]] std::size_t part_of(std::size_t range) const {
    const auto& parts = network_->parts();
    if (range == request_->ranges.size()) return parts.size();
    const auto first = static_cast<Index>(request_->ranges[range].first);
    const auto holds = [&](const auto& part) { return first < part.params.first + part.params.count; };
    return static_cast<std::size_t>(std::ranges::find_if(parts, holds) - parts.begin());
  }

  const Network<Scalar>* network_;
  const LayerMixtures<Scalar>* request_;
  std::vector<Step> steps_;
};

/// What a thread needs to take a batch along a MixtureTree: the outputs of all parts but the last, whose are the logits.
template <std::floating_point Scalar>
class MixtureMemory {
 public:
  MixtureMemory(const Network<Scalar>& network, Index batch_size) : network_(&network) {
    const auto& parts = network.parts();
    Index cache = 0, workspace = 0;
    for (const auto& part : parts) {
      cache = std::max(cache, part.layer.cache_size(batch_size));
      workspace = std::max(workspace, part.layer.workspace_size(batch_size));
    }
    for (std::size_t p = 0; p + 1 < parts.size(); ++p) outputs_.emplace_back(batch_size * parts[p].output.size());
    cache_.resize(cache);
    workspace_.resize(workspace);
  }

  /// The inputs in batch_memory, as they were gathered, become its logits, from the step's first part on; what lies before that
  /// is of the step before.
  void forward(const MixtureTree<Scalar>& tree, const typename MixtureTree<Scalar>::Step& step, Index batch,
               BatchMemory<Scalar>& batch_memory) {
    const auto& parts = network_->parts();
    for (std::size_t p = step.first_part; p < parts.size(); ++p)
      parts[p].layer.forward({.params = tree.parameters(p, step.mixture, parameters_),
                              .buffers = {},
                              .x = as_const(p == 0 ? batch_memory.x(batch) : output(p - 1, batch)),
                              .y = p + 1 == parts.size() ? batch_memory.logits(batch) : output(p, batch),
                              .cache = slice(span(cache_), 0, parts[p].layer.cache_size(batch)),
                              .workspace = span(workspace_)});
  }

 private:
  using Array = Eigen::Array<Scalar, Eigen::Dynamic, 1>;  // aligned for vectors, and not written on allocation
  static std::span<Scalar> span(Array& array) { return {array.data(), static_cast<std::size_t>(array.size())}; }
  MatrixView<Scalar> output(std::size_t part, Index batch) {
    return matrix_view(span(outputs_[part]), batch, network_->parts()[part].output.size());
  }

  const Network<Scalar>* network_;
  std::vector<Array> outputs_;
  Array cache_, workspace_;
  std::vector<Scalar> parameters_;  // of a part whose layers are at different places
};

/// The loss of a network without buffers at every mixture of a request, summed over the data set in chunks, in order: the bits do
/// not depend on the team, nor on the other mixtures, and are those of the network at that θ. Chunks are worked on in parallel.
/// Memory: for each thread the activations of a part of a chunk; a LossSum for each mixture and chunk.
template <std::floating_point Scalar>
std::vector<LossSum> mixture_sums(const DatasetChunks<Scalar>& chunks, const AnyLoss<Scalar>& loss,
                                  const LayerMixtures<Scalar>& request, const ThreadTeam& team) {
  const Network<Scalar>& network = chunks.network();
  const MixtureTree<Scalar> tree(network, request);
  const auto count = static_cast<Index>(request.mixtures.size());
  std::vector<LossSum> of_chunks(static_cast<std::size_t>(chunks.count() * count));  // [chunks, mixtures]
  TeamMemory<Scalar> batch_memories(network, chunks.part(), team, loss);
  std::vector<std::optional<MixtureMemory<Scalar>>> memories(static_cast<std::size_t>(team.size()));
  team.for_each(chunks.count(), [&](Index c, int worker) {
    std::optional<MixtureMemory<Scalar>>& memory = memories[static_cast<std::size_t>(worker)];
    if (!memory) memory.emplace(network, chunks.part());
    BatchMemory<Scalar>& batch_memory = batch_memories(worker);
    chunks.for_parts(c, batch_memory, [&](Index, Index batch) {
      for (const auto& step : tree.steps()) {
        memory->forward(tree, step, batch, batch_memory);
        of_chunks[static_cast<std::size_t>(c * count) + step.mixture] += batch_memory.loss(batch);
      }
    });
  });
  std::vector<LossSum> sums(request.mixtures.size());
  for (std::size_t i = 0; i < of_chunks.size(); ++i) sums[i % sums.size()] += of_chunks[i];
  return sums;
}

}  // namespace lmc::detail
