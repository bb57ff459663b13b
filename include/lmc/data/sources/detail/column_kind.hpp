// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cctype>
#include <cmath>
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
#include <lmc/data/sources/detail/categories.hpp>
#include <lmc/data/sources/detail/label_check.hpp>
#include <lmc/data/sources/detail/lower_case.hpp>
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

/// What stands behind the number that a text begins with, such as kg; nothing where it begins with none.
inline std::optional<std::string_view> unit_of(std::string_view text) {
  const std::size_t end = text.find_first_not_of("0123456789.,-");
  if (end == 0 || end == std::string_view::npos || !parse_number(text.substr(0, end))) return std::nullopt;
  return text.substr(end);
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
  Index longest = 0;
  for (const auto& [text, count] : counts)
    longest = std::max(longest, static_cast<Index>(std::count(text.begin(), text.end(), ' ')));
  throw Error(concat(
      train.where(column), ": ", texts, " of ", fields, " texts are different, '", train.field(0, column),
      "' among them; a column that names its rows says nothing of other rows: leave it out, ",
      column_option(o, "drop", train.file, column), ", or insist, ", column_option(o, "categorical", train.file, column),
      common_unit(counts) ? concat("; numbers with a unit are numbers where '", *common_unit(counts), "' is left out") : "",
      is_date(train.field(0, column)) ? "; write dates as numbers, such as days since the first of them" : "",
      longest > 9 ? "; texts to learn from are read from lines of label<TAB>text" : "",
      longest > 9 ? (o.wording == Wording::code ? ", load_tsv_text()" : ", --dataset tsv") : ""));
}

/// Whether columns of this name hold names or numbers of rows.
inline bool names_rows(std::string_view name) {
  const std::string lower = lower_case(name);
  return lower.empty() || lower == "id" || lower == "index" || lower == "row" || lower.ends_with("_id") ||
         name.ends_with("Id") || name.ends_with("ID") || lower.starts_with("unnamed");
}

/// Notes numbers that look like the rows' own, and whether the classes stand in one stretch each beside them.
inline void note_row_numbers(const TablePart& train, Index column, Index label, const CsvOptions& o,
                             std::vector<ReadNote>& notes) {
  const CsvTable& file = train.file;
  if (file.rows() < 10) return;
  const std::string drop = column_option(o, "drop", file, column);
  bool consecutive = true;
  Index changes = 0;
  std::map<std::string_view, Index> classes;
  std::optional<std::int64_t> before;
  for (Index i = 0; consecutive && i < file.rows(); ++i) {
    const auto number = whole_number(file.field(i, column));
    consecutive = number && (i == 0 || *number == *before + 1);
    before = number;
    changes += i > 0 && file.field(i, label) != file.field(i - 1, label) ? 1 : 0;
    ++classes[file.field(i, label)];
  }
  if (!consecutive) {
    if (!names_rows(file.name(column))) return;
    std::set<std::int64_t> numbers;
    for (Index i = 0; i < file.rows(); ++i)
      if (const auto number = whole_number(file.field(i, column))) numbers.insert(*number);
    if (static_cast<Index>(numbers.size()) == file.rows())
      notes.push_back({concat("column '", file.name(column),
                              "' has another number in each row; if these number the rows, leave it out: ", drop),
                       file.rows(), train.where(0, column)});
    return;
  }
  const bool sorted = changes + 1 == static_cast<Index>(classes.size());
  notes.push_back({concat("column '", file.name(column), "' counts the rows",
                          sorted ? ", and the rows are sorted by their label, which it therefore gives away" : "",
                          "; leave it out: ", drop),
                   file.rows(), train.where(0, column)});
}

