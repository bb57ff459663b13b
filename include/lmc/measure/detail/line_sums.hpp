// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <lmc/connectivity/interpolate.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/loss/any_loss.hpp>
#include <lmc/matrix/detail/eigen.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/measure/detail/split_network.hpp>
#include <lmc/measure/detail/split_sums.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/simd/lerp.hpp>

namespace lmc::detail {

/// A split network at places of the straight line between two θ, a and b: the examples go through the head at the two ends once
/// (SplitSums). An end has the same bits alone as beside other places. Memory: what SplitSums needs, and the tails' parameters at the
/// places that are measured together, of at most 64 MiB.
template <std::floating_point Scalar>
class LineSums {
 public:
  LineSums(SplitNetwork<Scalar> split, const Dataset<Scalar>& data, AnyLoss<Scalar> loss, ChunkSizes sizes)
      : sums_(std::move(split), data, std::move(loss), sizes),
        tail_size_(sums_.split().tail() ? padded<Scalar>(sums_.split().tail()->layout().parameter_count()) : 0) {}

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
    const Index examples = sums_.data().size();
    if (sums_.data().classes() > 0)
      for (PlaceSums& place : sums) place.wrong.resize(static_cast<std::size_t>(examples));
    if (with_logits)
      for (PlaceSums& place : sums) place.logits.resize(static_cast<std::size_t>(examples * sums_.outputs()));
    const auto count = static_cast<Index>(places.size());
    for (Index first = 0; first < count; first += places_at_once()) {
      const Index together = std::min(places_at_once(), count - first);
      const Line line(sums_.split(), a, b, slice(places, first, together), tail_size_, team);
      sums_.add(line, team, slice(std::span(sums), first, together));
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

  // Places that are measured together, with θ_tail at each.
  class Line {
   public:
    struct Scratch {
      explicit Scratch(Index) {}
    };

    Line(const SplitNetwork<Scalar>& split, std::span<const Scalar> a, std::span<const Scalar> b,
         std::span<const PathWeights> places, Index tail_size, const ThreadTeam& team)
        : head_a_(split.head_of(a)),
          head_b_(split.head_of(b)),
          places_(places),
          tail_size_(tail_size),
          tail_parameters_(static_cast<Index>(split.tail_of(a).size())),
          tails_(count() * tail_size) {
      team.for_each(count(), [&](Index i, int) {
        simd::lerp<Scalar>(split.tail_of(a), split.tail_of(b), at(i).alpha, at(i).alpha_bar,
                           {tails_.data() + i * tail_size_, static_cast<std::size_t>(tail_parameters_)});
      });
    }
    [[nodiscard]] Index count() const { return static_cast<Index>(places_.size()); }
    [[nodiscard]] std::vector<std::span<const Scalar>> heads() const {
      std::vector heads{head_a_};
      if (count() != 1 || at(0).alpha != 0) heads.push_back(head_b_);
      return heads;
    }
    void begin_part(const std::vector<std::span<Scalar>>&) const {}
    [[nodiscard]] std::vector<std::pair<Index, Index>> groups() const { return {{0, count()}}; }
    void begin_group(Index, const std::vector<std::span<Scalar>>&, Scratch&) const {}
    [[nodiscard]] static Index examples(Index part) { return part; }
    void between(const SplitNetwork<Scalar>& split, Index i, const std::vector<std::span<Scalar>>& outputs, Scratch&,
                 std::size_t begin, std::span<Scalar> y) const {
      split.between(outputs.front().subspan(begin, y.size()), outputs.back().subspan(begin, y.size()), at(i), y);
    }
    [[nodiscard]] std::span<const Scalar> tail(Index i) const {
      return {tails_.data() + i * tail_size_, static_cast<std::size_t>(tail_parameters_)};
    }

   private:
    [[nodiscard]] const PathWeights& at(Index i) const { return places_[static_cast<std::size_t>(i)]; }

    std::span<const Scalar> head_a_, head_b_;
    std::span<const PathWeights> places_;
    Index tail_size_, tail_parameters_;
    Array tails_;
  };

  SplitSums<Scalar> sums_;
  Index tail_size_;  // distance from one place's parameters to the next's
};

}  // namespace lmc::detail
