// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/read_report.hpp>

namespace lmc::detail {

/// Adds to the note of that phrase, or begins one.
inline void add_note(std::vector<ReadNote>& notes, std::string what, std::string first, Index count = 1) {
  const auto known = std::find_if(notes.begin(), notes.end(), [&](const ReadNote& note) { return note.what == what; });
  if (known != notes.end())
    known->count += count;
  else
    notes.push_back({.what = std::move(what), .count = count, .first = std::move(first)});
}

inline void add_notes(std::vector<ReadNote>& notes, const std::vector<ReadNote>& more) {
  for (const ReadNote& note : more) add_note(notes, note.what, note.first, note.count);
}

/// The classes and how many examples of each the parts have.
inline std::vector<ReadClass> count_classes(std::vector<std::string> names, std::span<const std::int32_t> train,
                                            std::span<const std::int32_t> test) {
  std::vector<ReadClass> classes;
  for (std::string& name : names) classes.push_back({.name = std::move(name)});
  for (const std::int32_t label : train) ++classes[static_cast<std::size_t>(label)].train;
  for (const std::int32_t label : test) ++classes[static_cast<std::size_t>(label)].test;
  return classes;
}

/// Notes classes without test examples, where there are ten or more of others: fewer may have none by chance.
inline void note_untested_classes(const std::vector<ReadClass>& classes, std::vector<ReadNote>& notes) {
  const auto tested = [](const ReadClass& c) { return c.test > 0; };
  const auto untested = [](const ReadClass& c) { return c.train > 0 && c.test == 0; };
  Index examples = 0;
  for (const ReadClass& c : classes) examples += c.test;
  const auto missing = std::find_if(classes.begin(), classes.end(), untested);
  if (examples < 10 || missing == classes.end()) return;
  if (const auto only = std::find_if(classes.begin(), classes.end(), tested); only->test == examples)
    notes.push_back({"test examples are all of one class: their error says nothing of the others", examples, only->name});
  else
    notes.push_back({"classes have no test examples: the test error says nothing of them",
                     static_cast<Index>(std::count_if(classes.begin(), classes.end(), untested)), missing->name});
}

/// Throws: Error when fewer than two classes have training examples, or one has test examples alone.
inline void require_trainable(std::string_view who, const std::vector<ReadClass>& classes) {
  const auto trained = std::count_if(classes.begin(), classes.end(), [](const ReadClass& c) { return c.train > 0; });
  const auto first = std::find_if(classes.begin(), classes.end(), [](const ReadClass& c) { return c.train > 0; });
  require(trained > 1, who, ": all training examples are of ", trained == 1 ? "the class '" + first->name + "'" : "no class",
          "; expected two classes or more");
  for (const ReadClass& c : classes)
    require(c.train > 0 || c.test == 0, who, ": the class '", c.name, "' has ", c.test,
            " test examples and none to train on; expected training examples of every class");
}

}  // namespace lmc::detail