/// Whether a number is written as codes are: 01, 1E2.
inline bool looks_like_code(std::string_view text) {
  const bool zero = text.size() > 1 && text[0] == '0' && std::isdigit(static_cast<unsigned char>(text[1])) != 0;
  const std::size_t exponent = text.find_first_of("eE");
  return zero || (exponent != std::string_view::npos && text.find('.') == std::string_view::npos &&
                  text.find_first_of("+-") == std::string_view::npos);
}

/// Texts of whole numbers by their value; none where a text is no whole number.
inline std::map<std::int64_t, std::vector<std::string_view>> texts_by_value(const std::set<std::string_view>& texts) {
  std::map<std::int64_t, std::vector<std::string_view>> of_value;
  for (const std::string_view text : texts) {
    const auto number = whole_number(text);
    if (!number) return {};
    of_value[*number].push_back(text);
  }
  return of_value;
}

/// Whether one whole number stands there in two ways, as 1 and 1.0.
inline bool has_value_twice(const std::set<std::string_view>& texts) {
  const auto of_value = texts_by_value(texts);
  return std::any_of(of_value.begin(), of_value.end(), [](const auto& value) { return value.second.size() > 1; });
}

/// Two texts of one whole number, one of which looks like a code; nothing where there are none.
inline std::optional<std::pair<std::string_view, std::string_view>> codes_of_one_value(
    const std::set<std::string_view>& texts) {
  for (const auto& [value, all] : texts_by_value(texts))
    if (all.size() > 1 && std::any_of(all.begin(), all.end(), looks_like_code)) return std::pair(all[0], all[1]);
  return std::nullopt;
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

/// Notes what may be meant otherwise in a column of numbers: points between thousands, numbers with and without %, and whole numbers
/// that are one number once they are rounded to a double.
inline void note_numbers(const TablePart& train, Index column, const CsvOptions& o, std::vector<ReadNote>& notes) {
  const auto counts = text_counts(train, column, true, o);
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
    const std::size_t point = size.find('.');
    if (point == std::string_view::npos) {
      thousands = thousands && digits(size) && size.size() < 4;
    } else {
      ++pointed;
      example = text;
      thousands = thousands && digits(size.substr(0, point)) && point < 4 && size[0] != '0' && digits(size.substr(point + 1)) &&
                  size.size() - point == 4;
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
  if (thousands && pointed > 1)
    note(concat(
             "numbers such as '", example, "', read with three decimals; if the point stands between thousands: ",
             o.wording == Wording::code ? "number_format = {NumberMark::thousands_point}" : "--number-format thousands-point"),
         pointed);
  if (percent > 0 && plain > 0) note("numbers with and without %, both taken as they stand: 7 % is 7", percent);
}

/// Notes what may be meant otherwise in a column of categories: numbers, also with a unit or written as 5- or (5), texts that may
/// stand for a missing value or differ in Unicode's forms, and many categories of few rows.
inline void note_categories(const TablePart& train, Index column, const CsvOptions& o, std::vector<ReadNote>& notes) {
  Index numbers = 0, missing = 0, nearly = 0;
  std::string number, absent, near_number;
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
    if (is_nearly_number(text)) {
      nearly += count;
      near_number = text;
    }
    if (is_missing(text, o, true)) {
      missing += count;
      absent = text;
    }
  }
  const std::string& name = train.file.name(column);
  const auto texts = static_cast<Index>(counts.size());
  const bool unit = texts > 2 && common_unit(counts);
  if (unit || (texts > 20 && 5 * texts > fields))
    notes.push_back({concat("column '", name, "' has ", texts, " categories in ", fields, " rows, '", counts.begin()->first,
                            "' among them", unit ? "; numbers with a unit are categories, unless the unit is left out" : ""),
                     texts, ""});
  if (numbers > 0)
    notes.push_back({concat("column '", name, "' of categories has numbers, such as '", number, "'"), numbers, ""});
  if (nearly > 0)
    notes.push_back(
        {concat("column '", name, "' of categories has '", near_number, "'; if this is a number, write it as -5 or 1234"),
         nearly, ""});
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
