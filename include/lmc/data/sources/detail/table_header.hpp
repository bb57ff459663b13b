// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <functional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/wording.hpp>
#include <lmc/data/read_report.hpp>
#include <lmc/data/sources/detail/categories.hpp>
#include <lmc/io/csv.hpp>

namespace lmc::detail {

/// The line that should hold the columns' names, and the rows behind it.
struct TableHeader {
  std::string_view path;
  Index line = 0;
  std::span<const std::string> names;
  Index rows = 0;
  std::function<std::string_view(Index, Index)> field;  // of a row and a column
  std::function<std::string(Index)> where;              // of a row, for messages
};

/// Whether names that are numbers can be meant: years, or wavelengths, which ascend, and are two or more.
inline bool ascending_numbers(std::span<const std::string> names) {
  std::vector<double> numbers;
  for (const std::string& name : names)
    if (const auto number = parse_number(name)) numbers.push_back(*number);
  return numbers.size() > 1 && std::adjacent_find(numbers.begin(), numbers.end(), std::greater_equal<>()) == numbers.end();
}

/// Whether names are the columns' numbers from 0 or from 1, as a table without names is written by pandas.
inline bool count_columns(std::span<const std::string> names) {
  const auto from = [&](std::size_t first) {
    for (std::size_t j = 0; j < names.size(); ++j)
      if (names[j] != concat(first + j)) return false;
    return names.size() > 2;
  };
  return from(0) || from(1);
}

/// Whether names are years in order.
inline bool count_years(std::span<const std::string> names) {
  return ascending_numbers(names) && std::ranges::all_of(names, [](const std::string& name) {
           const auto year = whole_number(name);
           return year && *year >= 1500 && *year <= 2100;
         });
}

/// Throws: Error where the line is no header: names that are all numbers, a number among names, a name that occurs twice or that is a
/// value of its own column in several columns; and where a row repeats it. Notes what may be meant.
inline void require_header(const TableHeader& h, Wording wording, std::vector<ReadNote>& notes) {
  const auto columns = static_cast<Index>(h.names.size());
  const auto here = [&] { return concat("'", h.path, "', line ", h.line); };
  const auto name = [&](Index j) -> const std::string& { return h.names[static_cast<std::size_t>(j)]; };
  const auto is_number = [](std::string_view text) { return parse_number(text).has_value(); };
  const std::string advice = concat("for a row of data, pass ", option_text(wording, "header = ", "--header "), h.line - 1,
                                    "; for a line to pass over, ", option_text(wording, "names = false", "--no-names"));
  const auto numbers = std::count_if(h.names.begin(), h.names.end(), is_number);
  require(numbers < columns || count_columns(h.names) || count_years(h.names), here(), ": the column names are numbers; ",
          advice);
  const auto empty = std::count(h.names.begin(), h.names.end(), "");
  require(columns < 3 || empty < columns - 1, here(), ": a single column has a name, '", name(0),
          "', as where a title stands above the names; pass over it by ", option_text(wording, "header = ", "--header "),
          h.line + 1);

  const auto has_number = [&](Index row) {
    for (Index j = 0; row < h.rows && j < columns; ++j)
      if (is_number(h.field(row, j))) return true;
    return false;
  };
  const std::string next_line = !has_number(0) && has_number(1)
                                    ? concat("where the names stand in the next line, pass ",
                                             option_text(wording, "header = ", "--header "), h.line + 1, "; otherwise ")
                                    : "";
  std::set<std::string_view> seen;
  for (const std::string& text : h.names)
    require(seen.insert(text).second, here(), ": the column name '", text, "' occurs twice; ", next_line,
            "rename one, count columns with ", option_text(wording, "names = false", "--no-names"),
            ", or, where the line is data, pass ", option_text(wording, "header = ", "--header "), h.line - 1);

  // A column's name among its values: one may be chance, as 'male' can be a column of answers and an answer.
  std::vector<bool> is_value(h.names.size()), is_text;
  for (const std::string& text : h.names) is_text.push_back(!text.empty() && !is_number(text));
  for (Index i = 0; i < h.rows; ++i) {
    Index equal = 0, texts = 0;
    for (Index j = 0; j < columns; ++j) {
      if (!is_text[static_cast<std::size_t>(j)]) continue;
      ++texts;
      if (h.field(i, j) != name(j)) continue;
      is_value[static_cast<std::size_t>(j)] = true;
      ++equal;
    }
    if (equal > 1 && equal == texts && numbers == 0)
      throw Error(concat(h.where(i), ": the row repeats the columns' names of line ", h.line, "; remove it, or ", advice));
  }
  const auto values = std::count(is_value.begin(), is_value.end(), true);
  const auto example = [&] {
    const auto j = std::find(is_value.begin(), is_value.end(), true) - is_value.begin();
    return name(static_cast<Index>(j));
  };
  const auto texts = columns - numbers;
  require(values == 0 || (numbers == 0 && 2 * values < texts && values < 3), here(),
          ": this looks like a row of data, not like names: '", values == 0 ? "" : example(),
          "' is a value of its own column; ", advice);
  // A text above a number is a name, whatever the other columns hold.
  const auto above_number = [&] {
    for (Index j = 0; j < columns; ++j)
      if (is_text[static_cast<std::size_t>(j)] && is_number(h.field(0, j))) return true;
    return false;
  };
  if (values > 0 && !above_number())
    notes.push_back({"a column has its name among its values; is the line of names a row of data?", values, here()});
  if (numbers == 0) return;
  const auto number = std::find_if(h.names.begin(), h.names.end(), is_number);
  require(ascending_numbers(h.names), here(), ": the number ", *number, " stands among the columns' names; ", advice);
  if (numbers == columns)
    notes.push_back({"names of columns are numbers; is the line of names a row of data?", static_cast<Index>(numbers), here()});
}

}  // namespace lmc::detail
