// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <numeric>
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
#include <lmc/data/dataset.hpp>
#include <lmc/data/sources/detail/categories.hpp>
#include <lmc/data/sources/detail/csv_table.hpp>
#include <lmc/data/split.hpp>

namespace lmc {

/// What to do about a value that is missing: refuse the table, or put the training part's mean or most frequent category (the
/// first of those in order) in its place.
enum class MissingValue { error, impute };

/// What to do about a category that only the test part has: refuse the table, or make all of its column's features 0.
enum class UnknownCategory { error, ignore };

/// How load_csv() reads a file and splits its rows into training and test part.
struct CsvOptions {
  char delimiter = ',';  // between fields
  Index header = 1;      // lines before the rows
  bool names = true;     // whether the last of them holds the columns' names; otherwise these are column0, column1, …

  TableColumn label = -1;                     // what to predict
  std::vector<TableColumn> categorical = {};  // to take as categories although they are numbers
  std::vector<TableColumn> drop = {};         // to leave out

  std::vector<std::string> missing_texts = {"", "?", "NA", "NaN", "nan"};  // fields that stand for no value
  MissingValue missing = MissingValue::error;                              // what to do about them
  UnknownCategory unknown_category = UnknownCategory::error;               // the same for a category of the test part alone
  bool standardize = true;  // numeric columns, by the training part's mean and deviation

