// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cmath>
#include <concepts>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>

namespace lmc {

/// The size, of at least 1, for which a family of networks comes nearest to a number of parameters:
///   argmin over size of | parameters(family(size)) − target |,
/// by doubling and bisection, since a family is taken to grow with its size: channels, or width. `family` gives the network of
/// a size, `[](Index channels) { return cnn<float>({…, .channels = {channels, 2 * channels}}); }`.
/// Throws: Error when the nearest is off by more than 2 % of the target, with the two sizes around it.
template <std::invocable<Index> Family>
Index match_parameters(Index target, Family family) {
  require(target > 0, "match_parameters: target = ", target, " parameters; expected a positive number");
  const auto count = [&](Index size) { return family(size).layout().parameter_count(); };
  Index below = 1, above = 1;
  Index count_below = count(1), count_above = count_below;
  while (count_above < target) {
    below = above;
    count_below = count_above;
    above *= 2;
    count_above = count(above);
    require(count_above > count_below, "match_parameters: sizes ", below, " and ", above, " have ", count_below, " and ",
            count_above, " parameters; expected a family that grows with its size");
  }
  while (above - below > 1) {
    const Index middle = below + (above - below) / 2, count_middle = count(middle);
    (count_middle < target ? below : above) = middle;
    (count_middle < target ? count_below : count_above) = count_middle;
  }
  const bool take_below = std::abs(target - count_below) < std::abs(count_above - target);
  const Index size = take_below ? below : above, reached = take_below ? count_below : count_above;
  require(50 * std::abs(reached - target) <= target, "match_parameters: no size comes within 2 % of ", target,
          " parameters: size ", below, " has ", count_below, ", size ", above, " has ", count_above,
          "; give the family a size in smaller steps, or take another target");
  return size;
}

/// The same for the number of parameters of a network.
template <class Network, std::invocable<Index> Family>
  requires requires(const Network& network) { network.layout(); }
Index match_parameters(const Network& target, Family family) {
  return match_parameters(target.layout().parameter_count(), family);
}

}  // namespace lmc
