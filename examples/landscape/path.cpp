// SPDX-License-Identifier: BSD-3-Clause
#include "landscape/path.hpp"

#include <iostream>

#include <lmc/core/error.hpp>
#include <lmc/core/text.hpp>

void add_path_options(CLI::App& app, PathChoice& choice) {
  app.add_option("--path", choice.kind, "between the networks: line")->group("Path")->capture_default_str();
}

void require_path(const PathChoice& choice) { lmc::require(choice.kind == "line", "--path ", choice.kind, "; expected line"); }

PathMeasurement measure_path(const PathChoice& choice, const Ends& ends) {
  return {.choice = choice, .train = ends.line.train, .test = ends.line.test};
}

nlohmann::json to_json(const PathMeasurement& path) {
  return {{"kind", path.choice.kind}, {"train", to_json(path.train)}, {"test", to_json(path.test)}};
}

void print_path(const PairMeasurement& line, const PathMeasurement&) {
  std::cout << "error barrier of the line " << lmc::fixed(line.test.error.value, 4) << '\n';
}

void save_path_figure(const std::filesystem::path&, const std::string&, const PairMeasurement&, const PathMeasurement&) {}
