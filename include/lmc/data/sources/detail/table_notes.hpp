// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/hash.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/read_report.hpp>
#include <lmc/data/sources/detail/csv_options.hpp>
#include <lmc/data/sources/detail/csv_table.hpp>
#include <lmc/data/sources/detail/lower_case.hpp>
#include <lmc/data/sources/detail/row_copies.hpp>
#include <lmc/data/sources/detail/table_part.hpp>

namespace lmc::detail {

// What may be meant otherwise in a table as a whole: its parts and its label.

/// Hashes of a part's rows in these columns.
inline std::vector<std::uint64_t> row_hashes(const TablePart& part, std::span<const Index> columns) {
  std::vector<std::uint64_t> hashes;
  for (Index i = 0; i < part.size(); ++i) {
    std::uint64_t h = fnv1a_basis;
    for (const Index j : columns) h = hash_field(part.field(i, j), h);
    hashes.push_back(h);
  }
  return hashes;
}

/// Notes test rows that are training rows in the features and the label, and training rows of equal features and different labels.
inline void note_equal_rows(const TablePart& train, const TablePart& test, std::span<const Index> features, Index label,
                            std::vector<ReadNote>& notes) {
  std::vector<Index> all(features.begin(), features.end());
  all.push_back(label);
  const auto where = [](const TablePart& part) {
    return [&part](std::size_t i) { return part.file.where(part.row(static_cast<Index>(i))); };
  };
  note_copies(row_hashes(train, all), row_hashes(test, all),
              concat("test rows are training rows, too", &train.file == &test.file ? ": the file repeats rows" : ""),
              where(test), notes);
  std::vector<std::string_view> labels;
  for (Index i = 0; i < train.size(); ++i) labels.push_back(train.field(i, label));
  note_conflicts(row_hashes(train, features), labels,
                 "training rows have equal features and different labels: no network can tell which", where(train), notes);
}

/// Whether columns of this name hold labels. Some of the names are features' as well: `sometimes` says whether they count.
inline bool names_label(std::string_view name, bool sometimes_too) {
  constexpr std::array<std::string_view, 12> always{"label",    "labels",    "class",   "target", "species", "y",
                                                    "survived", "diagnosis", "outcome", "churn",  "digit",   "sentiment"};
  constexpr std::array<std::string_view, 4> sometimes{"income", "category", "quality", "default"};
  const std::string lower = lower_case(name);
  return std::find(always.begin(), always.end(), lower) != always.end() ||
         (sometimes_too && std::find(sometimes.begin(), sometimes.end(), lower) != sometimes.end());
}

/// Whether a column has ten different texts at most.
inline bool has_few_texts(const CsvTable& file, Index column) {
  std::set<std::string_view> texts;
  for (Index i = 0; i < file.rows() && texts.size() <= 10; ++i) texts.insert(file.field(i, column));
  return texts.size() <= 10;
}

/// Says that a feature is called as labels are, where the label is not; empty where none is. y is a coordinate where there is x or z,
/// and names that are features' as well count in a first column of few texts alone.
inline std::string other_label(const CsvTable& file, Index label, std::span<const Index> columns, const CsvOptions& o) {
  const auto is_axis = [](const std::string& name) { return name == "x" || name == "X" || name == "z" || name == "Z"; };
  const bool axes = std::any_of(file.names().begin(), file.names().end(), is_axis);
  const auto found = std::find_if(columns.begin(), columns.end(), [&](Index j) {
    return names_label(file.name(j), j == 0 && has_few_texts(file, j)) && !(axes && lower_case(file.name(j)) == "y");
  });
  if (found == columns.end() || names_label(file.name(label), true)) return "";
  const std::string& name = file.name(*found);
  return concat("column '", name, "' is a feature, and '", file.name(label), "' the label; if '", name,
                "' is the label: ", option_text(o.wording, concat("label = \"", name, "\""), concat("--label-column ", name)));
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

/// Notes a feature that says which part a row belongs to, by its values or by its name.
inline void note_part_column(const TablePart& train, Index column, const CsvOptions& o, std::vector<ReadNote>& notes) {
  constexpr std::array<std::string_view, 8> names{"split", "fold", "set", "partition", "usage", "is_train", "is_test", "part"};
  constexpr std::array<std::string_view, 10> parts{"train", "training",   "test", "testing",    "val",
                                                   "valid", "validation", "dev",  "publictest", "privatetest"};
  std::set<std::string_view> texts;
  for (Index i = 0; i < train.size() && texts.size() <= 10; ++i) texts.insert(train.field(i, column));
  const bool by_name = std::find(names.begin(), names.end(), lower_case(train.file.name(column))) != names.end();
  const bool by_values = texts.size() > 1 && std::all_of(texts.begin(), texts.end(), [&](std::string_view text) {
                           return std::find(parts.begin(), parts.end(), lower_case(text)) != parts.end();
                         });
  if (texts.size() > 10 || (!by_name && !by_values)) return;
  notes.push_back({concat("column '", train.file.name(column),
                          "' seems to say which rows train; leave it out: ", column_option(o, "drop", train.file, column)),
                   1, ""});
}

/// Notes a feature that tells the label by where it is missing, or by where it is not: ten rows or more have one label, which by
/// chance would be less likely than 1 in 1000.
inline void note_missing_label(const TablePart& train, Index label, Index column, bool numbers, const CsvOptions& o,
                               std::vector<ReadNote>& notes) {
  if (o.missing == MissingValue::error) return;  // there is none
  std::map<std::string_view, Index> all;
  std::array<std::map<std::string_view, Index>, 2> labels;  // of the rows that miss the column, and of those that have it
  for (Index i = 0; i < train.size(); ++i) {
    ++all[train.field(i, label)];
    ++labels[is_missing(train.field(i, column), o, numbers) ? 0 : 1][train.field(i, label)];
  }
  if (labels[0].empty()) return;
  for (std::size_t k = 0; k < 2; ++k) {
    if (labels[k].size() != 1) continue;
    const auto& [text, count] = *labels[k].begin();
    const double share = static_cast<double>(all[text]) / static_cast<double>(train.size());
    if (count < 10 || std::pow(share, count) > 1e-3) continue;
    notes.push_back({concat("column '", train.file.name(column), k == 0 ? "' is missing only" : "' has values only",
                            " where the label is '", text, "'; if that gives the label away, leave it out, ",
                            column_option(o, "drop", train.file, column)),
                     count, ""});
    return;
  }
}

}  // namespace lmc::detail
