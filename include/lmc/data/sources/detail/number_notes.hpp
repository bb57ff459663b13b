// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
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

/// Whether a number is one that people or programs write for a missing one: three nines or more, as in -999 and 9999.0, four eights,
/// 1e20 and beyond, and the ends of whole numbers of 16 and 32 bits.
inline bool looks_like_sentinel(std::string_view text, double value) {
  constexpr std::array<double, 8> known{8888, 32767, -32767, -32768, 65535, 2147483647, -2147483648, 4294967295};
  if (std::abs(value) >= 1e20 || std::find(known.begin(), known.end(), value) != known.end()) return true;
  if (text.starts_with('-')) text.remove_prefix(1);
  const std::string_view nines = text.substr(0, text.find('.'));
  const std::string_view decimals = text.substr(std::min(nines.size() + 1, text.size()));
  return nines.size() >= 3 && nines.find_first_not_of('9') == std::string_view::npos &&
         decimals.find_first_not_of('0') == std::string_view::npos;
}

/// Notes the least or greatest number of a column where it looks like a missing one, occurs three times or more, and is ten times as
/// large in size as any other, or the only one below zero; then it may be -9 and -99, too.
inline void note_sentinel(const CsvTable& file, Index column, const std::map<std::string_view, Index>& counts,
                          const CsvOptions& o, std::vector<ReadNote>& notes) {
  std::map<double, std::pair<std::string_view, Index>> values;
  for (const auto& [text, count] : counts)
    values.emplace(parse_marked_number(text, o.number_format).value_or(0), std::pair(text, Index{0})).first->second.second +=
        count;
  if (values.size() < 2) return;
  const auto least = values.begin(), second = std::next(least), greatest = std::prev(values.end());
  const auto size = [](const auto& found) { return std::abs(found->first); };
  const bool lone = least->first < 0 && second->first >= 0;
  const auto note_if = [&](const auto& found, double next) {
    const auto& [text, count] = found->second;
    const bool looks = looks_like_sentinel(text, found->first);
    const bool below_zero = found == least && lone && (looks || found->first == -9 || found->first == -99);
    const bool far = looks && size(found) >= 10 * next;
    if (count < 3 || (!far && !below_zero)) return;
    notes.push_back({concat("column '", file.name(column), "' has '", text,
                            far ? "', far from its other values" : "', and no other value below zero",
                            "; if it stands for a missing one: ", missing_option(o, text),
                            lists_missing(o) ? "" : ", which replaces the usual list"),
                     count, ""});
  };
  note_if(least, std::max(size(second), size(greatest)));
  note_if(greatest, std::max(size(least), size(std::prev(greatest))));
}

/// Notes amounts in two currencies, $12 and €33.
inline void note_currencies(const CsvTable& file, Index column, const std::map<std::string_view, Index>& counts,
                            std::vector<ReadNote>& notes) {
  std::map<std::string_view, std::string_view> amounts;  // one of each currency
  for (const auto& [text, count] : counts)
    if (const auto sign = currency_of(trim(text.substr(text.starts_with('-') ? 1 : 0))); !sign.empty())
      amounts.emplace(sign, text);
  if (amounts.size() > 1)
    notes.push_back({concat("column '", file.name(column), "' has amounts in different currencies, '", amounts.begin()->second,
                            "' and '", std::next(amounts.begin())->second, "', taken as they stand"),
                     static_cast<Index>(amounts.size()), ""});
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
