// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <lmc/connectivity/linear_path.hpp>
#include <lmc/connectivity/metrics.hpp>
#include <lmc/connectivity/plane/detail/call_size.hpp>
#include <lmc/connectivity/plane/plane.hpp>
#include <lmc/connectivity/plane/plane_grid.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/text.hpp>

namespace lmc {

/// An Evaluator that measures many places of a plane in one call, in parallel or with work shared between them: the metrics of
/// θ(u, v), in the order of places.
template <class E, class T>
concept PlaneEvaluator = Evaluator<E, T> && requires(const std::remove_reference_t<E>& evaluate, const Plane<T>& plane,
                                                     std::span<const PlanePoint> places) {
  { evaluate.evaluate_plane(plane, places) } -> std::same_as<std::vector<Metrics>>;
};

/// What was measured at one place of a plane. NaN and infinity are data: a network that far out can overflow.
struct PlaneValue {
  double loss = 0;                   // mean loss
  std::optional<double> error = {};  // share of examples whose predicted class is wrong; none for a regression
};

/// What was measured over a grid of a plane.
struct PlaneSurface {
  PlaneGrid grid = {};                                 // where
  std::vector<std::optional<PlaneValue>> values = {};  // one for each place of the grid; nothing where it was not measured yet
  std::string loss_name = {};                          // that of Metrics

  /// Number of places that were measured.
  [[nodiscard]] std::size_t measured() const {
    return static_cast<std::size_t>(std::ranges::count_if(values, [](const auto& value) { return value.has_value(); }));
  }
  /// Whether all places were.
  [[nodiscard]] bool complete() const { return !values.empty() && measured() == values.size(); }
};

/// How measure_plane goes about it.
struct PlaneOptions {
  PlaneSurface known = {};  // of the same grid: what was measured before is not measured again
  std::function<void(const PlaneSurface&)> on_progress = nullptr;  // gets what there is so far; may save it, or throw
  double seconds = 2;  // between two calls of on_progress, about; no number depends on it
};

/// Measures every place of a grid. A plain callable gets one θ at a time, on this thread, in memory that is reused by the next; a
/// PlaneEvaluator gets all places at once, or, with on_progress, as many as take some seconds.
/// Throws: Error when the grid has no area, `known` is of another one, or the evaluator's metrics are now with an error and now
/// without, of another loss, or of another number of examples. What on_progress throws goes through.
template <std::floating_point T, Evaluator<T> E>
PlaneSurface measure_plane(const Plane<T>& plane, const PlaneGrid& grid, E&& evaluate, const PlaneOptions& options = {}) {
  detail::require_grid("measure_plane", grid);
  require(options.known.values.empty() || (options.known.grid == grid && options.known.values.size() == grid.size()),
          "measure_plane: what is known was measured on another grid; expected the same one");
  PlaneSurface surface = options.known;
  surface.grid = grid;
  surface.values.resize(grid.size());
  std::vector<std::size_t> missing;
  for (std::size_t k = 0; k < grid.size(); ++k)
    if (!surface.values[k]) missing.push_back(k);

  const auto with = std::ranges::find_if(surface.values, [](const auto& value) { return value.has_value(); });
  std::optional<bool> with_error;
  if (with != surface.values.end()) with_error = (*with)->error.has_value();
  std::optional<Index> count;
  const auto keep = [&](std::size_t k, const Metrics& metrics) {
    if (!with_error) {
      with_error = metrics.error.has_value();
      surface.loss_name = metrics.loss_name;
    }
    if (!count) count = metrics.count;
    require(
        metrics.error.has_value() == *with_error && metrics.loss_name == surface.loss_name && metrics.count == *count,
        "measure_plane: at (", shortest(grid.point(k).u), ", ", shortest(grid.point(k).v),
        ") the evaluator gave metrics of another kind than before; expected one loss, with an error everywhere or nowhere, of "
        "as many examples");
    surface.values[k] = PlaneValue{metrics.loss, metrics.error};
  };

  using Clock = std::chrono::steady_clock;
  const auto since = [](Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); };
  detail::CallSize size(options.on_progress ? static_cast<std::size_t>(grid.columns) : missing.size(), missing.size(),
                        options.seconds);
  std::vector<T> theta;
  std::vector<PlanePoint> places;
  Clock::time_point reported = Clock::now();
  for (std::size_t done = 0; done < missing.size();) {
    std::size_t here = 1;
    if constexpr (PlaneEvaluator<E, T>) {
      here = std::min(size.next(), missing.size() - done);
      const Clock::time_point start = Clock::now();
      places.clear();
      for (std::size_t i = 0; i < here; ++i) places.push_back(grid.point(missing[done + i]));
      const std::vector<Metrics> metrics = std::as_const(evaluate).evaluate_plane(plane, places);
      require(metrics.size() == here, "measure_plane: evaluate_plane gave ", metrics.size(), " metrics for ", here, " places");
      for (std::size_t i = 0; i < here; ++i) keep(missing[done + i], metrics[i]);
      size.took(since(start));
    } else {
      theta.resize(plane.size());
      plane.at(grid.point(missing[done]), theta);
      keep(missing[done], std::invoke(evaluate, std::span<const T>(theta)));
    }
    done += here;
    if (options.on_progress && (done == missing.size() || since(reported) >= options.seconds)) {
      options.on_progress(surface);
      reported = Clock::now();
    }
  }
  return surface;
}

}  // namespace lmc
