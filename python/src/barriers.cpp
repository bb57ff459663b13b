// SPDX-License-Identifier: BSD-3-Clause
// Arithmetic on curves: barriers, their intervals and summaries, figures.
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <lmc/connectivity/barriers.hpp>
#include <lmc/connectivity/causes/calibration.hpp>
#include <lmc/connectivity/causes/end_disagreement.hpp>
#include <lmc/connectivity/causes/linear_cka.hpp>
#include <lmc/connectivity/causes/logit_ensemble.hpp>
#include <lmc/connectivity/curve.hpp>
#include <lmc/connectivity/statistics/barrier_summary.hpp>
#include <lmc/connectivity/statistics/clopper_pearson.hpp>
#include <lmc/connectivity/statistics/cross_fitted_barrier.hpp>
#include <lmc/connectivity/statistics/interval.hpp>
#include <lmc/connectivity/statistics/noise_floor.hpp>
#include <lmc/connectivity/statistics/paired_comparison.hpp>
#include <lmc/plot/curve_figure.hpp>

#include "convert.hpp"

namespace lmc_python {

using lmc::Curve;
using lmc::Index;
using lmc::Interval;

namespace {

using Released = py::call_guard<py::gil_scoped_release>;

/// Throws: Error where the loss of the curve is its error, for want of another.
void require_loss(std::string_view who, const Curve& curve, std::string_view instead) {
  lmc::require(curve.points.empty() || curve.points.front().metrics.loss_name != "0-1", who,
               ": outcomes have no loss; measure logits with labels, or give a dictionary with 'loss'; ", instead,
               " is of the error");
}

void bind_classes(py::module_& m) {
  py::class_<Interval>(m, "Interval", "Where a number lies, with 95 % confidence unless said otherwise.")
      .def_readonly("low", &Interval::low, "its lower end")
      .def_readonly("high", &Interval::high, "its upper end, at least low")
      .def("__iter__", [](const Interval& i) { return py::iter(py::make_tuple(i.low, i.high)); })
      .def(
          "__eq__", [](const Interval& x, const Interval& y) { return x == y; }, py::is_operator())
      .def("__repr__",
           [](const Interval& i) { return lmc::concat("[", lmc::fixed(i.low, 4), ", ", lmc::fixed(i.high, 4), "]"); });

  py::class_<lmc::NoiseFloor>(m, "NoiseFloor", "The error barrier that chance alone shows where there is none.")
      .def_readonly("mean", &lmc::NoiseFloor::mean, "its mean, a share of examples")
      .def_readonly("quantile", &lmc::NoiseFloor::quantile, "its 95 % quantile: one barrier in twenty exceeds it by chance")
      .def("__repr__", [](const lmc::NoiseFloor& f) {
        return lmc::concat("mean ", lmc::fixed(f.mean, 4), " (95 %: ", lmc::fixed(f.quantile, 4), ")");
      });

  py::class_<lmc::ErrorBarrier>(m, "ErrorBarrier", "Height of the error over the line between its two ends.")
      .def_readonly("value", &lmc::ErrorBarrier::value, "a share of examples, ≥ 0")
      .def_readonly("alpha", &lmc::ErrorBarrier::alpha, "where it is attained; the smallest such α")
      .def_readonly("normalized", &lmc::ErrorBarrier::normalized, "value ÷ mean accuracy of the two ends")
      .def_readonly("interval", &lmc::ErrorBarrier::interval, "of value, 95 %; None where there are no outcomes of examples")
      .def_property_readonly(
          "verdict", [](const lmc::ErrorBarrier& b) { return lmc::concat(b.verdict); },
          "what the interval says about the threshold: connected, broken, undecided, none")
      .def_readonly("floor", &lmc::ErrorBarrier::floor,
                    "the value that chance shows without a barrier; None without an interval")
      .def("__repr__", [](const lmc::ErrorBarrier& b) { return lmc::concat(b); });

  py::class_<lmc::LossBarrier>(m, "LossBarrier", "Height of the loss over the line between its two ends.")
      .def_readonly("value", &lmc::LossBarrier::value, "in the units of the loss, ≥ 0")
      .def_readonly("alpha", &lmc::LossBarrier::alpha, "where it is attained; the smallest such α")
      .def_readonly("normalized", &lmc::LossBarrier::normalized, "value ÷ mean loss of the two ends")
      .def_readonly("judgeable", &lmc::LossBarrier::judgeable, "False where there is nothing to judge: a network diverged")
      .def("__repr__", [](const lmc::LossBarrier& b) { return lmc::concat(b); });

  py::class_<lmc::CrossFittedBarrier>(m, "CrossFittedBarrier", "Height of the error without the bias of a maximum.")
      .def_readonly("value", &lmc::CrossFittedBarrier::value, "a share of examples; may be negative")
      .def_property_readonly(
          "alphas", [](const lmc::CrossFittedBarrier& b) { return array_from(b.alphas); },
          "for each fold, the α that the other examples chose")
      .def("__repr__", [](const lmc::CrossFittedBarrier& b) { return lmc::concat("cross-fitted ", lmc::fixed(b.value, 4)); });

  py::class_<lmc::PairSummary>(m, "PairSummary", "What barrier_summary made of one pair.")
      .def_readonly("barrier", &lmc::PairSummary::barrier, "with its interval and floor")
      .def_readonly("cross_fitted", &lmc::PairSummary::cross_fitted,
                    "height by cross_fitted_barrier; nan where there is nothing to judge")
      .def_property_readonly(
          "verdict", [](const lmc::PairSummary& p) { return lmc::concat(p.verdict); }, "connected, broken, undecided, none");

  using Summary = lmc::BarrierSummary;
  py::class_<Summary>(m, "BarrierSummary", "Error barriers of several pairs, each initialization with the same weight.")
      .def_readonly("pairs", &Summary::pairs, "in the order of the curves")
      .def_readonly("threshold", &Summary::threshold, "error barrier from which two networks count as not connected")
      .def_readonly("initializations", &Summary::initializations, "different ones")
      .def_readonly("diverged", &Summary::diverged, "pairs with nothing to judge; the means are over the others")
      .def_readonly("mean", &Summary::mean, "of the cross-fitted heights")
      .def_readonly("interval", &Summary::interval, "of the mean over all initializations and examples that there are, 95 %")
      .def_readonly("mean_maximum", &Summary::mean_maximum, "of the error barriers, each of which is biased upward")
      .def_readonly("mean_floor", &Summary::mean_floor, "of the noise floors")
      .def_readonly("broken", &Summary::broken, "pairs, those that diverged among them")
      .def_readonly("whole", &Summary::whole, "pairs")
      .def_readonly("undecided", &Summary::undecided, "pairs")
      .def_readonly("broken_interval", &Summary::broken_interval, "of the probability that a pair is broken, 95 %")
      .def_readonly("broken_bound", &Summary::broken_bound, "its one-sided upper bound, 95 %")
      .def("__repr__", [](const Summary& s) { return lmc::concat(s); });

  using Comparison = lmc::PairedComparison;
  py::class_<Comparison>(m, "PairedComparison", "By how much the numbers of one list exceed those of another, pair by pair.")
      .def_readonly("pairs", &Comparison::pairs, "n")
      .def_readonly("shift", &Comparison::shift, "Hodges-Lehmann estimate, in the units of the numbers")
      .def_readonly("p", &Comparison::p, "two-sided, of the sign-flip test of the mean; None below 8 pairs")
      .def_readonly("interval", &Comparison::interval, "95 % limits of the shift by the same test; None below 8 pairs")
      .def("__repr__", [](const Comparison& c) { return lmc::concat(c); });

  py::class_<lmc::CalibratedBarrier>(m, "CalibratedBarrier", "The loss barrier at temperatures that calibrate each place.")
      .def_readonly("plain", &lmc::CalibratedBarrier::plain, "loss_barrier(curve)")
      .def_readonly("calibrated", &lmc::CalibratedBarrier::calibrated, "the same of the calibrated losses")
      .def_readonly("difference", &lmc::CalibratedBarrier::difference, "plain − calibrated, in nats");

  py::class_<lmc::EndDisagreement>(m, "EndDisagreement", "How the predictions of two networks differ, as numbers of examples.")
      .def_readonly("examples", &lmc::EndDisagreement::examples, "all that were counted")
      .def_readonly("only_a_right", &lmc::EndDisagreement::only_a_right, "a predicts the label, b another class")
      .def_readonly("only_b_right", &lmc::EndDisagreement::only_b_right, "the other way round")
      .def_readonly("both_wrong_differently", &lmc::EndDisagreement::both_wrong_differently,
                    "neither predicts the label, and they differ")
      .def_property_readonly("share", &lmc::EndDisagreement::share,
                             "of examples whose predicted classes differ; also called churn");
}

}  // namespace

void bind_barriers(py::module_& m) {
  bind_classes(m);
  const auto none = py::none();
  m.def(
      "error_barrier", [](const Curve& curve, double threshold) { return lmc::error_barrier(curve, {.threshold = threshold}); },
      py::arg("curve"), py::kw_only(), py::arg("threshold") = 0.02, Released(), R"(Error barrier, the default of this library:
  value      = max over α of [ err(α) − chord(α) ] ≥ 0,   chord(α) = (1 − α) err(0) + α err(1)
  normalized = value ÷ (1 − mean error of the ends)
  interval, floor : error_barrier_interval and noise_floor; None where the curve has no outcomes of examples
  verdict    : what the interval says about the threshold
On a grid, a lower bound of the supremum over all α. nan where an error is nan: divergence is data.
Source: Entezari et al., arXiv:2110.06296; normalized: Altıntaş et al., arXiv:2312.09832.)");
  m.def(
      "loss_barrier",
      [](const Curve& curve) {
        require_loss("loss_barrier", curve, "error_barrier");
        return lmc::loss_barrier(curve);
      },
      py::arg("curve"), Released(), R"(Loss barrier:
  value      = max over α of [ L(α) − chord(α) ] ≥ 0
  normalized = value ÷ mean loss of the ends
Raises Error where the curve has outcomes alone, which have no loss. Source: Entezari et al., arXiv:2110.06296.)");
  m.def("instability", &lmc::instability, py::arg("curve"), Released(),
        R"(Linear interpolation instability, max over α of err(α), less the mean error of the ends.
At least half the difference of the ends even without a bump. Source: Frankle et al., arXiv:1912.05671 (30 α).)");
  m.def(
      "git_rebasin_barrier",
      [](const Curve& curve) {
        require_loss("git_rebasin_barrier", curve, "instability");
        return lmc::git_rebasin_barrier(curve);
      },
      py::arg("curve"), Released(), R"(Git Re-Basin's barrier, max over α of L(α), less the mean loss of the ends.
Raises Error where the curve has outcomes alone, which have no loss.
Source: Ainsworth et al., arXiv:2209.04836 (25 α).)");
  m.def(
      "argmax_barrier",
      [](const Curve& curve, const std::string& name) {
        const lmc::Metric metric = metric_of(name);
        if (metric == lmc::Metric::loss) require_loss("argmax_barrier", curve, "metric='error'");
        return lmc::argmax_barrier(curve, metric);
      },
      py::arg("curve"), py::arg("metric") = "error", R"(f(α*) − chord(α*) at the highest point α* of f itself.
It misses a bump under a higher end: kept to compare with results that were computed so.
Source: the code of Altıntaş et al. 2025, gsaltintas/lmc (11 α).)");
  m.def(
      "midpoint_barrier",
      [](const Curve& curve, const std::string& name) {
        const lmc::Metric metric = metric_of(name);
        if (metric == lmc::Metric::loss) require_loss("midpoint_barrier", curve, "metric='error'");
        return lmc::midpoint_barrier(curve, metric);
      },
      py::arg("curve"), py::arg("metric") = "error", R"(f(½) less the mean of the ends; may be negative.
Source: the code of Entezari et al., arXiv:2110.06296; REPAIR, Jordan et al., arXiv:2211.08403.)");
  m.def(
      "error_barrier_interval", &lmc::error_barrier_interval, py::arg("curve"), Released(),
      R"(A 95 % confidence interval of the error barrier from the outcomes of single examples: with g(α) = err(α) − chord(α), s(α) its
bootstrap standard error over examples, and c the smallest number that max over α of |g*(α) − g(α)| / s(α) does not exceed in
95 % of 2000 resamples,
  [ max(0, max over α of (g − c s)),  max(0, max over α of (g + c s)) ].
It covers what another sample of examples would have changed for these two networks, and no noise of training. None without outcomes.
Source: Montiel Olea, Plagborg-Møller, J. Applied Econometrics 34 (2019), for the simultaneous band.)");
  m.def(
      "error_band", &lmc::error_band, py::arg("curve"), Released(),
      "The band behind error_barrier_interval, one Interval for each α: where the error lies, all at once. Empty without outcomes.");
  m.def(
      "noise_floor", &lmc::noise_floor, py::arg("curve"), Released(),
      R"(The error barrier that as many examples with as many changes would show if the true error lay on its chord: mean and 95 %
quantile of max(0, max over α of (g*(α) − g(α))) over the resamples of error_barrier_interval. Read a barrier against it.
None without outcomes.)");
  m.def(
      "cross_fitted_barrier",
      [](const Curve& curve, Index folds, std::uint64_t seed) {
        return lmc::cross_fitted_barrier(curve, {.folds = folds, .seed = seed});
      },
      py::arg("curve"), py::kw_only(), py::arg("folds") = 5, py::arg("seed") = 0, Released(),
      R"(Error barrier without the bias of a maximum: for each fold, α̂ is where the error of all other examples is highest above its
chord, and the height there is taken on this fold:
  value = Σ over folds f of (n_f / n) g_f(α̂_f),   g_f(α) = err(α) − chord(α) on the n_f examples of f.
0 on average without a barrier. None without outcomes of examples.
Source: sample splitting as in Chernozhukov et al., arXiv:1608.00060.)");
  m.def(
      "barrier_summary",
      [](const std::vector<Curve>& curves, std::optional<std::vector<Index>> initializations, double threshold, Index folds,
         std::uint64_t seed) {
        const py::gil_scoped_release release;
        return lmc::barrier_summary(curves, {.initializations = initializations.value_or(std::vector<Index>()),
                                             .threshold = threshold,
                                             .cross_fit = {.folds = folds, .seed = seed}});
      },
      py::arg("curves"), py::arg("initializations") = none, py::kw_only(), py::arg("threshold") = 0.02, py::arg("folds") = 5,
      py::arg("seed") = 0, R"(Several pairs of networks, each from a curve that was measured on the same examples:
  mean            = mean over initializations of [ mean over their pairs of the cross-fitted height ], with a 95 % interval over
                    initializations and examples
  broken, whole, undecided : pairs; broken_interval: Clopper-Pearson limits of P(a pair is broken), from the first pair of each
                    initialization
initializations: a number for each pair; equal ones depend on each other. None: all differ.
0 broken of 5 proves only that fewer than 45 % are. Source: Owen, Annals of Applied Statistics 1 (2007).)");
  m.def(
      "paired_comparison",
      [](const std::vector<double>& first, const std::vector<double>& second) { return lmc::paired_comparison(first, second); },
      py::arg("first"), py::arg("second"), Released(), R"(Two lists whose i-th numbers belong together; d = second − first:
  shift = median over i ≤ j of (d_i + d_j)/2
  p     = share of all choices of signs with |Σ ± d_i| ≥ |Σ d_i|; None below 8 pairs
  interval = 95 % limits of the shift by the same test; None below 8 pairs
Source: Hodges, Lehmann, Ann. Math. Stat. 34 (1963); Fisher, The design of experiments (1935), § 21.)");
  m.def("clopper_pearson", &lmc::clopper_pearson, py::arg("successes"), py::arg("trials"), py::arg("level") = 0.95, Released(),
        R"(Exact confidence limits of a probability of which `successes` of `trials` independent trials are known.
Source: Clopper, Pearson, Biometrika 26 (1934). As R's binom.test.)");
  m.def(
      "logit_ensemble",
      [](const Curve& curve, py::object labels) {
        const auto checked = labels_of("logit_ensemble", labels);
        const py::gil_scoped_release release;
        return lmc::logit_ensemble(curve, checked);
      },
      py::arg("curve"), py::arg("labels"),
      R"(The curve of the ensemble of the two ends, z̄(α) = ᾱ z_a + α z_b: what averaging outputs costs where the
curve has what averaging parameters costs. The curve needs logits: linear_path(…, keep_logits=True).)");
  m.def(
      "calibrated_barrier",
      [](const Curve& curve, py::object labels, std::uint64_t seed) {
        const auto checked = labels_of("calibrated_barrier", labels);
        const py::gil_scoped_release release;
        return lmc::calibrated_barrier(curve, checked, {.seed = seed});
      },
      py::arg("curve"), py::arg("labels"), py::kw_only(), py::arg("seed") = 0,
      R"(The loss barrier of logits divided at each α by the temperature that fits the other half of the examples: what is left of it where
over- and underconfidence is taken away. The curve needs logits. Source: Guo et al., arXiv:1706.04599, for the temperature.)");
  m.def(
      "end_disagreement",
      [](py::object logits_a, py::object logits_b, py::object labels) {
        const auto a = doubles_of("end_disagreement", "the logits of a", logits_a, 2),
                   b = doubles_of("end_disagreement", "the logits of b", logits_b, 2);
        const auto checked = labels_of("end_disagreement", labels);
        lmc::require(a.shape(0) == b.shape(0) && a.shape(1) == b.shape(1) && a.shape(0) == std::ssize(checked),
                     "end_disagreement: the logits are ", describe(a), " and ", describe(b), ", and there are ", checked.size(),
                     " labels; expected [examples, classes] twice, and a label for each example");
        const py::gil_scoped_release release;
        return lmc::end_disagreement(span_of(a), span_of(b), checked);
      },
      py::arg("logits_a"), py::arg("logits_b"), py::arg("labels"),
      "How the predictions of two networks differ, from their logits [examples, classes].");
  m.def(
      "linear_cka",
      [](py::object a, py::object b) {
        const auto x = doubles_of("linear_cka", "the features of a", a, 2),
                   y = doubles_of("linear_cka", "the features of b", b, 2);
        lmc::require(x.shape(0) == y.shape(0), "linear_cka: ", x.shape(0), " examples and ", y.shape(0),
                     "; expected the same ones");
        const py::gil_scoped_release release;
        lmc::LinearCka cka;
        cka.add(span_of(x), span_of(y), x.shape(0));
        return cka.value();
      },
      py::arg("a"), py::arg("b"),
      R"(Linear CKA of two networks' features [examples, units], without bias by the number of examples:
HSIC(K, L) / √(HSIC(K, K) HSIC(L, L)), each estimated from batches of at most 64 examples.
Source: arXiv:1905.00414; batches and unbiased estimate: arXiv:2010.15327, section 3.1.)");
  m.def(
      "save_curve_figure",
      [](const std::filesystem::path& path, const Curve& test, const std::optional<Curve>& train, const std::string& title,
         const std::optional<lmc::ExactErrorCurve>& test_exact, const std::optional<lmc::ExactErrorCurve>& train_exact) {
        lmc::save_curve_figure(
            path, {.title = title, .train = train, .test = test, .train_exact = train_exact, .test_exact = test_exact});
      },
      py::arg("path"), py::arg("test"), py::arg("train") = none, py::kw_only(), py::arg("title") = "",
      py::arg("test_exact") = none, py::arg("train_exact") = none, Released(),
      R"(Draws loss and error along a path with gnuplot: curves, chords between their ends, barriers as bars, the 95 % band of the
error and the mean barrier of chance alone. The extension of path chooses PNG, SVG or PDF. Raises Error where gnuplot is missing.)");
}

}  // namespace lmc_python
