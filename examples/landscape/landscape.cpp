// SPDX-License-Identifier: BSD-3-Clause
// Trains a pair as the program pair does, and shows the landscape around it. Each kind of measurement has files of its own: options
// that it adds to the command line, a function measure_…, and what is printed, written and drawn of its result.
#include <filesystem>
#include <functional>
#include <iostream>
#include <optional>
#include <ostream>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/plot/curve_figure.hpp>

#include "landscape/curvature.hpp"
#include "landscape/ends.hpp"
#include "landscape/options.hpp"
#include "landscape/path.hpp"
#include "landscape/plane.hpp"
#include "pair/options.hpp"
#include "pair/outputs.hpp"
#include "pair/program.hpp"
#include "pair/results.hpp"
#include "pair/running.hpp"
#include "pair/setting.hpp"

namespace {

// The figures beside that of the line.
std::vector<std::string_view> further_figures(const LandscapeOptions& o) {
  std::vector<std::string_view> names;
  if (is_asked_for(o.path)) names.emplace_back("path");
  if (is_asked_for(o.plane)) names.emplace_back("plane");
  if (is_asked_for(o.curvature)) names.emplace_back("curvature");
  return names;
}

// Files that are opened by what writes them.
std::vector<std::pair<const char*, std::filesystem::path>> further_files(const LandscapeOptions& o) {
  std::vector<std::pair<const char*, std::filesystem::path>> files;
  if (o.plane.csv) files.emplace_back("--plane-csv", *o.plane.csv);
  for (Index k = 1; is_asked_for(o.path) && o.pair.checkpoints && k <= o.path.bends.value_or(1); ++k)
    files.emplace_back("--save-checkpoints", bend_file(*o.pair.checkpoints, k));
  return files;
}

// Measures, unless a network diverged, so that there is nothing to measure around.
void at_judged_ends(const Results& r, Outputs& outputs, const char* option, const std::function<void()>& measure) {
  if (r.judged())
    outputs.write(measure);
  else
    std::cerr << "note: " << option << " has nothing to measure around, since a network diverged\n";
}

// Returns the exit code.
int run(const LandscapeOptions& o) {
  Results r;
  Plan plan = make_plan(o.pair, r);
  require_path(o.path, r);
  require_plane(o.plane, r);
  require_curvature(o.curvature);
  Outputs outputs("landscape", o.pair, further_figures(o), further_files(o));
  require_plane_file(o.plane);
  const Subject subject = load(o.pair, plan, r);
  require_measurable(o.pair, subject.net, subject.data);
  if (is_asked_for(o.path)) require_memory_for_bends(o.path, subject.net.layout().parameter_count());
  const auto way = plane_trajectory(o.plane, plan.training, subject.data.train.size());
  if (way) plan.training.observers.emplace_back(*way);
  train_and_save(subject, plan, outputs, r);
  PlanePoints points{.start = subject.net.initialize({.seed = r.init_seeds[0][0]})};
  if (way) {
    points.way = way->points();
    plan.training.observers.pop_back();  // what is trained next has other ways
  }
  if (r.runs[0].size() > 2 && o.plane.third == "run") points.third = &r.runs[0][2];
  measure(subject.net, subject.data, plan.seeds, plan.team, r);

  const auto trained_on = trained_labels(subject.data.train, o.pair, plan.seeds);
  const lmc::AlphaGrid alphas = parse_alphas(o.pair.alphas);
  const Ends ends{.net = subject.net,
                  .a = r.a(),
                  .b = r.b(),
                  .trained_on = trained_on,
                  .data = subject.data,
                  .training = plan.training,
                  .alphas = alphas,
                  .line = r.first(),
                  .team = plan.team};
  print_table(r);
  std::cout << std::flush;  // what follows can take hours
  nlohmann::json landscape;
  // Each measurement by itself: one that fails costs no other result.
  std::optional<PathMeasurement> path;
  if (is_asked_for(o.path))
    at_judged_ends(r, outputs, "--path", [&] {
      path = measure_path(o.path, ends);
      landscape["path"] = to_json(*path);
      print_path(ends.line, *path);
      std::cout << std::flush;
      if (o.pair.checkpoints) save_bends(*o.pair.checkpoints, *path, ends, r);
    });

  std::optional<PlaneMeasurement> plane;
  if (is_asked_for(o.plane))
    at_judged_ends(r, outputs, "--plane", [&] {
      plane = measure_plane(o.plane, ends, points);
      landscape["plane"] = to_json(*plane);
      print_plane(*plane);
      std::cout << std::flush;
    });

  std::optional<CurvatureMeasurement> curvature;
  if (is_asked_for(o.curvature))
    at_judged_ends(r, outputs, "--curvature", [&] {
      curvature = measure_curvature(o.curvature, ends);
      landscape["curvature"] = to_json(*curvature);
      print_curvature(*curvature);
      std::cout << std::flush;
    });

  print_times(r);
  outputs.write([&] { lmc::require(std::cout.good(), "cannot write all results to the standard output; is the disk full?"); });
  outputs.write(outputs.json, [&](std::ostream& out) {
    nlohmann::json all = to_json(r);
    if (!landscape.is_null()) all["landscape"] = landscape;
    out << all.dump(2) << '\n';
  });
  outputs.write(outputs.csv, [&](std::ostream& out) { write_curves(out, r); });
  if (outputs.figure) {
    outputs.write([&] { lmc::save_curve_figure(*outputs.figure, curve_figure(r)); });
    if (path)
      outputs.write([&] { save_path_figure(figure_beside(*outputs.figure, "path"), figure_title(r), r.first(), *path); });
    if (curvature)
      outputs.write([&] { save_curvature_figure(figure_beside(*outputs.figure, "curvature"), figure_title(r), *curvature); });
    if (plane) outputs.write([&] { save_plane_figure(figure_beside(*outputs.figure, "plane"), figure_title(r), *plane); });
  }
  return exit_code("landscape", r, outputs);
}

}  // namespace

int main(int argc, char** argv) {
  return run_program("landscape", [&] { return run(parse_landscape_options(argc, argv)); });
}
