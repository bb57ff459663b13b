// SPDX-License-Identifier: BSD-3-Clause
#include "study/specification/grid_file.hpp"

#include <toml++/toml.h>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include <lmc/core/names.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/text.hpp>
#include <lmc/io/input_file.hpp>

#include "study/analysis/pair_value.hpp"
#include "study/specification/cell_options.hpp"
#include "study/specification/grid_keys.hpp"
#include "study/specification/spec_digest.hpp"

namespace lmc::study {

namespace {

/// Reads one file.
class GridReader {
 public:
  explicit GridReader(const std::filesystem::path& path) : path_(path) {}

  Experiment read() {
    const std::string text = content();
    const toml::table file = parse(text);
    Experiment e{.name = path_.stem().string()};
    e.digest = SpecDigest().add(text).text();
    e.file = path_.string();
    if (const auto dash = e.name.find('-'); dash != std::string::npos) e.name.erase(0, dash + 1);
    for (const std::string_view name : preset_names) e.presets.emplace(name, usual_preset(name));
    const auto for_each = [&](const auto& visit) { for_each_experiment_key(e, visit); };
    check_keys(file, for_each);
    for_each([&](const GridKey& key, auto& field) { read(file, key, field, e); });
    if (file.get("of") != nullptr && !e.all_others())
      throw Error(where(*file.get("of")) + ": of: expected \"all\", the cells of all other experiments");
    for (const std::string& name : e.measure)
      located(where(*file.get("measure")), [&] { return find_name("measurement", name, measurement_names); });
    require(!e.all_others() || (e.base.empty() && e.axes.empty() && e.drawn.empty()), path_.string(),
            ": of = \"all\" leaves no room for a base or axes: the cells are those of the others");
    for (const Axis& axis : e.drawn)
      require(std::ranges::none_of(e.axes, [&](const Axis& other) { return other.name == axis.name; }), path_.string(),
              ": the axis ", axis.name, " is drawn, and one of the axes, too; leave one out");
    check_options(e);
    return e;
  }

 private:
  [[nodiscard]] std::string content() const {
    InputFile file = open_input_file(path_);
    std::string text{std::istreambuf_iterator<char>(file.stream), {}};
    require_unchanged(file);
    return text;
  }
  [[nodiscard]] toml::table parse(const std::string& text) const {
    // toml++ makes and frees what is nested by recursion, and bounds it for brackets alone: a key of 50,000 parts, as in a.b.c, ends
    // the program. No key of a grid has more than three.
    Index line = 1, dots = 0;
    char before = '\n';
    for (const char c : text) {
      if (c == '\n') ++line;
      if (c == '\n' || c == ',') dots = 0;
      if (c == '.' && before != '.') ++dots;
      require(dots <= most_dots, path_.string(), ':', line, ": more than ", most_dots,
              " dots without a comma between them; is this a key? It has three parts at most, as presets.smoke.axes");
      before = c;
    }
    try {
      return toml::parse(text, path_.string());
    } catch (const toml::parse_error& error) {
      throw Error(lmc::concat(path_.string(), ':', error.source().begin.line, ": ", error.description()));
    }
  }
  [[nodiscard]] std::string where(const toml::node& node) const {
    return lmc::concat(path_.string(), ':', node.source().begin.line);
  }
  [[nodiscard]] std::string where(const toml::key& key) const {
    return lmc::concat(path_.string(), ':', key.source().begin.line);
  }

  // for_each calls visit(key, field) for all keys that the table may have.
  void check_keys(const toml::table& table, const auto& for_each) const {
    std::vector<std::string_view> known;
    for_each([&](const GridKey& key, const auto&) { known.emplace_back(key.name); });
    for (const auto& [key, value] : table) located(where(key), [&, name = key.str()] { return find_name("key", name, known); });
  }
  // field ← the key's value, where it is there.
  template <class Field>
  void read(const toml::table& table, const GridKey& key, Field& field, const Experiment& e) const {
    const toml::node* node = table.get(key.name);
    require(node != nullptr || !key.required, where(table), ": there is no ", key.name, "; expected ",
            grid_value_text<Field>());
    if (node != nullptr) set(field, *node, key.name, e);
  }
  template <class Type>
  const Type& as(const toml::node& node, std::string_view key, std::string_view expected) const {
    const Type* value = node.as<Type>();
    require(value != nullptr, where(node), ": ", key, ": expected ", expected);
    return *value;
  }

