// SPDX-License-Identifier: BSD-3-Clause
// linear_path and what else calls the user's evaluator; curves from numbers.
#include <pybind11/stl.h>

#include <algorithm>
#include <memory>
#include <span>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <lmc/connectivity/curve.hpp>
#include <lmc/connectivity/curve_csv.hpp>
#include <lmc/connectivity/exact/refine.hpp>
#include <lmc/connectivity/interpolate.hpp>
#include <lmc/connectivity/linear_path.hpp>
#include <lmc/connectivity/metrics.hpp>
#include <lmc/connectivity/outcome_note.hpp>
#include <lmc/connectivity/slerp.hpp>
#include <lmc/connectivity/statistics/decide.hpp>

#include "convert.hpp"
#include "evaluate.hpp"

namespace lmc_python {

using lmc::Curve;
using lmc::CurvePoint;
using lmc::Index;
using lmc::Metrics;
using lmc::PathWeights;

namespace {

/// A curve, with a warning of Python's where its outcomes may be the wrong way round. Throws as Python does where warnings are errors.
Curve judged(Curve curve) {
  const std::string note = lmc::outcome_note(curve);
  if (!note.empty() && PyErr_WarnEx(PyExc_UserWarning, note.c_str(), 1) != 0) throw py::error_already_set();
  return curve;
}

/// For decide(): the outcomes of the examples asked for.
template <class T>
class EvaluateExamples {
 public:
  EvaluateExamples(const Evaluate<T>& evaluate, Index examples) : evaluate_(evaluate), examples_(examples) {}

  [[nodiscard]] Index example_count() const { return examples_; }
  [[nodiscard]] auto line_outcomes(std::span<const T> a, std::span<const T> b, std::span<const PathWeights> points) const {
    return [this, a, b, points](std::span<const Index> examples) {
      std::vector<std::vector<bool>> outcomes;
      std::vector<T> theta(a.size());
      for (const PathWeights& at : points) {
        lmc::interpolate<T>(a, b, at, theta);
        const py::gil_scoped_acquire acquire;
        const py::array_t<Index> positions(std::ssize(examples), examples.data());
        outcomes.push_back(metrics_of(evaluate_.function()(evaluate_.prepared(theta), positions), std::nullopt, false).wrong);
      }
      return outcomes;
    };
  }

