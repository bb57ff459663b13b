// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/read_report.hpp>
#include <lmc/data/sources/detail/alike_texts.hpp>
#include <lmc/data/sources/detail/column_kind.hpp>
#include <lmc/data/sources/detail/lower_case.hpp>
#include <lmc/data/sources/detail/number_notes.hpp>
#include <lmc/data/sources/detail/number_text.hpp>
#include <lmc/data/sources/detail/table_part.hpp>

namespace lmc::detail {

// What may be meant otherwise in a column of a table.

/// Whether the last word of a name is id, as in user_id, user ID and userID; not paid, GRID or BID.
inline bool ends_in_id(std::string_view name) {
  if (!lower_case(name).ends_with("id")) return false;
  if (name.size() == 2) return true;
  const char before = name[name.size() - 3];
  const bool small = before >= 'a' && before <= 'z', capital = before >= 'A' && before <= 'Z';
  return small ? name[name.size() - 2] == 'I' : !capital;
}

/// Whether columns of this name, at this position, hold names or numbers of rows. One without a name may where it is the first.
inline bool names_rows(std::string_view name, Index column) {
  const std::string lower = lower_case(name);
  return lower.empty() || lower == "index" || lower == "row" || ends_in_id(name) || lower.starts_with("unnamed") ||
         (column == 0 && lower == "column0");
}

/// The whole number by which a column goes on from each row to the next, such as 1; nothing where it does not, or stays.
inline std::optional<std::int64_t> common_step(const CsvTable& file, Index column) {
  std::optional<std::int64_t> before, step;
  for (Index i = 0; i < file.rows(); ++i) {
    const auto number = whole_number(file.field(i, column));
    if (!number || (step && *number - *before != *step)) return std::nullopt;
    if (before) step = *number - *before;
    before = number;
  }
  return step == 0 ? std::nullopt : step;
}

/// Whether all of a column's numbers may be years.
inline bool may_be_years(const CsvTable& file, Index column) {
  for (Index i = 0; i < file.rows(); ++i)
    if (const auto year = whole_number(file.field(i, column)); !year || *year < 1500 || *year > 2100) return false;
  return true;
}

/// Notes numbers that look like the rows' own and are no years, and whether the classes stand in one stretch each beside them.
inline void note_row_numbers(const TablePart& train, Index column, Index label, const CsvOptions& o,
                             std::vector<ReadNote>& notes) {
  const CsvTable& file = train.file;
  if (file.rows() < 10) return;
  const auto note = [&](const std::string& what) {
    notes.push_back(
        {concat("column '", file.name(column), "' ", what, " leave it out: ", column_option(o, "drop", file, column)),
         file.rows(), train.where(0, column)});
  };
  if (const auto step = common_step(file, column)) {
    Index changes = 0;
    std::set<std::string_view> classes;
    for (Index i = 0; i < file.rows(); ++i) {
      changes += i > 0 && file.field(i, label) != file.field(i - 1, label) ? 1 : 0;
      classes.insert(file.field(i, label));
    }
    const bool sorted = changes + 1 == static_cast<Index>(classes.size());
    if (sorted || !may_be_years(file, column))
      note(concat(*step == 1 ? "counts the rows"
                             : concat(*step > 0 ? "grows by " : "falls by ", std::abs(*step),
                                      " from row to row, as a count of the rows does"),
                  sorted ? ", and the rows are sorted by their label, which it therefore gives away;" : ";"));
  } else {
    std::set<std::int64_t> numbers;
    for (Index i = 0; i < file.rows(); ++i) {
      const auto number = whole_number(file.field(i, column));
      if (!number || !numbers.insert(*number).second) return;
    }
    const std::int64_t first = *numbers.begin(), last = *numbers.rbegin();
    const bool counted = file.rows() >= 20 && (first == 0 || first == 1) && last - first == file.rows() - 1;
    if (counted || names_rows(file.name(column), column)) note("has another number in each row; if these number the rows,");
  }
}

/// Notes numbers that may be codes, in both parts: 1E1 beside 10, or zeros in front, as in 02139.
inline void note_codes(const TablePart& train, const TablePart& test, Index column, const CsvOptions& o,
                       std::vector<ReadNote>& notes) {
  Index codes = 0, zeros = 0;
  std::string first, zero;
  for (const TablePart* part : {&train, &test})
    for (Index i = 0; i < part->size(); ++i) {
      const std::string_view field = part->field(i, column);
      if (!looks_like_code(field)) continue;
      if (codes++ == 0) first = part->where(i, column);
      if (field[0] == '0' && zeros++ == 0) zero = field;
    }
  if (codes == 0) return;
  std::set<std::string_view> texts;
  for (const TablePart* part : {&train, &test})
    for (const auto& [text, count] : text_counts(*part, column, true, o)) texts.insert(text);
  const auto note = [&](const std::string& what, Index count) {
    notes.push_back({concat("column '", train.file.name(column), "' has ", what,
                            "; if they are codes: ", column_option(o, "categorical", train.file, column)),
                     count, first});
  };
  if (const auto two = codes_of_one_value(texts))
    note(concat("'", two->first, "' and '", two->second, "', taken for one number"), codes);
  else if (zeros > 0)
    note(concat("numbers with zeros in front, such as '", zero, "'"), zeros);
}

/// Whether a table has a number whose point can but stand before decimals, such as 0.345 or 12.34: then so do the others'.
inline bool has_decimals(const CsvTable& file) {
  for (Index i = 0; i < file.rows(); ++i)
    for (Index j = 0; j < file.columns(); ++j) {
      const std::string_view field = file.field(i, j);
      if (parse_number(field) && !without_thousands(field, ".", '.')) return true;
    }
  return false;
}

/// Notes what may be meant otherwise in a column of numbers: points between thousands, two currencies, numbers with and without %, and whole numbers
/// that are one number once they are rounded to a double. `counts`: of the column's texts in the training part.
inline void note_numbers(const TablePart& train, Index column, const std::map<std::string_view, Index>& counts,
                         const CsvOptions& o, std::vector<ReadNote>& notes) {
  const auto has = [&](NumberMark mark) {
    return std::find(o.number_format.begin(), o.number_format.end(), mark) != o.number_format.end();
  };
  const auto digits = [](std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  };
  const auto note = [&](const std::string& what, Index count) {
    notes.push_back({concat("column '", train.file.name(column), "' has ", what), count, ""});
  };
  Index percent = 0, plain = 0, pointed = 0;
  bool thousands = !has(NumberMark::thousands_point) && !has(NumberMark::decimal_comma);
  std::string_view example;
  std::map<double, std::string_view> long_numbers;
  for (const auto& [text, count] : counts) {
    (text.ends_with('%') ? percent : plain) += count;
    const std::string_view size = text.starts_with('-') ? text.substr(1) : text;
    if (size.find('.') == std::string_view::npos) {
      thousands = thousands && digits(size) && size.size() < 4;
    } else {
      ++pointed;
      example = text;
      thousands = thousands && without_thousands(size, ".", '.');
    }
    if (digits(size) && size.size() > 15) {
      const auto number = parse_number(text);
      const auto [same, added] = long_numbers.emplace(number.value_or(0), text);
      if (!added) {
        note(concat("'", same->second, "' and '", text, "', which are one number once rounded; if they are codes: ",
                    column_option(o, "categorical", train.file, column)),
             2);
        break;
      }
    }
  }
  if (thousands && pointed > 1 && !has_decimals(train.file))
    note(concat("numbers such as '", example, "', read with three decimals; if the point stands between thousands: ",
                option_text(o.wording, "number_format = {NumberMark::thousands_point}", "--number-format thousands-point")),
         pointed);
  if (has(NumberMark::currency)) note_currencies(train.file, column, counts, notes);
  if (percent > 0 && plain > 0) note("numbers with and without %, both taken as they stand: 7 % is 7", percent);
}

/// Notes what may be meant otherwise in a column of categories: numbers, also with a unit, behind a sign, or written as 5- or (5), texts that may
/// stand for a missing value or differ in Unicode's forms, and many categories of few rows.
inline void note_categories(const TablePart& train, Index column, const CsvOptions& o, std::vector<ReadNote>& notes) {
  Index numbers = 0, missing = 0, nearly = 0, signs = 0;
  std::string number, absent, near_number, sign;
  const auto counts = text_counts(train, column, false, o);
  Index fields = 0, quoted = 0;
  std::string in_quotes;
  for (const auto& [text, count] : counts) {
    fields += count;
    if (stands_in_quotes(text)) {
      quoted += count;
      in_quotes = text;
    }
    if (parse_marked_number(text, o.number_format)) {
      numbers += count;
      number = text;
    }
    if (const auto before = sign_before(text)) {
      signs += count;
      sign = trim(*before);
    }
    if (is_nearly_number(text)) {
      if (nearly == 0) near_number = text;
      nearly += count;
    }
    if (is_missing(text, o, true)) {
      missing += count;
      absent = text;
    }
  }
  const std::string& name = train.file.name(column);
  const auto texts = static_cast<Index>(counts.size());
  if (texts > 2 && 2 * signs > fields)
    notes.push_back({concat("column '", name, "' has ", texts, " categories, such as '", counts.begin()->first,
                            "'; numbers behind '", sign, "' are categories, unless it is left out"),
                     signs, ""});
  const bool unit = texts > 2 && common_unit(counts);
  if (unit || (texts > 20 && 5 * texts > fields))
    notes.push_back({concat("column '", name, "' has ", texts, " categories in ", fields, " rows, '", counts.begin()->first,
                            "' among them", unit ? "; numbers with a unit are categories, unless the unit is left out" : ""),
                     texts, ""});
  if (numbers > 0)
    notes.push_back({concat("column '", name, "' of categories has numbers, such as '", number, "'"), numbers, ""});
  if (nearly > 0)
    notes.push_back(
        {concat("column '", name, "' of categories has '", near_number, "'; ", plain_number_advice(near_number)), nearly, ""});
  if (quoted > 0)
    notes.push_back({concat("column '", name, "' has ", in_quotes,
                            ", whose quotes are part of it; those that CSV knows are straight and "
                            "double"),
                     quoted, ""});
  note_unicode_forms(counts, concat("column '", name, "':"), "categories", notes);
  note_case(counts, concat("column '", name, "':"), "categories", notes);
  if (missing > 0)
    notes.push_back({concat("column '", name, "' has the category '", absent,
                            "', which may stand for a missing value: ", missing_option(o, absent)),
                     missing, ""});
}

}  // namespace lmc::detail
