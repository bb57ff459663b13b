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

#include <lmc/connectivity/interpolate.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/data/targets.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/loss/any_loss.hpp>
#include <lmc/loss/loss.hpp>
#include <lmc/matrix/detail/eigen.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/measure/detail/split_network.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/simd/lerp.hpp>

namespace lmc::detail {

/// How a data set is worked off: chunks decide the bits of sums, and go through the network in parts.
struct ChunkSizes {
  Index chunk, part;  // examples; part ≤ chunk
};

/// The loss at one place of a path, of all examples; `wrong` is empty where they have no labels, `logits` where they are not kept.
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

/// A split network at places of the straight line between two θ, a and b, on one data set: the examples are gathered and go
/// through the head at the two ends once, and from there to the logits of every place. Sums are in double, chunks in order: the
/// bits do not depend on the team, and an end has the same alone as beside other places.
///
/// Chunks are worked on in parallel. Memory: for each thread what a part needs; the tails' parameters at the places that are
/// measured together, of at most 64 MiB.
template <std::floating_point Scalar>
class LineSums {
 public:
  LineSums(SplitNetwork<Scalar> split, const Dataset<Scalar>& data, AnyLoss<Scalar> loss, ChunkSizes sizes)
      : split_(std::move(split)),
        data_(&data),
        loss_(std::move(loss)),
        sizes_(sizes),
        tail_size_(split_.tail() ? padded<Scalar>(split_.tail()->layout().parameter_count()) : 0) {}

  /// As many places as are measured with one pass through the head at both ends: with fewer than three, there is nothing to
  /// gain.
  [[nodiscard]] Index places_at_once() const {
    constexpr Index limit = (Index{64} << 20) / static_cast<Index>(sizeof(Scalar));
    return limit / std::max<Index>(1, tail_size_);
  }

  [[nodiscard]] std::vector<PlaceSums> measure(std::span<const Scalar> a, std::span<const Scalar> b,
                                               std::span<const PathWeights> places, const ThreadTeam& team,
                                               bool with_logits = false) const {
    std::vector<PlaceSums> sums(places.size());
    if (data_->classes() > 0)
      for (PlaceSums& place : sums) place.wrong.resize(static_cast<std::size_t>(data_->size()));
    if (with_logits)
      for (PlaceSums& place : sums)
        place.logits.resize(
            static_cast<std::size_t>(data_->size() * (split_.tail() ? *split_.tail() : split_.head()).output_shape().size()));
    const auto count = static_cast<Index>(places.size());
    for (Index first = 0; first < count; first += places_at_once()) {
      const Index together = std::min(places_at_once(), count - first);
      measure_together({a, b, slice(places, first, together)}, team, slice(std::span(sums), first, together));
    }
    return sums;
  }
  /// The same of one θ.
  [[nodiscard]] PlaceSums measure(std::span<const Scalar> theta, const ThreadTeam& team, bool with_logits = false) const {
    constexpr PathWeights at_a{.alpha = 0, .alpha_bar = 1};
    return std::move(measure(theta, theta, {&at_a, 1}, team, with_logits).front());
  }

 private:
  using Array = Eigen::Array<Scalar, Eigen::Dynamic, 1>;  // aligned for vectors, and not written on allocation
  static std::span<Scalar> span(Array& array) { return {array.data(), static_cast<std::size_t>(array.size())}; }

  struct Line {
    std::span<const Scalar> a, b;
    std::span<const PathWeights> places;
    [[nodiscard]] Index count() const { return static_cast<Index>(places.size()); }
    [[nodiscard]] const PathWeights& at(Index i) const { return places[static_cast<std::size_t>(i)]; }
    [[nodiscard]] bool is_one_end() const { return count() == 1 && at(0).alpha == 0; }
  };

  // Memory of one thread, for the examples of a part.
  struct Memory {
    std::vector<std::int32_t> labels;
    Array values, x, at_a, at_b, between, logits, cache, workspace, loss_workspace;

    Memory(const SplitNetwork<Scalar>& split, const Dataset<Scalar>& data, const AnyLoss<Scalar>& loss, Index part)
        : labels(data.classes() == 0 ? 0 : static_cast<std::size_t>(part)),
          values(part * data.target_size()),
          x(part * split.head().input_shape()->size()),
          at_a(part * split.head().output_shape().size()),
          at_b(at_a.size()),
          between(at_a.size()),
          logits(split.tail() ? part * split.tail()->output_shape().size() : 0),
          cache(std::max(split.head().cache_size(part), split.tail() ? split.tail()->cache_size(part) : 0)),
          workspace(std::max(split.head().workspace_size(part), split.tail() ? split.tail()->workspace_size(part) : 0)),
          loss_workspace(loss.workspace_size((split.tail() ? *split.tail() : split.head()).output_shape().size())) {}

