// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/connectivity/alpha_grid.hpp>
#include <lmc/connectivity/metrics.hpp>
#include <lmc/core/error.hpp>

// Between Python's objects and the library's. Everything here is called with the GIL held.

namespace lmc_python {

namespace py = pybind11;

/// Memory in the order of C, of exactly that type.
template <class T>
using Array = py::array_t<T, py::array::c_style>;

template <class T>
std::span<const T> span_of(const Array<T>& array) {
  return {array.data(), static_cast<std::size_t>(array.size())};
}

/// Any object that NumPy makes an array of: a tensor on the CPU, a list. No copy of what is one already.
py::array array_of(py::handle object);
/// `float32 of shape (3, 4)`.
std::string describe(const py::array& array);

/// Calls visit with both θ as arrays of float or of double, copied only where they are not contiguous. Throws: Error unless both are
/// flat, and of one of these types.
template <class Visit>
auto with_thetas(std::string_view who, py::handle a, py::handle b, Visit visit) {
  const py::array x = array_of(a), y = array_of(b);
  lmc::require(x.ndim() == 1 && y.ndim() == 1, who, ": a is ", describe(x), " and b ", describe(y),
               "; expected the parameters of a network as one flat array, as by numpy.concatenate of ravel() of each");
  const auto both = [&]<class T>(T) { return py::isinstance<py::array_t<T>>(x) && py::isinstance<py::array_t<T>>(y); };
  lmc::require(both(float{}) || both(double{}), who, ": a is ", describe(x), " and b ", describe(y),
               "; expected both as float32, or both as float64; convert them with astype");
  return both(float{}) ? visit(Array<float>(x), Array<float>(y)) : visit(Array<double>(x), Array<double>(y));
}

/// Values in double. Throws: Error unless the object is an array of numbers with so many axes.
Array<double> doubles_of(std::string_view who, std::string_view what, py::handle object, py::ssize_t axes);
/// Throws: Error unless the object is a flat array of whole numbers that are not negative.
std::vector<std::int32_t> labels_of(std::string_view who, py::handle object);
/// A number of steps, or a list.
lmc::AlphaGrid grid_of(py::handle alphas);
lmc::Metric metric_of(std::string_view name);
/// What an evaluator gave: Metrics, a dictionary of them, outcomes of single examples, or logits.
lmc::Metrics metrics_of(py::handle result, const std::optional<std::vector<std::int32_t>>& labels, bool keep_logits);

py::array_t<double> array_from(const std::vector<double>& values);
py::array_t<bool> array_from(const std::vector<bool>& values);

void bind_results(py::module_& module);
void bind_paths(py::module_& module);
void bind_barriers(py::module_& module);
void bind_exact(py::module_& module);
void bind_alignment(py::module_& module);
void bind_soups(py::module_& module);

}  // namespace lmc_python
