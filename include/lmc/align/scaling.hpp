// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <span>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>

namespace lmc {

/// A power of two for every unit: unit i of a group is multiplied by 2^exponents[group][i]. Empty for a group whose units stay
/// as they are, as those that are not scalable must (PermutationGroup::scalable).
using UnitExponents = std::vector<std::vector<int>>;

namespace detail {

/// Whether an axis of a segment numbers the units that it computes, not those that it reads.
inline bool is_incoming(const Segment& segment, std::size_t axis) {
  return segment.role != Role::weight || static_cast<Index>(axis) < segment.matrix.matrices + segment.matrix.rows;
}
/// By which power of two the entry at an index is multiplied: that of the units it helps to compute, less that of those it
/// reads.
inline int exponent_at(const Segment& segment, std::span<const Index> index, const UnitExponents& exponents) {
  int sum = 0;
  for (std::size_t axis = 0; axis < index.size(); ++axis)
    if (const GroupId g = segment.groups[axis].at(segment.shape, index); g && !exponents[*g].empty()) {
      const int exponent = exponents[*g][static_cast<std::size_t>(index[axis])];
      sum += is_incoming(segment, axis) ? exponent : -exponent;
    }
  return sum;
}
template <std::floating_point T>
void require_parameters(const ParameterLayout& layout, std::span<const T> theta, const char* who) {
  require(static_cast<Index>(theta.size()) == layout.parameter_count(), who, ": θ has ", theta.size(),
          " entries; the layout has ", layout.parameter_count());
}

}  // namespace detail

/// The same network with its units scaled: weights and biases of a unit × 2^k, the weights that read it ÷ 2^k. Behind ReLU and
/// the like nothing else changes, and floating point is exact, so that the network's outputs stay to the bit, unless one of its
/// activations leaves the range of normal numbers. Throws: Error when there is not one exponent for each unit of a group that
/// is scaled; a group is not scalable; a length is not the layout's; a parameter would overflow, or lose digits to underflow
/// (the segment is named).
template <std::floating_point Scalar>
std::vector<Scalar> scale_units(const ParameterLayout& layout, const UnitExponents& exponents, std::span<const Scalar> theta) {
  require(exponents.size() == layout.groups.size(), "scale_units: exponents of ", exponents.size(), " groups; the layout has ",
          layout.groups.size());
  for (std::size_t g = 0; g < exponents.size(); ++g) {
    const PermutationGroup& group = layout.groups[g];
    require(exponents[g].empty() || static_cast<Index>(exponents[g].size()) == group.size, "scale_units: ", exponents[g].size(),
            " exponents of group '", group.name, "', which has ", group.size, " units; expected one each, or none");
    require(group.scalable || std::ranges::all_of(exponents[g], [](int k) { return k == 0; }),
            "scale_units: the units of group '", group.name,
            "' cannot be scaled: a layer that computes, reads or hands them on does not keep the factor (LayerNorm, "
            "tanh, attention, or a layer of your own that does not say scales_units); leave its exponents out");
  }
  detail::require_parameters(layout, theta, "scale_units");
  std::vector<Scalar> scaled(theta.begin(), theta.end());
  for (const Segment& segment : layout.parameters) {
    auto at = static_cast<std::size_t>(segment.offset);
    for_each_index(segment.shape, [&](std::span<const Index> index) {
      const int exponent = detail::exponent_at(segment, index, exponents);
      const Scalar value = theta[at], result = std::ldexp(value, exponent);
      require(std::isfinite(result) && std::ldexp(result, -exponent) == value, "scale_units: in '", segment.name, "', ", value,
              " · 2^", exponent,
              " is no number of this precision; expected finite parameters whose scaled values neither "
              "overflow nor lose digits to underflow");
      scaled[at++] = result;
    });
  }
  return scaled;
}
/// The same for a whole state; no unit with buffers is scalable.
template <std::floating_point Scalar>
ModelState<Scalar> scale_units(const ParameterLayout& layout, const UnitExponents& exponents, const ModelState<Scalar>& state) {
  return {scale_units<Scalar>(layout, exponents, std::span<const Scalar>(state.parameters)), state.buffers};
}

/// The exponents that bring θ to a canonical scale: in the first weight that computes a unit, the largest of the unit's entries
/// has a magnitude in [1, 2). Two networks that differ by powers of two alone come to the same bits, and one that is canonical
/// stays: a unit's first weight reads units whose own were settled before. A unit whose first weight is 0 stays. Scaling moves
/// a network along its scaling symmetry, and with it the line to another one: a barrier between canonical networks is another
/// number than that between the given ones. Throws: Error when θ is not as long as the layout's, or not finite.
template <std::floating_point Scalar>
UnitExponents canonical_exponents(const ParameterLayout& layout, std::span<const Scalar> theta) {
  detail::require_parameters(layout, theta, "canonical_exponents");
  UnitExponents exponents(layout.groups.size());
  for (const Segment& segment : layout.parameters) {
    if (segment.role != Role::weight) continue;
    std::vector<std::vector<double>> largest(layout.groups.size());  // of the groups that are computed here first
    for (std::size_t axis = 0; axis < segment.groups.size(); ++axis)
      for (const GroupId& g : segment.groups[axis].ids)
        if (g && detail::is_incoming(segment, axis) && layout.groups[*g].scalable && exponents[*g].empty())
          largest[*g].resize(static_cast<std::size_t>(layout.groups[*g].size));
    auto at = static_cast<std::size_t>(segment.offset);
    for_each_index(segment.shape, [&](std::span<const Index> index) {
      require(std::isfinite(theta[at]), "canonical_exponents: '", segment.name, "' has an entry that is ", theta[at],
              "; expected finite parameters; did a training diverge?");
      const double value =
          std::abs(std::ldexp(static_cast<double>(theta[at++]), detail::exponent_at(segment, index, exponents)));
      for (std::size_t axis = 0; axis < index.size(); ++axis)
        if (const GroupId g = segment.groups[axis].at(segment.shape, index);
            g && detail::is_incoming(segment, axis) && !largest[*g].empty()) {
          double& most = largest[*g][static_cast<std::size_t>(index[axis])];
          most = std::max(most, value);
        }
    });
    for (std::size_t g = 0; g < largest.size(); ++g)
      for (const double most : largest[g]) exponents[g].push_back(most > 0 ? -std::ilogb(most) : 0);
  }
  return exponents;
}

/// θ on its canonical scale: scale_units by canonical_exponents. Throws: Error as both do.
template <std::floating_point Scalar>
ModelState<Scalar> canonical_scale(const ParameterLayout& layout, const ModelState<Scalar>& state) {
  return scale_units(layout, canonical_exponents<Scalar>(layout, std::span<const Scalar>(state.parameters)), state);
}

}  // namespace lmc
