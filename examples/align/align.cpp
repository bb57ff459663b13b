// SPDX-License-Identifier: BSD-3-Clause
// Other people's networks: brings the units of one network into the order of another's, from a table that says which axes of its
// tensors have interchangeable units.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <new>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <lmc/align/alignment.hpp>
#include <lmc/align/layout_from_table.hpp>
#include <lmc/align/permutations.hpp>
#include <lmc/align/permute.hpp>
#include <lmc/align/weight_matching.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/io/safetensors.hpp>
#include <lmc/measure/weight_matching.hpp>

#include "align/group_table.hpp"
#include "align/network_pair.hpp"
#include "align/table_suspects.hpp"
#include "output_claims.hpp"
#include "prepare_output.hpp"
#include "registry/parse.hpp"

namespace {

struct Options {
  std::string a, b, groups;
  std::string output, json;
  lmc::WeightMatchingOptions search;
};

void add_options(CLI::App& app, Options& o) {
  app.get_formatter()->column_width(34);
  app.add_option("a", o.a, "safetensors file of the network that stays")->required();
  app.add_option("b", o.b, "safetensors file of the network whose units are put into the order of a's")->required();
  app.add_option("--groups", o.groups, "table of permutation groups, in JSON: docs/alignment-files.md")->required();
  registry::require_name(app.add_option("-o,--output", o.output, "safetensors file for the permuted network b"));
  registry::require_name(app.add_option("--json", o.json, "file for the result, permutations included"));
  app.add_option("--seed", o.search.seed, "of the order of groups and of the restarts")->capture_default_str();
  app.add_option("--restarts", o.search.restarts, "starts besides the given order, random from the second on; the best counts")
      ->capture_default_str();
}

// ‖θ_A − π(θ_B)‖ over the parameters; not from the objective, where nearly equal numbers would be subtracted.
double distance(const NetworkPair& networks, const lmc::Permutations& permutations) {
  const lmc::ModelState<double> b = lmc::permute(networks.layout(), permutations, networks.b());
  double squares = 0;
  for (std::size_t i = 0; i < b.parameters.size(); ++i)
    squares += (networks.a().parameters[i] - b.parameters[i]) * (networks.a().parameters[i] - b.parameters[i]);
  return std::sqrt(squares);
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

// What was found, and how far it brings the networks together.
struct Result {
  lmc::Alignment found;
  double distance_before = 0, distance_after = 0;
};

void print(std::ostream& out, const NetworkPair& networks, const Result& r) {
  const lmc::ParameterLayout& layout = networks.layout();
  out << layout.parameters.size() + layout.buffers.size() << " tensors of floating-point numbers, " << layout.parameter_count()
      << " parameters, " << layout.groups.size() << " groups\n";
  if (!networks.fixed().empty()) out << "not in the table, and left as they are: " << joined(networks.fixed()) << '\n';
  const lmc::Alignment& found = r.found;
  out << std::left << "\n            before      after       no more than\nobjective   " << std::setw(11)
      << found.objective_before << ' ' << std::setw(11) << found.objective_after << ' ';
  if (found.upper_bound) out << *found.upper_bound;
  out << (found.optimal ? ", reached: no order of units is better" : "") << "\ndistance    " << std::setw(11)
      << r.distance_before << ' ' << r.distance_after << "\n\n";
  std::size_t width = 5;
  for (const lmc::PermutationGroup& group : layout.groups) width = std::max(width, group.name.size());
  const auto column = static_cast<int>(width);
  out << std::setw(column) << "group"
      << "  units  moved\n";
  for (std::size_t g = 0; g < found.moved.size(); ++g)
    out << std::left << std::setw(column) << layout.groups[g].name << std::right << std::setw(7) << layout.groups[g].size
        << std::setw(7) << found.moved[g] << '\n';
  out << "\nseed " << found.seed << ", " << found.restarts << " restarts, " << found.sweeps << " sweeps\n";
}

nlohmann::ordered_json to_json(const Options& o, const NetworkPair& networks, const Result& r) {
  const lmc::Alignment& found = r.found;
  nlohmann::ordered_json groups = nlohmann::ordered_json::array();
  for (std::size_t g = 0; g < found.moved.size(); ++g)
    groups.push_back({{"name", networks.layout().groups[g].name},
                      {"units", networks.layout().groups[g].size},
                      {"moved", found.moved[g]},
                      {"permutation", found.permutations[g]}});
  nlohmann::ordered_json json{{"a", o.a},
                              {"b", o.b},
                              {"method", "weight matching"},
                              {"parameters", networks.layout().parameter_count()},
                              {"objective_before", found.objective_before},
                              {"objective_after", found.objective_after},
                              {"upper_bound", nullptr},
                              {"optimal", found.optimal},
                              {"distance_before", r.distance_before},
                              {"distance_after", r.distance_after},
                              {"seed", found.seed},
                              {"restarts", found.restarts},
                              {"sweeps", found.sweeps},
                              {"fixed", networks.fixed()},
                              {"groups", groups}};
  if (found.upper_bound) json["upper_bound"] = *found.upper_bound;
  return json;
}

void run(const Options& o) {
  OutputClaims claims({o.a, o.b, o.groups});
  std::optional<lmc::OutputFile> output = claims.open("--output", o.output), json = claims.open("--json", o.json);
  const std::vector<lmc::TableEntry> table = read_group_table(o.groups);
  const NetworkPair networks(o.a, o.b, table);
  for (const std::string& suspect : networks.suspects()) std::cerr << "warning: " << suspect << '\n';
  for (const std::string& suspect : table_suspects(table, networks.fixed())) std::cerr << "warning: " << suspect << '\n';
  Result r{.found = lmc::weight_matching<double>(networks.layout(), networks.a().parameters, networks.b().parameters, o.search,
                                                 lmc::fast_product())};
  r.distance_before = distance(networks, lmc::identity_permutations(networks.layout()));
  r.distance_after = distance(networks, r.found.permutations);
  print(std::cout, networks, r);
  if (output) {
    lmc::write_safetensors(output->stream(), networks.permuted_b(r.found.permutations));
    output->commit();
  }
  if (!json) return;
  json->stream() << to_json(o, networks, r).dump(2) << '\n';
  json->commit();
}

}  // namespace

int main(int argc, char** argv) {
  prepare_output();
  Options o;
  CLI::App app(
      "Finds the order of a network's units in which its weights are nearest to another network's, and writes it in that order.");
  add_options(app, o);
  try {
    registry::parse(app, argc, argv);
    run(o);
    return 0;
  } catch (const std::bad_alloc&) {
    std::cerr << "align: not enough memory for these networks\n";
  } catch (const std::exception& e) {
    std::cerr << "align: " << e.what() << '\n';
  }
  return 1;
}
