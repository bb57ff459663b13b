// SPDX-License-Identifier: BSD-3-Clause
#include <CLI/CLI.hpp>

#include "landscape/options.hpp"
#include "pair/command_line.hpp"
#include "pair/program.hpp"
#include "registry/command_line.hpp"

LandscapeOptions parse_landscape_options(int argc, char** argv) {
  LandscapeOptions o;
  CLI::App app("Trains a pair of networks as the program pair does, and shows the landscape of error and loss around them.");
  add_training_options(app, o.pair);
  add_path_options(app, o.path);
  add_plane_options(app, o.plane);
  add_curvature_options(app, o.curvature);
  app.add_option("--runs", o.pair.runs,
                 "from the one initialization; the path, the plane and the curvature are of the first two")
      ->capture_default_str();
  app.add_option("--csv", o.pair.csv, "file for the curve of the line between the networks");
  app.add_option(
      "--figure", o.pair.figure,
      "file for the figure of that curve: .png, .svg or .pdf; with --path, --plane and --curvature also NAME-path and so on");
  app.footer(exit_codes);
  registry::parse(app, argc, argv);
  return o;
}
