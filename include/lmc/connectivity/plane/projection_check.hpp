// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include <lmc/connectivity/linear_path.hpp>
#include <lmc/connectivity/metrics.hpp>
#include <lmc/connectivity/plane/plane.hpp>
#include <lmc/core/error.hpp>

namespace lmc {

/// A network, and the place of a plane that a figure shows for it.
struct ProjectionCheck {
  PlaneMark mark = {};      // that place
  Metrics network = {};     // of the network itself
  Metrics projection = {};  // of θ(u, v) there: what the figure has under the mark
};

/// Measures networks beside their projections into a plane, whose marks are in the same order: how much a figure misleads where
/// networks do not lie in its plane. Throws: Error when there are not as many networks as marks, or a length is not the plane's.
template <std::floating_point T, Evaluator<T> E>
std::vector<ProjectionCheck> check_projections(const Plane<T>& plane, std::span<const PlaneMark> marks,
                                               std::span<const std::span<const T>> networks, E&& evaluate) {
  require(marks.size() == networks.size(), "check_projections: ", networks.size(), " networks for ", marks.size(),
          " marks; expected one for each");
  std::vector<ProjectionCheck> checks;
  std::vector<T> theta(plane.size());
  for (std::size_t k = 0; k < marks.size(); ++k) {
    require(networks[k].size() == plane.size(), "check_projections: network ", k, " has ", networks[k].size(),
            " parameters, and the plane's networks have ", plane.size(), "; expected networks of one layout");
    plane.at(marks[k].at, theta);
    checks.push_back({marks[k], std::invoke(evaluate, networks[k]), std::invoke(evaluate, std::span<const T>(theta))});
  }
  return checks;
}

}  // namespace lmc
