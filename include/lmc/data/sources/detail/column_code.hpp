// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/read_report.hpp>
#include <lmc/data/sources/detail/categories.hpp>
#include <lmc/data/sources/detail/column_kind.hpp>
#include <lmc/data/sources/detail/column_notes.hpp>
#include <lmc/data/sources/detail/number_notes.hpp>
#include <lmc/data/sources/detail/table_part.hpp>

namespace lmc {

/// A feature of a table, x = (value − mean) / deviation; of a category, value is 1 or 0.
struct TableFeature {
  std::string name;               // its column's; of a category `column=category`
  double mean = 0;                // subtracted from the value
  double standard_deviation = 1;  // by which the difference is divided
  friend bool operator==(const TableFeature&, const TableFeature&) = default;
};

namespace detail {

struct NumericColumn {
  double mean = 0, standard_deviation = 1;
  double imputed = 0;  // in the column's units
};
struct CategoricalColumn {
  Categories categories;
  Index imputed = 0;
};
using ColumnCode = std::variant<NumericColumn, CategoricalColumn>;

/// Mean and deviation √(Σ (x − mean)² / n) of a column, missing values taken for the mean of the others.
inline NumericColumn fit_numbers(const TablePart& train, Index column, const CsvOptions& o) {
  std::vector<double> values;
  for (Index i = 0; i < train.size(); ++i)
    if (const auto field = value_of(train, i, column, true, o)) values.push_back(number_of(train, i, column, *field, o));
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

/// Where the options list the column, codes of one value in either part, and two texts of one value in the training part, are
/// categories of their own.
inline CategoricalColumn fit_categories(const TablePart& train, const TablePart& test, Index column, bool listed,
                                        const CsvOptions& o) {
  std::set<std::string_view> texts;
  for (Index i = 0; i < train.size(); ++i)
    if (const auto field = value_of(train, i, column, false, o)) texts.insert(*field);
  if (!listed) require_categories(train, column, o);
  require(!texts.empty(), train.where(column), ": the training part has no value; leave the column out, ",
          column_option(o, "drop", train.file, column));
  std::set<std::string_view> both = texts;
  if (listed) insert_texts(test, column, o, both);
  CategoricalColumn code{Categories(texts, listed && (codes_of_one_value(both) || has_value_twice(texts)))};
  // One feature per category: a column of names or of serial numbers would take memory in the square of the file.
  constexpr Index most = 1000;
  require(code.categories.size() <= most, train.where(column), ": the column has ", code.categories.size(), " categories, '",
          code.categories.names()[0], "' among them; expected numbers, or at most ", most, " categories; leave it out, ",
          column_option(o, "drop", train.file, column));
  std::vector<Index> counts(static_cast<std::size_t>(code.categories.size()));
  for (Index i = 0; i < train.size(); ++i)
    if (const auto field = value_of(train, i, column, false, o))
      ++counts[static_cast<std::size_t>(code.categories.find(*field).value())];
  code.imputed = std::max_element(counts.begin(), counts.end()) - counts.begin();
  return code;
}

/// How a column becomes features, decided by the training part, with the codes of the test part; `categorical` where the options
/// list it.
inline ColumnCode fit_column(const TablePart& train, const TablePart& test, Index column, bool categorical, const CsvOptions& o,
                             std::vector<ReadNote>& notes) {
  const auto has_value = [&](bool numbers) {
    for (Index i = 0; i < train.size(); ++i)
      if (!is_missing(train.field(i, column), o, numbers)) return true;
    return false;
  };
  if (!categorical && has_value(true) && mostly_numbers(train, column, o)) {
    NumericColumn code = fit_numbers(train, column, o);
    note_codes(train, test, column, o, notes);
    const auto counts = text_counts(train, column, true, o);
    note_numbers(train, column, counts, o, notes);
    note_sentinel(train.file, column, counts, o, notes);
    note_trailing_zeros(train.file, column, counts, o, notes);
    return code;
  }
  CategoricalColumn code = fit_categories(train, test, column, categorical, o);
  if (!categorical) note_categories(train, column, o, notes);
  return code;
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
  const auto* numeric = std::get_if<NumericColumn>(&code);
  const auto field = value_of(part, i, column, numeric != nullptr, o);
  if (numeric != nullptr) {
    const double value = field ? number_of(part, i, column, *field, o) : numeric->imputed;
    *x = static_cast<Scalar>((value - numeric->mean) / numeric->standard_deviation);
    if (!std::isfinite(*x))
      throw Error(concat(part.where(i, column), ": '", part.field(i, column), "' is beyond the range of the features' type"));
    return 1;
  }
  const auto& [categories, imputed] = std::get<CategoricalColumn>(code);
  const auto category = field ? categories.find(*field) : imputed;
  if (!category && o.unknown_category == UnknownCategory::error)
    throw Error(concat(part.where(i, column), ": the category '", *field, "' does not occur in the training part; ", "pass ",
                       option_text(o.wording, "unknown_category = UnknownCategory::ignore", "--unknown-category ignore"),
                       ", which makes all features of the column 0"));
  if (category) x[*category] = 1;
  return categories.size();
}

}  // namespace detail
}  // namespace lmc
