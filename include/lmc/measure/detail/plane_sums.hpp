// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <cstddef>
#include <optional>
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
/// the examples go through the head four times, for any number of places. θ_tail is that of Plane::at, to the bit.
template <std::floating_point Scalar>
class PlaneSums {
 public:
  /// part: as many examples at once as suit a line, of which fewer are taken here.
  PlaneSums(const SplitNetwork<Scalar>& split, const Dataset<Scalar>& data, AnyLoss<Scalar> loss, ChunkSizes sizes)
      : sums_(split, data, std::move(loss), {sizes.chunk, part(split.head().output_shape().size(), sizes.part)}) {}

  /// The sums at every place, without outcomes of single examples.
  [[nodiscard]] std::vector<PlaceSums> measure(const Plane<Scalar>& plane, std::span<const PlanePoint> places,
                                               const ThreadTeam& team) const {
    std::vector<PlaceSums> sums(places.size());
    sums_.add(Places(sums_.split(), plane, places), team, sums);
    return sums;
  }

 private:
  using Array = Eigen::Array<Scalar, Eigen::Dynamic, 1>;  // aligned for vectors, and not written on allocation
  static std::span<Scalar> first_of(Array& array, std::size_t count) { return {array.data(), count}; }

  // Three arrays of the head's outputs are read again for every place: they stay in the second-level cache. But not so few examples
  // that θ_tail takes longer to make than to use.
  static Index part(Index width, Index of_line) {
    constexpr Index in_cache = (Index{256} << 10) / static_cast<Index>(3 * sizeof(Scalar));
    return std::min(of_line, std::max<Index>(32, in_cache / width));
  }

  class Places {
   public:
    struct Scratch {
      Array row, tail;          // h at u = 0 of a row; θ_tail
      std::optional<double> v;  // of that row
      Scratch(const Places& places, Index values) : row(values), tail(static_cast<Index>(places.tail_size_)) {}
    };

    Places(const SplitNetwork<Scalar>& split, const Plane<Scalar>& plane, std::span<const PlanePoint> places)
        : plane_(&plane),
          places_(places),
          head_size_(split.head_of(plane.origin()).size()),
          tail_size_(plane.size() - head_size_),
          zero_(head_size_) {
      for (std::size_t k = 0; k < 2; ++k) {
        const std::span<const double> axis = plane.axis(k).first(head_size_);
        axes_.emplace_back(head_size_);
        std::ranges::transform(axis, axes_.back().begin(), [](double x) { return static_cast<Scalar>(x); });
      }
    }
    [[nodiscard]] Index count() const { return static_cast<Index>(places_.size()); }
    [[nodiscard]] std::vector<std::span<const Scalar>> heads() const {
      return {plane_->origin().first(head_size_), axes_[0], axes_[1], zero_};
    }
    void begin_part(const std::vector<std::span<Scalar>>& outputs, Scratch& scratch) const {
      for (std::size_t k : {1, 2}) simd::add_scaled<Scalar>(outputs[k], Scalar(-1), outputs[3], outputs[k]);
      scratch.v.reset();
    }
    void between(const SplitNetwork<Scalar>& split, Index i, const std::vector<std::span<Scalar>>& outputs, Scratch& scratch,
                 std::span<Scalar> y) const {
      const PlanePoint& place = places_[static_cast<std::size_t>(i)];
      const std::span<Scalar> row = first_of(scratch.row, y.size());
      if (scratch.v != place.v) simd::add_scaled<Scalar>(outputs[0], static_cast<Scalar>(place.v), outputs[2], row);
      scratch.v = place.v;
      split.rectified_sum(row, static_cast<Scalar>(place.u), outputs[1], y);
    }
    [[nodiscard]] std::span<const Scalar> tail(Index i, Scratch& scratch) const {
      const std::span<Scalar> tail = first_of(scratch.tail, tail_size_);
      plane_->at(places_[static_cast<std::size_t>(i)], head_size_, tail);
      return tail;
    }

   private:
    const Plane<Scalar>* plane_;
    std::span<const PlanePoint> places_;
    std::size_t head_size_, tail_size_;
    std::vector<Scalar> zero_;
    std::vector<std::vector<Scalar>> axes_;  // their parts in θ_head
  };

  SplitSums<Scalar> sums_;
};

}  // namespace lmc::detail
