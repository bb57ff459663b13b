// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <lmc/core/shape.hpp>
#include <lmc/core/wording.hpp>
#include <lmc/data/sources/detail/csv_table.hpp>
#include <lmc/data/sources/detail/number_text.hpp>

namespace lmc {

/// What to do about a value that is missing: refuse the table, or put the training part's mean or most frequent category (the
/// first of those in order) in its place.
enum class MissingValue { error, impute };

/// What to do about a category that only the test part has: refuse the table, or make all of its column's features 0.
enum class UnknownCategory { error, ignore };

/// How load_csv() reads a file and splits its rows into training and test part.
struct CsvOptions {
  char delimiter = ',';  // between fields; ' ': blanks and tabs, of which a run is one
  Index header = 1;      // lines before the rows
  bool names = true;     // whether the last of them holds the columns' names; otherwise these are column0, column1, …

  TableColumn label = -1;                     // what to predict
  std::vector<TableColumn> categorical = {};  // to take as categories, or classes, although they are numbers
  std::vector<TableColumn> drop = {};         // to leave out

  std::vector<NumberMark> number_format = {};  // how numbers may be written, too
  /// Fields that stand for no value.
  std::vector<std::string> missing_texts = {"",    "?",   "NA",   "N/A",  "n/a",    "#N/A",   "<NA>",   "NaN",
                                            "nan", "NAN", "null", "NULL", "<null>", "(null)", "#NULL!", "\\N"};
  /// The same in columns of numbers alone: elsewhere, these are categories or classes.
  std::vector<std::string> missing_numbers = {"None", "none", "NONE", "Null",    "Nan",     "na",     "-",
                                              "--",   ".",    "..",   "missing", "Missing", "MISSING"};
  MissingValue missing = MissingValue::error;                 // what to do about them
  UnknownCategory unknown_category = UnknownCategory::error;  // the same for a category of the test part alone
  bool standardize = true;                                    // numeric columns, by the training part's mean and deviation

  // The test part is one of these:
  std::filesystem::path test_path = {};    // a file of its own, if it is named
  Index train_rows = 0;                    // else the rows behind so many, if it is positive
  std::optional<double> test_share = {};   // else this share of the rows, put aside at random, in (0, 1); nothing: 0.2
  std::optional<std::uint64_t> seed = {};  // which rows are put aside; nothing: 0

  Wording wording = Wording::code;  // how messages write options
};

namespace detail {

/// Whether a field stands for no value, in a column of numbers or in another.
inline bool is_missing(std::string_view field, const CsvOptions& o, bool numbers) {
  const auto lists = [&](const std::vector<std::string>& texts) {
    return std::find(texts.begin(), texts.end(), field) != texts.end();
  };
  return lists(o.missing_texts) || (numbers && lists(o.missing_numbers));
}

/// Whether missing_texts is the user's.
inline bool lists_missing(const CsvOptions& o) { return o.missing_texts != CsvOptions().missing_texts; }

/// How to say that texts are missing values, beside those that the user listed.
inline std::string missing_option(const CsvOptions& o, const std::vector<std::string>& texts) {
  std::vector<std::string> all = lists_missing(o) ? o.missing_texts : std::vector<std::string>();
  all.insert(all.end(), texts.begin(), texts.end());
  std::string list;
  for (const std::string& text : all)
    list +=
        o.wording == Wording::code ? concat(list.empty() ? "\"" : ", \"", text, "\"") : concat(list.empty() ? "" : ",", text);
  return std::string(option_text(o.wording, concat("missing_texts = {", list, "}"), concat("--missing-texts '", list, "'")));
}
inline std::string missing_option(const CsvOptions& o, std::string_view text) {
  return missing_option(o, std::vector<std::string>{std::string(text)});
}

/// How to list a column in an option, as in --drop id; by its position where it has no name, and so that a name that is a number is
/// taken for none.
inline std::string column_option(const CsvOptions& o, std::string_view option, const CsvTable& file, Index position) {
  const std::string& column = file.name(position);
  if (column.empty())
    return std::string(
        option_text(o.wording, concat(option, " = {", position, "}"), concat("--", option, " position:", position)));
  if (o.wording == Wording::code) return concat(option, " = {\"", column, "\"}");
  return concat(option_prefix(o.wording), option, position_text(column) ? " name:" : " ",
                column.find_first_of(" '\"|;&()$") == std::string_view::npos ? column : concat("'", column, "'"));
}

}  // namespace detail
}  // namespace lmc
