// SPDX-License-Identifier: BSD-3-Clause
#include "convert.hpp"

#include <pybind11/stl.h>

#include <algorithm>
#include <array>
#include <limits>
#include <string>

#include <lmc/connectivity/ensemble.hpp>
#include <lmc/connectivity/require_logits.hpp>
#include <lmc/core/names.hpp>
#include <lmc/core/text.hpp>

namespace lmc_python {

using lmc::Error;
using lmc::Index;
using lmc::Metrics;
using lmc::require;

namespace {

std::string type_of(py::handle object) { return py::str(py::type::handle_of(object).attr("__name__")); }

char kind_of(const py::array& array) { return array.dtype().kind(); }

Metrics from_logits(const py::array& logits, const std::optional<std::vector<std::int32_t>>& labels, bool keep_logits) {
  require(labels.has_value(), "the evaluator gave logits, ", describe(logits),
          ", and there are no labels to compare them with; pass labels=…, or give outcomes: predictions != labels");
  require(logits.ndim() == 2 && logits.shape(1) >= 2, "the evaluator gave ", describe(logits),
          "; expected logits as [examples, classes] with at least two classes. A network with one logit z has the two [0, z]");
  require(static_cast<std::size_t>(logits.shape(0)) == labels->size(), "the evaluator gave logits of ", logits.shape(0),
          " examples, and there are ", labels->size(), " labels; expected one for each, in the same order");
  const auto values = doubles_of("linear_path", "the logits", logits, 2);
  const std::span<const double> z = span_of(Array<double>(values));
  lmc::require_logits("the evaluator gave", std::array{z}, std::ssize(*labels));
  Metrics metrics;
  {
    const py::gil_scoped_release release;
    metrics = lmc::ensemble_of_logits<double>({std::vector<double>(z.begin(), z.end())}, *labels);
  }
  if (keep_logits)
    for (const double value : z) metrics.logits.push_back(static_cast<float>(value));
  return metrics;
}

void set_outcomes(Metrics& metrics, const py::array& wrong) {
  const char kind = kind_of(wrong);
  require(
      (kind == 'b' || kind == 'i' || kind == 'u') && wrong.ndim() == 1, "the evaluator gave ", describe(wrong),
      " for the outcomes of examples; expected a flat array of bool, true where the prediction is wrong: predictions != labels");
  if (kind != 'b') {
    const py::array_t<std::int64_t, py::array::c_style | py::array::forcecast> numbers(wrong);
    for (const std::int64_t value : std::span(numbers.data(), static_cast<std::size_t>(numbers.size())))
      require(value == 0 || value == 1, "the evaluator gave the outcome ", value,
              "; expected 1 where wrong, 0 where right: predictions != labels");
  }
  const py::array_t<bool, py::array::c_style | py::array::forcecast> values(wrong);
  metrics.wrong.assign(values.data(), values.data() + values.size());
  metrics.count = std::ssize(metrics.wrong);
  require(metrics.count > 0, "the evaluator gave the outcomes of no example; expected at least one");
  metrics.error = static_cast<double>(std::ranges::count(metrics.wrong, true)) / static_cast<double>(metrics.count);
}

/// Without another loss, the loss is the one that counts errors.
void use_error_as_loss(Metrics& metrics) {
  metrics.loss = *metrics.error;
  metrics.loss_name = "0-1";
}

template <class T>
T cast(py::handle value, std::string_view key, std::string_view expected) {
  try {
    return value.cast<T>();
  } catch (const py::cast_error&) {
    throw Error(lmc::concat("the evaluator gave '", key, "' as ", type_of(value), "; expected ", expected));
  }
}

Metrics from_dictionary(const py::dict& values, const std::optional<std::vector<std::int32_t>>& labels, bool keep_logits) {
  constexpr std::array<std::string_view, 6> known = {"loss", "error", "count", "wrong", "logits", "loss_name"};
  Metrics metrics;
  for (const auto& [key, value] : values)
    (void)lmc::find_name("key of the metrics", std::string(py::str(key)), std::span<const std::string_view>(known));
  const auto given = [&](const char* key) { return values.contains(key) && !values[key].is_none(); };
  if (given("logits")) metrics = from_logits(array_of(values["logits"]), labels, keep_logits);
  if (given("wrong")) set_outcomes(metrics, array_of(values["wrong"]));
  if (given("error")) metrics.error = cast<double>(values["error"], "error", "a number");
  if (given("count")) {
    metrics.count = cast<Index>(values["count"], "count", "a whole number");
  } else if (metrics.count == 0 && labels) {
    metrics.count = std::ssize(*labels);
  }
  require(metrics.count != 0 || given("count"),
          "the evaluator gave no 'count'; expected the number of examples beside the loss");
  if (given("loss")) {
    metrics.loss = cast<double>(values["loss"], "loss", "a number");
    metrics.loss_name.clear();
  } else if (!given("logits")) {
    require(metrics.error.has_value(),
            "the evaluator gave a dictionary without 'loss', 'error', 'wrong' and 'logits'; expected one of them");
    use_error_as_loss(metrics);
  }
  if (given("loss_name")) metrics.loss_name = cast<std::string>(values["loss_name"], "loss_name", "a text");
  return metrics;
}

}  // namespace

py::array array_of(py::handle object) { return py::array(py::reinterpret_borrow<py::object>(object)); }

std::string describe(const py::array& array) {
  return py::str("{} of shape {}").format(py::str(array.dtype()), array.attr("shape"));
}

Array<double> doubles_of(std::string_view who, std::string_view what, py::handle object, py::ssize_t axes) {
  const py::array array = array_of(object);
  const char kind = kind_of(array);
  require(array.ndim() == axes && (kind == 'f' || kind == 'i' || kind == 'u'), who, ": ", what, " are ", describe(array),
          "; expected numbers with ", axes, axes == 1 ? " axis" : " axes");
  return py::array_t<double, py::array::c_style | py::array::forcecast>(array);
}

std::vector<std::int32_t> labels_of(std::string_view who, py::handle object) {
  const py::array array = array_of(object);
  const char kind = kind_of(array);
  require(array.ndim() == 1 && (kind == 'i' || kind == 'u'), who, ": the labels are ", describe(array),
          "; expected a flat array of whole numbers from 0");
  const py::array_t<std::int64_t, py::array::c_style | py::array::forcecast> wide(array);
  std::vector<std::int32_t> labels;
  for (const std::int64_t label : std::span(wide.data(), static_cast<std::size_t>(wide.size()))) {
    require(label >= 0 && label <= std::numeric_limits<std::int32_t>::max(), who, ": there is a label ", label,
            "; expected 0 to the number of classes less 1");
    labels.push_back(static_cast<std::int32_t>(label));
  }
  return labels;
}

lmc::AlphaGrid grid_of(py::handle alphas) {
  try {
    if (PyIndex_Check(alphas.ptr()) != 0 && !py::isinstance<py::array>(alphas))
      return lmc::AlphaGrid(py::int_(py::reinterpret_borrow<py::object>(alphas)).cast<Index>());
    return lmc::AlphaGrid(alphas.cast<std::vector<double>>());
  } catch (const py::cast_error&) {
    throw Error(
        lmc::concat("alphas is ", type_of(alphas), "; expected a number of even steps, as 25, or a list of α from 0 to 1"));
  }
}

lmc::Metric metric_of(std::string_view name) {
  constexpr std::array<std::string_view, 2> names = {"error", "loss"};
  return static_cast<lmc::Metric>(lmc::find_name("metric", name, std::span<const std::string_view>(names)));
}

Metrics metrics_of(py::handle result, const std::optional<std::vector<std::int32_t>>& labels, bool keep_logits) {
  if (py::isinstance<Metrics>(result)) return result.cast<Metrics>();
  if (py::isinstance<py::dict>(result)) return from_dictionary(py::reinterpret_borrow<py::dict>(result), labels, keep_logits);
  require(!result.is_none(), "the evaluator gave None; is there a `return`?");
  const py::array array = array_of(result);
  if (kind_of(array) == 'f' && array.ndim() > 0) return from_logits(array, labels, keep_logits);
  const bool whole = kind_of(array) == 'i' || kind_of(array) == 'u';
  require(
      kind_of(array) == 'b' && array.ndim() == 1, "the evaluator gave ", type_of(result), ", ", describe(array),
      "; expected outcomes of examples as a flat array of bool (predictions != labels), logits as [examples, classes], or a "
      "dictionary with loss, error, count, wrong",
      whole && array.ndim() == 1 ? ". Whole numbers may be predicted classes; if 1 means wrong, give {'wrong': x}" : "");
  Metrics metrics;
  set_outcomes(metrics, array);
  use_error_as_loss(metrics);
  return metrics;
}

py::array_t<double> array_from(const std::vector<double>& values) {
  return py::array_t<double>(std::ssize(values), values.data());
}

py::array_t<bool> array_from(const std::vector<bool>& values) {
  py::array_t<bool> array(std::ssize(values));
  std::ranges::copy(values, array.mutable_data());
  return array;
}

}  // namespace lmc_python
