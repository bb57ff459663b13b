// SPDX-License-Identifier: BSD-3-Clause
// Permutations of units between two networks that are given as arrays with names, and the arithmetic of REPAIR.
#include <pybind11/stl.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <lmc/align/alignment.hpp>
#include <lmc/align/layout_from_table.hpp>
#include <lmc/align/permute.hpp>
#include <lmc/align/weight_matching.hpp>
#include <lmc/connectivity/interpolate.hpp>

#include "convert.hpp"

namespace lmc_python {

using lmc::Index;
using lmc::require;

namespace {

/// The tensors of a network that have a part in its function; whole numbers, as BatchNorm's count of batches, have none.
struct NamedArrays {
  std::vector<std::string> names;
  std::vector<py::array> arrays;

  [[nodiscard]] bool is_float(std::size_t i) const { return arrays[i].dtype().kind() == 'f'; }
};

NamedArrays arrays_of(std::string_view who, std::string_view network, py::handle object) {
  require(py::isinstance<py::dict>(object), who, ": ", network, " is no dictionary; expected {name: array}, as a state_dict");
  NamedArrays result;
  for (const auto& [name, array] : py::reinterpret_borrow<py::dict>(object)) {
    require(py::isinstance<py::str>(name), who, ": ", network, " has a name that is no text");
    result.names.push_back(name.cast<std::string>());
    result.arrays.push_back(array_of(array));
  }
  return result;
}

lmc::Shape shape_of(const py::array& array) {
  return lmc::Shape(std::vector<Index>(array.shape(), array.shape() + array.ndim()));
}

std::string group_of(py::handle value, const std::string& place) {
  if (value.is_none()) return {};
  require(py::isinstance<py::str>(value) && py::len(value) > 0, place, " is ", std::string(py::repr(value)),
          "; expected the name of a group, or None where the order is fixed");
  return value.cast<std::string>();
}

lmc::TableAxis axis_of(py::handle value, const std::string& place) {
  if (!py::isinstance<py::dict>(value)) return {.split = {}, .groups = {group_of(value, place)}};
  const py::dict parts = py::reinterpret_borrow<py::dict>(value);
  require(parts.size() == 2 && parts.contains("split") && parts.contains("groups"), place, " is ", std::string(py::repr(value)),
          "; expected a group, None, or {'split': [lengths], 'groups': [a group or None for each]}");
  lmc::TableAxis axis{.split = {}, .groups = {}};
  try {
    axis.split = parts["split"].cast<std::vector<Index>>();
  } catch (const py::cast_error&) {
    throw lmc::Error(
        lmc::concat(place, " is split into ", std::string(py::repr(parts["split"])), "; expected positive whole numbers"));
  }
  for (const py::handle group : py::iter(parts["groups"])) axis.groups.push_back(group_of(group, place));
  return axis;
}

void read_table(std::string_view who, py::handle object, bool buffers, std::vector<lmc::TableEntry>& table) {
  if (object.is_none()) return;
  require(py::isinstance<py::dict>(object), who, ": ", buffers ? "buffers" : "groups",
          " is no dictionary; expected {name of the array: [a group or None for each axis]}");
  for (const auto& [name, axes] : py::reinterpret_borrow<py::dict>(object)) {
    lmc::TableEntry entry{.tensor = std::string(py::str(name)), .axes = {}, .buffer = buffers};
    require(py::isinstance<py::list>(axes) || py::isinstance<py::tuple>(axes), who, ": '", entry.tensor, "' has ",
            std::string(py::repr(axes)), "; expected a list with a group or None for each axis");
    for (const py::handle axis : py::iter(axes))
      entry.axes.push_back(axis_of(axis, lmc::concat(who, ": axis ", entry.axes.size(), " of '", entry.tensor, "'")));
    table.push_back(std::move(entry));
  }
}

lmc::ParameterLayout layout_of(std::string_view who, const NamedArrays& network, py::handle groups, py::handle buffers) {
  std::vector<lmc::TableEntry> table;
  read_table(who, groups, false, table);
  read_table(who, buffers, true, table);
  std::vector<lmc::NamedShape> tensors;
  for (std::size_t i = 0; i < network.names.size(); ++i)
    if (network.is_float(i)) tensors.push_back({network.names[i], shape_of(network.arrays[i])});
  return lmc::layout_from_table(tensors, table).layout;
}

std::vector<double> gather(const std::vector<lmc::Segment>& segments, const NamedArrays& network) {
  std::vector<double> values;
  for (const lmc::Segment& segment : segments) {
    const auto i = static_cast<std::size_t>(std::ranges::find(network.names, segment.name) - network.names.begin());
    const py::array_t<double, py::array::c_style | py::array::forcecast> array(network.arrays[i]);
    values.insert(values.end(), array.data(), array.data() + array.size());
  }
  return values;
}

lmc::ModelState<double> state_of(const lmc::ParameterLayout& layout, const NamedArrays& network) {
  return {gather(layout.parameters, network), gather(layout.buffers, network)};
}

/// The arrays with other values, in their own types and shapes; what the layout does not hold is copied.
py::dict scatter(const lmc::ParameterLayout& layout, const NamedArrays& network, const lmc::ModelState<double>& state) {
  py::dict result;
  for (std::size_t i = 0; i < network.names.size(); ++i) result[py::str(network.names[i])] = network.arrays[i].attr("copy")();
  const auto put = [&](const std::vector<lmc::Segment>& segments, const std::vector<double>& values) {
    for (const lmc::Segment& segment : segments) {
      const py::array old = result[py::str(segment.name)];
      const py::array_t<double> flat(segment.size(), values.data() + segment.offset);
      result[py::str(segment.name)] = flat.attr("reshape")(old.attr("shape")).attr("astype")(old.dtype());
    }
  };
  put(layout.parameters, state.parameters);
  put(layout.buffers, state.buffers);
  return result;
}

py::dict permutations_of(const lmc::ParameterLayout& layout, const lmc::Permutations& permutations) {
  py::dict result;
  for (std::size_t g = 0; g < permutations.size(); ++g)
    result[py::str(layout.groups[g].name)] = py::array_t<Index>(std::ssize(permutations[g]), permutations[g].data());
  return result;
}

/// What weight_matching gives to Python.
struct Matching {
  py::dict permutations, b;
  lmc::Alignment found;
};

Matching match(py::object a, py::object b, py::object groups, py::object buffers, const lmc::WeightMatchingOptions& options) {
  constexpr std::string_view who = "weight_matching";
  const NamedArrays of_a = arrays_of(who, "a", a), of_b = arrays_of(who, "b", b);
  require(of_a.names.size() == of_b.names.size(), who, ": a has ", of_a.names.size(), " arrays and b ", of_b.names.size(),
          "; expected two networks of one architecture");
  NamedArrays in_order = of_a;  // b's arrays in the order of a
  for (std::size_t i = 0; i < of_a.names.size(); ++i) {
    const auto found = std::ranges::find(of_b.names, of_a.names[i]);
    require(found != of_b.names.end(), who, ": b has no array '", of_a.names[i], "'");
    in_order.arrays[i] = of_b.arrays[static_cast<std::size_t>(found - of_b.names.begin())];
    require(shape_of(in_order.arrays[i]) == shape_of(of_a.arrays[i]) && in_order.is_float(i) == of_a.is_float(i), who, ": '",
            of_a.names[i], "' is ", describe(of_a.arrays[i]), " in a and ", describe(in_order.arrays[i]),
            " in b; expected the same");
  }
  const lmc::ParameterLayout layout = layout_of(who, of_a, groups, buffers);
  const lmc::ModelState<double> state_a = state_of(layout, of_a), state_b = state_of(layout, in_order);
  Matching result;
  lmc::ModelState<double> permuted;
  {
    const py::gil_scoped_release release;
    result.found = lmc::weight_matching<double>(layout, state_a.parameters, state_b.parameters, options);
    permuted = lmc::permute(layout, result.found.permutations, state_b);
  }
  result.permutations = permutations_of(layout, result.found.permutations);
  result.b = scatter(layout, in_order, permuted);
  return result;
}

py::dict permute_arrays(py::object network, py::object groups, const py::dict& permutations, py::object buffers) {
  constexpr std::string_view who = "permute";
  const NamedArrays arrays = arrays_of(who, "the network", network);
  const lmc::ParameterLayout layout = layout_of(who, arrays, groups, buffers);
  lmc::Permutations all;
  for (const lmc::PermutationGroup& group : layout.groups) {
    require(permutations.contains(py::str(group.name)), who, ": there is no permutation for the group '", group.name, "'");
    const auto units = labels_of(who, permutations[py::str(group.name)]);
    all.emplace_back(units.begin(), units.end());
  }
  require(permutations.size() == layout.groups.size(), who, ": ", permutations.size(), " permutations for ",
          layout.groups.size(), " groups; expected one for each");
  return scatter(layout, arrays, lmc::permute(layout, all, state_of(layout, arrays)));
}

/// Scale and shift of each unit: y ← scale y + shift has the mean and deviation that lie on the chord between the ends'.
py::tuple repair(double alpha, py::object a, py::object b, py::object between) {
  constexpr std::string_view who = "repair_statistics";
  require(alpha >= 0 && alpha <= 1, who, ": alpha = ", alpha, "; expected a number in [0, 1]");
  std::vector<std::pair<Array<double>, Array<double>>> moments;
  for (const py::object& pair : {a, b, between}) {
    require(py::isinstance<py::sequence>(pair) && py::len(pair) == 2, who,
            ": expected (means [units], standard deviations [units]) three times");
    const py::sequence both = py::reinterpret_borrow<py::sequence>(pair);
    moments.emplace_back(doubles_of(who, "the means", both[0], 1), doubles_of(who, "the standard deviations", both[1], 1));
  }
  const Index units = moments[0].first.size();
  for (const auto& [means, deviations] : moments) {
    require(means.size() == units && deviations.size() == units, who, ": ", means.size(), " means and ", deviations.size(),
            " standard deviations; expected ", units, " for each network");
    require(std::ranges::all_of(span_of(means), [](double x) { return std::isfinite(x); }) &&
                std::ranges::all_of(span_of(deviations), [](double x) { return std::isfinite(x) && x >= 0; }),
            who, ": a mean or a standard deviation is not finite, or a standard deviation is negative; did a network diverge?");
  }
  const lmc::PathWeights at{alpha, 1 - alpha};
  std::vector<double> scales, shifts;
  for (Index u = 0; u < units; ++u) {
    const auto wanted = [&](auto part) { return lmc::chord(part(moments[0]).at(u), part(moments[1]).at(u), at); };
    const double mean = wanted([](const auto& m) -> const auto& { return m.first; });
    const double deviation = wanted([](const auto& m) -> const auto& { return m.second; });
    const double now = moments[2].second.at(u);
    scales.push_back(now > 0 ? deviation / now : 1);  // a unit that never changes cannot be made to
    shifts.push_back(mean - scales.back() * moments[2].first.at(u));
  }
  return py::make_tuple(array_from(scales), array_from(shifts));
}

}  // namespace

void bind_alignment(py::module_& m) {
  const auto none = py::none();
  py::class_<Matching>(m, "WeightMatching", "What weight_matching found. The objective is ⟨θ_A, π(θ_B)⟩, larger is better.")
      .def_readonly("permutations", &Matching::permutations,
                    "{group: unit i of the permuted b is unit permutations[group][i] of b}")
      .def_readonly("b", &Matching::b, "b with its units in the order of a's: the same function, to rounding")
      .def_property_readonly(
          "objective_before", [](const Matching& r) { return r.found.objective_before; }, "where no unit moves")
      .def_property_readonly(
          "objective_after", [](const Matching& r) { return r.found.objective_after; }, "never below the one before")
      .def_property_readonly(
          "upper_bound", [](const Matching& r) { return r.found.upper_bound; }, "no permutations have a larger objective")
      .def_property_readonly(
          "optimal", [](const Matching& r) { return r.found.optimal; }, "whether the bound is reached, to rounding")
      .def_property_readonly(
          "moved", [](const Matching& r) { return r.found.moved; }, "units of each group that have another place")
      .def("__repr__", [](const Matching& r) {
        return lmc::concat("<lmc.WeightMatching: objective ", lmc::shortest(r.found.objective_before), " → ",
                           lmc::shortest(r.found.objective_after), r.found.optimal ? ", optimal" : "", ">");
      });
  m.def(
      "weight_matching",
      [](py::object a, py::object b, py::object groups, py::object buffers, std::uint64_t seed, int restarts, int max_sweeps) {
        return match(a, b, groups, buffers, {.seed = seed, .restarts = restarts, .max_sweeps = max_sweeps});
      },
      py::arg("a"), py::arg("b"), py::arg("groups"), py::kw_only(), py::arg("buffers") = none, py::arg("seed") = 0,
      py::arg("restarts") = 0, py::arg("max_sweeps") = 1000,
      R"(The permutations π of b's units with the largest ⟨θ_A, π(θ_B)⟩ that coordinate descent finds.

a, b: {name: array}, as NumPy's arrays of a state_dict.
groups: {name: [a group for each axis]}, the name of a group of interchangeable units or None where the order is fixed:
    {"fc1.weight": ["hidden", None], "fc1.bias": ["hidden"], "fc2.weight": [None, "hidden"]}
An axis that a flattening made is {"split": [channels, height, width], "groups": ["channels", None, None]}. What is not mentioned stays.
buffers: the same for running statistics, which follow their units and have no say.
Where no weight lies between two groups (one hidden layer), the result is a global optimum, and `optimal` says so.
A group that is left out where its units are read changes the network: compare the outputs of `b` with those before.
Source: Ainsworth, Hayase, Srinivasa, Git Re-Basin, arXiv:2209.04836, algorithm 1.)");
  m.def("permute", &permute_arrays, py::arg("network"), py::arg("groups"), py::arg("permutations"), py::kw_only(),
        py::arg("buffers") = none,
        "The network {name: array} with its units in another order; arguments as weight_matching and its permutations.");
  m.def("repair_statistics", &repair, py::arg("alpha"), py::arg("a"), py::arg("b"), py::arg("between"),
        R"((scale, shift) of each unit, so that y ← scale · y + shift has the mean and deviation on the chord between the ends':
  μ* = ᾱ μ_A + α μ_B,   σ* = ᾱ σ_A + α σ_B,   scale = σ*/σ,   shift = μ* − scale · μ;   scale = 1 where σ = 0.
a, b, between: (means [units], standard deviations [units]) of what a hidden unit gives before its nonlinearity, in a, in b and at
θ(α), over examples and positions; layer by layer, each behind the repaired ones before it: weight ← scale · weight,
bias ← scale · bias + shift. Source: REPAIR, Jordan et al., arXiv:2211.08403.)");
}

}  // namespace lmc_python
