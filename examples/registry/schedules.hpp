// SPDX-License-Identifier: BSD-3-Clause
// Schedules of learning rates, as a command line or a file gives them.
#pragma once
#include <optional>
#include <string_view>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/optim/schedule.hpp>

namespace registry {

/// The schedule that an object with the fields schedule, warmup, restart_first and restart_growth describes; `prefix` stands before
/// the names of options in messages: "--" for a command line. Throws: lmc::Error for an unknown name, for a growth without a first
/// cycle, and for a number that is out of range however long the run is.
template <class Options>
lmc::Schedule make_schedule(const Options& o, std::string_view prefix) {
  lmc::Schedule schedule{.warmup = o.warmup, .then = lmc::parse_rate_shape(o.schedule)};
  lmc::require(o.restart_first || !o.restart_growth, prefix, "restart-growth = ", o.restart_growth.value_or(1),
               " is without restarts; give the first cycle's length by ", prefix, "restart-first");
  if (o.restart_first) schedule.restarts = lmc::Restarts{.first = *o.restart_first, .growth = o.restart_growth.value_or(1)};
  (void)schedule.factor(0, lmc::Index(1) << 60);  // knows the ranges; longer than any warm-up
  return schedule;
}

}  // namespace registry
