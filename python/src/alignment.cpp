// SPDX-License-Identifier: BSD-3-Clause
// Permutations of units between two networks that are given as arrays with names, and the arithmetic of REPAIR.
#include <pybind11/stl.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <lmc/align/alignment.hpp>
#include <lmc/align/common_order.hpp>
#include <lmc/align/frank_wolfe.hpp>
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

/// The inverse of permutations_of. Throws: Error when a group has none, or there is one for no group.
lmc::Permutations read_permutations(std::string_view who, const lmc::ParameterLayout& layout, const py::dict& permutations) {
  lmc::Permutations all;
  for (const lmc::PermutationGroup& group : layout.groups) {
    require(permutations.contains(py::str(group.name)), who, ": there is no permutation for the group '", group.name, "'");
    const auto units = labels_of(who, permutations[py::str(group.name)]);
    all.emplace_back(units.begin(), units.end());
  }
  require(permutations.size() == layout.groups.size(), who, ": ", permutations.size(), " permutations for ",
          layout.groups.size(), " groups; expected one for each");
  return all;
}

/// A network's arrays in the order of the first network's. Throws: Error unless both have the same names, shapes and kinds.
NamedArrays in_order_of(std::string_view who, const NamedArrays& first, std::string_view first_name, const NamedArrays& other,
                        std::string_view other_name) {
  require(first.names.size() == other.names.size(), who, ": ", first_name, " has ", first.names.size(), " arrays and ",
          other_name, ' ', other.names.size(), "; expected two networks of one architecture");
  NamedArrays in_order = first;
  for (std::size_t i = 0; i < first.names.size(); ++i) {
    const auto found = std::ranges::find(other.names, first.names[i]);
    require(found != other.names.end(), who, ": ", other_name, " has no array '", first.names[i], "'");
    in_order.arrays[i] = other.arrays[static_cast<std::size_t>(found - other.names.begin())];
    require(shape_of(in_order.arrays[i]) == shape_of(first.arrays[i]) && in_order.is_float(i) == first.is_float(i), who, ": '",
            first.names[i], "' is ", describe(first.arrays[i]), " in ", first_name, " and ", describe(in_order.arrays[i]),
            " in ", other_name, "; expected the same");
  }
  return in_order;
}

/// What a search between two networks gives to Python.
struct Matching {
  py::dict permutations, b;
  lmc::Alignment found;
};

/// search: (layout, a, b) → Alignment, called without the GIL. start: permutations to begin with, or None.
template <class Search>
Matching match(std::string_view who, py::object a, py::object b, py::object groups, py::object buffers, py::object start,
               Search search) {
  const NamedArrays of_a = arrays_of(who, "a", a), of_b = in_order_of(who, of_a, "a", arrays_of(who, "b", b), "b");
  const lmc::ParameterLayout layout = layout_of(who, of_a, groups, buffers);
  const lmc::ModelState<double> state_a = state_of(layout, of_a), state_b = state_of(layout, of_b);
  std::optional<lmc::Permutations> first;
  if (!start.is_none()) {
    require(py::isinstance<py::dict>(start), who, ": start is no dictionary; expected {group: permutation}");
    first = read_permutations(who, layout, start);
  }
  Matching result;
  lmc::ModelState<double> permuted;
  {
    const py::gil_scoped_release release;
    result.found =
        search(layout, std::span<const double>(state_a.parameters), std::span<const double>(state_b.parameters), first);
    permuted = lmc::permute(layout, result.found.permutations, state_b);
  }
  result.permutations = permutations_of(layout, result.found.permutations);
  result.b = scatter(layout, of_b, permuted);
  return result;
}

py::dict permute_arrays(py::object network, py::object groups, const py::dict& permutations, py::object buffers) {
  constexpr std::string_view who = "permute";
  const NamedArrays arrays = arrays_of(who, "the network", network);
  const lmc::ParameterLayout layout = layout_of(who, arrays, groups, buffers);
  return scatter(layout, arrays, lmc::permute(layout, read_permutations(who, layout, permutations), state_of(layout, arrays)));
}

/// What common_order gives to Python.
struct Common {
  py::list permutations, networks;
  double objective_before = 0, objective_after = 0;
  int sweeps = 0;
};