  // field ← a node of its type.
  void set(Index& field, const toml::node& node, std::string_view key, const Experiment&) const {
    field = as<toml::value<std::int64_t>>(node, key, grid_value_text<Index>()).get();
  }
  void set(double& field, const toml::node& node, std::string_view key, const Experiment&) const {
    const auto number = node.value<double>();
    require(number.has_value(), where(node), ": ", key, ": expected ", grid_value_text<double>());
    field = *number;
  }
  void set(bool& field, const toml::node& node, std::string_view key, const Experiment&) const {
    field = as<toml::value<bool>>(node, key, grid_value_text<bool>()).get();
  }
  void set(std::string& field, const toml::node& node, std::string_view key, const Experiment&) const {
    field = as<toml::value<std::string>>(node, key, grid_value_text<std::string>()).get();
  }
  void set(std::vector<std::string>& field, const toml::node& node, std::string_view key, const Experiment&) const {
    const char* const expected = grid_value_text<std::vector<std::string>>();
    for (const toml::node& one : as<toml::array>(node, key, expected))
      field.push_back(as<toml::value<std::string>>(one, key, expected).get());
  }
  void set(std::vector<Setting>& field, const toml::node& node, std::string_view key, const Experiment&) const {
    for (const auto& [option, value] : as<toml::table>(node, key, grid_value_text<std::vector<Setting>>())) {
      located(where(option), [name = option.str()] { return find_name("option", name, cell_option_names()); });
      field.push_back(setting(std::string(option.str()), value));
    }
  }
  void set(std::vector<Axis>& field, const toml::node& node, std::string_view key, const Experiment&) const {
    field = axes(as<toml::table>(node, key, grid_value_text<std::vector<Axis>>()));
  }
  void set(std::map<std::string, Preset, std::less<>>& field, const toml::node& node, std::string_view key,
           const Experiment& e) const {
    for (const auto& [name, content] :
         as<toml::table>(node, key, grid_value_text<std::map<std::string, Preset, std::less<>>>())) {
      located(where(name), [preset = name.str()] { return find_name("preset", preset, preset_names); });
      field.insert_or_assign(std::string(name.str()), preset(name.str(), as<toml::table>(content, name.str(), "a table"), e));
    }
  }
  void set(CellFilter& field, const toml::node& node, std::string_view key, const Experiment& e) const {
    field = filter(as<toml::table>(node, key, grid_value_text<CellFilter>()), e);
  }
  void set(std::vector<Claim>& field, const toml::node& node, std::string_view key, const Experiment& e) const {
    for (const toml::node& one : as<toml::array>(node, key, grid_value_text<std::vector<Claim>>()))
      field.push_back(claim(as<toml::table>(one, key, "a table"), e));
  }

