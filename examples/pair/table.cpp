// SPDX-License-Identifier: BSD-3-Clause
#include <iomanip>
#include <iostream>
#include <string>
#include <string_view>

#include <lmc/core/text.hpp>

#include "pair/results.hpp"

void print_table(const Results& r) {
  const auto row = [](std::string_view name, const auto& train, const auto& test, std::string_view meaning = "") {
    std::cout << std::left << std::setw(26) << name << std::right << std::setw(18) << train << std::setw(18) << test << "   "
              << meaning << '\n';
  };
  const auto number = [](double x) { return lmc::fixed(x, 4); };
  const auto both = [&](std::string_view name, auto measure, std::string_view meaning = "") {
    row(name, number(measure(r.train)), number(measure(r.test)), meaning);
  };
  const auto interval = [&](const lmc::ErrorBarrier& barrier) -> std::string {
    return barrier.interval ? "[" + number(barrier.interval->low) + ", " + number(barrier.interval->high) + "]" : "none";
  };
  row("", "train", "test");
  both("error, first run", [](const lmc::Curve& c) { return c.points.front().metrics[lmc::Metric::error]; });
  both("error, second run", [](const lmc::Curve& c) { return c.points.back().metrics[lmc::Metric::error]; });
  for (std::size_t i = 0; i < r.stored.size(); ++i)
    row("  with stored statistics", number(r.stored[i].train.error.value()), number(r.stored[i].test.error.value()),
        i == 0 ? "first run: those that training left" : "second run");
  both("loss, first run", [](const lmc::Curve& c) { return c.points.front().metrics.loss; });
  both("loss, second run", [](const lmc::Curve& c) { return c.points.back().metrics.loss; });
  const auto errors = [&](std::string_view name, double lmc::ErrorBarrier::*value, std::string_view meaning = "") {
    row(name, number(r.train_error.*value), number(r.test_error.*value), meaning);
  };
  errors("error barrier", &lmc::ErrorBarrier::value, "max of error above the chord");
  row("  95 % interval", interval(r.train_error), interval(r.test_error), "simultaneous band over examples");
  errors("  at alpha", &lmc::ErrorBarrier::alpha);
  errors("  normalized", &lmc::ErrorBarrier::normalized, "divided by the ends' mean accuracy");
  row("  at 0.02 the pair is", lmc::concat(r.train_error.verdict), lmc::concat(r.test_error.verdict),
      r.judged() ? "" : "none: no verdict, since a network diverged");
  both(
      "loss barrier", [](const lmc::Curve& c) { return lmc::loss_barrier(c).value; }, "max of loss above the chord");
  both(
      "  normalized", [](const lmc::Curve& c) { return lmc::loss_barrier(c).normalized; }, "divided by the ends' mean loss");
  both("instability", lmc::instability, "max error - mean of ends (Frankle et al.)");
  both("Git Re-Basin", lmc::git_rebasin_barrier, "max loss - mean of ends (Ainsworth et al.)");
  both(
      "arg-max convention", [](const lmc::Curve& c) { return lmc::argmax_barrier(c); },
      "above the chord where the error is highest");
  both(
      "midpoint", [](const lmc::Curve& c) { return lmc::midpoint_barrier(c); }, "error at 1/2 - mean of ends");
}
