// SPDX-License-Identifier: BSD-3-Clause
// Schedules of learning rates, as a command line or a file gives them.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/optim/schedule.hpp>

#include "registry/named.hpp"

namespace registry {

/// Throws: lmc::Error with the options that were given, when the schedule they make is none for a run of so many updates.
template <class Options>
void require_schedule(const Options& o, std::string_view prefix, const lmc::Schedule& schedule, lmc::Index updates) {
  const std::string given = all_typed(prefix, [&](const auto& visit) {
    visit("schedule", "", o.schedule);
    visit("warmup", "", o.warmup);
    visit("restart-first", "", o.restart_first);
    visit("restart-growth", "", o.restart_growth);
  });
  named(given, [&] { (void)schedule.factor(0, updates); });  // knows the ranges
}

/// The schedule that an object with the fields schedule, warmup, restart_first and restart_growth describes; `prefix` stands before
/// the names of options in messages: "--" for a command line. Throws: lmc::Error for an unknown name, for a growth without a first
/// cycle, and for a number that is out of range however long the run is.
template <class Options>
lmc::Schedule make_schedule(const Options& o, std::string_view prefix) {
  lmc::Schedule schedule{.warmup = o.warmup, .then = named(typed(prefix, "schedule", o.schedule), [&] {
                                               return lmc::parse_rate_shape(o.schedule);
                                             })};
  lmc::require(o.restart_first || !o.restart_growth, prefix, "restart-growth = ", o.restart_growth.value_or(1),
               " is without restarts; give the first cycle's length by ", prefix, "restart-first");
  if (o.restart_first) schedule.restarts = lmc::Restarts{.first = *o.restart_first, .growth = o.restart_growth.value_or(1)};
  require_schedule(o, prefix, schedule, lmc::Index(1) << 60);  // longer than any warm-up
  return schedule;
}

}  // namespace registry
