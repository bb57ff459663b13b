// SPDX-License-Identifier: BSD-3-Clause
// What the command line of the program `landscape` says: how the pair is trained, and the options of each measurement.
#pragma once
#include "landscape/curvature.hpp"
#include "landscape/path.hpp"
#include "landscape/plane.hpp"
#include "pair/options.hpp"

struct LandscapeOptions {
  Options pair;
  PathChoice path;
  PlaneChoice plane;
  CurvatureChoice curvature;
};

/// Ends the program with 0 where help was asked for. Throws: lmc::Error for what cannot be parsed.
LandscapeOptions parse_landscape_options(int argc, char** argv);
