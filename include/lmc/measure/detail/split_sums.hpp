// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <lmc/data/dataset.hpp>
#include <lmc/data/targets.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/loss/any_loss.hpp>
#include <lmc/loss/loss.hpp>
#include <lmc/matrix/detail/eigen.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/measure/detail/split_network.hpp>
#include <lmc/parallel/thread_team.hpp>

namespace lmc::detail {

/// How a data set is worked off: chunks decide the bits of sums, and go through the network in parts.
struct ChunkSizes {
  Index chunk, part;  // examples; part ≤ chunk
};

/// The loss at one place, of all examples; `wrong` is empty where they have no labels, `logits` where they are not kept.
struct PlaceSums {
  LossSum total;
  std::vector<std::uint8_t> wrong;
  std::vector<float> logits;  // [examples, outputs]
};

/// The rows of `logits` from example `first` on ← z [batch, outputs], as float; nothing where `logits` is empty.
template <std::floating_point Scalar>
void keep_logits(MatrixView<const Scalar> z, Index first, std::span<float> logits) {
  if (logits.empty()) return;
  std::ranges::transform(span_of(z), logits.begin() + first * z.cols(), [](Scalar v) { return static_cast<float>(v); });
}

/// A split network at many places on one data set: the examples are gathered and go through the head a few times, and from there to
/// the logits of every place. Sums are in double, chunks in order: the bits do not depend on the team. Chunks are worked on in
/// parallel; memory is, for each thread, what a part needs.
///
/// What the places are, a class says:
///   count()                                how many
///   heads()                                the θ_head with which every example goes through the head
///   Scratch(values)                        memory of a thread; values: entries of a part's outputs of the head
///   begin_part(outputs)                    has the outputs of the head, one span for each of heads(), and may change them
///   groups()                               [first, last) of places between which a few examples at a time go to and fro
///   begin_group(first, outputs, scratch)   before the places of a group, for all examples of a part
///   examples(part)                         how many at a time
///   between(split, i, outputs, scratch, at, y)   y ← what reaches the tail at place i, of the outputs' entries from `at` on
///   tail(i)                                θ_tail at place i
template <std::floating_point Scalar>
class SplitSums {
 public:
  SplitSums(SplitNetwork<Scalar> split, const Dataset<Scalar>& data, AnyLoss<Scalar> loss, ChunkSizes sizes)
      : split_(std::move(split)), data_(&data), loss_(std::move(loss)), sizes_(sizes) {}

  [[nodiscard]] const SplitNetwork<Scalar>& split() const { return split_; }
  [[nodiscard]] const Dataset<Scalar>& data() const { return *data_; }
  [[nodiscard]] Index outputs() const { return (split_.tail() ? *split_.tail() : split_.head()).output_shape().size(); }

  /// Adds to the total of every place; wrong and logits are filled in where they are not empty.
  template <class Places>
  void add(const Places& places, const ThreadTeam& team, std::span<PlaceSums> sums) const {
    const Index count = places.count(), chunks = (data_->size() + sizes_.chunk - 1) / sizes_.chunk;
    std::vector<LossSum> of_chunks(static_cast<std::size_t>(count * chunks));  // [places, chunks]
    const std::vector<std::span<const Scalar>> heads = places.heads();
    const auto groups = places.groups();
    const Index few = places.examples(sizes_.part);
    struct Worker {
      Memory memory;
      typename Places::Scratch scratch;
    };
    std::vector<std::optional<Worker>> workers(static_cast<std::size_t>(team.size()));
    team.for_each(chunks, [&](Index c, int w) {
      std::optional<Worker>& worker = workers[static_cast<std::size_t>(w)];
      if (!worker) {
        Memory memory(split_, *data_, loss_, sizes_.part, heads.size());
        const Index values = memory.between.size();
        worker.emplace(Worker{std::move(memory), typename Places::Scratch(values)});
      }
      Memory& memory = worker->memory;
      const Index last = std::min((c + 1) * sizes_.chunk, data_->size());
      for (Index first = c * sizes_.chunk; first < last; first += sizes_.part) {
        const Index batch = std::min(sizes_.part, last - first);
        const std::vector<std::span<Scalar>> outputs = run_heads(heads, first, batch, memory);
        places.begin_part(outputs);
        for (const auto& [first_place, last_place] : groups) {
          places.begin_group(first_place, outputs, worker->scratch);
          for (Index begin = 0; begin < batch; begin += few)
            for (Index i = first_place; i < last_place; ++i)
              of_chunks[static_cast<std::size_t>(i * chunks + c)] +=
                  at_place(places, i, outputs, worker->scratch, memory, {first, begin, std::min(few, batch - begin)},
                           sums[static_cast<std::size_t>(i)]);
        }
      }
    });
    for (Index i = 0; i < count; ++i)
      for (Index c = 0; c < chunks; ++c)
        sums[static_cast<std::size_t>(i)].total += of_chunks[static_cast<std::size_t>(i * chunks + c)];
  }

