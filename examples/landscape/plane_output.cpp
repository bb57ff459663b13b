// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iomanip>
#include <iostream>
#include <limits>
#include <string>

#include <lmc/core/text.hpp>
#include <lmc/plot/plane_figure.hpp>

#include "landscape/numbers.hpp"
#include "landscape/plane.hpp"

namespace {

// JSON has no NaN and no infinity.
nlohmann::json number_or_null(double x) { return std::isfinite(x) ? nlohmann::json(x) : nullptr; }

nlohmann::json metrics_json(const lmc::Metrics& metrics) {
  return {{"error", number_or_null(metrics[lmc::Metric::error])}, {"loss", number_or_null(metrics.loss)}};
}

}  // namespace

nlohmann::json to_json(const PlaneMeasurement& plane) {
  nlohmann::json networks = nlohmann::json::array();
  for (const lmc::ProjectionCheck& check : plane.networks)
    networks.push_back({{"name", check.mark.name},
                        {"u", check.mark.at.u},
                        {"v", check.mark.at.v},
                        {"distance", check.mark.distance},
                        {"network", metrics_json(check.network)},
                        {"projection", metrics_json(check.projection)}});
  nlohmann::json errors = nlohmann::json::array(), losses = nlohmann::json::array();
  for (const auto& value : plane.surface.values) {
    errors.push_back(number_or_null(value->error.value()));
    losses.push_back(number_or_null(value->loss));
  }
  const lmc::PlaneGrid& grid = plane.surface.grid;
  nlohmann::json json{{"kind", plane.choice.kind},
                      {"data", plane.choice.data},
                      {"grid",
                       {{"columns", grid.columns},
                        {"rows", grid.rows},
                        {"u_low", grid.u_low},
                        {"u_high", grid.u_high},
                        {"v_low", grid.v_low},
                        {"v_high", grid.v_high}}},
                      {"axes", plane.axes},
                      {"axis_digests", plane.axis_digests},
                      {"networks", networks},
                      {"error", errors},
                      {"loss", losses},
                      {"loss_name", plane.surface.loss_name},
                      {"seconds", plane.seconds}};
  if (plane.choice.kind == "random" || plane.choice.kind == "filter") json["seed"] = plane.choice.seed.value_or(0);
  if (plane.choice.kind == "filter") json["biases"] = plane.choice.biases.value_or("zero");
  if (plane.explained) json["explained"] = *plane.explained;
  if (plane.step) json["step"] = *plane.step;
  if (plane.cosine) json["cosine"] = *plane.cosine;
  return json;
}

void print_plane(const PlaneMeasurement& plane) {
  const lmc::PlaneGrid& grid = plane.surface.grid;
  std::cout << "\nplane " << plane.choice.kind << ", " << grid.columns << " x " << grid.rows << " places on "
            << plane.choice.data << " data\nu: " << plane.axes[0] << "\nv: " << plane.axes[1] << '\n';
  if (plane.step)
    std::cout << "the first direction is " << lmc::fixed(*plane.step, 3)
              << " long, as the network's filters are; cosine with the "
              << "second " << lmc::fixed(*plane.cosine, 5) << '\n';
  const auto row = [](const auto& name, const auto&... columns) {
    std::cout << std::left << std::setw(14) << name << std::right;
    ((std::cout << std::setw(12) << columns), ...);
    std::cout << '\n';
  };
  row("", "u", "v", "distance", "error", "projected", "loss", "projected");
  for (const lmc::ProjectionCheck& check : plane.networks) {
    const auto four = [](double x) { return lmc::fixed(x, 4); };
    row(check.mark.name, lmc::fixed(check.mark.at.u, 3), lmc::fixed(check.mark.at.v, 3), lmc::fixed(check.mark.distance, 3),
        four(check.network[lmc::Metric::error]), four(check.projection[lmc::Metric::error]), four_digits(check.network.loss),
        four_digits(check.projection.loss));
  }
  const auto range = [&](const char* name, lmc::Metric metric) {
    const auto text = [&](double x) { return metric == lmc::Metric::error ? lmc::fixed(x, 4) : four_digits(x); };
    double low = std::numeric_limits<double>::infinity(), high = -low;
    std::size_t lowest = 0, finite = 0;
    for (std::size_t k = 0; k < plane.surface.values.size(); ++k) {
      const lmc::PlaneValue& value = *plane.surface.values[k];
      const double x = metric == lmc::Metric::error ? value.error.value() : value.loss;
      if (!std::isfinite(x)) continue;
      ++finite;
      high = std::max(high, x);
      if (x < low) low = x, lowest = k;
    }
    if (finite == 0) {
      std::cout << name << ": finite nowhere\n";
      return;
    }
    const lmc::PlanePoint at = grid.point(lowest);
    std::cout << name << " from " << text(low) << ", at (" << lmc::fixed(at.u, 3) << ", " << lmc::fixed(at.v, 3) << "), to "
              << text(high);
    if (finite < plane.surface.values.size())
      std::cout << "; not finite at " << plane.surface.values.size() - finite << " places";
    std::cout << '\n';
  };
  range("error", lmc::Metric::error);
  range("loss", lmc::Metric::loss);
  std::cout << "measured in " << lmc::fixed(plane.seconds, 2) << " s\n";
}

void save_plane_figure(const std::filesystem::path& file, const std::string& title, const PlaneMeasurement& plane) {
  lmc::PlaneFigure figure{.title = title, .surface = plane.surface, .lines = plane.lines, .axes = plane.axes};
  for (const lmc::ProjectionCheck& check : plane.networks) figure.marks.push_back(check.mark);
  // The names of a way's points would cover it.
  for (std::size_t k = 1; plane.choice.kind == "trajectory" && k + 1 < figure.marks.size(); ++k) figure.marks[k].name.clear();
  lmc::save_plane_figure(file, figure);
}
