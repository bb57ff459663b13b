// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <lmc/connectivity/alpha_grid.hpp>
#include <lmc/connectivity/attribution.hpp>
#include <lmc/connectivity/barrier_matrix.hpp>
#include <lmc/connectivity/barriers.hpp>
#include <lmc/connectivity/block_path.hpp>
#include <lmc/connectivity/curve.hpp>
#include <lmc/connectivity/curve_csv.hpp>
#include <lmc/connectivity/decomposition.hpp>
#include <lmc/connectivity/interpolate.hpp>
#include <lmc/connectivity/interval.hpp>
#include <lmc/connectivity/linear_path.hpp>
#include <lmc/connectivity/metrics.hpp>
