// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <lmc/connectivity/metrics.hpp>
#include <lmc/core/error.hpp>

#include "convert.hpp"

// The user's evaluator, as the library calls it.

namespace lmc_python {

using Labels = std::optional<std::vector<std::int32_t>>;

inline Labels optional_labels(std::string_view who, py::handle labels) {
  if (labels.is_none()) return std::nullopt;
  return labels_of(who, labels);
}

/// The user's function. Each call gets a θ of its own, which it may keep or write into: a framework may let its parameters point there.
template <class T>
class Evaluate {
 public:
  Evaluate(py::handle function, py::handle prepare, const Labels& labels, bool keep_logits)
      : function_(function), prepare_(prepare), labels_(labels), keep_logits_(keep_logits) {}

  lmc::Metrics operator()(std::span<const T> theta) const {
    const py::gil_scoped_acquire acquire;
    return metrics_of(function_(prepared(theta)), labels_, keep_logits_);
  }
  /// θ as an array, after `prepare` has seen it.
  py::array_t<T> prepared(std::span<const T> theta) const {
    py::array_t<T> copy(std::ssize(theta), theta.data());
    if (!prepare_.is_none()) prepare_(copy);
    return copy;
  }
  [[nodiscard]] py::handle function() const { return function_; }

 private:
  py::handle function_, prepare_;
  const Labels& labels_;
  bool keep_logits_;
};

/// Measures with the GIL released; the evaluator takes it for each of its calls.
template <class T, class Measure>
auto measure(std::string_view who, py::handle function, py::handle prepare, py::handle labels, bool keep_logits, Measure call) {
  lmc::require(PyCallable_Check(function.ptr()) != 0, who, ": the evaluator is ",
               std::string(py::str(py::type::handle_of(function).attr("__name__"))),
               "; expected a function of one θ, a flat array");
  const Labels checked = optional_labels(who, labels);
  const Evaluate<T> evaluate(function, prepare, checked, keep_logits);
  const py::gil_scoped_release release;
  return call(evaluate);
}

}  // namespace lmc_python