 private:
  using Array = Eigen::Array<Scalar, Eigen::Dynamic, 1>;  // aligned for vectors, and not written on allocation
  static std::span<Scalar> span(Array& array) { return {array.data(), static_cast<std::size_t>(array.size())}; }

  // Memory of one thread, for the examples of a part.
  struct Memory {
    std::vector<std::int32_t> labels;
    Array values, x, between, logits, cache, workspace, loss_workspace;
    std::vector<Array> heads;

    Memory(const SplitNetwork<Scalar>& split, const Dataset<Scalar>& data, const AnyLoss<Scalar>& loss, Index part,
           std::size_t head_count)
        : labels(data.classes() == 0 ? 0 : static_cast<std::size_t>(part)),
          values(part * data.target_size()),
          x(part * split.head().input_shape()->size()),
          between(part * split.head().output_shape().size()),
          logits(split.tail() ? part * split.tail()->output_shape().size() : 0),
          cache(std::max(split.head().cache_size(part), split.tail() ? split.tail()->cache_size(part) : 0)),
          workspace(std::max(split.head().workspace_size(part), split.tail() ? split.tail()->workspace_size(part) : 0)),
          loss_workspace(loss.workspace_size((split.tail() ? *split.tail() : split.head()).output_shape().size())),
          heads(head_count, Array(between.size())) {}

    // What there is room for, of the examples of a part from `begin` on.
    TargetsOutput<Scalar> targets(Index begin, Index count, const Dataset<Scalar>& data) {
      return {.labels = slice(std::span(labels), labels.empty() ? 0 : begin, labels.empty() ? 0 : count),
              .values = slice(span(values), begin * data.target_size(), count * data.target_size())};
    }
  };

  // Some examples of a part: the part begins with example `first`, and they with its example `begin`.
  struct Examples {
    Index first, begin, count;
  };
  template <class Places>
  LossSum at_place(const Places& places, Index i, const std::vector<std::span<Scalar>>& outputs,
                   typename Places::Scratch& scratch, Memory& memory, const Examples& some, PlaceSums& place) const {
    const std::span<Scalar> between = slice(span(memory.between), 0, some.count * width());
    places.between(split_, i, outputs, scratch, static_cast<std::size_t>(some.begin * width()), between);
    const MatrixView<Scalar> logits = run_tail(places.tail(i), between, some.count, memory);
    const Index first = some.first + some.begin;
    keep_logits<Scalar>(as_const(logits), first, place.logits);
    const TargetsOutput<Scalar> y = memory.targets(some.begin, some.count, *data_);
    const std::span<std::uint8_t> wrong = place.wrong;
    return loss_.sum(as_const(logits), {static_cast<std::size_t>(some.count), y.labels, y.values},
                     {.wrong = wrong.empty() ? wrong : slice(wrong, first, some.count)}, span(memory.loss_workspace));
  }

  [[nodiscard]] Index width() const { return split_.head().output_shape().size(); }

  // The outputs of the head, of `batch` examples from `first` on.
  std::vector<std::span<Scalar>> run_heads(const std::vector<std::span<const Scalar>>& heads, Index first, Index batch,
                                           Memory& m) const {
    const Network<Scalar>& head = split_.head();
    const MatrixView<Scalar> x = matrix_view(span(m.x), batch, head.input_shape()->size());
    data_->gather_range(first, x, m.targets(0, batch, *data_));
    std::vector<std::span<Scalar>> outputs;
    for (std::size_t k = 0; k < heads.size(); ++k) {
      outputs.push_back(slice(span(m.heads[k]), 0, batch * width()));
      head.forward({.params = heads[k],
                    .buffers = {},
                    .x = as_const(x),
                    .y = matrix_view(outputs.back(), batch, width()),
                    .cache = span(m.cache),
                    .workspace = span(m.workspace)});
    }
    return outputs;
  }
  MatrixView<Scalar> run_tail(std::span<const Scalar> params, std::span<Scalar> between, Index batch, Memory& m) const {
    const MatrixView<Scalar> x = matrix_view(between, batch, width());
    const std::optional<Network<Scalar>>& tail = split_.tail();
    if (!tail) return x;
    const MatrixView<Scalar> logits = matrix_view(span(m.logits), batch, tail->output_shape().size());
    tail->forward({.params = params,
                   .buffers = {},
                   .x = as_const(x),
                   .y = logits,
                   .cache = span(m.cache),
                   .workspace = span(m.workspace)});
    return logits;
  }

  SplitNetwork<Scalar> split_;
  const Dataset<Scalar>* data_;
  AnyLoss<Scalar> loss_;
  ChunkSizes sizes_;
};

}  // namespace lmc::detail
