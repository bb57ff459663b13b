// SPDX-License-Identifier: BSD-3-Clause
// The main job: train two networks from one initialization with different noise, walk the straight line between them, and say
// how high the barrier is.
#include <iostream>
#include <ostream>
#include <string>

#include <lmc/core/error.hpp>
#include <lmc/core/text.hpp>
#include <lmc/plot/curve_figure.hpp>

#include "pair/options.hpp"
#include "pair/outputs.hpp"
#include "pair/program.hpp"
#include "pair/results.hpp"
#include "pair/resuming.hpp"
#include "pair/running.hpp"
#include "pair/setting.hpp"

namespace {

// The figures beside that of the curve.
std::vector<std::string_view> further_figures(const Options& o) {
  std::vector<std::string_view> names;
  if (o.explain) names = {"layers", "examples", "features"};
  if (o.align || o.repair) names.emplace_back("alignment");
  return names;
}

// Returns the exit code of a program that a signal ended.
int interrupted(const Results& r) {
  if (!r.not_saved.empty()) {
    std::cerr << "pair: stopped by a signal; what could be saved is in '" << *r.options.resume_folder
              << "', and the same command goes on from there: " << r.not_saved.front() << '\n';
    return 128 + r.interrupted_by;
  }
  std::cerr << "pair: stopped by a signal; the runs are saved in '" << *r.options.resume_folder << "' after";
  for (const auto& runs : r.runs)
    for (const auto& run : runs) std::cerr << ' ' << run.steps;
  std::cerr << " updates, and the same command goes on from there\n";
  return 128 + r.interrupted_by;
}

// Returns the exit code.
int run(const Options& o) {
  Results r;
  Plan plan = make_plan(o, r);
  const AlignmentPlan alignment = parse_alignment(o);
  const ResumeFolder folder(o);
  Outputs outputs("pair", o, further_figures(o), folder.outputs());
  const Subject subject = load(o, plan, r);
  require_measurable(o, subject.net, subject.data);
  require_alignable(alignment, subject.net, subject.data);
  train_and_save(subject, plan, outputs, r, o.resume_folder ? &folder : nullptr);
  if (r.interrupted_by != 0) return interrupted(r);

  measure(subject.net, subject.data, plan.seeds, plan.team, r);
  // A network that is no match for its search costs no other result.
  if (!alignment.empty())
    outputs.measure([&] {
      align(subject.net, {trained_labels(subject.data.train, o, plan.seeds), subject.data.test}, alignment, plan.team, r);
    });

  print_table(r);
  if (r.account) print_account(*r.account);
  if (!r.aligned.empty()) print_alignment(r);
  print_times(r);
  outputs.write([&] { lmc::require(std::cout.good(), "cannot write all results to the standard output; is the disk full?"); });
  outputs.write(outputs.json, [&](std::ostream& out) { out << to_json(r).dump(2) << '\n'; });
  outputs.write(outputs.csv, [&](std::ostream& out) { write_curves(out, r); });
  if (outputs.figure) {
    outputs.write([&] { lmc::save_curve_figure(*outputs.figure, curve_figure(r)); });
    if (r.account) outputs.write([&] { save_account_figures(*outputs.figure, figure_title(r), *r.account); });
    if (!r.aligned.empty()) outputs.write([&] { save_alignment_figure(*outputs.figure, r); });
  }
  return exit_code("pair", r, outputs);
}

}  // namespace

int main(int argc, char** argv) {
  return run_program("pair", [&] { return run(parse_options(argc, argv)); });
}
