// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/sources/detail/categories.hpp>
#include <lmc/data/sources/detail/table_part.hpp>

namespace lmc::detail {

/// The different texts of a column that are not missing, with their numbers of fields.
inline std::map<std::string_view, Index> text_counts(const TablePart& part, Index column, bool numbers, const CsvOptions& o) {
  std::map<std::string_view, Index> counts;
  for (Index i = 0; i < part.size(); ++i)
    if (const std::string_view field = part.field(i, column); !is_missing(field, o, numbers)) ++counts[field];
  return counts;
}

/// Adds the texts of a column that are not missing.
inline void insert_texts(const TablePart& part, Index column, const CsvOptions& o, std::set<std::string_view>& texts) {
  for (Index i = 0; i < part.size(); ++i)
    if (const std::string_view field = part.field(i, column); !is_missing(field, o, false)) texts.insert(field);
}

/// Whether most texts of the training part are numbers, or could be meant to be: most of its fields, or of its different texts.
inline bool mostly_numbers(const TablePart& train, Index column, const CsvOptions& o) {
  bool all = true;
  for (Index i = 0; all && i < train.size(); ++i) {
    const std::string_view field = train.field(i, column);
    all = is_missing(field, o, true) || parse_marked_number(field, o.number_format);
  }
  if (all) return true;
  Index fields = 0, texts = 0, numeric_fields = 0, numeric_texts = 0;
  for (const auto& [text, count] : text_counts(train, column, true, o)) {
    ++texts;
    fields += count;
    if (!parse_marked_number(text, o.number_format) && !may_be_number(text)) continue;
    ++numeric_texts;
    numeric_fields += count;
  }
  return 2 * numeric_fields > fields || 2 * numeric_texts > texts;
}

/// The unit that all texts end in behind a number, such as kg; nothing where there is none.
inline std::optional<std::string_view> common_unit(const std::map<std::string_view, Index>& counts) {
  std::set<std::optional<std::string_view>> units;
  for (const auto& [text, count] : counts) units.insert(unit_of(text));
  return units.size() == 1 ? *units.begin() : std::nullopt;
}

/// Throws: Error where nearly every row has a text of its own, so that it tells rows, not kinds of them.
inline void require_categories(const TablePart& train, Index column, const CsvOptions& o) {
  const auto counts = text_counts(train, column, false, o);
  Index fields = 0;
  for (const auto& [text, count] : counts) fields += count;
  const auto texts = static_cast<Index>(counts.size());
  if (texts <= 20 || 2 * texts <= fields) return;
  // Numbers in a way to write them that no option reads.
  const auto nearly = std::ranges::find_if(counts, [](const auto& text) { return is_nearly_number(text.first); });
  const bool numbers = nearly != counts.end() && std::ranges::all_of(counts, [](const auto& text) {
                         return parse_number(text.first) || may_be_number(text.first) || is_nearly_number(text.first);
                       });
  Index longest = 0;
  for (const auto& [text, count] : counts)
    longest = std::max(longest, static_cast<Index>(std::count(text.begin(), text.end(), ' ')));
  throw Error(concat(
      train.where(column), ": ", texts, " of ", fields, " texts are different, '",
      numbers ? nearly->first : train.field(0, column), "' among them; ",
      numbers ? concat(plain_number_advice(nearly->first), "; otherwise leave the column out, ")
              : "a column that names its rows says nothing of other rows: leave it out, ",
      column_option(o, "drop", train.file, column), ", or insist, ", column_option(o, "categorical", train.file, column),
      common_unit(counts) ? concat("; numbers with a unit are numbers where '", *common_unit(counts), "' is left out") : "",
      is_date(train.field(0, column)) ? "; write dates as numbers, such as days since the first of them" : "",
      longest > 9 ? "; texts to learn from are read from lines of label<TAB>text" : "",
      longest > 9 ? concat(", ", option_text(o.wording, "load_tsv_text()", "--dataset tsv")) : ""));
}

}  // namespace lmc::detail
