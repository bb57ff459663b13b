// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/read_report.hpp>
#include <lmc/data/sources/detail/csv_options.hpp>
#include <lmc/data/sources/detail/csv_table.hpp>
#include <lmc/data/sources/detail/lower_case.hpp>
#include <lmc/data/sources/detail/table_part.hpp>

namespace lmc::detail {

// What may be meant otherwise in a table as a whole: its parts and its label.

/// Notes test rows that are training rows, where half of them are.
inline void note_copies(const TablePart& train, const TablePart& test, std::vector<ReadNote>& notes) {
  const auto row_text = [](const TablePart& part, Index i) {
    std::string text;
    for (Index j = 0; j < part.file.columns(); ++j) (text += part.field(i, j)) += '\n';
    return text;
  };
  std::set<std::string> known;
  for (Index i = 0; i < train.size(); ++i) known.insert(row_text(train, i));
  Index copies = 0;
  std::string first;
  for (Index i = 0; i < test.size(); ++i)
    if (known.contains(row_text(test, i)) && copies++ == 0) first = test.file.where(test.row(i));
  if (2 * copies >= test.size()) notes.push_back({"test rows are training rows, too", copies, first});
}

/// Notes a feature that is called as labels are, where the label is not.
inline void note_other_label(const CsvTable& file, Index label, std::span<const Index> columns, const CsvOptions& o,
                             std::vector<ReadNote>& notes) {
  const auto is_label = [&](Index column) {
    constexpr std::array<std::string_view, 6> names{"label", "labels", "class", "target", "species", "y"};
    return std::find(names.begin(), names.end(), lower_case(file.name(column))) != names.end();
  };
  const auto found = std::find_if(columns.begin(), columns.end(), is_label);
  if (is_label(label) || found == columns.end()) return;
  notes.push_back(
      {concat("column '", file.name(*found), "' is a feature, and '", file.name(label), "' the label; if it is the label: ",
              option_text(o.wording, concat("label = \"", file.name(*found), "\""), concat("--label ", file.name(*found)))),
       1, ""});
}

/// Notes a feature of few values, ten examples or more of each on average, whose value tells the label.
inline void note_label_twice(const TablePart& train, Index label, Index column, const CsvOptions& o,
                             std::vector<ReadNote>& notes) {
  std::map<std::string_view, std::string_view> labels;
  for (Index i = 0; i < train.size(); ++i) {
    const auto [known, added] = labels.emplace(train.field(i, column), train.field(i, label));
    if (known->second != train.field(i, label) || 10 * static_cast<Index>(labels.size()) > train.size()) return;
  }
  notes.push_back({concat("column '", train.file.name(column), "' tells the label: '", labels.begin()->first, "' is always '",
                          labels.begin()->second, "', and so on; if it is the label in other words, leave it out, ",
                          column_option(o, "drop", train.file, column)),
                   1, ""});
}

}  // namespace lmc::detail
