// SPDX-License-Identifier: BSD-3-Clause
#include "landscape/path.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <string>
#include <variant>

#include <lmc/connectivity/paths/arc_length.hpp>
#include <lmc/connectivity/paths/path_curve.hpp>
#include <lmc/core/digest.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/text.hpp>
#include <lmc/io/safetensors.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/measure/path_training.hpp>
#include <lmc/train/calibrate_buffers.hpp>
#include <lmc/train/training_bytes.hpp>

#include "registry/memory_limit.hpp"

void add_path_options(CLI::App& app, PathChoice& choice) {
  const char* const group = "Path";
  app.add_option("--path", choice.kind, "between the networks: line, or polychain or bezier, whose bends are trained")
      ->group(group)
      ->capture_default_str();
  app.add_option("--path-bends", choice.bends, "control points between the networks, up to 1000 [1]")->group(group);
  app.add_option("--path-epochs", choice.epochs, "passes over the data that train the bends [--epochs]")->group(group);
  app.add_option("--path-learning-rate", choice.learning_rate,
                 "of the bends, whose optimizer and schedule are those of the networks [--learning-rate]")
      ->group(group);
  app.add_option("--path-weight-decay", choice.weight_decay,
                 "of the weights at the place on the path that an update looks at [--weight-decay]")
      ->group(group);
  app.add_option("--path-seed", choice.seed, "of these places, and of the order of the data that train the bends [3]")
      ->group(group);
}

void require_path(const PathChoice& choice, const Results& r) {
  if (choice.kind != "line") {
    lmc::require(choice.kind == "polychain" || choice.kind == "bezier", "--path ", choice.kind,
                 "; expected line, polychain or bezier");
    lmc::require(!r.differing.empty(), "--path ", choice.kind,
                 ": the two runs differ in nothing, so that there is no way between them; give two --noise-seeds");
  }
  const auto positive = [&](const char* option, const auto& value, bool or_zero) {
    if (!value) return;
    lmc::require(choice.kind != "line", option, " ", *value, ": a line has no bends; add --path polychain or --path bezier");
    lmc::require(std::isfinite(static_cast<double>(*value)) && (*value > 0 || (or_zero && *value == 0)), option, " ", *value,
                 "; expected a ", or_zero ? "finite number, at least 0" : "positive number");
  };
  positive("--path-bends", choice.bends, false);
  lmc::require(choice.bends.value_or(1) <= 1000, "--path-bends ", choice.bends.value_or(0),
               "; expected at most 1000: what it takes to measure a path grows with the square of the bends");
  positive("--path-epochs", choice.epochs, false);
  positive("--path-learning-rate", choice.learning_rate, false);
  positive("--path-weight-decay", choice.weight_decay, true);
  positive("--path-seed", choice.seed, true);
}

void require_memory(const PathChoice& choice, const lmc::Network<float>& net, const lmc::OptimizerOptions& optimizer,
                    std::size_t runs) {
  if (!is_asked_for(choice)) return;
  const Index bends = choice.bends.value_or(1);
  const std::size_t gradient = sizeof(float) * static_cast<std::size_t>(net.layout().parameter_count());
  registry::require_memory(
      static_cast<double>(runs) + static_cast<double>(bends) * static_cast<double>(lmc::run_bytes(net, optimizer) + gradient),
      lmc::concat("--path-bends ", bends, ": training them beside the networks needs"), "expected fewer, or a smaller network");
}

PathMeasurement measure_path(const PathChoice& choice, const Ends& ends) {
  PathMeasurement m;
  m.kind = choice.kind;
  m.bends = choice.bends.value_or(1);
  m.seed = choice.seed.value_or(3);
  lmc::TrainOptions<float> options = ends.training;
  options.label_noise = 0;  // the labels have it already
  m.epochs = options.epochs = choice.epochs.value_or(options.epochs);
  std::visit(
      [&](auto& o) {
        m.learning_rate = o.learning_rate = choice.learning_rate.value_or(o.learning_rate);
        m.weight_decay = choice.weight_decay.value_or(o.weight_decay);
        o.weight_decay = 0;  // it is the penalty's
      },
      options.optimizer);
  const auto start = std::chrono::steady_clock::now();
  const lmc::TrainedPath<float> trained = lmc::train_path(
      ends.net, ends.trained_on, lmc::line_with_bends(lmc::parse_path_kind(m.kind), ends.a, ends.b, m.bends), options,
      {.order = m.seed, .augmentation = m.seed, .dropout = m.seed}, {.seed = m.seed, .l2 = m.weight_decay});
  m.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

  m.updates = static_cast<Index>(trained.losses.size());
  const auto of_epoch = trained.losses.size() / static_cast<std::size_t>(m.epochs);
  const auto mean = [](std::span<const double> losses) {
    return std::accumulate(losses.begin(), losses.end(), 0.0) / static_cast<double>(losses.size());
  };
  m.first_loss = mean(std::span(trained.losses).first(of_epoch));
  m.last_loss = mean(std::span(trained.losses).last(of_epoch));
  m.points.assign(trained.path.points.begin() + 1, trained.path.points.end() - 1);
  for (const auto& point : m.points) m.digests.push_back(lmc::digest(lmc::ModelState<float>{point, {}}));
  m.length = lmc::ArcLength(trained.path).total();
  m.line_length = lmc::ArcLength(lmc::line_with_bends(lmc::PathKind::polychain, ends.a, ends.b, 1)).total();
  const auto measure = [&](const lmc::Dataset<float>& data) {
    const auto evaluate = lmc::evaluator(ends.net, data, ends.data.train, ends.team, {}, options.loss);
    PathPart part{.along_t = measured(lmc::path_curve(trained.path, evaluate, {.alphas = ends.alphas})), .along_length = {}};
    part.along_length = lmc::along_length(part.along_t.curve, trained.path);
    return part;
  };
  m.train = measure(ends.trained_on);
  m.test = measure(ends.data.test);
  return m;
}

std::filesystem::path bend_file(const std::filesystem::path& folder, Index k) {
  return folder / lmc::concat("bend", k, ".safetensors");
}

void save_bends(const std::filesystem::path& folder, const PathMeasurement& path, const Ends& ends, const Results& r) {
  lmc::Metadata about = metadata(r, 0, 0);
  for (const char* of_one_end : {"order_seed", "augmentation_seed", "label_noise_seed", "steps", "diverged_at"})
    about.erase(of_one_end);
  about["path"] = path.kind;
  for (std::size_t k = 0; k < path.points.size(); ++k) {
    about["bend"] = std::to_string(k + 1);
    about["digest"] = path.digests[k];
    lmc::save_safetensors(
        bend_file(folder, static_cast<Index>(k + 1)), ends.net.layout(),
        lmc::ModelState<float>{path.points[k], lmc::calibrate_buffers(ends.net, path.points[k], ends.data.train, ends.team)},
        about);
  }
}
