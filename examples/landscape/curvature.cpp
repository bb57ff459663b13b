// SPDX-License-Identifier: BSD-3-Clause
#include "landscape/curvature.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>

#include <lmc/core/error.hpp>
#include <lmc/core/parameter_layers.hpp>
#include <lmc/curvature/block_hessian.hpp>
#include <lmc/data/subset.hpp>
#include <lmc/measure/gradient.hpp>
#include <lmc/measure/hessian_vector.hpp>

#include "registry/memory_limit.hpp"

void add_curvature_options(CLI::App& app, CurvatureChoice& choice) {
  const char* const group = "Curvature";
  app.add_flag("--curvature", choice.asked,
               "spectrum of the loss's Hessian at both networks, and curvature on the line between them")
      ->group(group);
  app.add_option("--curvature-examples", choice.examples, "so many training examples, at random [all]")->group(group);
  app.add_option("--curvature-steps", choice.steps, "Lanczos steps of each start and of each probe [30]")->group(group);
  app.add_option("--curvature-products", choice.products, "for the traces: a multiple of 3 [30]")->group(group);
  app.add_option("--curvature-probes", choice.probes, "random vectors of the spectral density [1]")->group(group);
  app.add_option("--curvature-intervals", choice.intervals, "on the line: a multiple of 4 [16]")->group(group);
  app.add_option("--curvature-seed", choice.seed, "of all random vectors and of the examples [0]")->group(group);
  app.add_flag("--curvature-layers", choice.layers, "the largest eigenvalue of each layer's block of the Hessian, too")
      ->group(group);
}

void require_curvature(const CurvatureChoice& choice) {
  const auto at_least = [&](const char* option, const std::optional<Index>& value, Index least, Index multiple) {
    if (!value) return;
    lmc::require(choice.asked, option, ' ', *value, " is of --curvature; add it");
    lmc::require(*value >= least && *value % multiple == 0, option, ' ', *value, "; expected ",
                 multiple == 1 ? "" : "a multiple of " + std::to_string(multiple) + ", ", "at least ", least);
  };
  at_least("--curvature-examples", choice.examples, 1, 1);
  at_least("--curvature-steps", choice.steps, 1, 1);
  at_least("--curvature-products", choice.products, 6, 3);
  at_least("--curvature-probes", choice.probes, 1, 1);
  at_least("--curvature-intervals", choice.intervals, 4, 4);
  lmc::require(!choice.seed || choice.asked, "--curvature-seed ", choice.seed.value_or(0), " is of --curvature; add it");
  lmc::require(!choice.layers || choice.asked, "--curvature-layers is of --curvature; add it");
}

void require_examples(const CurvatureChoice& choice, Index training_examples) {
  lmc::require(choice.examples.value_or(1) <= training_examples, "--curvature-examples ", choice.examples.value_or(0),
               ": there are only ", training_examples, " training examples");
}

void require_memory(const CurvatureChoice& choice, Index parameters, std::size_t runs) {
  if (!choice.asked) return;
  // Lanczos keeps its basis, Hutch++ a third of its products; a few vectors more are at work.
  const Index basis = std::min(parameters, std::max(choice.steps.value_or(30), choice.products.value_or(30) / 3)) + 4;
  const double needed =
      static_cast<double>(basis) * static_cast<double>(parameters) * sizeof(double) + static_cast<double>(runs);
  registry::require_memory(needed, lmc::concat("--curvature: ", basis, " vectors of ", parameters, " numbers need"),
                           "expected fewer --curvature-steps and --curvature-products, or a smaller network");
}

namespace {

EndCurvature measure_end(const CurvatureChoice& choice, const Ends& ends, const lmc::ModelState<float>& state,
                         const lmc::Dataset<float>& data) {
  const auto hessian = lmc::hessian_at(ends.net, state, data, ends.team, ends.training.loss);
  const Index size = hessian.size(), steps = choice.steps.value_or(30);
  const std::uint64_t seed = choice.seed.value_or(0);
  EndCurvature m{
      .ends = lmc::spectrum_ends(hessian, size, {.steps = steps, .seed = seed}),
      .trace = lmc::hessian_trace(hessian, size, {.products = choice.products.value_or(30), .seed = seed}),
      .density = lmc::spectral_density(hessian, size, {.steps = steps, .probes = choice.probes.value_or(1), .seed = seed}),
      .layers = {}};
  if (choice.layers)
    for (const lmc::ParameterLayer& layer : lmc::parameter_layers(ends.net.layout())) {
      lmc::BlockHessian block(hessian, size, lmc::layer_entries(ends.net.layout(), layer.name));
      m.layers.emplace_back(layer.name, lmc::spectrum_ends(block, block.size(), {.steps = steps, .seed = seed}).largest);
    }
  return m;
}

}  // namespace

CurvatureMeasurement measure_curvature(const CurvatureChoice& choice, const Ends& ends) {
  const auto start = std::chrono::steady_clock::now();
  const lmc::Dataset<float>& all = ends.trained_on;
  const lmc::Dataset<float> data = choice.examples ? lmc::random_subset(all, *choice.examples, choice.seed.value_or(0)) : all;
  CurvatureMeasurement m{.examples = data.size(),
                         .seed = choice.seed.value_or(0),
                         .a = measure_end(choice, ends, ends.a.state, data),
                         .b = measure_end(choice, ends, ends.b.state, data),
                         .chord = {},
                         .no_chord = {}};
  if (ends.net.layout().buffer_count() > 0)
    m.no_chord = "the network has running statistics, which change along the line in a way that is not differentiated";
  else if (ends.a.state.parameters == ends.b.state.parameters)
    m.no_chord = "the two networks are equal";
  else
    m.chord = lmc::chord_curvature(
        ends.a.state.parameters, ends.b.state.parameters, lmc::gradient_function(ends.net, data, ends.team, ends.training.loss),
        lmc::hessian_function(ends.net, data, ends.team, ends.training.loss), {.intervals = choice.intervals.value_or(16)});
  m.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return m;
}
