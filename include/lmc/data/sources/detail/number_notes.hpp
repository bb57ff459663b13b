// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/read_report.hpp>
#include <lmc/data/sources/detail/csv_options.hpp>
#include <lmc/data/sources/detail/csv_table.hpp>
#include <lmc/data/sources/detail/number_text.hpp>

namespace lmc::detail {

// Texts of a column of numbers that may stand for something else than their value. `counts`: of the texts in the training part.

/// Whether a text is written as people write a number for a missing one: three nines or more, as in -999 and 9999.0, or 1e20 and
/// beyond.
inline bool looks_like_sentinel(std::string_view text, double value) {
  if (std::abs(value) >= 1e20) return true;
  if (text.starts_with('-')) text.remove_prefix(1);
  const std::string_view nines = text.substr(0, text.find('.'));
  const std::string_view decimals = text.substr(std::min(nines.size() + 1, text.size()));
  return nines.size() >= 3 && nines.find_first_not_of('9') == std::string_view::npos &&
         decimals.find_first_not_of('0') == std::string_view::npos;
}

/// Notes the least or greatest number of a column where it looks like a missing one, occurs three times or more, and is ten times as
/// large in size as any other.
inline void note_sentinel(const CsvTable& file, Index column, const std::map<std::string_view, Index>& counts,
                          const CsvOptions& o, std::vector<ReadNote>& notes) {
  std::string_view largest;
  double size = -1, next = -1;  // of the largest text, and of the largest of another value
  Index count = 0;
  for (const auto& [text, fields] : counts) {
    const double value = parse_marked_number(text, o.number_format).value_or(0);
    if (std::abs(value) > size) {
      next = std::exchange(size, std::abs(value));
      largest = text;
      count = fields;
    } else {
      next = std::max(next, std::abs(value));
    }
  }
  if (count < 3 || next < 0 || size < 10 * next || !looks_like_sentinel(largest, size)) return;
  notes.push_back({concat("column '", file.name(column), "' has '", largest,
                          "', far from its other values; if it stands for a missing one: ", missing_option(o, largest),
                          lists_missing(o) ? "" : ", which replaces the usual list"),
                   count, ""});
}

/// Notes 3.1 and 3.10, which are one number and two versions or codes.
inline void note_trailing_zeros(const CsvTable& file, Index column, const std::map<std::string_view, Index>& counts,
                                const CsvOptions& o, std::vector<ReadNote>& notes) {
  for (const auto& [text, count] : counts) {
    if (text.find('.') == std::string_view::npos || !text.ends_with('0') || !parse_number(text)) continue;
    const auto shorter = counts.find(text.substr(0, text.find_last_not_of('0') + 1));
    if (shorter == counts.end()) continue;
    notes.push_back({concat("column '", file.name(column), "' has '", shorter->first, "' and '", text,
                            "', taken for one number; if they are codes: ", column_option(o, "categorical", file, column)),
                     count, ""});
    return;
  }
}

}  // namespace lmc::detail
