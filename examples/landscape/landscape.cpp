// SPDX-License-Identifier: BSD-3-Clause
// Trains a pair as the program pair does, and shows the landscape around it. Each kind of measurement has files of its own: options
// that it adds to the command line, a function measure_…, and what is printed, written and drawn of its result.
#include <cstddef>
#include <filesystem>
#include <functional>
#include <iostream>
#include <ostream>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/io/output_file.hpp>
#include <lmc/plot/curve_figure.hpp>
#include <lmc/train/training_bytes.hpp>

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
    outputs.measure(measure);
  else
    std::cerr << "note: " << option << " has nothing to measure around, since a network diverged\n";
}

// The memory that the measurements need beside the trained networks.
void require_memory(const LandscapeOptions& o, const lmc::Network<float>& net, const Plan& plan) {
  const std::size_t runs = plan.seeds.size() * plan.seeds.front().size();
  const std::size_t bytes = runs * lmc::run_bytes(net, plan.training.optimizer);
  const Index parameters = net.layout().parameter_count();
  require_memory(o.path, net, plan.training.optimizer, bytes);
  require_memory(o.plane, parameters, runs, bytes);
  require_memory(o.curvature, parameters, bytes);
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
  require_memory(o, subject.net, plan);
  PlanePoints points{.start = subject.net.initialize({.seed = r.init_seeds[0][0]})};
  require_filters(o.plane, subject.net, points.start, subject.data.train, plan.training.loss);
  require_examples(o.curvature, subject.data.train.size());
  const auto way = plane_trajectory(o.plane, plan.training, subject.data.train.size());
  if (way) plan.training.observers.emplace_back(*way);
  train_and_save(subject, plan, outputs, r);
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
  nlohmann::json landscape;
  const auto write_json = [&](std::ostream& out) {
    nlohmann::json all = to_json(r);
    if (!landscape.is_null()) all["landscape"] = landscape;
    out << all.dump(2) << '\n';
  };
  // Every result is shown and written as soon as it is there: what follows can take hours, and be stopped.
  const auto write_so_far = [&](const std::function<void()>& save_figure) {
    std::cout << std::flush;
    std::error_code none;
    // A pipe gets the JSON once, at the end.
    if (o.pair.json && (!std::filesystem::exists(*o.pair.json, none) || std::filesystem::is_regular_file(*o.pair.json, none)))
      outputs.write([&] {
        lmc::OutputFile so_far(*o.pair.json);
        write_json(so_far.stream());
        so_far.commit();
      });
    if (outputs.figure) outputs.write(save_figure);
  };
  const auto beside = [&](std::string_view name) { return figure_beside(outputs.figure.value_or(""), name); };

  print_table(r);
  outputs.write(outputs.csv, [&](std::ostream& out) { write_curves(out, r); });
  write_so_far([&] { lmc::save_curve_figure(*outputs.figure, curve_figure(r)); });
  // Each measurement by itself: one that fails costs no other result.
  if (is_asked_for(o.path))
    at_judged_ends(r, outputs, "--path", [&] {
      const PathMeasurement path = measure_path(o.path, ends);
      landscape["path"] = to_json(path);
      print_path(ends.line, path);
      write_so_far([&] { save_path_figure(beside("path"), figure_title(r), r.first(), path); });
      if (o.pair.checkpoints) outputs.write([&] { save_bends(*o.pair.checkpoints, path, ends, r); });
    });
  if (is_asked_for(o.plane))
    at_judged_ends(r, outputs, "--plane", [&] {
      const PlaneMeasurement plane = measure_plane(o.plane, ends, points);
      landscape["plane"] = to_json(plane);
      print_plane(plane);
      write_so_far([&] { save_plane_figure(beside("plane"), figure_title(r), plane); });
    });
  if (is_asked_for(o.curvature))
    at_judged_ends(r, outputs, "--curvature", [&] {
      const CurvatureMeasurement curvature = measure_curvature(o.curvature, ends);
      landscape["curvature"] = to_json(curvature);
      print_curvature(curvature);
      write_so_far([&] { save_curvature_figure(beside("curvature"), figure_title(r), curvature); });
    });

  print_times(r);
  outputs.write([&] { lmc::require(std::cout.good(), "cannot write all results to the standard output; is the disk full?"); });
  outputs.write(outputs.json, write_json);
  return exit_code("landscape", r, outputs);
}

}  // namespace

int main(int argc, char** argv) {
  return run_program("landscape", [&] { return run(parse_landscape_options(argc, argv)); });
}
