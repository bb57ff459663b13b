// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/sources/detail/csv_options.hpp>
#include <lmc/data/sources/detail/csv_table.hpp>
#include <lmc/data/sources/detail/number_text.hpp>

namespace lmc::detail {

/// Rows of a file.
struct TablePart {
  const CsvTable& file;
  std::vector<Index> rows;

  [[nodiscard]] Index size() const { return static_cast<Index>(rows.size()); }
  [[nodiscard]] std::string_view field(Index i, Index column) const { return file.field(row(i), column); }
  /// For error messages.
  [[nodiscard]] std::string where(Index i, Index column) const { return file.where(row(i), column); }
  [[nodiscard]] std::string where(Index column) const {
    return concat("'", file.path(), "', column '", file.name(column), "'");
  }
  [[nodiscard]] Index row(Index i) const { return rows[static_cast<std::size_t>(i)]; }
};

inline std::vector<Index> all_rows(Index rows) {
  std::vector<Index> positions(static_cast<std::size_t>(rows));
  std::iota(positions.begin(), positions.end(), Index{0});
  return positions;
}

/// How to take a text for a value although it is in a usual list of missing ones.
inline std::string value_advice(std::string_view field, const CsvOptions& o) {
  return concat("take '", field, "' for a value, by a list of missing texts without it, such as ",
                option_text(o.wording, "missing_texts = {\"-999\"}", "--missing-texts -999"));
}

/// The field of example i, or nothing where its value is missing and to be imputed.
inline std::optional<std::string_view> value_of(const TablePart& part, Index i, Index column, bool numbers,
                                                const CsvOptions& o) {
  const std::string_view field = part.field(i, column);
  if (!is_missing(field, o, numbers)) return field;
  if (o.missing == MissingValue::error)
    throw Error(concat(part.where(i, column), ": the value is missing ('", field, "'); fill it in, pass ",
                       option_text(o.wording, "missing = MissingValue::impute", "--missing impute"), ", or ",
                       value_advice(field, o)));
  return std::nullopt;
}

/// The first texts, at most ten, of a column of numbers that nobody means for one.
inline std::vector<std::string> texts_among_numbers(const CsvTable& file, Index column, const CsvOptions& o) {
  std::vector<std::string> texts;
  for (Index i = 0; i < file.rows() && texts.size() < 10; ++i) {
    const std::string_view field = file.field(i, column);
    if (is_missing(field, o, true) || parse_marked_number(field, o.number_format) || may_be_number(field)) continue;
    if (std::find(texts.begin(), texts.end(), field) == texts.end()) texts.emplace_back(field);
  }
  return texts;
}

/// What may be the cause that `field` is no number, and the option for it: the end of a message.
inline std::string number_advice(std::string_view field, const CsvTable& file, Index column, const CsvOptions& o) {
  const std::string otherwise =
      concat("or take the texts of the column as categories, ", column_option(o, "categorical", file, column));
  const auto marks = [&](const std::vector<NumberMark>& given) {
    std::string list;
    for (const NumberMark mark : given)
      for (const auto& [name, value] : number_mark_names)
        if (value == mark) {
          std::string text(name);
          if (o.wording == Wording::code) {
            std::replace(text.begin(), text.end(), '-', '_');
            text = "NumberMark::" + text;
          }
          (list += list.empty() ? "" : o.wording == Wording::code ? ", " : ",") += text;
        }
    return std::string(option_text(o.wording, concat("number_format = {", list, "}"), "--number-format " + list));
  };
  if (is_date(field))
    return concat("; it is a date: write dates as numbers, such as days since the first of them, or leave the column out, ",
                  column_option(o, "drop", file, column));
  if (!may_be_number(field) && is_nearly_number(field)) return concat("; ", plain_number_advice(field));
  if (has_fortran_exponent(field)) return concat("; write E for its exponent D, ", otherwise);
  if (is_hexadecimal(field)) return concat("; write the hexadecimal number in decimal digits, ", otherwise);
  std::vector<NumberMark> all = o.number_format, more = marks_of(field);
  // A comma is between thousands as well as before decimals, where three digits follow.
  std::vector<NumberMark> other = more;
  std::replace(other.begin(), other.end(), NumberMark::decimal_comma, NumberMark::thousands_comma);
  const bool comma = other != more && parse_marked_number(field, other);
  for (const NumberMark mark : more)
    if (std::find(all.begin(), all.end(), mark) == all.end()) all.push_back(mark);
  if (parse_number(field)) {
    std::vector<NumberMark> with_points = o.number_format;
    with_points.push_back(NumberMark::thousands_point);
    if (!contradict(with_points) && parse_marked_number(field, with_points))
      return concat("; it is one with ", marks(with_points), ", another without ", marks(o.number_format),
                    "; give the one that is meant, ", otherwise);
    return concat("; it is one without ", marks(o.number_format), "; write the column's numbers in one way, ", otherwise);
  }
  if (!more.empty() && contradict(all))
    return concat("; it is one with ", marks(more), ", which contradicts ", marks(o.number_format),
                  "; write the column's numbers in one way, ", otherwise);
  const bool marked = !more.empty() && parse_marked_number(field, all);
  if (!marked && is_fraction(field)) return concat("; it is a fraction: write it as a decimal, as 0.5 for 1/2, ", otherwise);
  if (const auto unit = unit_of(field); !marked && unit && trim(*unit).size() > 1 && !is_windows_nan(field))
    return concat("; '", trim(*unit), "' stands behind the number: leave it out, ", otherwise);
  if (!marked)
    return concat(is_windows_nan(field) ? "; it is how Visual C++ writes infinity or no number" : "",
                  "; correct it, list it as missing, ", missing_option(o, texts_among_numbers(file, column, o)),
                  lists_missing(o) ? ", " : ", which replaces the usual list, ", otherwise);
  return concat("; it is one with ", marks(all), comma ? concat(", another with ", marks(other)) : "",
                "; correct it, or give that option, ", otherwise);
}

/// Whether a text in the first line of the data may be a unit, as `cm` or `m/s`.
inline bool may_be_unit(std::string_view text, Index row) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return row == 0 && std::ranges::any_of(text, is_letter) && std::ranges::none_of(text, is_digit);
}

/// Throws: Error about the first text of a column of numbers that is none.
[[noreturn]] inline void refuse_text(const CsvTable& file, Index column, const CsvOptions& o) {
  std::optional<Index> row;
  bool others = false;
  for (Index i = 0; i < file.rows(); ++i) {
    const std::string_view field = file.field(i, column);
    if (is_missing(field, o, true)) continue;
    if (parse_marked_number(field, o.number_format))
      others = true;
    else if (!row)
      row = i;
  }
  const std::string_view text = file.field(row.value(), column);
  throw Error(concat(file.where(*row, column), ": '", text, "' is no number, ",
                     others ? "but the column's other values are" : "and so is no other value of the column as it stands",
                     others && may_be_unit(text, *row) ? " (if the line holds units, remove it)" : "",
                     number_advice(text, file, column, o)));
}

/// The number that a numeric column has for an example.
inline double number_of(const TablePart& part, Index i, Index column, std::string_view field, const CsvOptions& o) {
  const auto number = parse_marked_number(field, o.number_format);
  if (!number) refuse_text(part.file, column, o);
  if (!std::isfinite(*number))
    throw Error(concat(part.where(i, column), ": '", field,
                       "' is not finite, or beyond the range of double, 5e-324 to 1.8e308 in size; ",
                       "correct it, or list it as missing, ", missing_option(o, field), ", which replaces the usual list"));
  return *number;
}

}  // namespace lmc::detail
