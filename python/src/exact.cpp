// SPDX-License-Identifier: BSD-3-Clause
// The error at every α, of networks that are given as arrays.
#include <pybind11/stl.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <lmc/connectivity/exact/certified_loss.hpp>
#include <lmc/connectivity/exact/exact_barrier.hpp>
#include <lmc/connectivity/exact/exact_error.hpp>
#include <lmc/connectivity/exact/exact_error_curve.hpp>
#include <lmc/connectivity/exact/traced_curve.hpp>

#include "convert.hpp"

namespace lmc_python {

using lmc::ExactErrorCurve;
using lmc::Index;

namespace {

/// z = W x + bias, in double.
struct Affine {
  Array<double> weight;  // [out, in]
  Array<double> bias;    // [out]
};

/// The layers of one network: a list of (weight, bias), bias None where there is none.
std::vector<Affine> layers_of(std::string_view who, std::string_view network, py::handle object) {
  std::vector<Affine> layers;
  for (const py::handle item : py::iter(object)) {
    const std::string place = lmc::concat(network, ", layer ", layers.size() + 1);
    lmc::require(py::isinstance<py::sequence>(item) && py::len(item) == 2, who, ": ", place,
                 " is no pair; expected (weight [out, in], bias [out] or None), as in torch.nn.Linear");
    const py::sequence pair = py::reinterpret_borrow<py::sequence>(item);
    Affine layer{.weight = doubles_of(who, lmc::concat("the weights of ", place), pair[0], 2), .bias = {}};
    const Index units = layer.weight.shape(0);
    layer.bias = pair[1].is_none() ? Array<double>(py::module_::import("numpy").attr("zeros")(units))
                                   : doubles_of(who, lmc::concat("the biases of ", place), pair[1], 1);
    lmc::require(layer.bias.size() == units, who, ": ", place, " has ", units, " units and ", layer.bias.size(), " biases");
    layers.push_back(std::move(layer));
  }
  return layers;
}

/// Two networks with one hidden layer, and the pre-activations of both.
struct HiddenPair {
  std::vector<Affine> a, b;
  Array<double> hidden_a, hidden_b;  // [examples, hidden]
  double hidden_error = 0;           // of each of them at most
  lmc::ReadoutPair<double> readouts;
};

/// x Wᵀ + bias by NumPy, and a bound of its rounding: γ_{n+1} (|x| |W|ᵀ + |bias|), γ_k = k u / (1 − k u), whatever the order of the sum.
/// Source: Higham, Accuracy and Stability of Numerical Algorithms, section 3.1.
std::pair<Array<double>, double> hidden_of(const Array<double>& x, const Affine& layer) {
  const py::module_ numpy = py::module_::import("numpy");
  const Array<double> hidden(numpy.attr("matmul")(x, layer.weight.attr("T")) + layer.bias);
  const py::object sizes =
      numpy.attr("matmul")(numpy.attr("abs")(x), numpy.attr("abs")(layer.weight).attr("T")) + numpy.attr("abs")(layer.bias);
  const double largest = sizes.attr("max")(py::arg("initial") = 0.0).cast<double>();
  const double k =
      static_cast<double>(x.shape(1) + 2) * std::numeric_limits<double>::epsilon();  // with room for this bound's own rounding
  return {hidden, k / (1 - k) * largest};
}

HiddenPair hidden_pair(std::string_view who, py::handle a, py::handle b, py::handle inputs, std::size_t labels, double slope) {
  HiddenPair pair{.a = layers_of(who, "a", a), .b = layers_of(who, "b", b), .hidden_a = {}, .hidden_b = {}, .readouts = {}};
  lmc::require(
      pair.a.size() == 2 && pair.b.size() == 2, who, ": a has ", pair.a.size(), " layers and b ", pair.b.size(),
      "; expected [(weight, bias), (weight, bias)] of a network with one hidden layer; traced_error_curve takes deeper ones");
  const Array<double> x = doubles_of(who, "the inputs", inputs, 2);
  for (std::size_t layer = 0; layer < 2; ++layer) {
    const auto &wa = pair.a[layer].weight, &wb = pair.b[layer].weight;
    const Index in = layer == 0 ? x.shape(1) : pair.a[0].weight.shape(0);
    lmc::require(wa.shape(0) == wb.shape(0) && wa.shape(1) == in && wb.shape(1) == in, who, ": layer ", layer + 1, " is ",
                 describe(wa), " in a and ", describe(wb), " in b; expected the same, [out, in] with in = ", in);
  }
  lmc::require(x.shape(0) > 0 && static_cast<std::size_t>(x.shape(0)) == labels, who, ": ", x.shape(0), " inputs and ", labels,
               " labels; expected one for each");
  double error_a = 0, error_b = 0;
  std::tie(pair.hidden_a, error_a) = hidden_of(x, pair.a[0]);
  std::tie(pair.hidden_b, error_b) = hidden_of(x, pair.b[0]);
  pair.hidden_error = std::max(error_a, error_b);
  pair.readouts = {.hidden = pair.a[0].weight.shape(0),
                   .classes = pair.a[1].weight.shape(0),
                   .slope = slope,
                   .weight_a = span_of(pair.a[1].weight),
                   .weight_b = span_of(pair.b[1].weight),
                   .bias_a = span_of(pair.a[1].bias),
                   .bias_b = span_of(pair.b[1].bias)};
  return pair;
}

/// A row for each network's layers between the ends, the last one without a rectifier.
std::vector<lmc::ReluLayer<double>> relu_layers(const std::vector<Affine>& a, const std::vector<Affine>& b, double slope) {
  lmc::require(a.size() == b.size(), "traced_error_curve: a has ", a.size(), " layers and b ", b.size());
  std::vector<lmc::ReluLayer<double>> layers;
  for (std::size_t l = 0; l < a.size(); ++l)
    layers.push_back({.in = a[l].weight.shape(1),
                      .out = a[l].weight.shape(0),
                      .weights_a = span_of(a[l].weight),
                      .weights_b = span_of(b[l].weight),
                      .biases_a = span_of(a[l].bias),
                      .biases_b = span_of(b[l].bias),
                      .slope = l + 1 == a.size() ? 1 : slope});
  return layers;
}

py::tuple flips_of(const ExactErrorCurve& curve) {
  const auto count = std::ssize(curve.flips);
  py::array_t<double> alphas(count);
  py::array_t<Index> examples(count);
  py::array_t<bool> wrong(count);
  for (py::ssize_t i = 0; i < count; ++i) {
    const lmc::ErrorFlip& flip = curve.flips[static_cast<std::size_t>(i)];
    alphas.mutable_at(i) = flip.at.alpha;
    examples.mutable_at(i) = flip.example;
    wrong.mutable_at(i) = flip.wrong;
  }
  return py::make_tuple(alphas, examples, wrong);
}

py::tuple steps_of(const ExactErrorCurve& curve) {
  std::vector<double> alphas, errors;
  for (const lmc::ErrorStep& step : lmc::error_steps(curve)) {
    alphas.push_back(step.from.alpha);
    errors.push_back(static_cast<double>(step.wrong) / static_cast<double>(curve.examples()));
  }
  alphas.push_back(1);
  return py::make_tuple(array_from(alphas), array_from(errors));
}

}  // namespace

void bind_exact(py::module_& m) {
  py::class_<ExactErrorCurve>(m, "ExactErrorCurve", "The error along a path at every α of the continuum: a step function.")
      .def_property_readonly(
          "wrong", [](const ExactErrorCurve& c) { return array_from(c.wrong); }, "for each example, just behind α = 0")
      .def_property_readonly("flips", &flips_of, "(α, example, wrong behind it) of all flips, as three arrays, by rising α")
      .def_property_readonly("steps", &steps_of, "(α [n + 1], error [n]): the error between each α and the next")
      .def_property_readonly("count", &ExactErrorCurve::examples, "number of examples")
      .def_readwrite("diverged", &ExactErrorCurve::diverged, "set it where a training diverged: there is nothing to judge")
      .def("__repr__", [](const ExactErrorCurve& c) {
        return lmc::concat("<lmc.ExactErrorCurve of ", c.examples(), " examples, ", c.flips.size(), " flips>");
      });

  py::class_<lmc::ExactErrorBarrier>(m, "ExactErrorBarrier",
                                     "Height of the error over the line between its two ends, over the continuum of α.")
      .def_readonly("value", &lmc::ExactErrorBarrier::value, "a share of examples, ≥ 0: the supremum")
      .def_readonly("alpha", &lmc::ExactErrorBarrier::alpha, "where it is; the smallest such α")
      .def_property_readonly(
          "side", [](const lmc::ExactErrorBarrier& b) { return lmc::concat(b.side); }, "of α: before or behind")
      .def_readonly("normalized", &lmc::ExactErrorBarrier::normalized, "value ÷ mean accuracy of the two ends")
      .def_readonly("interval", &lmc::ExactErrorBarrier::interval, "of value, 95 %")
      .def_property_readonly(
          "verdict", [](const lmc::ExactErrorBarrier& b) { return lmc::concat(b.verdict); }, "of the threshold")
      .def("__repr__", [](const lmc::ExactErrorBarrier& b) { return lmc::concat(b); });

  py::class_<lmc::CertifiedLossBarrier>(m, "CertifiedLossBarrier", "An enclosure of a loss barrier over the continuum of α.")
      .def_readonly("low", &lmc::CertifiedLossBarrier::low, "in nats, ≥ 0")
      .def_readonly("high", &lmc::CertifiedLossBarrier::high, "in nats, ≥ low")
      .def_readonly("alpha", &lmc::CertifiedLossBarrier::alpha, "a place where the loss is at least low above the chord")
      .def_readonly("passes", &lmc::CertifiedLossBarrier::passes, "over the examples")
      .def_readonly("converged", &lmc::CertifiedLossBarrier::converged, "whether high − low ≤ the width that was asked for")
      .def("__repr__", [](const lmc::CertifiedLossBarrier& b) { return lmc::concat(b); });

  m.def(
      "exact_error_curve",
      [](py::object a, py::object b, py::object inputs, py::object labels, double slope) {
        const auto checked = labels_of("exact_error_curve", labels);
        const HiddenPair pair = hidden_pair("exact_error_curve", a, b, inputs, checked.size(), slope);
        const py::gil_scoped_release release;
        return lmc::exact_error_curve<double>(pair.readouts, span_of(pair.hidden_a), span_of(pair.hidden_b), checked);
      },
      py::arg("a"), py::arg("b"), py::arg("inputs"), py::arg("labels"), py::kw_only(), py::arg("slope") = 0.0,
      R"(The error at every α of the line between two networks with one hidden layer of (leaky) ReLUs:
  logits = W₂ rectify(W₁ x + b₁) + b₂,   rectify(h) = h where h > 0, else slope · h.
a, b: [(W₁ [hidden, in], b₁ [hidden]), (W₂ [classes, hidden], b₂ [classes])], as in torch.nn.Linear; None for no bias.
inputs: [examples, in]. labels: int [examples].
A unit changes its sign at most once along the line, so that each logit is a quadratic in α between such places, and predictions
change at roots of quadratics, which are found in double, exact to rounding (about 1e-14 in α). Layers before and behind that are
fixed or linear can be folded into these.)");
  m.def(
      "traced_error_curve",
      [](py::object a, py::object b, py::object inputs, py::object labels, double slope) {
        const auto checked = labels_of("traced_error_curve", labels);
        const auto of_a = layers_of("traced_error_curve", "a", a), of_b = layers_of("traced_error_curve", "b", b);
        const auto layers = relu_layers(of_a, of_b, slope);
        const Array<double> x = doubles_of("traced_error_curve", "the inputs", inputs, 2);
        lmc::require(layers.empty() || (x.shape(0) == std::ssize(checked) && x.shape(1) == layers.front().in),
                     "traced_error_curve: the inputs are ", describe(x), "; expected ", checked.size(),
                     " examples, one for each label, of ", layers.empty() ? 0 : layers.front().in, " numbers");
        const py::gil_scoped_release release;
        return lmc::traced_error_curve<double>(layers, span_of(x), checked).curve;
      },
      py::arg("a"), py::arg("b"), py::arg("inputs"), py::arg("labels"), py::kw_only(), py::arg("slope") = 0.0,
      R"(As exact_error_curve, for a network of any number of dense layers: a, b are lists of (weight, bias). For one example, as long as no
pre-activation changes its sign, those of layer ℓ are polynomials of degree ℓ in α; sign changes and flips are followed along the line.)");
  m.def(
      "exact_error_barrier",
      [](const ExactErrorCurve& curve, double threshold) { return lmc::error_barrier(curve, {.threshold = threshold}); },
      py::arg("curve"), py::kw_only(), py::arg("threshold") = 0.02, py::call_guard<py::gil_scoped_release>(),
      "Error barrier over the continuum, sup over α of [err(α) − chord(α)] ≥ 0, with its 95 % interval.");
  m.def(
      "certified_loss_barrier",
      [](py::object a, py::object b, py::object inputs, py::object labels, double slope, double width, int max_passes) {
        const auto checked = labels_of("certified_loss_barrier", labels);
        const HiddenPair pair = hidden_pair("certified_loss_barrier", a, b, inputs, checked.size(), slope);
        const py::gil_scoped_release release;
        return lmc::certified_loss_barrier<double>(pair.readouts, span_of(pair.hidden_a), span_of(pair.hidden_b),
                                                   pair.hidden_error, checked, {.width = width, .max_passes = max_passes});
      },
      py::arg("a"), py::arg("b"), py::arg("inputs"), py::arg("labels"), py::kw_only(), py::arg("slope") = 0.0,
      py::arg("width") = 1e-6, py::arg("max_passes") = 12,
      R"(Encloses the loss barrier between two networks with one hidden layer over all α,
  sup over α of [ L(α) − ((1 − α) L(0) + α L(1)) ] ≥ 0,   L(α) the mean cross-entropy over the examples,
by branch and bound, with bounds of all rounding added outward. Arguments as exact_error_curve; width: of the enclosure, in nats.)");
}

}  // namespace lmc_python
