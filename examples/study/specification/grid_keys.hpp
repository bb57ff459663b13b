// SPDX-License-Identifier: BSD-3-Clause
// The keys of a grid file, but those of options, which for_each_option and its like have: what reads a file and what writes the
// reference of all keys go through them.
#pragma once
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "study/specification/cell_options.hpp"
#include "study/specification/experiment.hpp"

namespace lmc::study {

/// A key, and what its value means; in brackets what it is where the key is not there.
struct GridKey {
  const char* name;
  const char* help;
  bool required = false;
};

/// What a grid file says for a field: "expected a list of texts". The reference has it without its article.
template <class Field>
constexpr const char* grid_value_text() {
  if constexpr (std::is_same_v<Field, std::vector<std::string>>)
    return "a list of texts";
  else if constexpr (std::is_same_v<Field, std::vector<Setting>>)
    return "a table of options";
  else if constexpr (std::is_same_v<Field, std::vector<Axis>>)
    return "a table of lists";
  else if constexpr (std::is_same_v<Field, decltype(Experiment::presets)>)
    return "a table of presets";
  else if constexpr (std::is_same_v<Field, CellFilter>)
    return "a table of axes and their labels";
  else if constexpr (std::is_same_v<Field, std::vector<Claim>>)
    return "tables [[claim]]";
  else
    return value_text<Field>();
}

/// Helps that name what a key takes.
const char* measure_help();
const char* claim_value_help();

/// Calls visit(key, field) for what stands at the top of a file.
template <class Visit>
void for_each_experiment_key(Experiment& e, const Visit& visit) {
  visit(GridKey{"number", "its place among the experiments; each has another", true}, e.number);
  visit(GridKey{"title", "a few words", true}, e.title);
  visit(GridKey{"question", "what it asks", true}, e.question);
  visit(GridKey{"of", "`all`: its cells are those of all other experiments, and it has no base and no axes [its own]"}, e.of);
  visit(GridKey{"complexity", "the complexity of its data sets is measured, too [false]"}, e.complexity);
  visit(GridKey{"measure", measure_help()}, e.measure);
  visit(GridKey{"base", "what all cells have in common"}, e.base);
  visit(GridKey{"axes", "what the cells differ in: one cell for each combination"}, e.axes);
  visit(GridKey{"drawn", "axes in which the cells do not differ: of each, a pair takes one place, at random by its seed"},
        e.drawn);
  visit(GridKey{"presets", "sizes of the experiment: `smoke`, `standard` and `full`"}, e.presets);
  visit(GridKey{"claim", "what the report judges"}, e.claims);
}

/// The same for a size, in [presets.NAME].
template <class Visit>
void for_each_preset_key(Preset& p, const Visit& visit) {
  visit(GridKey{"replicates", "pairs of each cell, each from another initialization, at least 1 [5]"}, p.replicates);
  visit(
      GridKey{
          "first-seed",
          "seed of the first initialization, the others have the next ones; below 100 they are for trying out, and decide no "
          "claim [100; smoke: 0]"},
      p.first_seed);
  visit(GridKey{"base", "options that are set after those of the experiment's base"}, p.base);
  visit(GridKey{"axes", "axes that replace those of the same name"}, p.axes);
  visit(GridKey{"drawn", "the same for those that are drawn"}, p.drawn);
}

/// The same for what the report judges, in [[claim]].
template <class Visit>
void for_each_claim_key(Claim& c, const Visit& visit) {
  visit(GridKey{"text", "the claim in words", true}, c.text);
  visit(GridKey{"test", "how it is tested; the tests are listed below", true}, c.test);
  visit(GridKey{"rank", "primary, secondary or exploratory, as listed below [exploratory]"}, c.rank);
  visit(GridKey{"name", "of a primary claim, by which `behind` names it [none]"}, c.name);
  visit(GridKey{"behind", "the name of the primary claim that a secondary one waits for"}, c.behind);
  visit(GridKey{"where", "the cells that it speaks of, as in {optimizer = \"adam\"} [all]"}, c.where);
  visit(GridKey{"than", "`greater`: the cells to compare with"}, c.than);
  visit(GridKey{"along", "`rises`, `falls`: an axis"}, c.along);
  visit(GridKey{"value", claim_value_help()}, c.value);
  visit(GridKey{"also", "another value of which the same has to hold; the claim's p is then the larger of both [none]"},
        c.also);
  visit(GridKey{"part", "of the data from which the value is: `test` or `train` [test]"}, c.part);
  visit(GridKey{"with", "`correlates`: another value"}, c.with);
  visit(GridKey{"given", "`correlates`: a value whose share in both is taken out: the partial rank correlation [none]"},
        c.given);
  visit(
      GridKey{
          "within",
          "`correlates`: options; the correlation is among cells that agree in them, its mean over such groups [all cells]"},
      c.within);
  visit(GridKey{"threshold", "`connected`, `broken`: in the units of the value [0.02]"}, c.threshold);
}

}  // namespace lmc::study
