// SPDX-License-Identifier: BSD-3-Clause
#include "study/report/keys_page.hpp"

#include <string>
#include <string_view>
#include <type_traits>

#include <lmc/core/text.hpp>

#include "study/running/datasets.hpp"
#include "study/specification/cell_options.hpp"
#include "study/specification/grid_keys.hpp"

namespace lmc::study {

namespace {

/// "a whole number" without its article.
std::string_view bare(std::string_view text) { return text.starts_with("a ") ? text.substr(2) : text; }

/// The text in a cell of a table.
std::string cell(std::string_view text) {
  std::string escaped;
  for (const char c : text) (c == '|' ? escaped += '\\' : escaped) += c;
  return escaped;
}

/// An option's value where nobody sets it, in brackets. For one that may have no value, the help says what that means.
template <class Field>
std::string usual(const Field& value) {
  if constexpr (is_optional<Field>)
    return "";
  else if constexpr (std::is_same_v<Field, bool>)
    return value ? " [true]" : " [false]";
  else
    return lmc::concat(" [", value, ']');
}

/// Writes tables of keys.
class KeysPage {
 public:
  explicit KeysPage(std::ostream& out) : out_(out) {}

  void begin_table(const char* heading, const char* text) {
    out_ << "\n## " << heading << "\n\n" << text << "\n\n| key | value | meaning |\n|---|---|---|\n";
  }
  template <class Field>
  void operator()(const char* name, const char* help, const Field& field) const {
    row(name, value_text<Field>(), help + usual(field));
  }
  template <class Field>
  void operator()(const GridKey& key, const Field&) const {
    row(key.name, grid_value_text<Field>(), key.help + std::string(key.required ? "; required" : ""));
  }

 private:
  void row(std::string_view name, std::string_view value, std::string_view meaning) const {
    out_ << "| `" << name << "` | " << cell(bare(value)) << " | " << cell(meaning) << " |\n";
  }

  std::ostream& out_;
};

void write_data_sets(std::ostream& out) {
  out << "\n## Data sets\n\nWhat `dataset` may be, beside the path of a table. All but the first three are below the folder `--data`.\n\n"
         "| name | shape | classes | training / test examples |\n|---|---|---|---|\n";
  for (const DataKind& kind : data_kinds()) {
    out << "| `" << kind.name << "` | ";
    if (kind.sizes)
      out << kind.sizes->shape << " | " << kind.sizes->classes << " | " << kind.sizes->train << " / " << kind.sizes->test
          << " |\n";
    else
      out << "your own | | |\n";
  }
}

}  // namespace

void write_keys_page(std::ostream& out) {
  out << "<!-- `study keys` writes this page; change what it says where the keys are described, in examples/study/specification. -->\n"
         "# Keys of the study's files\n\n"
         "After this page you can say in the file of an experiment whatever `study` understands.\n"
         "[The study](study.md#an-experiment-of-your-own) has a whole example. In brackets is what holds where a key is not there.\n";
  KeysPage page(out);
  page.begin_table("The file", "At the top, before all tables.");
  Experiment experiment;
  for_each_experiment_key(experiment, page);
  page.begin_table("A size", "In `[presets.smoke]`, `[presets.standard]` and `[presets.full]`.");
  Preset preset;
  for_each_preset_key(preset, page);
  out << "\n## An axis\n\nIn `[axes]` and `[presets.NAME.axes]`, a list of places. A place is a value of the option that the axis is "
         "called by, as in\n`batch-size = [32, 128]`, or a table of a `label`, which results show, and options: "
         "`{label = \"deep\", hidden = \"64,64\"}`.\n";
  CellOptions options;
  page.begin_table("Options: data", "These and all further options stand in a base or at a place of an axis.");
  for_each_data_option(options.run.data, page);
  page.begin_table("Options: tables", "How a table is read whose path is the `dataset`; `pair` has them for its data set csv.");
  for_each_table_option(options.run.data, page);
  write_data_sets(out);
  page.begin_table("Options: network", "Before the colon stand the networks that have the option.");
  visit_network_options(options.run.network, page);
  page.begin_table("Options: optimizer", "Before the colon stand the optimizers that have the option.");
  visit_optimizer_options(options.run.optimizer, page);
  page.begin_table("Options: training", "The same for all networks and optimizers.");
  for_each_training_option(options.run, page);
  page.begin_table("Options: pair", "What the two runs of a pair differ in, and how the line between them is measured.");
  for_each_pair_option(options, page);
  page.begin_table("A claim", "In `[[claim]]`, as many as there are. A cell's value is one number for each of its pairs.");
  Claim claim;
  for_each_claim_key(claim, page);
  out << "\n| rank | what it is |\n|---|---|\n";
  for (const TestHelp& rank : claim_ranks) out << "| `" << rank.name << "` | " << cell(rank.help) << " |\n";
  out << "\n| test | it agrees if |\n|---|---|\n";
  for (const TestHelp& test : claim_tests) out << "| `" << test.name << "` | " << cell(test.help) << " |\n";
}

}  // namespace lmc::study
