// SPDX-License-Identifier: BSD-3-Clause
#include <iomanip>
#include <iostream>
#include <string>
#include <string_view>

#include <lmc/core/text.hpp>
#include <lmc/simd/instruction_set.hpp>

#include "pair/results.hpp"

namespace {

std::string exact_meaning(const Results& r) {
  const auto& test = r.first().test.exact;
  if (!test) return "";
  return test->curve.examples() == r.examples[1]
             ? "supremum of the error above the chord"
             : lmc::concat("of the first ", test->curve.examples(), " examples, by tracing");
}

}  // namespace

void print_table(const Results& r) {
  const auto row = [](std::string_view name, const auto& train, const auto& test, std::string_view meaning = "") {
    std::cout << std::left << std::setw(26) << name << std::right << std::setw(18) << train << std::setw(18) << test << "   "
              << meaning << '\n';
  };
  const auto number = [](double x) { return lmc::fixed(x, 4); };
  const auto both = [&](std::string_view name, auto measure, std::string_view meaning = "") {
    row(name, number(measure(r.first().train.curve)), number(measure(r.first().test.curve)), meaning);
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
    row(name, number(r.first().train.error.*value), number(r.first().test.error.*value), meaning);
  };
  errors("error barrier", &lmc::ErrorBarrier::value, "max of error above the chord");
  row("  95 % interval", interval(r.first().train.error), interval(r.first().test.error), "simultaneous band over examples");
  const PartMeasurement &train = r.first().train, &test = r.first().test;
  const auto optional = [&](std::string_view name, auto measure, std::string_view meaning) {
    const std::string on_train = measure(train), on_test = measure(test);
    if (!on_train.empty() || !on_test.empty()) row(name, on_train, on_test, meaning);
  };
  optional(
      "  noise floor", [&](const PartMeasurement& p) { return p.error.floor ? number(p.error.floor->mean) : ""; },
      "what chance alone would show");
  optional(
      "  cross-fitted", [&](const PartMeasurement& p) { return p.cross_fitted ? number(p.cross_fitted->value) : ""; },
      "unbiased height at an alpha that other examples chose");
  errors("  at alpha", &lmc::ErrorBarrier::alpha);
  errors("  normalized", &lmc::ErrorBarrier::normalized, "divided by the ends' mean accuracy");
  row("  at 0.02 the pair is", lmc::concat(r.first().train.error.verdict), lmc::concat(r.first().test.error.verdict),
      r.judged() ? "" : "none: no verdict, since a network diverged");
  optional(
      "  exact, over all alpha", [&](const PartMeasurement& p) { return p.exact ? number(p.exact->barrier.value) : ""; },
      exact_meaning(r));
  optional(
      "  exact, at alpha",
      [&](const PartMeasurement& p) {
        return p.exact ? lmc::concat(p.exact->barrier.side, ' ', number(p.exact->barrier.alpha)) : "";
      },
      "");
  optional(
      "  exact, 95 % interval",
      [&](const PartMeasurement& p) {
        return p.exact ? "[" + number(p.exact->barrier.interval.low) + ", " + number(p.exact->barrier.interval.high) + "]" : "";
      },
      "");
  both(
      "loss barrier", [](const lmc::Curve& c) { return lmc::loss_barrier(c).value; }, "max of loss above the chord");
  both(
      "  normalized", [](const lmc::Curve& c) { return lmc::loss_barrier(c).normalized; }, "divided by the ends' mean loss");
  optional(
      "  certified",
      [&](const PartMeasurement& p) { return p.exact && p.exact->loss ? lmc::fixed(p.exact->loss->low, 6) : ""; },
      "over all alpha: at least this, and at most 0.000001 more");
  both("instability", lmc::instability, "max error - mean of ends (Frankle et al.)");
  both("Git Re-Basin", lmc::git_rebasin_barrier, "max loss - mean of ends (Ainsworth et al.)");
  both(
      "arg-max convention", [](const lmc::Curve& c) { return lmc::argmax_barrier(c); },
      "above the chord where the error is highest");
  both(
      "midpoint", [](const lmc::Curve& c) { return lmc::midpoint_barrier(c); }, "error at 1/2 - mean of ends");
  std::cout
      << "An interval on training examples says how well these networks' curve is known there, and nothing of other examples:\n"
         "the networks were fitted to these.\n";
  if (!r.train_summary) return;
  std::cout << "\ntraining examples: " << *r.train_summary << "\ntest examples: " << *r.test_summary << '\n';
}

void print_times(const Results& r) {
  const std::size_t runs = r.runs.size() * r.runs[0].size();
  std::cout << "digests " << r.a().digest() << ' ' << r.b().digest() << "\ntraining " << lmc::fixed(r.train_seconds, 2)
            << " s for " << (runs == 2 ? "both" : "all") << " runs"
            << (r.images_per_second > 0
                    ? lmc::concat(" (", lmc::fixed(r.images_per_second, r.images_per_second < 10 ? 1 : 0), " images/s)")
                    : "")
            << ", curves " << lmc::fixed(r.curve_train_seconds, 2) << " s (train) and " << lmc::fixed(r.curve_test_seconds, 2)
            << " s (test), " << r.threads << " threads, " << lmc::simd::instruction_set() << '\n'
            << std::flush;
}

std::string figure_title(const Results& r) { return r.options.data.dataset + ", " + r.network + ", " + r.optimizer; }

lmc::CurveFigure curve_figure(const Results& r) {
  lmc::CurveFigure figure{.title = figure_title(r), .train = r.first().train.curve, .test = r.first().test.curve};
  if (const auto& exact = r.first().train.exact) figure.train_exact = exact->curve;
  if (const auto& exact = r.first().test.exact; exact && exact->curve.examples() == r.examples[1])
    figure.test_exact = exact->curve;
  return figure;
}
