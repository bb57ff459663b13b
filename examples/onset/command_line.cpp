// SPDX-License-Identifier: BSD-3-Clause
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include <lmc/core/error.hpp>

#include "onset/options.hpp"
#include "pair/command_line.hpp"
#include "pair/program.hpp"
#include "registry/command_line.hpp"
#include "registry/lists.hpp"

namespace {

std::vector<Index> parse_updates(std::string_view option, const std::string& text) {
  std::vector<Index> updates;
  for (const double x : registry::parse_list(option, text)) {
    lmc::require(x >= 0 && x < 1e12 && x == std::floor(x) && (updates.empty() || x > static_cast<double>(updates.back())),
                 option, " ", text, "; expected rising whole numbers of updates, as in 0,10,100");
    updates.push_back(static_cast<Index>(x));
  }
  return updates;
}

}  // namespace

OnsetChoice parse_onset_options(int argc, char** argv) {
  OnsetChoice o;
  CLI::App app(
      "Finds the update of a training from which two children stay connected that share it up to there, from several "
      "initializations. Networks are trained as the program pair does.");
  add_training_options(app, o.pair);
  for (const char* refused : {"--init-seeds", "--save-checkpoints"}) app.get_option(refused)->group("");  // not in the help
  app.get_option("--noise-seeds")
      ->description(
          "three: of the prefixes, of the first child and of the second; other initializations have the next ones [1,2,3]");
  const char* const group = "Onset";
  app.add_option("--initializations", o.initializations, "--init-seed and the next ones; 1 gives no interval")
      ->group(group)
      ->capture_default_str();
  app.add_option("--candidates", o.candidates, "updates after which children may part, as in 0,10,100 [0 and the powers of 2]")
      ->group(group);
  app.add_option("--max-trainings", o.max_trainings, "prefixes and children together, at most [what the bisections take]")
      ->group(group);
  app.add_option("--threshold", o.threshold, "test error barrier from which two children are broken")
      ->group(group)
      ->capture_default_str();
  app.add_option("--confidence", o.confidence, "of the decision on each pair, which stops when it is that sure")
      ->group(group)
      ->capture_default_str();
  app.add_option("--difference", o.difference,
                 "what sets children apart: noise (of all updates), batch (one other batch) or gaussian (added to θ)")
      ->group(group)
      ->capture_default_str();
  app.add_option("--perturbation-norm", o.norm, "with gaussian: its length, in the units of θ")->group(group);
  app.add_option("--perturbation-relative", o.relative_norm, "the same as a share of the length of θ, or of the layer [0.001]")
      ->group(group);
  app.add_option("--perturbation-layer", o.layer, "with gaussian: the one layer that changes [all]")->group(group);
  app.add_option("--perturbation-seed", o.perturbation_seed, "with gaussian: of its direction [0]")->group(group);
  app.add_flag("--no-distances", o.no_distances, "leaves out how far children are apart on their way, which takes memory")
      ->group(group);
  app.add_option("--barriers-after", o.barriers_after,
                 "updates since children parted after which the barrier between them is measured, as in 10,100")
      ->group(group);
  app.add_option("--rate-window", o.rate_window, "updates since they parted between which the rate of divergence is fitted")
      ->group(group)
      ->capture_default_str();
  app.add_option("--csv", o.pair.csv, "file for the outcomes");
  app.add_option("--figure", o.pair.figure, "file for P(broken) over the update and the distances: .png, .svg or .pdf");
  app.footer(exit_codes);
  registry::parse(app, argc, argv);
  o.rate_window_given = app.count("--rate-window") > 0;
  // Each initialization has three runs: a prefix and two children.
  o.pair.pairs = o.initializations;
  o.pair.runs = 3;
  return o;
}

