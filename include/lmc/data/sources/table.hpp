// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/class_counts.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/data/sources/detail/alike_texts.hpp>
#include <lmc/data/sources/detail/categories.hpp>
#include <lmc/data/sources/detail/column_code.hpp>
#include <lmc/data/sources/detail/column_kind.hpp>
#include <lmc/data/sources/detail/column_notes.hpp>
#include <lmc/data/sources/detail/csv_options.hpp>
#include <lmc/data/sources/detail/csv_table.hpp>
#include <lmc/data/sources/detail/label_check.hpp>
#include <lmc/data/sources/detail/lower_case.hpp>
#include <lmc/data/sources/detail/number_text.hpp>
#include <lmc/data/sources/detail/other_file.hpp>
#include <lmc/data/sources/detail/read_notes.hpp>
#include <lmc/data/sources/detail/table_notes.hpp>
#include <lmc/data/sources/detail/table_part.hpp>
#include <lmc/data/split.hpp>

namespace lmc {

/// A table as data to train on, and what its features and classes mean.
template <std::floating_point Scalar>
struct Table {
  TrainTest<Scalar> data;              // both parts, with the same features
  std::vector<TableFeature> features;  // one for each value of an example
  std::vector<std::string> classes;    // what each label stood for in the table
};

namespace detail {

inline std::string_view label_of(const TablePart& part, Index i, Index column, const CsvOptions& o) {
  const std::string_view field = part.field(i, column);
  if (!is_missing(field, o, false)) return field;
  const std::vector<Index> rows = all_rows(part.file.rows());
  require(std::ranges::any_of(rows, [&](Index row) { return !is_missing(part.file.field(row, column), o, false); }),
          part.where(column), ": no row has a label; fill them in, or choose another column, ",
          option_text(o.wording, "label", "--label-column"));
  throw Error(concat(part.where(i, column), ": the label is missing ('", field, "'); fill it in, remove the row, or ",
                     value_advice(field, o)));
}

/// How to choose another column of labels; `other`: what other_label() says.
inline std::string label_advice(const CsvTable& file, Index label, const std::string& other, const CsvOptions& o) {
  return concat(other.empty()
                    ? concat("is '", file.name(label), "' the column of labels? ",
                             option_text(o.wording, "label", "--label-column, by name or number,"), " chooses another")
                    : other,
                ", ", column_option(o, "categorical", file, label), " insists");
}

/// The classes of the training part; `by_text` where the options list the label as categorical. Codes count in both parts.
inline Categories fit_classes(const TablePart& train, const TablePart& test, Index column, const std::string& other,
                              bool by_text, const CsvOptions& o, std::vector<ReadNote>& notes) {
  std::map<std::string_view, Index> counts;
  std::set<std::string_view> texts;
  for (Index i = 0; i < train.size(); ++i) ++counts[label_of(train, i, column, o)];
  for (const auto& [text, count] : counts) texts.insert(text);
  std::set<std::string_view> both = texts;
  insert_texts(test, column, o, both);
  const auto codes = codes_of_one_value(both);
  if (!by_text) {
    check_labels(train.where(column), counts, label_advice(train.file, column, other, o), notes);
    if (codes)
      throw Error(concat(train.where(column), ": the labels '", codes->first, "' and '", codes->second,
                         "' are one number; write them alike, or take each text for a class, ",
                         column_option(o, "categorical", train.file, column)));
  }
  for (const auto& [text, count] : counts)
    if (stands_in_quotes(text)) {
      notes.push_back(
          {concat("the label ", text, " has quotes that are part of it; those that CSV knows are straight and double"), count,
           ""});
      break;
    }
  if (by_text) {
    note_case(counts, "the labels", "classes", notes);
    note_unicode_forms(counts, "the labels", "classes", notes);
  }
  for (const auto& [text, count] : counts)
    if (is_missing(text, o, true))
      notes.push_back(
          {concat("the label '", text, "' is a class; if it stands for a missing one, remove its rows"), count, ""});
  Categories classes(texts, by_text && (codes || has_value_twice(texts)));
  require(
      classes.size() > 1, train.where(column), ": all labels are '", classes.names()[0], "'; expected two classes or more; ",
      o.train_rows > 0 && both.size() > 1
          ? concat("the first ", o.train_rows, " rows have no other: shuffle the rows, or leave ",
                   option_text(o.wording, "train_rows", "--train-rows"), " out; ")
          : "",
      other.empty()
          ? concat(option_text(o.wording, "the option label", "--label-column, by name or number,"), " chooses another column")
          : other);
  return classes;
}

/// Whether the rows to test with are taken from the file's at random.
inline bool splits_at_random(const CsvOptions& o) { return o.test_path.empty() && o.train_rows == 0; }

/// What helps where a label is none of the training part.
inline std::string new_label_advice(std::string_view name, const Categories& classes, const CsvOptions& o) {
  const auto bare = [](std::string_view text) {
    std::string all = lower_case(ascii_spelling(text));
    if (all.ends_with('.')) all.pop_back();
    return all;
  };
  const auto alike = std::find_if(classes.names().begin(), classes.names().end(),
                                  [&](const std::string& known) { return bare(known) == bare(name); });
  if (alike != classes.names().end())
    return concat("; it differs from '", *alike, "' in case, blanks or a point at its end alone: write them alike");
  return concat(
      "; put rows of this class into the training part, too",
      splits_at_random(o)
          ? concat(", or try another split, ", option_text(o.wording, "seed = ", "--split-seed "), o.seed.value_or(0) + 1)
      : o.train_rows > 0 ? concat(": shuffle the rows, or leave ", option_text(o.wording, "train_rows", "--train-rows"), " out")
                         : "");
}

/// Whether an example may be a line of units, by its label or by a text in a column of numbers.
inline bool may_hold_units(const TablePart& part, Index i, Index label, std::span<const Index> columns,
                           std::span<const ColumnCode> codes, const CsvOptions& o) {
  const auto is_unit = [&](Index column) {
    return may_be_unit(part.field(i, column), part.row(i)) && !is_missing(part.field(i, column), o, true);
  };
  for (std::size_t j = 0; j < columns.size(); ++j)
    if (std::holds_alternative<NumericColumn>(codes[j]) && is_unit(columns[j])) return true;
  return is_unit(label);
}

template <std::floating_point Scalar>
Dataset<Scalar> table_dataset(const TablePart& part, Index label, const std::string& other, const Categories& classes,
                              std::span<const Index> columns, std::span<const ColumnCode> codes, Index features,
                              const CsvOptions& o) {
  std::vector<std::int32_t> labels;
  std::vector<Scalar> x(static_cast<std::size_t>(part.size() * features));
  for (Index i = 0; i < part.size(); ++i) {
    const std::string_view name = label_of(part, i, label, o);
    const auto number = classes.find(name);
    if (!number)
      throw Error(concat(part.where(i, label), ": the label '", name, "' occurs in the test part only",
                         may_hold_units(part, i, label, columns, codes, o) ? "; if the line holds units, remove it" : "",
                         other.empty() ? "" : "; " + other, new_label_advice(name, classes, o)));
    labels.push_back(static_cast<std::int32_t>(*number));
    Scalar* to = x.data() + i * features;
    for (std::size_t j = 0; j < columns.size(); ++j) to += encode(part, i, columns[j], codes[j], o, to);
  }
  return Dataset<Scalar>({.shape = features, .classes = classes.size(), .labels = std::move(labels), .features = std::move(x)});
}

/// What the table was taken for.
inline ReadReport table_report(const TablePart& train, const TablePart& test, Index label, const Categories& classes,
                               std::span<const Index> columns, std::span<const ColumnCode> codes, const CsvOptions& o) {
  ReadReport report;
  const CsvTable& file = train.file;
  for (Index j = 0; j < file.columns(); ++j) report.columns.push_back({file.name(j), ColumnKind::dropped, 0});
  report.columns[static_cast<std::size_t>(label)] = {file.name(label), ColumnKind::label, classes.size()};
  std::map<std::string, Index> missing;
  for (std::size_t k = 0; k < columns.size(); ++k) {
    ReadColumn& column = report.columns[static_cast<std::size_t>(columns[k])];
    const auto* category = std::get_if<CategoricalColumn>(&codes[k]);
    column.kind = category == nullptr ? ColumnKind::number : ColumnKind::category;
    if (category != nullptr) column.values = category->categories.size();
    for (const TablePart* part : {&train, &test})
      for (Index i = 0; i < part->size(); ++i)
        if (const auto field = part->field(i, columns[k]); is_missing(field, o, category == nullptr))
          ++missing[std::string(field)];
  }
  for (const auto& [text, count] : missing) report.missing.push_back({text, count});
  return report;
}

inline void require_same_columns(const CsvTable& train, const CsvTable& test) {
  require(test.columns() == train.columns(), "'", test.path(), "' has ", test.columns(), " columns, and '", train.path(), "' ",
          train.columns(), "; expected the same columns in the same order");
  for (std::size_t j = 0; j < train.names().size(); ++j)
    require(
        test.names()[j] == train.names()[j], "'", test.path(), "': column ", j, " is '", test.names()[j], "', and in '",
        train.path(), "' it is '", train.names()[j],
        "'; expected the same columns in the same order; where the file has no line of names, put that of the other on top");
}

/// Throws: Error where the test file begins with names although the training file has none: in its first row stands neither a number
/// nor a text of the training file's column.
inline void require_no_names(const CsvTable& train, const CsvTable& test) {
  for (Index j = 0; j < test.columns(); ++j) {
    const std::string_view text = test.field(0, j);
    if (parse_number(text)) return;
    for (Index i = 0; i < train.rows(); ++i)
      if (train.field(i, j) == text) return;
  }
  throw Error(concat(test.where(0), ": these look like the columns' names, '", test.field(0, 0), "' being the first, and '",
                     train.path(), "' is read without names; remove the line, or put it on top of that file, too"));
}

/// Which rows of a file train, and which are put aside to test with.
inline SplitPositions split_rows(const CsvTable& file, const CsvOptions& o) {
  const Index rows = file.rows();
  require(rows > 1, "'", file.path(), "' has one row; expected one to train and one to test with at least");
  if (splits_at_random(o)) {
    const double share = o.test_share.value_or(default_test_share);
    require(share > 0 && share < 1, option_text(o.wording, "load_csv: test_share = ", "--test-share "), share,
            "; expected a share between 0 and 1");
    const auto aside = static_cast<Index>(std::llround(share * static_cast<double>(rows)));
    return split_positions(rows, std::clamp(aside, Index{1}, rows - 1), o.seed.value_or(0));
  }
  require(o.train_rows > 0 && o.train_rows < rows, option_text(o.wording, "load_csv: train_rows = ", "--train-rows "),
          o.train_rows, "; expected 1 to ", rows - 1, ", as '", file.path(), "' has ", rows,
          " rows and the rest are to test with");
  SplitPositions parts{all_rows(o.train_rows), all_rows(rows - o.train_rows)};
  for (Index& row : parts.aside) row += o.train_rows;
  return parts;
}

}  // namespace detail

/// Labelled examples from a CSV file, plain or gzip (as CsvReader; blanks around a field are cut off), or from two.
///
/// Classes: the distinct labels of the training part, in order of value where all are whole numbers, else by their bytes;
/// labels that are 0 … k − 1 stay as they are. A column is of numbers where most of its training texts are numbers, or could be
/// meant to be. Features, column after column: of a column of numbers
///   x = (value − mean) / deviation,   mean = Σ value / n,   deviation = √(Σ (value − mean)² / n)   over n training examples,
/// 0 where the column is constant, or the value as it is where standardize is false; of any other column, and of those listed
/// in categorical, one feature per category, in the order of classes: 1 for the example's own and 0 for the others. What is
/// missing is imputed before deviations are computed. Classes, columns, missing values and what is odd are in data.report.
///
/// scikit-learn's breast_cancer.csv, whose first line holds no names: {.header = 1, .names = false}; its digits.csv, which has
/// but rows: {.header = 0}. Memory while it loads: some ten times the content, and a Scalar for each feature of each example.
///
/// Throws: Error that names the file, and where it has one the line and column: as CsvReader; without rows; with equal column
/// names, names that are data, or another number of names than fields; where a row repeats the names; a column in the options
/// that does not exist (which do, and the nearest); a missing value, unless it is to be imputed, or label; in a column of numbers
/// a text that is none (with the option that reads it) or not finite; a category of the test part alone, unless it is to be ignored;
/// a column without values, of more than 1000 categories, or of texts that nearly all differ; labels that look like a regression
/// target, or that are one number written in two ways; a single class, or a class of the test part alone; a test file with other
/// columns, or with names where the training file has none; options that leave a part empty, or ask for two ways to make one (a
/// share or a seed beside a test file, too).
template <std::floating_point Scalar>
Table<Scalar> load_table(const std::filesystem::path& path, const CsvOptions& options = {}) {
  const auto& o = options;
  require(o.test_path.empty() || o.train_rows == 0,
          option_text(o.wording, "load_csv: both test_path = '", "both --test-data '"), o.test_path.string(),
          option_text(o.wording, "' and train_rows = ", "' and --train-rows "), o.train_rows,
          " are given; expected one way to make the test part");
  if (!detail::splits_at_random(o))
    detail::require_none_aside("load_csv", "rows", o.test_share, o.seed,
                               o.train_rows > 0 ? option_text(o.wording, "train_rows", "--train-rows")
                                                : option_text(o.wording, "test_path", "--test-data"),
                               o.wording);
  require(!detail::contradict(o.number_format), option_text(o.wording, "load_csv: number_format", "--number-format"),
          ": commas between thousands go neither with decimal commas nor with points between thousands; leave one out");
  const detail::CsvTable file(path, o.delimiter, o.header, o.names, o.wording);
  const auto position = [&](std::string_view option, const TableColumn& column) {
    try {
      return file.position(column);
    } catch (const Error& e) {
      throw Error(concat(option, ": ", e.what()));
    }
  };
  const Index label = position(option_text(o.wording, "load_csv: label", "--label-column"), o.label);
  std::vector<bool> left_out(static_cast<std::size_t>(file.columns())), categorical = left_out;
  for (const auto& column : o.drop)
    left_out[static_cast<std::size_t>(position(option_text(o.wording, "load_csv: drop", "--drop"), column))] = true;
  for (const auto& column : o.categorical)
    categorical[static_cast<std::size_t>(position(option_text(o.wording, "load_csv: categorical", "--categorical"), column))] =
        true;
  require(!left_out[static_cast<std::size_t>(label)], option_text(o.wording, "load_csv: drop", "--drop"),
          " lists the label column '", file.name(label), "' of '", file.path(), "'");
  std::vector<Index> columns;
  for (Index j = 0; j < file.columns(); ++j)
    if (j != label && !left_out[static_cast<std::size_t>(j)]) columns.push_back(j);
  require(!columns.empty(), "'", file.path(), "' has no column beside the label '", file.name(label), "' that is not dropped");

  std::optional<detail::CsvTable> test_file;
  if (!o.test_path.empty()) {
    detail::require_other_file(path, o.test_path, o.wording);
    test_file.emplace(o.test_path, o.delimiter, o.header, o.names, o.wording, &file);
    detail::require_same_columns(file, *test_file);
    if (!o.names || o.header == 0) detail::require_no_names(file, *test_file);
  }
  auto rows = test_file ? detail::SplitPositions{detail::all_rows(file.rows()), detail::all_rows(test_file->rows())}
                        : detail::split_rows(file, o);
  const detail::TablePart train{file, std::move(rows.rest)}, test{test_file ? *test_file : file, std::move(rows.aside)};

  std::vector<ReadNote> notes = file.notes();
  detail::note_equal_rows(train, test, columns, label, notes);
  const std::string other_label = detail::other_label(file, label, columns, o);
  if (!other_label.empty()) notes.push_back({other_label, 1, ""});
  const detail::Categories classes =
      detail::fit_classes(train, test, label, other_label, categorical[static_cast<std::size_t>(label)], o, notes);
  std::vector<detail::ColumnCode> codes;
  std::vector<TableFeature> features;
  for (const Index j : columns) {
    codes.push_back(detail::fit_column(train, test, j, categorical[static_cast<std::size_t>(j)], o, notes));
    detail::append_features(file.name(j), codes.back(), features);
    detail::note_row_numbers(train, j, label, o, notes);
    detail::note_label_twice(train, label, j, o, notes);
    detail::note_part_column(train, j, o, notes);
    detail::note_missing_label(train, label, j, std::holds_alternative<detail::NumericColumn>(codes.back()), o, notes);
  }
  const auto dataset = [&](const detail::TablePart& part) {
    return detail::table_dataset<Scalar>(part, label, other_label, classes, columns, codes, static_cast<Index>(features.size()),
                                         o);
  };
  TrainTest<Scalar> data{dataset(train), dataset(test), detail::table_report(train, test, label, classes, columns, codes, o)};
  data.report.classes = read_classes(data.train, data.test, classes.names());
  detail::note_untested_classes(data.report.classes, notes);
  data.report.notes = std::move(notes);
  return {std::move(data), std::move(features), classes.names()};
}

/// The same, the examples alone.
template <std::floating_point Scalar>
TrainTest<Scalar> load_csv(const std::filesystem::path& path, const CsvOptions& options = {}) {
  return load_table<Scalar>(path, options).data;
}

}  // namespace lmc