Common find_common_order(py::object networks, py::object groups, py::object buffers, const lmc::CommonOrderOptions& options) {
  constexpr std::string_view who = "common_order";
  std::vector<NamedArrays> all;
  for (const py::handle network : py::iter(networks)) {
    const std::string name = lmc::concat("network ", all.size());
    const NamedArrays arrays = arrays_of(who, name, network);
    all.push_back(all.empty() ? arrays : in_order_of(who, all.front(), "network 0", arrays, name));
  }
  require(!all.empty(), who, ": no networks; expected at least one");
  const lmc::ParameterLayout layout = layout_of(who, all.front(), groups, buffers);
  std::vector<lmc::ModelState<double>> states;
  for (const NamedArrays& arrays : all) states.push_back(state_of(layout, arrays));
  lmc::CommonOrder found;
  {
    const py::gil_scoped_release release;
    std::vector<std::span<const double>> thetas;
    for (const lmc::ModelState<double>& state : states) thetas.emplace_back(state.parameters);
    found = lmc::common_order<double>(layout, thetas, options);
  }
  Common result;
  result.objective_before = found.objective_before;
  result.objective_after = found.objective_after;
  result.sweeps = found.sweeps;
  for (std::size_t k = 0; k < all.size(); ++k) {
    result.permutations.append(permutations_of(layout, found.permutations[k]));
    result.networks.append(scatter(layout, all[k], lmc::permute(layout, found.permutations[k], states[k])));
  }
  return result;
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
  py::class_<Matching>(m, "Matching",
                       "What weight_matching or frank_wolfe found. The objective is ⟨θ_A, π(θ_B)⟩, larger is better.")
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
        return lmc::concat("<lmc.Matching: objective ", lmc::shortest(r.found.objective_before), " → ",
                           lmc::shortest(r.found.objective_after), r.found.optimal ? ", optimal" : "", ">");
      });
  m.def(
      "weight_matching",
      [](py::object a, py::object b, py::object groups, py::object buffers, std::uint64_t seed, int restarts, int max_sweeps) {
        return match("weight_matching", a, b, groups, buffers, py::none(),
                     [&](const auto& layout, auto of_a, auto of_b, const auto&) {
                       return lmc::weight_matching<double>(layout, of_a, of_b,
                                                           {.seed = seed, .restarts = restarts, .max_sweeps = max_sweeps});
                     });
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
  m.def(
      "frank_wolfe",
      [](py::object a, py::object b, py::object groups, py::object buffers, std::uint64_t seed, int restarts, int iterations,
         double tolerance, py::object start) {
        return match(
            "frank_wolfe", a, b, groups, buffers, start, [&](const auto& layout, auto of_a, auto of_b, const auto& first) {
              return lmc::frank_wolfe<double>(
                  layout, of_a, of_b,
                  {.seed = seed, .restarts = restarts, .iterations = iterations, .tolerance = tolerance, .start = first});
            });
      },
      py::arg("a"), py::arg("b"), py::arg("groups"), py::kw_only(), py::arg("buffers") = none, py::arg("seed") = 0,
      py::arg("restarts") = 0, py::arg("iterations") = 1000, py::arg("tolerance") = 1e-9, py::arg("start") = none,
      R"(Permutations π of b's units with a large ⟨θ_A, π(θ_B)⟩, by Frank and Wolfe's method over all layers jointly.

In place of permutations there are means X of permutations, one matrix for each group, and f(X) is the objective. A step is
    S = argmax ⟨∇f(X), S⟩,   X ← X + t (S − X),   t = argmax f on [0, 1], in closed form,
with one linear assignment for each group. f never falls. The first ascent starts where all entries of X are equal; others start half
way from there to `start` ({group: permutation}) and to random permutations, `restarts` of them.
a, b, groups, buffers: as for weight_matching. An ascent ends at a gap of tolerance Σ_t ‖A_t‖ ‖B_t‖, over the arrays that move.
Source: Vogelstein et al., PLoS ONE 10 (2015); for networks Crisostomi et al., C²M³, arXiv:2405.17897.)");
  py::class_<Common>(m, "CommonOrder", "An order of units that several networks have in common: that of the first.")
      .def_readonly("permutations", &Common::permutations,
                    "of each network: {group: unit i in the common order is unit permutations[group][i]}")
      .def_readonly("networks", &Common::networks, "the networks in the common order: the same functions, to rounding")
      .def_readonly("objective_before", &Common::objective_before, "Σ over pairs of ⟨θ_j, θ_k⟩")
      .def_readonly("objective_after", &Common::objective_after, "the same in the common order; never below the one before")
      .def_readonly("sweeps", &Common::sweeps, "passes over the networks, in all starts together")
      .def("__repr__", [](const Common& c) {
        return lmc::concat("<lmc.CommonOrder of ", c.networks.size(), " networks: objective ",
                           lmc::shortest(c.objective_before), " → ", lmc::shortest(c.objective_after), ">");
      });
  m.def(
      "common_order",
      [](py::object networks, py::object groups, py::object buffers, std::uint64_t seed, int restarts, int max_sweeps) {
        return find_common_order(networks, groups, buffers, {.seed = seed, .restarts = restarts, .max_sweeps = max_sweeps});
      },
      py::arg("networks"), py::arg("groups"), py::kw_only(), py::arg("buffers") = none, py::arg("seed") = 0,
      py::arg("restarts") = 0, py::arg("max_sweeps") = 100,
      R"(An order of units for several networks of one architecture, in which
    Σ over pairs j < k of ⟨π_j(θ_j), π_k(θ_k)⟩ = ½ ‖Σ_k π_k(θ_k)‖² − ½ Σ_k ‖θ_k‖²
is large, so that their mean is long and their distances from it are small: mean them with uniform_soup.

networks: dictionaries {name: array}. groups, buffers: as for weight_matching. The networks are joined one after another; then each is
matched anew, by frank_wolfe, with the sum of all others, until none gains. No cycle of networks contradicts itself.
Source: Crisostomi et al., C²M³, arXiv:2405.17897; one network after another: Ainsworth et al., arXiv:2209.04836, algorithm 3.)");
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
