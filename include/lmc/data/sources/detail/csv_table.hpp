// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/names.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/wording.hpp>
#include <lmc/data/read_report.hpp>
#include <lmc/data/sources/detail/number_text.hpp>
#include <lmc/data/sources/detail/table_header.hpp>
#include <lmc/io/csv.hpp>

namespace lmc {

/// A column as somebody types it: `name:X` and `position:N` say what is meant; any other text is a name, or a position where no
/// column is called so.
class ColumnText {
 public:
  /// Takes the text as it was typed.
  explicit ColumnText(std::string text) : text_(std::move(text)) {}
  /// The text as it was typed.
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

/// A column of a table: its position from 0, or from the end, −1 being the last; its name; or what somebody typed.
using TableColumn = std::variant<Index, std::string, ColumnText>;

namespace detail {

/// The whole number that text is, such as -1; nothing where it is none.
inline std::optional<Index> position_text(std::string_view text) {
  Index number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// The fields of a CSV file as text, without the blanks around them, and where they came from. A last column without a name and
/// without a value, as lines that end in a delimiter have, is left out. Memory: the fields' bytes, and eight more a field.
class CsvTable {
 public:
  /// header: the lines before the rows, the last of which holds the columns' names where `names` says so; otherwise they are
  /// called column0, column1, …; `like`: a file that has the same names, if there is one.
  CsvTable(const std::filesystem::path& path, char delimiter, Index header, bool names, Wording wording = Wording::code,
           const CsvTable* like = nullptr)
      : path_(path.string()), wording_(wording) {
    require(header >= 0, "'", path_, "': ", option_text(wording, "header = ", "--header "), header,
            "; expected the number of lines before the rows, at least 0");
    CsvReader csv(path, delimiter, wording);
    const bool named = header > 0 && names;
    bool complete = true;
    std::string passed;
    for (Index i = 0; complete && i < header - (named ? 1 : 0); ++i) {
      complete = csv.skip_line();
      passed = csv.passed_line();
    }
    if (complete && named) {
      complete = csv.next_header();
      for (Index j = 0; j < csv.size(); ++j) names_.emplace_back(trim(csv.field(j)));
    }
    const Index header_line = csv.line();
    require(names_.empty() || !names_[0].starts_with("sep="), "'", path_, "', line ", header_line, ": '",
            names_.empty() ? "" : names_[0], "' is Excel's way to name the delimiter; pass over the line by ",
            option_text(wording, "header = ", "--header "), header + 1, " and give the delimiter by ",
            option_text(wording, "delimiter", "--delimiter"));
    require(names_.empty() || !names_[0].starts_with("+-"), "'", path_, "', line ", header_line,
            ": this is a table with borders, as mysql prints it; write it as CSV, or as tabs by `mysql --batch`");
    while (complete && csv.next()) append(csv);
    if (empty_rows_.count > 0) notes_.push_back(empty_rows_);
    require(rows() > 0, "'", path_, "' has no rows; expected some behind the first ",
            option_text(wording, "header = ", "--header "), header, " lines");
    const auto advice = [&] { return delimiter_advice(path_, delimiter, wording_); };
    if (columns_ == 1) {
      const std::string text = advice();
      require(text.empty(), "'", path_, "' has a single column", text);
    }
    leave_out_empty_end(named, header_line);
    if (named) {
      if (static_cast<Index>(names_.size()) != columns_)
        throw Error(concat("'", path_, "', line ", header_line, ": there are ", names_.size(),
                           " column names, but the rows have ", columns_, " fields; ", names_advice(header), advice()));
      try {
        require_header(header_parts(header_line), wording_, notes_);
      } catch (const Error&) {
        if (like == nullptr || names_ == like->names()) throw;
        throw Error(concat("'", path_, "', line ", header_line, ": expected the columns' names, as in '", like->path(), "', '",
                           like->name(0), "' being the first, and there stands '", names_[0],
                           "'; where the file has no line of names, put that line on top of it"));
      }
    } else {
      for (Index j = 0; j < columns_; ++j) names_.push_back(concat("column", j));
      if (header > 0) note_passed_row(passed, delimiter, header_line);
    }
  }

  [[nodiscard]] Index rows() const { return static_cast<Index>(lines_.size()); }
  [[nodiscard]] Index columns() const { return columns_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  /// What is odd about the file.
  [[nodiscard]] const std::vector<ReadNote>& notes() const { return notes_; }

  [[nodiscard]] const std::string& name(Index column) const { return names_[static_cast<std::size_t>(column)]; }
  [[nodiscard]] std::string_view field(Index row, Index column) const {
    const auto i = static_cast<std::size_t>(row * stride_ + column);
    const std::size_t begin = i == 0 ? 0 : ends_[i - 1];
    return std::string_view(text_).substr(begin, ends_[i] - begin);
  }
  /// For error messages.
  [[nodiscard]] std::string where(Index row) const {
    return concat("'", path_, "', line ", lines_[static_cast<std::size_t>(row)]);
  }
  [[nodiscard]] std::string where(Index row, Index column) const { return concat(where(row), ", column '", name(column), "'"); }

  /// Throws: Error when there is no such column (which there are), or a text means two.
  [[nodiscard]] Index position(const TableColumn& column) const {
    if (const auto* name = std::get_if<std::string>(&column)) return named(*name);
    if (const auto* typed = std::get_if<ColumnText>(&column)) return typed_position(typed->text());
    return counted(std::get<Index>(column));
  }

 private:
  void append(const CsvReader& csv) {
    columns_ = stride_ = csv.size();
    bool empty = columns_ > 1, rule = columns_ > 1 && rows() == 0;
    for (Index j = 0; j < columns_; ++j) {
      const std::string_view field = trim(csv.field(j));
      empty = empty && field.empty();
      rule = rule && !field.empty() && field.find_first_not_of('-') == std::string_view::npos;
    }
    require(!rule, "'", path_, "', line ", csv.line(), ": the line is a rule between names and rows; remove it");
    if (empty) {
      if (empty_rows_.count++ == 0) empty_rows_.first = concat("'", path_, "', line ", csv.line());
      return;
    }
    for (Index j = 0; j < columns_; ++j) {
      text_ += trim(csv.field(j));
      ends_.push_back(text_.size());
    }
    lines_.push_back(csv.line());
  }

  /// Notes a line that was passed over although it is as the first row: numbers where that has them, and texts where it has texts.
  void note_passed_row(std::string_view line, char delimiter, Index number) {
    std::vector<std::string> fields;
    for (std::size_t begin = 0; begin <= line.size();) {
      const std::size_t end = std::min(line.find(delimiter, begin), line.size());
      fields.emplace_back(trim(line.substr(begin, end - begin)));
      begin = end + 1;
    }
    if (static_cast<Index>(fields.size()) != columns_ || count_columns(fields)) return;
    Index numbers = 0;
    for (Index j = 0; j < columns_; ++j) {
      const bool is_number = parse_number(fields[static_cast<std::size_t>(j)]).has_value();
      if (is_number != parse_number(field(0, j)).has_value()) return;
      numbers += is_number ? 1 : 0;
    }
    if (numbers > 0)
      notes_.push_back({concat("a line was passed over that looks like a row of data, as it begins with '", fields[0],
                               "'; to read it, pass ", option_text(wording_, "header = ", "--header "), number - 1),
                        1, concat("'", path_, "', line ", number)});
  }

  /// What helps where there are not as many names as fields.
  [[nodiscard]] std::string names_advice(Index header) const {
    if (static_cast<Index>(names_.size()) == columns_ + 1 && names_.back().empty())
      return "the line of names ends in a delimiter, and the rows do not: remove it there";
    const bool one_missing = static_cast<Index>(names_.size()) == columns_ - 1;
    std::set<std::string_view> first;
    for (Index i = 0; i < rows(); ++i) first.insert(field(i, 0));
    const bool names_rows = one_missing && static_cast<Index>(first.size()) == rows();
    return concat(
        names_rows ? "where each row begins with a name of its own, as R's write.table writes them, put a name for it in front"
        : one_missing
            ? "a field that holds the delimiter, as a decimal comma or a place and its country do, must be in straight quotes"
            : concat("where the names stand in the next line, pass ", option_text(wording_, "header = ", "--header "),
                     header + 1),
        "; where the line holds no names, pass ", option_text(wording_, "names = false", "--no-names"));
  }

  /// Lines that all end in delimiters have empty fields there, and so may the names.
  /// Throws: Error where a name is missing and the first column counts the rows, so that the name may be missing there.
  void leave_out_empty_end(bool named, Index header_line) {
    const auto is_empty = [&](Index column) {
      for (Index i = 0; i < rows(); ++i)
        if (!field(i, column).empty()) return false;
      return true;
    };
    const auto note = [&](const std::string& more) {
      notes_.push_back(
          {concat("lines end in a delimiter: the column behind it has neither a name nor a value, and was left out", more),
           rows(), where(0)});
    };
    const auto count = static_cast<Index>(names_.size());
    if (!named || columns_ < 3) return;
    if (count == columns_) {
      while (columns_ > 2 && names_.back().empty() && is_empty(columns_ - 1)) {
        --columns_;
        names_.pop_back();
      }
      if (columns_ < count) note("");
    } else if (count == columns_ - 1 && is_empty(columns_ - 1)) {
      if (counts_rows())
        throw Error(
            concat("'", path_, "', line ", header_line, ": there are ", count, " column names, but the rows have ", columns_,
                   " fields, of which the first counts the rows and the last is empty; put a name for the first before the "
                   "others, or, where '",
                   names_[0], "' is its name, a delimiter behind them"));
      --columns_;
      note(concat("; '", names_[0], "' is the column of '", field(0, 0), "'"));
    }
  }
  /// Whether there are ten rows or more, and numbers in the first column that grow by one.
  [[nodiscard]] bool counts_rows() const {
    for (Index i = 0; i < rows(); ++i) {
      const auto number = parse_number(field(i, 0));
      if (!number || (i > 0 && *number != *parse_number(field(i - 1, 0)) + 1)) return false;
    }
    return rows() >= 10;
  }

  [[nodiscard]] TableHeader header_parts(Index line) const {
    return {path_,
            line,
            names_,
            rows(),
            [this](Index row, Index column) { return field(row, column); },
            [this](Index row) { return where(row); }};
  }

  [[nodiscard]] Index named(std::string_view name) const {
    const std::vector<std::string_view> known(names_.begin(), names_.end());
    return static_cast<Index>(find_name(concat("column of '", path_, "':"), name, known));
  }
  [[nodiscard]] Index counted(Index i) const {
    require(i >= -columns_ && i < columns_, "'", path_, "' has no column ", i, "; expected ", -columns_, " to ", columns_ - 1,
            ", or a name");
    return i < 0 ? i + columns_ : i;
  }
  [[nodiscard]] Index typed_position(std::string_view text) const {
    constexpr std::string_view by_name = "name:", by_position = "position:";
    const auto found = std::find(names_.begin(), names_.end(), text);
    const bool is_name = found != names_.end();
    if (!is_name && text.starts_with(by_name)) return named(text.substr(by_name.size()));
    if (!is_name && text.starts_with(by_position)) {
      const auto position = position_text(text.substr(by_position.size()));
      require(position.has_value(), "'", text, "': expected a whole number behind position:");
      return counted(*position);
    }
    const auto number = position_text(text);
    if (!is_name) return number ? counted(*number) : named(text);
    const Index by_its_name = found - names_.begin();
    if (!number || *number < -columns_ || *number >= columns_ || counted(*number) == by_its_name) return by_its_name;
    throw Error(concat("'", path_, "' has a column that is called ", text, ", and at the position ", text, " stands '",
                       name(counted(*number)), "'; write name:", text, " or position:", text));
  }

  std::string path_;
  Wording wording_;
  std::vector<std::string> names_;
  std::vector<ReadNote> notes_;
  ReadNote empty_rows_{.what = "rows without any value were passed over", .count = 0, .first = ""};
  std::string text_;               // field after field, row after row
  std::vector<std::size_t> ends_;  // ends of the fields in text_
  std::vector<Index> lines_;       // where the rows begin
  Index columns_ = 0;
  Index stride_ = 0;  // fields of a row, with one that is left out
};

}  // namespace detail
}  // namespace lmc