lmc::OnsetOptions onset_options(const OnsetChoice& o, Index end) {
  lmc::require(o.threshold > 0 && o.threshold <= 1, "--threshold ", o.threshold,
               "; expected a share of the examples in (0, 1]");
  lmc::require(o.confidence > 0 && o.confidence < 1, "--confidence ", o.confidence, "; expected a probability between 0 and 1");
  lmc::OnsetOptions options{
      .candidates = parse_updates("--candidates", o.candidates),
      .max_trainings = o.max_trainings,
      .decide = {.threshold = o.threshold, .confidence = o.confidence, .alphas = parse_alphas(o.pair.alphas)},
      .curve = {.seed = o.pair.init_seed}};
  if (options.candidates.empty()) options.candidates = lmc::doubling_updates(end);
  lmc::require(o.difference != "batch" || options.candidates.back() != end, "--difference batch --candidates ", o.candidates,
               ": the training ends after ", end, " updates, behind which there is no batch that could differ; leave ", end,
               " out");
  // The longest way of two children.
  const Index way = end - options.candidates.front();
  const std::vector<Index> barriers_after = parse_updates("--barriers-after", o.barriers_after);
  lmc::require(barriers_after.empty() || barriers_after.back() <= way, "--barriers-after ", o.barriers_after,
               ": children that part after ", options.candidates.front(), " of ", end, " updates have only ", way, " more");
  if (o.rate_window_given) {
    lmc::require(!o.no_distances, "--rate-window ", o.rate_window,
                 ": --no-distances leaves out what the rate is fitted to; leave out one of the two");
    const std::vector<Index> window = parse_updates("--rate-window", o.rate_window);
    Index kept = 0;
    for (Index after = 1; after <= way; after = after < way ? std::min(2 * after, way) : way + 1)
      kept += after >= window[0] && after <= window[1] ? 1 : 0;
    if (window[0] == 0 && o.difference == "gaussian") ++kept;  // children that part at a distance
    lmc::require(kept >= 2, "--rate-window ", o.rate_window, ": distances are kept after 1, 2, 4, … and at most ", way,
                 " updates; expected a window with two of them");
  }
  return options;
}

lmc::ChildOptions child_options(const OnsetChoice& o) {
  lmc::require(o.initializations >= 1 && o.initializations <= 10'000, "--initializations ", o.initializations,
               "; expected 1 to 10000");
  lmc::require(!o.pair.init_seeds, "--init-seeds ", o.pair.init_seeds.value_or(""),
               ": two children share their start; expected --init-seed and --initializations");
  lmc::require(!o.pair.checkpoints, "--save-checkpoints: an onset keeps no networks; leave the option out");
  const bool gaussian = o.difference == "gaussian";
  lmc::require(gaussian || o.difference == "noise" || o.difference == "batch", "--difference ", o.difference,
               "; expected noise, batch or gaussian");
  const auto only_gaussian = [&](const char* option, bool given) {
    lmc::require(gaussian || !given, option, ": --difference ", o.difference, " adds nothing to θ; add --difference gaussian");
  };
  only_gaussian("--perturbation-norm", o.norm.has_value());
  only_gaussian("--perturbation-relative", o.relative_norm.has_value());
  only_gaussian("--perturbation-layer", o.layer.has_value());
  only_gaussian("--perturbation-seed", o.perturbation_seed.has_value());
  lmc::require(!o.norm || !o.relative_norm,
               "--perturbation-norm and --perturbation-relative both say how long the perturbation is; "
               "expected one of them");
  for (const auto& [option, value] :
       {std::pair("--perturbation-norm", o.norm), std::pair("--perturbation-relative", o.relative_norm)})
    lmc::require(!value || (*value > 0 && std::isfinite(*value)), option, " ", value.value_or(0),
                 "; expected a positive number");
  lmc::require(!o.layer || !o.layer->empty(), "--perturbation-layer '': expected the name of a layer");

  lmc::ChildOptions options{.distances = !o.no_distances,
                            .barriers_after = parse_updates("--barriers-after", o.barriers_after)};
  lmc::require(options.barriers_after.empty() || options.barriers_after.front() >= 1, "--barriers-after ", o.barriers_after,
               "; expected at least 1: children that just parted have no barrier");
  const std::vector<Index> window = parse_updates("--rate-window", o.rate_window);
  lmc::require(window.size() == 2, "--rate-window ", o.rate_window, "; expected two numbers of updates, as in 1,64");
  options.rate_from = window[0];
  options.rate_to = window[1];
  if (o.difference == "batch") options.difference = lmc::DifferentBatch();
  if (gaussian)
    options.difference = lmc::GaussianPerturbation{.norm = o.norm.value_or(o.relative_norm.value_or(1e-3)),
                                                   .relative = !o.norm,
                                                   .layer = o.layer.value_or(""),
                                                   .seed = o.perturbation_seed.value_or(0)};
  return options;
}