    // What there is room for, of the first `batch` examples.
    TargetsOutput<Scalar> targets(Index batch, const Dataset<Scalar>& data) {
      return {.labels = slice(std::span(labels), 0, labels.empty() ? 0 : batch),
              .values = slice(span(values), 0, batch * data.target_size())};
    }
  };

  void measure_together(const Line& line, const ThreadTeam& team, std::span<PlaceSums> sums) const {
    const Index count = line.count();
    Array tails(count * tail_size_);
    const auto tail_parameters = static_cast<Index>(split_.tail_of(line.a).size());
    const auto tail_at = [&](Index i) { return slice(span(tails), i * tail_size_, tail_parameters); };
    team.for_each(count, [&](Index i, int) {
      simd::lerp<Scalar>(split_.tail_of(line.a), split_.tail_of(line.b), line.at(i).alpha, line.at(i).alpha_bar, tail_at(i));
    });

    const Index chunks = (data_->size() + sizes_.chunk - 1) / sizes_.chunk;
    std::vector<LossSum> of_chunks(static_cast<std::size_t>(count * chunks));  // [places, chunks]
    std::vector<std::optional<Memory>> memories(static_cast<std::size_t>(team.size()));
    team.for_each(chunks, [&](Index c, int worker) {
      std::optional<Memory>& memory = memories[static_cast<std::size_t>(worker)];
      if (!memory) memory.emplace(split_, *data_, loss_, sizes_.part);
      const Index last = std::min((c + 1) * sizes_.chunk, data_->size());
      for (Index first = c * sizes_.chunk; first < last; first += sizes_.part) {
        const Index batch = std::min(sizes_.part, last - first);
        run_heads(line, first, batch, *memory);
        for (Index i = 0; i < count; ++i) {
          const MatrixView<Scalar> logits = run_tail(line.at(i), tail_at(i), batch, *memory);
          keep_logits<Scalar>(as_const(logits), first, sums[static_cast<std::size_t>(i)].logits);
          const TargetsOutput<Scalar> y = memory->targets(batch, *data_);
          const std::span<std::uint8_t> wrong = sums[static_cast<std::size_t>(i)].wrong;
          of_chunks[static_cast<std::size_t>(i * chunks + c)] +=
              loss_.sum(as_const(logits), {static_cast<std::size_t>(batch), y.labels, y.values},
                        {.wrong = wrong.empty() ? wrong : slice(wrong, first, batch)}, span(memory->loss_workspace));
        }
      }
    });
    for (Index i = 0; i < count; ++i)
      for (Index c = 0; c < chunks; ++c)
        sums[static_cast<std::size_t>(i)].total += of_chunks[static_cast<std::size_t>(i * chunks + c)];
  }

  // The outputs of the head at both ends, of `batch` examples from `first` on.
  void run_heads(const Line& line, Index first, Index batch, Memory& m) const {
    const Network<Scalar>& head = split_.head();
    const MatrixView<Scalar> x = matrix_view(span(m.x), batch, head.input_shape()->size());
    data_->gather_range(first, x, m.targets(batch, *data_));
    const auto forward = [&](std::span<const Scalar> theta, Array& y) {
      head.forward({.params = split_.head_of(theta),
                    .buffers = {},
                    .x = as_const(x),
                    .y = matrix_view(span(y), batch, head.output_shape().size()),
                    .cache = span(m.cache),
                    .workspace = span(m.workspace)});
    };
    forward(line.a, m.at_a);
    if (!line.is_one_end()) forward(line.b, m.at_b);
  }
  // The logits at one place, whose θ_tail is given.
  MatrixView<Scalar> run_tail(const PathWeights& at, std::span<const Scalar> params, Index batch, Memory& m) const {
    const Index width = split_.head().output_shape().size();
    const auto used = [&](Array& array) { return slice(span(array), 0, batch * width); };
    split_.between(used(m.at_a), used(m.at_b), at, used(m.between));
    const MatrixView<Scalar> between = matrix_view(span(m.between), batch, width);
    const std::optional<Network<Scalar>>& tail = split_.tail();
    if (!tail) return between;
    const MatrixView<Scalar> logits = matrix_view(span(m.logits), batch, tail->output_shape().size());
    tail->forward({.params = params,
                   .buffers = {},
                   .x = as_const(between),
                   .y = logits,
                   .cache = span(m.cache),
                   .workspace = span(m.workspace)});
    return logits;
  }

  SplitNetwork<Scalar> split_;
  const Dataset<Scalar>* data_;
  AnyLoss<Scalar> loss_;
  ChunkSizes sizes_;
  Index tail_size_;  // distance from one place's parameters to the next's
};

}  // namespace lmc::detail
