// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <lmc/connectivity/plane/plane.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/loss/any_loss.hpp>
#include <lmc/matrix/detail/eigen.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/measure/detail/split_network.hpp>
#include <lmc/measure/detail/split_sums.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/simd/add_scaled.hpp>

namespace lmc::detail {

/// A split network at places of a plane. Its head is affine in θ_head, so that with h(θ) the head's outputs of an example,
///   h(θ(u, v)) = h(θ₀) + u (h(e₁) − h(0)) + v (h(e₂) − h(0)):
/// the examples go through the head four times. θ_tail is that of Plane::at, to the bit. Memory: what SplitSums needs, and the tails'
/// parameters at the places that are measured together, of at most 64 MiB.
template <std::floating_point Scalar>
class PlaneSums {
 public:
  PlaneSums(SplitNetwork<Scalar> split, const Dataset<Scalar>& data, AnyLoss<Scalar> loss, ChunkSizes sizes)
      : sums_(std::move(split), data, std::move(loss), sizes) {}

  /// The sums at every place, without outcomes of single examples.
  [[nodiscard]] std::vector<PlaceSums> measure(const Plane<Scalar>& plane, std::span<const PlanePoint> places,
                                               const ThreadTeam& team) const {
    std::vector<PlaceSums> sums(places.size());
    Places all(sums_.split(), plane);
    const auto count = static_cast<Index>(places.size());
    for (Index first = 0; first < count; first += all.at_once()) {
      const Index together = std::min(all.at_once(), count - first);
      sums_.add(all.at(slice(places, first, together), team), team, slice(std::span(sums), first, together));
    }
    return sums;
  }

 private:
  using Array = Eigen::Array<Scalar, Eigen::Dynamic, 1>;  // aligned for vectors, and not written on allocation

  class Places {
   public:
    struct Scratch {
      Array row;  // h at u = 0 of a group
      explicit Scratch(Index values) : row(values) {}
    };

    Places(const SplitNetwork<Scalar>& split, const Plane<Scalar>& plane)
        : plane_(&plane),
          head_size_(split.head_of(plane.origin()).size()),
          tail_size_(static_cast<Index>(plane.size() - head_size_)),
          tail_stride_(split.tail() ? padded<Scalar>(tail_size_) : 0),
          width_(split.head().output_shape().size()),
          zero_(head_size_) {
      for (std::size_t k = 0; k < 2; ++k) {
        const std::span<const double> axis = plane.axis(k).first(head_size_);
        axes_.emplace_back(head_size_);
        std::ranges::transform(axis, axes_.back().begin(), [](double x) { return static_cast<Scalar>(x); });
      }
    }
    /// As many places as are measured with one pass through the head.
    [[nodiscard]] Index at_once() const {
      constexpr Index limit = (Index{64} << 20) / static_cast<Index>(sizeof(Scalar));
      return std::max<Index>(1, limit / std::max<Index>(1, tail_stride_));
    }
    /// These places, with θ_tail at each.
    [[nodiscard]] const Places& at(std::span<const PlanePoint> places, const ThreadTeam& team) {
      places_ = places;
      tails_.resize(count() * tail_stride_);
      team.for_each(count(), [&](Index i, int) {
        plane_->at(place(i), head_size_, {tails_.data() + i * tail_stride_, static_cast<std::size_t>(tail_size_)});
      });
      return *this;
    }

    [[nodiscard]] Index count() const { return static_cast<Index>(places_.size()); }
    [[nodiscard]] std::vector<std::span<const Scalar>> heads() const {
      return {plane_->origin().first(head_size_), axes_[0], axes_[1], zero_};
    }
    void begin_part(const std::vector<std::span<Scalar>>& outputs) const {
      for (const std::size_t k : {1U, 2U}) simd::add_scaled<Scalar>(outputs[k], Scalar(-1), outputs[3], outputs[k]);
    }
    // A group lies in one row, and is so small that its tails stay in the second-level cache.
    [[nodiscard]] std::vector<std::pair<Index, Index>> groups() const {
      constexpr Index in_cache = (Index{128} << 10) / static_cast<Index>(sizeof(Scalar));
      const Index most = std::max<Index>(1, in_cache / std::max<Index>(1, tail_stride_));
      std::vector<std::pair<Index, Index>> groups;
      for (Index first = 0; first < count();) {
        Index last = first + 1;
        while (last < count() && last - first < most && place(last).v == place(first).v) ++last;
        groups.emplace_back(first, last);
        first = last;
      }
      return groups;
    }
    void begin_group(Index first, const std::vector<std::span<Scalar>>& outputs, Scratch& scratch) const {
      if (first > 0 && place(first - 1).v == place(first).v) return;
      simd::add_scaled<Scalar>(outputs[0], static_cast<Scalar>(place(first).v), outputs[2],
                               {scratch.row.data(), outputs[0].size()});
    }
    // The three arrays that a place reads and writes stay there, too, beside a tail that does.
    [[nodiscard]] Index examples(Index part) const {
      constexpr Index in_cache = (Index{256} << 10) / static_cast<Index>(sizeof(Scalar));
      return tail_stride_ > in_cache ? part : std::min(part, std::max<Index>(16, in_cache / (3 * width_)));
    }
    void between(const SplitNetwork<Scalar>& split, Index i, const std::vector<std::span<Scalar>>& outputs, Scratch& scratch,
                 std::size_t begin, std::span<Scalar> y) const {
      split.rectified_sum({scratch.row.data() + begin, y.size()}, static_cast<Scalar>(place(i).u),
                          outputs[1].subspan(begin, y.size()), y);
    }
    [[nodiscard]] std::span<const Scalar> tail(Index i) const {
      return {tails_.data() + i * tail_stride_, static_cast<std::size_t>(tail_size_)};
    }

   private:
    [[nodiscard]] const PlanePoint& place(Index i) const { return places_[static_cast<std::size_t>(i)]; }

    const Plane<Scalar>* plane_;
    std::span<const PlanePoint> places_;
    std::size_t head_size_;
    Index tail_size_, tail_stride_;  // entries of θ_tail, and from one place's to the next's
    Index width_;
    std::vector<Scalar> zero_;
    std::vector<std::vector<Scalar>> axes_;  // their parts in θ_head
    Array tails_;
  };

  SplitSums<Scalar> sums_;
};

}  // namespace lmc::detail