  [[nodiscard]] Setting setting(std::string option, const toml::node& node) const {
    Setting s{.option = std::move(option), .value = false, .where = where(node)};
    if (const auto* truth = node.as_boolean())
      s.value = truth->get();
    else if (const auto* whole_number = node.as_integer())
      s.value = whole_number->get();
    else if (const auto* number = node.as_floating_point())
      s.value = number->get();
    else
      s.value = as<toml::value<std::string>>(node, s.option, "a text, a number, true or false").get();
    return s;
  }
  static std::string label_of(const toml::node& node) {
    if (const auto* string = node.as_string()) return string->get();
    if (const auto* number = node.as_floating_point()) return lmc::shortest(number->get());  // 0.9, not its 17 digits
    return lmc::concat(toml::node_view<const toml::node>(node));
  }
  [[nodiscard]] AxisValue axis_value(const std::string& axis, const toml::node& node) const {
    if (const toml::table* table = node.as_table()) {
      const toml::node* label = table->get("label");
      require(label != nullptr, where(*table), ": there is no label; expected a text");
      AxisValue value{.label = as<toml::value<std::string>>(*label, "label", "a text").get(), .settings = {}};
      for (const auto& [option, to] : *table) {
        if (option.str() == "label") continue;
        located(where(option), [name = option.str()] { return find_name("option", name, cell_option_names()); });
        value.settings.push_back(setting(std::string(option.str()), to));
      }
      return value;
    }
    located(where(node), [&] { return find_name("option", axis, cell_option_names()); });
    return {.label = label_of(node), .settings = {setting(axis, node)}};
  }
  [[nodiscard]] std::vector<Axis> axes(const toml::table& table) const {
    // A table is sorted by its keys; the order of a grid is that of its file.
    std::vector<std::pair<toml::source_position, Axis>> found;
    for (const auto& [name, values] : table) {
      Axis axis{.name = std::string(name.str()), .values = {}};
      for (const toml::node& value : as<toml::array>(values, axis.name, "a list of values, or of tables with a label"))
        axis.values.push_back(axis_value(axis.name, value));
      require(!axis.values.empty(), where(values), ": the axis ", axis.name, " has no values");
      std::set<std::string> labels;
      for (const AxisValue& value : axis.values)
        require(labels.insert(value.label).second, where(values), ": the axis ", axis.name, " has '", value.label, "' twice");
      found.emplace_back(name.source().begin, std::move(axis));
    }
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<Axis> sorted;
    for (auto& [place, axis] : found) sorted.push_back(std::move(axis));
    return sorted;
  }

  /// The size smoke is for trying out.
  static Preset usual_preset(std::string_view name) {
    Preset usual;
    if (name == "smoke") usual.first_seed = 0;
    return usual;
  }
  [[nodiscard]] Preset preset(std::string_view name, const toml::table& table, const Experiment& e) const {
    Preset p = usual_preset(name);
    const auto for_each = [&](const auto& visit) { for_each_preset_key(p, visit); };
    check_keys(table, for_each);
    for_each([&](const GridKey& key, auto& field) { read(table, key, field, e); });
    if (p.replicates < 1)
      throw Error(lmc::concat(where(*table.get("replicates")), ": replicates = ", p.replicates, "; expected at least 1"));
    if (p.first_seed < 0 || p.first_seed > most_seed)
      throw Error(lmc::concat(where(*table.get("first-seed")), ": first-seed = ", p.first_seed, "; expected 0 to ", most_seed));
    for (const auto& [key, replacing, replaced] :
         {std::tuple("axes", &p.axes, &e.axes), std::tuple("drawn", &p.drawn, &e.drawn)})
      for (const Axis& axis : *replacing) {
        std::vector<std::string_view> names;
        for (const Axis& known : *replaced) names.push_back(known.name);
        require(!names.empty(), where(*table.get(key)), ": the experiment has no ",
                key == std::string_view("axes") ? "" : "drawn ", "axes");
        located(where(*table.get(key)), [name = axis.name, &names] { return find_name("axis", name, names); });
      }
    return p;
  }

  static void check_options(const Experiment& e) {
    CellOptions options;
    const auto check = [&](const std::vector<Setting>& list) {
      for (const Setting& s : list) apply(options, s);
    };
    const auto check_axes = [&](const std::vector<Axis>& list) {
      for (const Axis& axis : list)
        for (const AxisValue& value : axis.values) check(value.settings);
    };
    check(e.base);
    check_axes(e.axes);
    check_axes(e.drawn);
    for (const auto& [name, preset] : e.presets) {
      check(preset.base);
      check_axes(preset.axes);
      check_axes(preset.drawn);
    }
  }

