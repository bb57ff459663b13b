// SPDX-License-Identifier: BSD-3-Clause
// From which update of a training on do two children stay connected? Networks are trained as the program pair does.
#include <cstdint>
#include <iostream>
#include <ostream>
#include <variant>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/text.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/measure/onset.hpp>
#include <lmc/plot/onset_figure.hpp>
#include <lmc/train/noise_seeds.hpp>
#include <lmc/train/perturbation.hpp>

#include "onset/options.hpp"
#include "onset/output.hpp"
#include "pair/outputs.hpp"
#include "pair/program.hpp"
#include "pair/results.hpp"
#include "pair/running.hpp"
#include "pair/setting.hpp"

namespace {

std::vector<lmc::OnsetSeeds> starts_of(const Plan& plan, const Results& r) {
  std::vector<lmc::OnsetSeeds> starts;
  for (std::size_t i = 0; i < plan.seeds.size(); ++i)
    starts.push_back({r.init_seeds[i][0], plan.seeds[i][0], plan.seeds[i][1], plan.seeds[i][2]});
  return starts;
}

// Throws: lmc::Error with the option as it was typed, where the noise of both children is the same and their difference.
void require_different_noise(const OnsetChoice& o, const lmc::OnsetSeeds& seeds) {
  const bool batch = o.difference == "batch";
  if (o.difference == "noise" || batch)
    lmc::require(batch ? seeds.a.order != seeds.b.order : seeds.a != seeds.b, "--difference ", o.difference, " --noise ",
                 o.pair.noise, o.pair.noise_seeds ? " --noise-seeds " + *o.pair.noise_seeds : "",
                 ": the two children have the same ", batch ? "order of the data" : "noise",
                 ", so that they would not differ; expected --noise-seeds whose second and third number differ",
                 batch ? ", and --noise order or both" : "");
}

// Throws: lmc::Error with the option as it was typed, where θ cannot be perturbed as was asked for.
void require_perturbation(const lmc::ChildOptions& children, const lmc::Network<float>& net, std::uint64_t init_seed) {
  const auto* gaussian = std::get_if<lmc::GaussianPerturbation>(&children.difference);
  if (gaussian == nullptr) return;
  try {
    auto start = net.initialize({.seed = init_seed});
    lmc::perturb<float>(net.layout(), start.parameters, *gaussian);
  } catch (const lmc::Error& e) {
    throw lmc::Error(lmc::concat(gaussian->layer.empty() ? "--difference gaussian: " : "--perturbation-layer: ", e.what()));
  }
}

// Returns the exit code.
int run(const OnsetChoice& o) {
  Results r;
  const lmc::ChildOptions children = child_options(o);
  Plan plan = make_plan(o.pair, r);
  const std::vector<lmc::OnsetSeeds> starts = starts_of(plan, r);
  require_different_noise(o, starts[0]);
  r.differing = lmc::differing_noise(starts[0].a, starts[0].b);
  if (std::holds_alternative<lmc::DifferentBatch>(children.difference)) r.differing = {"one batch"};
  if (std::holds_alternative<lmc::GaussianPerturbation>(children.difference)) r.differing = {"what is added to θ"};
  Outputs outputs("onset", o.pair, {});
  const Subject subject = load(o.pair, plan, r);
  const Index end = lmc::training_updates(subject.data.train, plan.training);
  lmc::OnsetOptions options = onset_options(o, end);
  require_perturbation(children, subject.net, starts[0].initialization);
  print_setting(r, subject.net, subject.data);
  print_plan(lmc::onset_plan("--candidates, --max-trainings", options.candidates, end, o.initializations, o.max_trainings),
             options.candidates, o.initializations, end);
  options.progress = [](Index done, Index most) { std::cerr << "training " << done << " of at most " << most << '\n'; };

  const auto evaluate = lmc::evaluator(subject.net, subject.data.test, subject.data.train, plan.team, {}, plan.training.loss);
  const lmc::Onset onset =
      lmc::onset(subject.net, subject.data.train, evaluate, plan.training, starts, options, children, plan.team);

  print_onset(onset, o, starts);
  outputs.write([&] { lmc::require(std::cout.good(), "cannot write all results to the standard output; is the disk full?"); });
  outputs.write(outputs.json, [&](std::ostream& out) {
    nlohmann::json all = setting_json(r);
    all["onset"] = to_json(onset, o, starts, end);
    out << all.dump(2) << '\n';
  });
  outputs.write(outputs.csv, [&](std::ostream& out) { write_outcomes(out, onset, starts); });
  if (outputs.figure && onset.curve)
    outputs.write([&] { lmc::save_onset_figure(*outputs.figure, {.title = figure_title(r), .onset = onset, .end = end}); });
  if (!outputs.written) return unwritten_exit;
  return onset.curve || o.pair.allow_divergence ? 0 : diverged_exit;
}

}  // namespace

int main(int argc, char** argv) {
  return run_program("onset", [&] { return run(parse_onset_options(argc, argv)); });
}