 private:
  const Evaluate<T>& evaluate_;
  Index examples_;
};

template <class Get>
auto rows_of(const Curve& curve, Get get) {
  std::vector<double> values;
  for (const CurvePoint& point : curve.points) values.push_back(get(point));
  return array_from(values);
}

py::object outcomes_of(const Curve& curve) {
  if (curve.points.empty() || curve.points.front().metrics.wrong.empty()) return py::none();
  const auto examples = static_cast<py::ssize_t>(curve.points.front().metrics.wrong.size());
  py::array_t<bool> all({std::ssize(curve.points), examples});
  bool* to = all.mutable_data();
  for (const CurvePoint& point : curve.points) to = std::ranges::copy(point.metrics.wrong, to).out;
  return all;
}

py::object logits_of(const Curve& curve) {
  if (curve.points.empty() || curve.points.front().metrics.logits.empty()) return py::none();
  const auto examples = static_cast<py::ssize_t>(curve.points.front().metrics.count);
  const auto classes = static_cast<py::ssize_t>(curve.points.front().metrics.logits.size()) / examples;
  py::array_t<float> all({std::ssize(curve.points), examples, classes});
  float* to = all.mutable_data();
  for (const CurvePoint& point : curve.points) to = std::ranges::copy(point.metrics.logits, to).out;
  return all;
}

}  // namespace

void bind_results(py::module_& m) {
  py::class_<Metrics>(m, "Metrics", R"(What was measured of one θ on a fixed data set.

Means are over examples. NaN and infinity are data: a network diverged.)")
      .def(py::init([](double loss, std::optional<double> error, Index count, py::object wrong, py::object logits,
                       std::string loss_name, py::object labels) {
             py::dict values;
             values["loss"] = loss;
             if (error) values["error"] = *error;
             if (count != 0) values["count"] = count;
             values["wrong"] = wrong;
             values["logits"] = logits;
             values["loss_name"] = loss_name;
             return metrics_of(values, optional_labels("Metrics", labels), true);
           }),
           py::arg("loss"), py::arg("error") = py::none(), py::arg("count") = 0, py::kw_only(), py::arg("wrong") = py::none(),
           py::arg("logits") = py::none(), py::arg("loss_name") = "", py::arg("labels") = py::none())
      .def_readonly("loss", &Metrics::loss, "mean loss")
      .def_readonly("error", &Metrics::error, "share of examples that are wrong, in [0, 1]; None for a regression")
      .def_readonly("count", &Metrics::count, "number of examples")
      .def_readonly("loss_name", &Metrics::loss_name,
                    "`cross-entropy`, in nats, where logits were given; `0-1` where nothing but outcomes")
      .def_property_readonly(
          "wrong",
          [](const Metrics& metrics) -> py::object {
            if (metrics.wrong.empty()) return py::none();
            return array_from(metrics.wrong);
          },
          "whether each example is wrong, in order; None where only means are known")
      .def("__repr__", [](const Metrics& metrics) {
        return lmc::concat("Metrics(loss=", lmc::shortest(metrics.loss),
                           metrics.error ? lmc::concat(", error=", lmc::shortest(*metrics.error)) : "",
                           ", count=", metrics.count, ")");
      });

  py::class_<Curve>(m, "Curve", R"(What was measured along a path: all that a barrier is computed from.

linear_path makes one by calls of an evaluator, make_curve from numbers.)")
      .def_property_readonly(
          "alphas", [](const Curve& c) { return rows_of(c, [](const CurvePoint& p) { return p.alpha; }); },
          "α of each point, the share of b in θ(α) = (1 − α) a + α b")
      .def_property_readonly(
          "loss", [](const Curve& c) { return rows_of(c, [](const CurvePoint& p) { return p.metrics.loss; }); },
          "mean loss at each α; the error where the curve has outcomes alone")
      .def_property_readonly(
          "error",
          [](const Curve& c) -> py::object {
            if (c.points.empty() || !c.points.front().metrics.error) return py::none();
            return rows_of(c, [](const CurvePoint& p) { return p.metrics.error.value_or(0); });
          },
          "share of examples that are wrong at each α; None for a regression")
      .def_property_readonly("wrong", &outcomes_of,
                             "[α, examples]: whether each example is wrong; None where only means are known")
      .def_property_readonly("logits", &logits_of,
                             "[α, examples, classes], float32; None unless linear_path(…, keep_logits=True)")
      .def_property_readonly(
          "count", [](const Curve& c) { return c.points.empty() ? Index{0} : c.points.front().metrics.count; },
          "number of examples")
      .def_property_readonly(
          "midpoint", [](const Curve& c) { return c.midpoint ? std::optional(c.midpoint->metrics) : std::nullopt; },
          "Metrics at α = ½, where it is not among the points")
      .def_readwrite("diverged", &Curve::diverged, "set it where a training diverged: there is nothing to judge")
      .def(
          "to_csv",
          [](const Curve& c) {
            std::ostringstream out;
            lmc::write_curve_csv(out, c);
            return out.str();
          },
          "The curve as text: alpha,loss,error.")
      .def("__len__", [](const Curve& c) { return c.points.size(); })
      .def(
          "__eq__", [](const Curve& x, const Curve& y) { return x == y; }, py::is_operator())
      .def("__repr__", [](const Curve& c) {
        return lmc::concat("<lmc.Curve of ", c.points.size(), " α, ", c.points.empty() ? 0 : c.points.front().metrics.count,
                           " examples>");
      });

  py::class_<lmc::RefinedCurve>(m, "RefinedCurve",
                                "A curve with more α near its maximum, and how much may still hide between them.")
      .def_readonly("curve", &lmc::RefinedCurve::curve, "what was given, and the new points")
      .def_readonly("supremum_at_most", &lmc::RefinedCurve::supremum_at_most,
                    "bound of sup over α of err − chord, if no example flips twice between neighbors");

  py::class_<lmc::Decision>(m, "Decision",
                            "On which side of the threshold an error barrier is, and how many examples it took to know.")
      .def_property_readonly(
          "verdict", [](const lmc::Decision& d) { return lmc::concat(d.verdict); }, "`connected` or `broken`")
      .def_readonly("examples", &lmc::Decision::examples, "how many were evaluated; the verdict is exact where they are all")
      .def_readonly("of", &lmc::Decision::of, "how many there are")
      .def_readonly("barrier", &lmc::Decision::barrier,
                    "max over α of err − chord on the examples evaluated; biased upward unless all")
      .def_readonly("alpha", &lmc::Decision::alpha, "where it is attained")
      .def_readonly("interval", &lmc::Decision::interval, "bounds of the barrier on all examples, each at the confidence")
      .def("__repr__", [](const lmc::Decision& d) { return lmc::concat(d); });
}

void bind_paths(py::module_& m) {
  const auto none = py::none();
  m.def(
      "linear_path",
      [](py::object a, py::object b, py::object evaluate, py::object alphas, py::object labels, py::object prepare,
         bool keep_logits, double tolerance) {
        const lmc::PathOptions options{.alphas = grid_of(alphas), .endpoint_tolerance = tolerance};
        return with_thetas("linear_path", a, b, [&]<class T>(const Array<T>& x, const Array<T>& y) {
          return judged(
              measure<T>("linear_path", evaluate, prepare, labels, keep_logits,
                         [&, x = span_of(x), y = span_of(y)](const auto& e) { return lmc::linear_path<T>(x, y, e, options); }));
        });
      },
      py::arg("a"), py::arg("b"), py::arg("evaluate"), py::arg("alphas") = 25, py::kw_only(), py::arg("labels") = none,
      py::arg("prepare") = none, py::arg("keep_logits") = false, py::arg("endpoint_tolerance") = 1e-6,
      R"(Measures the straight line θ(α) = (1 − α) a + α b at every α of the grid, and at ½ beside it.

a, b: parameters of two networks, flat arrays of float32 or float64; read where they lie, without a copy.
evaluate(θ): called with one θ at a time, an array of its own. It returns one of
    outcomes    bool [examples], True where the prediction is wrong: `loss` then is the error, and there is no loss barrier
    logits      float [examples, classes], with labels=…: cross-entropy in nats, in double, and error; probabilities are refused
    a dictionary of loss, error, count, wrong (bool, or whole numbers 0 and 1), logits, loss_name, or Metrics
alphas: a number of even steps, or a list from 0 to 1.
labels: int [examples], for logits.
prepare(θ): called before each evaluate(θ): the place to load θ into the network and to estimate the running statistics of
    BatchNorm anew on training data. Without it, those of a network at θ(α) are of another network.
keep_logits: keeps them in the curve, for logit_ensemble and calibrated_barrier.
endpoint_tolerance: each end is also evaluated alone, and has to give the same up to difference ÷ max(1, value).

Returns a Curve. Warns where most examples are wrong at both ends, as where True means right. Raises Error for unequal lengths,
metrics that contradict themselves or each other, or an evaluator that gives another value for the same θ. NaN is data.)");

  m.def(
      "slerp_path",
      [](py::object a, py::object b, py::object evaluate, py::object alphas, py::object labels, py::object prepare,
         bool keep_logits, double tolerance) {
        const lmc::PathOptions options{.alphas = grid_of(alphas), .endpoint_tolerance = tolerance};
        return with_thetas("slerp_path", a, b, [&]<class T>(const Array<T>& x, const Array<T>& y) {
          return judged(
              measure<T>("slerp_path", evaluate, prepare, labels, keep_logits,
                         [&, x = span_of(x), y = span_of(y)](const auto& e) { return lmc::slerp_path<T>(x, y, e, options); }));
        });
      },
      py::arg("a"), py::arg("b"), py::arg("evaluate"), py::arg("alphas") = 25, py::kw_only(), py::arg("labels") = none,
      py::arg("prepare") = none, py::arg("keep_logits") = false, py::arg("endpoint_tolerance") = 1e-6,
      R"(As linear_path, on the arc of the great circle through both directions:
  θ(α) = (sin(ᾱω) a + sin(αω) b) / sin ω,   ω the angle between a and b.
Source: Shoemake, SIGGRAPH 1985.)");

  m.def(
      "interpolate",
      [](py::object a, py::object b, double alpha) {
        lmc::require(alpha >= 0 && alpha <= 1, "interpolate: alpha = ", alpha, "; expected a number in [0, 1]");
        return with_thetas("interpolate", a, b, [&]<class T>(const Array<T>& x, const Array<T>& y) -> py::array {
          lmc::require(x.size() == y.size(), "interpolate: a has ", x.size(), " parameters and b ", y.size());
          py::array_t<T> out(x.size());
          lmc::interpolate<T>(span_of(x), span_of(y), {alpha, 1 - alpha},
                              {out.mutable_data(), static_cast<std::size_t>(out.size())});
          return out;
        });
      },
      py::arg("a"), py::arg("b"), py::arg("alpha"),
      "(1 − α) a + α b, computed from the nearer end, so that both ends and equal ends are exact: what linear_path evaluates.");

  m.def(
      "make_curve",
      [](py::object alphas, py::object metrics, py::object labels, bool keep_logits) {
        const Labels checked = optional_labels("make_curve", labels);
        std::vector<Metrics> all;
        for (const py::handle one : py::iter(metrics)) all.push_back(metrics_of(one, checked, keep_logits));
        return judged(lmc::make_curve(grid_of(alphas), std::move(all)));
      },
      py::arg("alphas"), py::arg("metrics"), py::kw_only(), py::arg("labels") = none, py::arg("keep_logits") = false,
      R"(A curve from numbers of your own: metrics[i] measured at the i-th α.

alphas: a number of even steps, or a list from 0 to 1. metrics: for each α anything that an evaluator of linear_path may return; an
array bool [α, examples] or, with labels, float [α, examples, classes] will do.
Warns as linear_path. Raises Error when there is not one entry for each α, or they contradict themselves or each other.)");

  m.def(
      "refine",
      [](const Curve& curve, py::object a, py::object b, py::object evaluate, Index points, double tolerance, py::object labels,
         py::object prepare, bool keep_logits) {
        return with_thetas("refine", a, b, [&]<class T>(const Array<T>& x, const Array<T>& y) {
          return measure<T>("refine", evaluate, prepare, labels, keep_logits,
                            [&, x = span_of(x), y = span_of(y)](const auto& e) {
                              return lmc::refine<T>(curve, x, y, e, {.points = points, .tolerance = tolerance});
                            });
        });
      },
      py::arg("curve"), py::arg("a"), py::arg("b"), py::arg("evaluate"), py::kw_only(), py::arg("points") = 32,
      py::arg("tolerance") = 0.001, py::arg("labels") = none, py::arg("prepare") = none, py::arg("keep_logits") = false,
      R"(Adds α to a curve where its maximum may be, by halving intervals in which the error can still exceed the largest value of
err(α) − chord(α) that was measured. With W(α) the examples that are wrong at α, n in number,
  err(α) − chord(α) ≤ |W(α_i) ∪ W(α_{i+1})| / n − min(chord(α_i), chord(α_{i+1}))    between α_i and α_{i+1},
if no example flips twice between them. Ends when no bound exceeds the maximum by more than the tolerance, or `points` are used
up. The curve needs outcomes of examples.)");

  m.def(
      "decide",
      [](py::object a, py::object b, py::object evaluate, Index examples, double threshold, double confidence,
         py::object alphas, std::uint64_t seed, Index batch, py::object prepare) {
        const lmc::DecideOptions options{
            .threshold = threshold, .confidence = confidence, .alphas = grid_of(alphas), .seed = seed, .batch = batch};
        return with_thetas("decide", a, b, [&]<class T>(const Array<T>& x, const Array<T>& y) {
          return measure<T>("decide", evaluate, prepare, py::none(), false,
                            [&, x = span_of(x), y = span_of(y)](const Evaluate<T>& e) {
                              return lmc::decide<T>(x, y, EvaluateExamples<T>(e, examples), options);
                            });
        });
      },
      py::arg("a"), py::arg("b"), py::arg("evaluate"), py::arg("examples"), py::kw_only(), py::arg("threshold") = 0.02,
      py::arg("confidence") = 0.95, py::arg("alphas") = 25, py::arg("seed") = 0, py::arg("batch") = 128,
      py::arg("prepare") = none,
      R"(Whether the error barrier max over α of [err(α) − chord(α)] is below the threshold (connected) or not (broken), from as few
examples as show it.

evaluate(θ, positions): bool, whether each of these examples is wrong at θ. examples: how many there are.
Examples are evaluated in random order, without replacement, in growing batches, until the verdict is certain enough: a wrong one has
a probability of at most 1 − confidence, over the order, which the seed decides. When all were evaluated, it is exact.
Source: Waudby-Smith, Ramdas, arXiv:2006.04347; bets: the same, arXiv:2010.09686.)");
}

}  // namespace lmc_python