  [[nodiscard]] CellFilter filter(const toml::table& table, const Experiment& e) const {
    CellFilter meant;
    for (const auto& [axis, labels] : table) {
      const std::string name(axis.str());
      check_axis(name, where(axis), e);
      std::vector<std::string>& list = meant[name];
      if (const toml::array* several = labels.as_array())
        for (const toml::node& one : *several) list.push_back(label_of(one));
      else
        list.push_back(label_of(labels));
      require(!list.empty(), where(labels), ": ", name,
              ": the list is empty, and would mean no cell; expected a label, or leave ", name, " out, which takes all");
      if (e.all_others()) continue;  // the labels are those of the other experiments
      std::vector<std::string_view> known;
      const std::vector<Axis> axes_of_all = all_axes(e);
      for (const Axis& a : axes_of_all)
        if (a.name == name)
          for (const AxisValue& value : a.values) known.emplace_back(value.label);
      for (const std::string& label : list) located(where(labels), [&] { return find_name("label", label, known); });
    }
    return meant;
  }
  static std::vector<Axis> all_axes(const Experiment& e) {
    std::vector<Axis> all = e.axes;
    for (const auto& [name, preset] : e.presets) all.insert(all.end(), preset.axes.begin(), preset.axes.end());
    return all;
  }
  static void check_axis(const std::string& name, const std::string& where, const Experiment& e) {
    if (e.all_others()) return;
    std::vector<std::string_view> names;
    for (const Axis& axis : e.axes) names.push_back(axis.name);
    require(!names.empty(), where, ": the experiment has no axes");
    located(where, [&] { return find_name("axis", name, names); });
  }

  // A number of a measurement is there where the experiment has it measured; of all other experiments, some may.
  static void check_value(const std::string& value, const std::string& where, const Experiment& e) {
    located(where, [&] { check_pair_value(value); });
    if (!value.starts_with('/')) return;
    const std::string name = value.substr(1, value.find('/', 1) - 1);
    located(where, [&] { return find_name("measurement", name, measurement_names); });
    require(e.all_others() || std::find(e.measure.begin(), e.measure.end(), name) != e.measure.end(), where, ": ", value,
            " is of the measurement ", name, ", which the experiment does not have; add measure = [\"", name, "\"]");
  }
  [[nodiscard]] Claim claim(const toml::table& table, const Experiment& e) const {
    Claim c;
    const auto for_each = [&](const auto& visit) { for_each_claim_key(c, visit); };
    check_keys(table, for_each);
    for_each([&](const GridKey& key, auto& field) { read(table, key, field, e); });
    std::vector<std::string_view> tests;
    for (const TestHelp& test : claim_tests) tests.push_back(test.name);
    located(where(*table.get("test")), [&] { return find_name("test", c.test, tests); });
    std::vector<std::string_view> ranks;
    for (const TestHelp& rank : claim_ranks) ranks.push_back(rank.name);
    if (const toml::node* node = table.get("rank")) located(where(*node), [&] { return find_name("rank", c.rank, ranks); });
    require(c.rank == "primary" || c.name.empty(), where(table), ": name = ", c.name, ": rank is ", c.rank,
            "; only primary claims have a name, by which others are put behind them");
    require((c.rank == "secondary") == !c.behind.empty(), where(table), ": rank = ", c.rank,
            c.rank == "secondary" ? " needs" : " has no use for", " behind, the name of a primary claim");
    if (const toml::node* node = table.get("along")) check_axis(c.along, where(*node), e);
    for (const auto& [key, value] :
         {std::pair("value", c.value), std::pair("also", c.also), std::pair("with", c.with), std::pair("given", c.given)})
      if (const toml::node* node = table.get(key)) check_value(value, where(*node), e);
    if (const toml::node* node = table.get("part"))
      require(c.part == "test" || c.part == "train", where(*node), ": part: expected train or test");
    const bool ordered = c.test == "rises" || c.test == "falls";
    require(ordered == !c.along.empty(), where(table), ": test = ", c.test, ordered ? " needs" : " has no use for",
            " along, an axis");
    require((c.test == "greater") == !c.than.empty(), where(table), ": test = ", c.test,
            c.test == "greater" ? " needs" : " has no use for", " than, the cells to compare with");
    require((c.test == "correlates") == !c.with.empty(), where(table), ": test = ", c.test,
            c.test == "correlates" ? " needs" : " has no use for", " with, another value");
    require(c.test == "correlates" || (c.given.empty() && c.within.empty()), where(table), ": test = ", c.test,
            " has no use for given and within, which are of correlates");
    require(c.given.empty() || (c.given != c.value && c.given != c.with), where(table), ": given = ", c.given,
            " is one of the two values that are compared; expected a third");
    if (const toml::node* node = table.get("within"))
      for (const std::string& option : c.within)
        located(where(*node), [&] { return find_name("option", option, cell_option_names()); });
    // What could never be decided would stand in the report as an open question.
    require(c.test != "correlates" || c.with != c.value, where(table), ": with = ", c.with,
            " is the value itself, with which it always correlates; expected another");
    require(c.also != c.value, where(table), ": also = ", c.also, " is the value itself; expected another, or leave it out");
    require(c.test != "greater" || c.where != c.than, where(table),
            ": than = where: the cells would be compared with themselves; expected others");
    const bool with_threshold = c.test == "connected" || c.test == "broken";
    const toml::node* threshold = table.get("threshold");
    require(with_threshold || threshold == nullptr, where(table), ": test = ", c.test, " has no use for threshold");
    require(!ordered || !c.where.contains(c.along) || c.where.at(c.along).size() > 1, where(table),
            ": where names one place on the axis ", c.along,
            ", along which nothing can then rise or fall; name two or more, or leave it out");
    require(std::isfinite(c.threshold), where(threshold != nullptr ? *threshold : table), ": threshold = ", c.threshold,
            "; expected a finite number");
    const bool is_share = c.value == "error-barrier" || c.value == "cross-fitted-barrier";
    require(!is_share || !with_threshold || (c.threshold >= 0 && c.threshold < 1),
            where(threshold != nullptr ? *threshold : table), ": threshold = ", c.threshold,
            "; an error barrier is from 0 to 1");
    return c;
  }

