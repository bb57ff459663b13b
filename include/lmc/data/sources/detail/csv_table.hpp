// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <filesystem>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/names.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/io/csv.hpp>

namespace lmc {

/// A column of a table: its position from 0, or from the end, −1 being the last; or its name.
using TableColumn = std::variant<Index, std::string>;

namespace detail {

/// Text without the blanks around it.
inline std::string_view trim(std::string_view text) {
  constexpr std::string_view blanks = " \t";
  const std::size_t first = text.find_first_not_of(blanks);
  return first == std::string_view::npos ? "" : text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// The fields of a CSV file as text, without the blanks around them, and where they came from. Memory: the fields' bytes, and
/// eight more a field.
class CsvTable {
 public:
  /// header: the lines before the rows, the last of which holds the columns' names where `names` says so; otherwise they are
  /// called column0, column1, …
  CsvTable(const std::filesystem::path& path, char delimiter, Index header, bool names) : path_(path.string()) {
    require(header >= 0, "'", path_, "': header = ", header, "; expected the number of lines before the rows, at least 0");
    CsvReader csv(path, delimiter);
    const bool named = header > 0 && names;
    bool complete = true;
    for (Index i = 0; complete && i < header - (named ? 1 : 0); ++i) complete = csv.skip_line();
    if (complete && named) {
      complete = csv.next_header();
      for (Index j = 0; j < csv.size(); ++j) names_.emplace_back(trim(csv.field(j)));
    }
    const Index header_line = csv.line();
    while (complete && csv.next()) append(csv);
    require(rows() > 0, "'", path_, "' has no rows; expected some behind the first header = ", header, " lines");
    if (named)
      require_names(header_line);
    else
      for (Index j = 0; j < columns_; ++j) names_.push_back(concat("column", j));
  }

  [[nodiscard]] Index rows() const { return static_cast<Index>(lines_.size()); }
  [[nodiscard]] Index columns() const { return columns_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }

  [[nodiscard]] const std::string& name(Index column) const { return names_[static_cast<std::size_t>(column)]; }
  [[nodiscard]] std::string_view field(Index row, Index column) const {
    const auto i = static_cast<std::size_t>(row * columns_ + column);
    const std::size_t begin = i == 0 ? 0 : ends_[i - 1];
    return std::string_view(text_).substr(begin, ends_[i] - begin);
  }
  /// For error messages.
  [[nodiscard]] std::string where(Index row, Index column) const {
    return concat("'", path_, "', line ", lines_[static_cast<std::size_t>(row)], ", column '", name(column), "'");
  }

  /// Throws: Error when there is no such column (which there are).
  [[nodiscard]] Index position(const TableColumn& column) const {
    if (const auto* name = std::get_if<std::string>(&column)) {
      const std::vector<std::string_view> known(names_.begin(), names_.end());
      return static_cast<Index>(find_name(concat("column of '", path_, "':"), *name, known));
    }
    const Index i = std::get<Index>(column);
    require(i >= -columns_ && i < columns_, "'", path_, "' has no column ", i, "; expected ", -columns_, " to ", columns_ - 1,
            ", or a name");
    return i < 0 ? i + columns_ : i;
  }

 private:
  void append(const CsvReader& csv) {
    columns_ = csv.size();
    for (Index j = 0; j < columns_; ++j) {
      text_ += trim(csv.field(j));
      ends_.push_back(text_.size());
    }
    lines_.push_back(csv.line());
  }

  void require_names(Index line) const {
    const auto is_number = [](const std::string& name) { return parse_number(name).has_value(); };
    require(!std::all_of(names_.begin(), names_.end(), is_number), "'", path_, "', line ", line,
            ": the column names are numbers; for a row of data, pass header = ", line - 1,
            "; for a line to pass over, names = false");
    require(static_cast<Index>(names_.size()) == columns_, "'", path_, "', line ", line, ": there are ", names_.size(),
            " column names, but the rows have ", columns_, " fields; where the line holds no names, pass names = false");
    std::set<std::string_view> seen;
    for (const std::string& name : names_)
      require(seen.insert(name).second, "'", path_, "', line ", line, ": the column name '", name,
              "' occurs twice; rename one, or pass names = false and count columns");
  }

  std::string path_;
  std::vector<std::string> names_;
  std::string text_;               // field after field, row after row
  std::vector<std::size_t> ends_;  // ends of the fields in text_
  std::vector<Index> lines_;       // where the rows begin
  Index columns_ = 0;
};

}  // namespace detail
}  // namespace lmc
