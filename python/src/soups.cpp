// SPDX-License-Identifier: BSD-3-Clause
// Means of several networks.
#include <pybind11/stl.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/connectivity/soup.hpp>

#include "convert.hpp"
#include "evaluate.hpp"

namespace lmc_python {

using lmc::Index;
using lmc::require;

namespace {

/// A soup of either type of numbers.
struct PythonSoup {
  py::array theta;
  std::vector<Index> taken;
  std::string metric;
  lmc::Metrics metrics;
  std::vector<lmc::Metrics> alone;
  std::vector<lmc::SoupStep> steps;
};

std::vector<py::array> flat_arrays(std::string_view who, py::handle networks) {
  std::vector<py::array> arrays;
  for (const py::handle network : py::iter(networks)) {
    arrays.push_back(array_of(network));
    require(arrays.back().ndim() == 1, who, ": network ", arrays.size() - 1, " is ", describe(arrays.back()),
            "; expected its parameters as one flat array, as by numpy.concatenate of ravel() of each");
  }
  require(!arrays.empty(), who, ": there are no networks; expected at least one");
  return arrays;
}

/// Calls make(thetas, evaluate) with all θ as vectors of float or of double.
template <class T, class Make>
PythonSoup soup_of(std::string_view who, const std::vector<py::array>& arrays, py::handle evaluate, py::handle prepare,
                   py::handle labels, Make make) {
  std::vector<std::vector<T>> thetas;
  for (const py::array& array : arrays) {
    const Array<T> values(array);
    thetas.emplace_back(values.data(), values.data() + values.size());
  }
  lmc::Soup<T> soup = measure<T>(who, evaluate, prepare, labels, false, [&](const Evaluate<T>& e) { return make(thetas, e); });
  return {py::array_t<T>(std::ssize(soup.state.parameters), soup.state.parameters.data()),
          std::move(soup.taken),
          soup.metric == lmc::Metric::error ? "error" : "loss",
          std::move(soup.metrics),
          std::move(soup.alone),
          std::move(soup.steps)};
}

template <class Make>
PythonSoup soup(std::string_view who, py::handle networks, py::handle evaluate, py::handle prepare, py::handle labels,
                Make make) {
  const std::vector<py::array> arrays = flat_arrays(who, networks);
  const auto all = [&]<class T>(T) {
    for (const py::array& array : arrays)
      if (!py::isinstance<py::array_t<T>>(array)) return false;
    return true;
  };
  require(all(float{}) || all(double{}), who, ": network 0 is ", describe(arrays.front()), " and the last ",
          describe(arrays.back()), "; expected all as float32, or all as float64; convert them with astype");
  return all(float{}) ? soup_of<float>(who, arrays, evaluate, prepare, labels, make)
                      : soup_of<double>(who, arrays, evaluate, prepare, labels, make);
}

}  // namespace

void bind_soups(py::module_& m) {
  const auto none = py::none();
  py::class_<lmc::SoupStep>(m, "SoupStep", "What a greedy soup did with one network.")
      .def_readonly("network", &lmc::SoupStep::network, "its position among those that were given")
      .def_property_readonly(
          "with_it", [](const lmc::SoupStep& s) { return s.with; }, "metric of the mean of those taken before and this network")
      .def_readonly("taken", &lmc::SoupStep::taken, "whether it became an ingredient")
      .def_readonly("after", &lmc::SoupStep::after, "metric of the soup after this step");
  py::class_<PythonSoup>(m, "Soup", "A mean of networks, and what it was measured to be.")
      .def_readonly("theta", &PythonSoup::theta, "the mean of the ingredients, a flat array")
      .def_readonly("taken", &PythonSoup::taken, "positions of the ingredients, in the order in which they were added")
      .def_readonly("metric", &PythonSoup::metric,
                    "`error`, or `loss` where there is no error: what ingredients were chosen by")
      .def_readonly("metrics", &PythonSoup::metrics, "Metrics of the mean")
      .def_readonly("alone", &PythonSoup::alone, "Metrics of each network by itself, in the order given")
      .def_readonly("steps", &PythonSoup::steps, "of a greedy soup, a step for each network; none for a uniform one")
      .def("__repr__", [](const PythonSoup& s) {
        return lmc::concat("<lmc.Soup of ", s.taken.size(), " of ", s.alone.size(), " networks>");
      });

  m.def(
      "uniform_soup",
      [](py::object networks, py::object evaluate, py::object labels, py::object prepare) {
        return soup("uniform_soup", networks, evaluate, prepare, labels,
                    [](const auto& thetas, const auto& e) { return lmc::uniform_soup(thetas, e); });
      },
      py::arg("networks"), py::arg("evaluate"), py::kw_only(), py::arg("labels") = none, py::arg("prepare") = none,
      R"(The mean of the parameters of several networks, 1/N Σ θ_i, measured beside the networks themselves.

networks: flat arrays, all float32 or all float64. evaluate, labels and prepare: as for linear_path; running statistics have to be
estimated anew for the mean, in prepare. Sums are in double, in the order given, and rounded once.
Source: model soups, arXiv:2203.05482.)");
  m.def(
      "greedy_soup",
      [](py::object networks, py::object evaluate, py::object labels, py::object prepare) {
        return soup("greedy_soup", networks, evaluate, prepare, labels,
                    [](const auto& thetas, const auto& e) { return lmc::greedy_soup(thetas, e); });
      },
      py::arg("networks"), py::arg("evaluate"), py::kw_only(), py::arg("labels") = none, py::arg("prepare") = none,
      R"(Networks are tried from the lowest error to the highest, equal ones in the order given, and one is taken where the mean of those
taken and it has at most the error of the soup so far. Where there is no error, the loss stands for it; NaN is taken by nothing.

So the soup is at least as good as the best network on the data of evaluate, which therefore have to be validation data. Arguments
as for uniform_soup. Source: model soups, arXiv:2203.05482, recipe 1.)");
}

}  // namespace lmc_python
