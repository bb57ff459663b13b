// SPDX-License-Identifier: BSD-3-Clause
#include <iomanip>
#include <iostream>
#include <string>
#include <string_view>

#include <lmc/core/text.hpp>
#include <lmc/plot/curvature_figure.hpp>

#include "landscape/curvature.hpp"
#include "landscape/numbers.hpp"

namespace {

nlohmann::json to_json(const lmc::RitzValue& value) { return {{"value", value.value}, {"residual", value.residual}}; }
nlohmann::json to_json(const lmc::Estimate& e) { return {{"value", e.value}, {"standard_error", e.standard_error}}; }

nlohmann::json to_json(const EndCurvature& m) {
  nlohmann::json starts = nlohmann::json::array(), layers = nlohmann::json::object(), nodes = nlohmann::json::array();
  for (const lmc::SpectrumSearch& s : m.ends.searches)
    starts.push_back(
        {{"largest", to_json(s.largest)}, {"smallest", to_json(s.smallest)}, {"steps", s.steps}, {"invariant", s.invariant}});
  for (const auto& [name, value] : m.layers) layers[name] = to_json(value);
  for (const lmc::SpectrumNode& node : m.density.nodes) nodes.push_back({{"value", node.value}, {"weight", node.weight}});
  return {{"largest", to_json(m.ends.largest)},
          {"smallest", to_json(m.ends.smallest)},
          {"starts", starts},
          {"trace", to_json(m.trace.trace)},
          {"square_trace", to_json(m.trace.square_trace)},
          {"trace_products", m.trace.products},
          {"density",
           {{"steps", m.density.steps},
            {"probes", m.density.probes},
            {"width", m.density.width},
            {"nodes", nodes},
            {"grid", m.density.grid},
            {"density", m.density.density}}},
          {"layers", layers}};
}

std::string with_error(double value, double error) { return four_digits(value) + " +- " + four_digits(error); }
std::string text(const lmc::RitzValue& value) { return with_error(value.value, value.residual); }
std::string text(const lmc::Estimate& e) { return with_error(e.value, e.standard_error); }

}  // namespace

nlohmann::json to_json(const CurvatureMeasurement& m) {
  nlohmann::json json{
      {"examples", m.examples}, {"seed", m.seed}, {"a", to_json(m.a)}, {"b", to_json(m.b)}, {"seconds", m.seconds}};
  if (m.chord)
    json["line"] = {
        {"alphas", m.chord->alphas},    {"curvature", m.chord->curvature},     {"slope_a", m.chord->slope_a},
        {"slope_b", m.chord->slope_b},  {"integral", m.chord->integral},       {"integral_error", m.chord->integral_error},
        {"kinks", m.chord->kinks},      {"midpoint_barrier", m.chord->height}, {"predicted_from_ends", m.chord->predicted},
        {"residual", m.chord->residual}};
  else
    json["no_line"] = m.no_chord;
  return json;
}

void print_curvature(const CurvatureMeasurement& m) {
  const auto row = [](std::string_view name, const std::string& a, const std::string& b, std::string_view meaning = "") {
    std::cout << std::left << std::setw(26) << name << std::right << std::setw(24) << a << std::setw(24) << b
              << (meaning.empty() ? "" : "   ") << meaning << '\n';
  };
  std::cout << "\nthe Hessian of the loss on " << m.examples << " training examples\n";
  row("", "network A", "network B");
  row("largest eigenvalue", text(m.a.ends.largest), text(m.b.ends.largest), "some eigenvalue lies within +-");
  row("smallest eigenvalue", text(m.a.ends.smallest), text(m.b.ends.smallest));
  const auto starts = [](const EndCurvature& end, lmc::RitzValue lmc::SpectrumSearch::*which) {
    std::string all;
    for (const lmc::SpectrumSearch& s : end.ends.searches) all += (all.empty() ? "" : ", ") + four_digits((s.*which).value);
    return all;
  };
  row("  largest, by starts", starts(m.a, &lmc::SpectrumSearch::largest), starts(m.b, &lmc::SpectrumSearch::largest),
      "that they agree makes it likely, and does not prove, that none is beyond");
  row("  smallest, by starts", starts(m.a, &lmc::SpectrumSearch::smallest), starts(m.b, &lmc::SpectrumSearch::smallest));
  row("trace", text(m.a.trace.trace), text(m.b.trace.trace), "+- one standard error");
  row("trace of the square", text(m.a.trace.square_trace), text(m.b.trace.square_trace));
  for (std::size_t i = 0; i < m.a.layers.size(); ++i)
    row(i == 0 ? "largest in " + m.a.layers[i].first : "  " + m.a.layers[i].first, text(m.a.layers[i].second),
        text(m.b.layers[i].second), i == 0 ? "of the layer's block" : "");
  if (!m.chord) {
    std::cout << "no curvature on the line: " << m.no_chord << '\n';
  } else {
    const lmc::ChordCurvature& c = *m.chord;
    std::cout << "on the line, with L'' = d2L/dalpha2 between kinks:\n";
    row("slope of the loss", four_digits(c.slope_a), four_digits(c.slope_b), "at A and at B");
    row("L''", four_digits(c.curvature.front()), four_digits(c.curvature.back()), "at A and at B");
    const auto single = [&](std::string_view name, const std::string& value, std::string_view meaning) {
      row(name, value, "", meaning);
    };
    single("change of the slope", four_digits(c.slope_b - c.slope_a), "");
    single("  by L''", with_error(c.integral, c.integral_error), "its integral");
    single("  at kinks", four_digits(c.kinks), "the rest: jumps where a unit switches");
    single("loss barrier at 1/2", four_digits(c.height), "");
    single("  predicted by the ends", four_digits(c.predicted), "quintic through values, slopes and curvatures");
    single("  residual", four_digits(c.residual), "");
  }
  std::cout << "curvature took " << lmc::fixed(m.seconds, 2) << " s\n";
}

void save_curvature_figure(const std::filesystem::path& file, const std::string& title, const CurvatureMeasurement& m) {
  lmc::CurvatureFigure figure{.title = title,
                              .densities = {{"network A", m.a.density.grid, m.a.density.density},
                                            {"network B", m.b.density.grid, m.b.density.density}}};
  if (m.chord) figure.chord = {"between A and B", m.chord->alphas, m.chord->curvature};
  lmc::save_curvature_figure(file, figure);
}