  static constexpr Index most_dots = 100;
  static constexpr Index most_seed = 1'000'000'000'000;  // each replicate has seeds of noise three times as large
  std::filesystem::path path_;
};

/// Throws: Error where two primary claims have one name, or a secondary one is behind none.
void check_ranks(const std::vector<Experiment>& all) {
  std::vector<std::string_view> names;
  for (const Experiment& e : all)
    for (const Claim& c : e.claims) {
      if (c.name.empty()) continue;
      require(std::find(names.begin(), names.end(), c.name) == names.end(), e.file, ": two claims have the name '", c.name,
              "'; give each another");
      names.push_back(c.name);
    }
  for (const Experiment& e : all)
    for (const Claim& c : e.claims)
      if (c.rank == "secondary") {
        require(!names.empty(), e.file, ": behind = ", c.behind, ": no primary claim has a name");
        located(e.file, [&] { return find_name("name of a primary claim", c.behind, names); });
      }
}

}  // namespace

std::vector<Experiment> load_experiments(const std::filesystem::path& folder) {
  std::error_code none;
  require(std::filesystem::is_directory(folder, none), "there is no folder of experiments '", folder.string(),
          "'; give that of the grid files *.toml");
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".toml") files.push_back(entry.path());
  require(!files.empty(), "the folder of experiments '", folder.string(), "' has no file *.toml");
  std::sort(files.begin(), files.end());
  std::vector<Experiment> experiments;
  for (const auto& file : files) experiments.push_back(GridReader(file).read());
  std::stable_sort(experiments.begin(), experiments.end(),
                   [](const Experiment& a, const Experiment& b) { return a.number < b.number; });
  for (std::size_t i = 1; i < experiments.size(); ++i) {
    const Experiment &a = experiments[i - 1], &b = experiments[i];
    require(a.number != b.number, a.file, " and ", b.file, " both have the number ", a.number);
  }
  check_ranks(experiments);
  return experiments;
}

const Experiment& find_experiment(const std::vector<Experiment>& all, std::string_view name) {
  std::vector<std::string_view> names;
  for (const Experiment& e : all) {
    if (name == std::to_string(e.number)) return e;
    names.emplace_back(e.name);
  }
  return all[find_name("experiment", name, names)];
}

}  // namespace lmc::study