  // The test part is one of these:
  std::filesystem::path test_path = {};  // a file of its own, if it is named
  Index train_rows = 0;                  // else the rows behind so many, if it is positive
  double test_share = 0.2;               // else this share of the rows, put aside at random, in (0, 1)
  std::uint64_t seed = 0;                // which rows are put aside
};

/// A feature of a table, x = (value − mean) / deviation; of a category, value is 1 or 0.
struct TableFeature {
  std::string name;               // its column's; of a category `column=category`
  double mean = 0;                // subtracted from the value
  double standard_deviation = 1;  // by which the difference is divided
  friend bool operator==(const TableFeature&, const TableFeature&) = default;
};

/// A table as data to train on, and what its features and classes mean.
template <std::floating_point Scalar>
struct Table {
  TrainTest<Scalar> data;              // both parts, with the same features
  std::vector<TableFeature> features;  // one for each value of an example
  std::vector<std::string> classes;    // what each label stood for in the table
};

namespace detail {

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

struct NumericColumn {
  double mean = 0, standard_deviation = 1;
  double imputed = 0;  // in the column's units
};
struct CategoricalColumn {
  Categories categories;
  Index imputed = 0;
};
using ColumnCode = std::variant<NumericColumn, CategoricalColumn>;

inline bool is_missing(std::string_view field, const CsvOptions& o) {
  return std::find(o.missing_texts.begin(), o.missing_texts.end(), field) != o.missing_texts.end();
}

/// The field of example i, or nothing where its value is missing and to be imputed.
inline std::optional<std::string_view> value_of(const TablePart& part, Index i, Index column, const CsvOptions& o) {
  const std::string_view field = part.field(i, column);
  if (!is_missing(field, o)) return field;
  if (o.missing == MissingValue::error)
    throw Error(concat(part.where(i, column), ": the value is missing ('", field,
                       "'); fill it in, pass missing = MissingValue::impute, or take '", field, "' out of missing_texts"));
  return std::nullopt;
}

/// The number that a numeric column has for an example.
inline double number_of(const TablePart& part, Index i, Index column, std::string_view field) {
  const auto number = parse_number(field);
  if (!number)
    throw Error(concat(part.where(i, column), ": '", field, "' is no number, but all of the training part's values are; ",
                       "correct it, or list the column in categorical"));
  if (!std::isfinite(*number))
    throw Error(concat(part.where(i, column), ": '", field, "' is not finite, or beyond the range of double; ",
                       "correct it, or list it in missing_texts"));
  return *number;
}

/// Mean and deviation √(Σ (x − mean)² / n) of a column, missing values taken for the mean of the others.
inline NumericColumn fit_numbers(const TablePart& train, Index column, const CsvOptions& o) {
  std::vector<double> values;
  for (Index i = 0; i < train.size(); ++i)
    if (const auto field = value_of(train, i, column, o)) values.push_back(number_of(train, i, column, *field));
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  const auto [least, greatest] = std::minmax_element(values.begin(), values.end());
  // For a constant column, the sums would leave one rounding error divided by another.
  const bool constant = *least == *greatest;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  const double standard_deviation = constant ? 1.0 : std::sqrt(squares / static_cast<double>(train.size()));
  NumericColumn code{.imputed = constant ? *least : mean};
  if (o.standardize) {
    code.mean = code.imputed;
    code.standard_deviation = standard_deviation;
  }
  require(std::isfinite(code.mean) && std::isfinite(code.standard_deviation) && code.standard_deviation > 0,
          train.where(column), ": the mean is ", code.mean, " and the deviation ", code.standard_deviation,
          "; numbers of this size cannot be standardized, scale them before");
  return code;
}

inline CategoricalColumn fit_categories(const TablePart& train, Index column, const CsvOptions& o) {
  std::set<std::string_view> texts;
  for (Index i = 0; i < train.size(); ++i)
    if (const auto field = value_of(train, i, column, o)) texts.insert(*field);
  CategoricalColumn code{Categories(texts)};
  // One feature per category: a column of names or of serial numbers would take memory in the square of the file.
  constexpr Index most = 1000;
  if (code.categories.size() > most) {
    Index i = 0;
    const auto expected = [&](std::string_view field) { return is_missing(field, o) || parse_number(field); };
    while (i + 1 < train.size() && expected(train.field(i, column))) ++i;
    throw Error(concat(train.where(i, column), ": the column has ", code.categories.size(), " categories, '",
                       train.field(i, column), "' among them; expected numbers, or at most ", most,
                       " categories; correct what is no number, or list the column in drop"));
  }
  std::vector<Index> counts(static_cast<std::size_t>(code.categories.size()));
  for (Index i = 0; i < train.size(); ++i)
    if (const auto field = value_of(train, i, column, o))
      ++counts[static_cast<std::size_t>(code.categories.find(*field).value())];
  code.imputed = std::max_element(counts.begin(), counts.end()) - counts.begin();
  return code;
}

/// How a column becomes features, decided by the training part alone.
inline ColumnCode fit_column(const TablePart& train, Index column, bool categorical, const CsvOptions& o) {
  bool found = false;
  for (Index i = 0; i < train.size(); ++i) {
    const auto field = value_of(train, i, column, o);
    found |= field.has_value();
    categorical |= field && !parse_number(*field);
  }
  require(found, train.where(column), ": the training part has no value; list the column in drop");
  if (categorical) return fit_categories(train, column, o);
  return fit_numbers(train, column, o);
}

inline void append_features(const std::string& column, const ColumnCode& code, std::vector<TableFeature>& features) {
  if (const auto* numeric = std::get_if<NumericColumn>(&code))
    features.push_back({column, numeric->mean, numeric->standard_deviation});
  else
    for (const auto& category : std::get<CategoricalColumn>(code).categories.names())
      features.push_back({column + "=" + category, 0, 1});
}

/// Writes a column's features for example i to x, which are 0 before. Returns how many there are.
template <std::floating_point Scalar>
Index encode(const TablePart& part, Index i, Index column, const ColumnCode& code, const CsvOptions& o, Scalar* x) {
  const auto field = value_of(part, i, column, o);
  if (const auto* numeric = std::get_if<NumericColumn>(&code)) {
    const double value = field ? number_of(part, i, column, *field) : numeric->imputed;
    *x = static_cast<Scalar>((value - numeric->mean) / numeric->standard_deviation);
    if (!std::isfinite(*x))
      throw Error(concat(part.where(i, column), ": '", part.field(i, column), "' is beyond the range of the features' type"));
    return 1;
  }
  const auto& [categories, imputed] = std::get<CategoricalColumn>(code);
  const auto category = field ? categories.find(*field) : imputed;
  if (!category && o.unknown_category == UnknownCategory::error)
    throw Error(concat(part.where(i, column), ": the category '", *field, "' does not occur in the training part; ",
                       "pass unknown_category = UnknownCategory::ignore, which makes all features of the column 0"));
  if (category) x[*category] = 1;
  return categories.size();
}

inline std::string_view label_of(const TablePart& part, Index i, Index column, const CsvOptions& o) {
  const std::string_view field = part.field(i, column);
  if (is_missing(field, o))
    throw Error(concat(part.where(i, column), ": the label is missing ('", field, "'); fill it in, remove the row, or take '",
                       field, "' out of missing_texts"));
  return field;
}

inline Categories fit_classes(const TablePart& train, Index column, const CsvOptions& o) {
  std::set<std::string_view> texts;
  for (Index i = 0; i < train.size(); ++i) texts.insert(label_of(train, i, column, o));
  Categories classes(texts);
  require(classes.size() > 1, train.where(column), ": all labels are '", classes.names()[0], "'; expected two classes or more");
  require(classes.size() <= 1000 || 2 * classes.size() <= train.size(), train.where(column), ": there are ", classes.size(),
          " different labels in ", train.size(),
          " rows; this looks like a regression target, expected classes; is label the right column?");
  return classes;
}

template <std::floating_point Scalar>
Dataset<Scalar> table_dataset(const TablePart& part, Index label, const Categories& classes, std::span<const Index> columns,
                              std::span<const ColumnCode> codes, Index features, const CsvOptions& o) {
  std::vector<std::int32_t> labels;
  std::vector<Scalar> x(static_cast<std::size_t>(part.size() * features));
  for (Index i = 0; i < part.size(); ++i) {
    const std::string_view name = label_of(part, i, label, o);
    const auto number = classes.find(name);
    if (!number)
      throw Error(concat(part.where(i, label), ": the label '", name,
                         "' occurs in the test part only; put rows of this class into the training part, too"));
    labels.push_back(static_cast<std::int32_t>(*number));
    Scalar* to = x.data() + i * features;
    for (std::size_t j = 0; j < columns.size(); ++j) to += encode(part, i, columns[j], codes[j], o, to);
  }
  return Dataset<Scalar>({.shape = features, .classes = classes.size(), .labels = std::move(labels), .features = std::move(x)});
}

inline void require_same_columns(const CsvTable& train, const CsvTable& test) {
  require(test.columns() == train.columns(), "'", test.path(), "' has ", test.columns(), " columns, and '", train.path(), "' ",
          train.columns(), "; expected the same columns in the same order");
  for (std::size_t j = 0; j < train.names().size(); ++j)
    require(test.names()[j] == train.names()[j], "'", test.path(), "': column ", j, " is '", test.names()[j], "', and in '",
            train.path(), "' it is '", train.names()[j], "'; expected the same columns in the same order");
}

/// Which rows of a file train, and which are put aside to test with.
inline SplitPositions split_rows(const CsvTable& file, const CsvOptions& o) {
  const Index rows = file.rows();
  require(rows > 1, "'", file.path(), "' has one row; expected one to train and one to test with at least");
  if (o.train_rows == 0) {
    require(o.test_share > 0 && o.test_share < 1, "load_csv: test_share = ", o.test_share,
            "; expected a share between 0 and 1");
    const auto aside = static_cast<Index>(std::llround(o.test_share * static_cast<double>(rows)));
    return split_positions(rows, std::clamp(aside, Index{1}, rows - 1), o.seed);
  }
  require(o.train_rows > 0 && o.train_rows < rows, "load_csv: train_rows = ", o.train_rows, "; expected 1 to ", rows - 1,
          ", as '", file.path(), "' has ", rows, " rows and the rest are to test with");
  SplitPositions parts{all_rows(o.train_rows), all_rows(rows - o.train_rows)};
  for (Index& row : parts.aside) row += o.train_rows;
  return parts;
}

}  // namespace detail

/// Labelled examples from a CSV file, plain or gzip (as CsvReader; blanks around a field are cut off), or from two.
///
/// Classes: the distinct labels of the training part, in order of value where all are whole numbers, else by their bytes;
/// labels that are 0 … k − 1 stay as they are. Features, column after column: of a column whose training values are all numbers
///   x = (value − mean) / deviation,   mean = Σ value / n,   deviation = √(Σ (value − mean)² / n)   over n training examples,
/// 0 where the column is constant, or the value as it is where standardize is false; of any other column, and of those listed
/// in categorical, one feature per category, in the order of classes: 1 for the example's own and 0 for the others. What is
/// missing is imputed before deviations are computed.
///
/// scikit-learn's breast_cancer.csv, whose first line holds no names: {.header = 1, .names = false}; its digits.csv, which has
/// but rows: {.header = 0}. Memory while it loads: some ten times the content, and a Scalar for each feature of each example.
///
/// Throws: Error that names the file, and where it has one the line and column: as CsvReader; without rows; with equal column
/// names, names that are all numbers, or another number of names than fields; a column in the options that does not exist
/// (which do, and the nearest); a missing value, unless it is to be imputed, or label; in a numeric column what is not finite,
/// and in the test part what is no number; a category of the test part alone, unless it is to be ignored; a column without
/// values, or of more than 1000 categories; a single class, a class of the test part alone, or more than 1000 that are more
/// than half of the rows; a test file with other columns; options that leave a part empty, or ask for two ways to make one.
template <std::floating_point Scalar>
Table<Scalar> load_table(const std::filesystem::path& path, const CsvOptions& options = {}) {
  const auto& o = options;
  require(o.test_path.empty() || o.train_rows == 0, "load_csv: both test_path = '", o.test_path.string(),
          "' and train_rows = ", o.train_rows, " are given; expected one way to make the test part");
  const detail::CsvTable file(path, o.delimiter, o.header, o.names);
  const Index label = file.position(o.label);
  std::vector<bool> left_out(static_cast<std::size_t>(file.columns())), categorical = left_out;
  for (const auto& column : o.drop) left_out[static_cast<std::size_t>(file.position(column))] = true;
  for (const auto& column : o.categorical) categorical[static_cast<std::size_t>(file.position(column))] = true;
  require(!left_out[static_cast<std::size_t>(label)], "load_csv: drop lists the label column '", file.name(label), "' of '",
          file.path(), "'");
  std::vector<Index> columns;
  for (Index j = 0; j < file.columns(); ++j)
    if (j != label && !left_out[static_cast<std::size_t>(j)]) columns.push_back(j);
  require(!columns.empty(), "'", file.path(), "' has no column beside the label '", file.name(label), "' that is not dropped");

  std::optional<detail::CsvTable> test_file;
  if (!o.test_path.empty()) {
    test_file.emplace(o.test_path, o.delimiter, o.header, o.names);
    detail::require_same_columns(file, *test_file);
  }
  auto rows = test_file ? detail::SplitPositions{detail::all_rows(file.rows()), detail::all_rows(test_file->rows())}
                        : detail::split_rows(file, o);
  const detail::TablePart train{file, std::move(rows.rest)}, test{test_file ? *test_file : file, std::move(rows.aside)};

  const detail::Categories classes = detail::fit_classes(train, label, o);
  std::vector<detail::ColumnCode> codes;
  std::vector<TableFeature> features;
  for (const Index j : columns) {
    codes.push_back(detail::fit_column(train, j, categorical[static_cast<std::size_t>(j)], o));
    detail::append_features(file.name(j), codes.back(), features);
  }
  const auto dataset = [&](const detail::TablePart& part) {
    return detail::table_dataset<Scalar>(part, label, classes, columns, codes, static_cast<Index>(features.size()), o);
  };
  TrainTest<Scalar> data{dataset(train), dataset(test)};
  return {std::move(data), std::move(features), classes.names()};
}

/// The same, the examples alone.
template <std::floating_point Scalar>
TrainTest<Scalar> load_csv(const std::filesystem::path& path, const CsvOptions& options = {}) {
  return load_table<Scalar>(path, options).data;
}

}  // namespace lmc
