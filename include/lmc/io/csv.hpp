// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cassert>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/wording.hpp>
#include <lmc/io/detail/delimiter.hpp>
#include <lmc/io/file_kind.hpp>
#include <lmc/io/gzip.hpp>
#include <lmc/io/utf8.hpp>

namespace lmc {

/// The number that text is as a whole, decimal, whatever the locale: "-1.5e3", "+2", also "nan" and "inf" in any case. NaN
/// where it leaves the range of double. Nothing where text, or a part of it such as a blank, is no number.
inline std::optional<double> parse_number(std::string_view text) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  double value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure == std::errc::invalid_argument || end != text.data() + text.size()) return std::nullopt;
  return failure == std::errc{} ? value : std::numeric_limits<double>::quiet_NaN();
}

/// A text as one field of a CSV file: in quotes, which are doubled inside, where it has a comma, a quote or a line end. Source:
/// RFC 4180.
inline std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string field = "\"";
  for (const char c : text) (c == '"' ? field += '"' : field) += c;
  return field += '"';
}

/// Reads the records of a CSV file, plain or gzip, one after the other. Only one record and
/// the chunk of the file that it lies in are in memory at a time.
///
/// Fields are separated by a delimiter; one that begins with a quote ends at the next quote, and holds what is between them,
/// also delimiters and line ends, and a quote where two follow each other. Blanks are part of a field, unless they stand
/// around its quotes or are the delimiter: ' ' stands for blanks and tabs, a run of which is one, and those at the ends of a line are none. Lines end in LF or
/// CRLF, the last line maybe in neither. A UTF-8 byte order mark is passed over, and so are empty lines.
///
/// Every member throws Error with the file and the line, where the file is not UTF-8 or holds a NUL byte, has a quote in a
/// field that does not begin with one, text behind a closing quote, a quote that is never closed (the line where it began), or
/// a CR without LF; and as GzipReader. Where the lines look as if another delimiter separated their fields, the message says so, in
/// the given wording. Source: RFC 4180.
class CsvReader {
 public:
  /// Throws: Error when the file cannot be opened, is of another format (file_kind), or the delimiter is none: no ASCII character, a
  /// quote or a line end.
  explicit CsvReader(const std::filesystem::path& path, char delimiter = ',', Wording wording = Wording::code)
      : path_(path.string()), delimiter_(delimiter), wording_(wording), file_(path) {
    const auto code = static_cast<unsigned char>(delimiter);
    require(code > 0 && code < 0x80 && delimiter != '"' && delimiter != '\n' && delimiter != '\r', "'", path_,
            "': the delimiter is the byte ", int{code}, "; expected an ASCII character, neither a quote nor a line end");
    has(file_kind_bytes - 1);
    require_text_start(path, std::string_view(buffer_).substr(0, file_kind_bytes));
    constexpr std::string_view mark = detail::byte_order_mark;
    if (has(mark.size() - 1) && std::string_view(buffer_).starts_with(mark)) begin_ = mark.size();
  }

  /// Passes over a line, which need not be CSV. Returns whether there was one.
  bool skip_line() {
    begin_line();
    if (!has(0)) return false;
    std::size_t length = 0;
    while (has(length) && at(length) != '\n') ++length;
    require_utf8(text(0, length), line_);
    passed_ = length > 0 && at(length - 1) == '\r' ? length - 1 : length;
    consumed_ = length + line_end(length);
    ++next_line_;
    return true;
  }
  /// The line that was passed over last, without its end. Valid until the reader goes on.
  [[nodiscard]] std::string_view passed_line() const { return text(0, passed_); }

  /// Goes to the next record. Returns false where there is none. Throws also: Error when the record has not as many fields as
  /// the first that next() went to.
  bool next() {
    if (!parse()) return false;
    if (columns_ == 0) {
      columns_ = size();
      first_line_ = line_;
    }
    if (size() != columns_)
      fail(line_, ": the number of fields is ", size(), "; expected ", columns_, ", as in line ", first_line_, "; ",
           fields_advice());
    return true;
  }

  /// Goes to the next record, which may have another number of fields than those to come: a line of names.
  bool next_header() { return parse(); }

  /// Number of fields of the record.
  [[nodiscard]] Index size() const { return static_cast<Index>(ends_.size()); }
  /// Field i of the record, without its quotes; i in [0, size()), asserted. Valid until the reader goes on.
  [[nodiscard]] std::string_view field(Index i) const {
    assert(i >= 0 && i < size());
    const auto k = static_cast<std::size_t>(i);
    const std::size_t offset = k == 0 ? 0 : ends_[k - 1];
    return text(offset, ends_[k] - offset);
  }
  /// The line where the record, or the line passed over, begins, from 1.
  [[nodiscard]] Index line() const { return line_; }

 private:
  [[nodiscard]] char at(std::size_t i) const { return buffer_[begin_ + i]; }
  /// Whether the content goes on for more than i bytes from begin_.
  bool has(std::size_t i) {
    while (begin_ + i >= buffer_.size())
      if (!read_chunk()) return false;
    return true;
  }
  bool read_chunk() {
    if (ended_) return false;
    buffer_.erase(0, begin_);
    begin_ = 0;
    constexpr std::size_t chunk = std::size_t{1} << 16;
    const std::size_t old = buffer_.size();
    buffer_.resize(old + chunk);
    const std::size_t count = file_.read({reinterpret_cast<std::uint8_t*>(buffer_.data()) + old, chunk});
    buffer_.resize(old + count);
    ended_ = count < chunk;
    return count > 0;
  }

  [[nodiscard]] std::string_view text(std::size_t offset, std::size_t length) const {
    return std::string_view(buffer_).substr(begin_ + offset, length);
  }

  void begin_line() {
    begin_ += consumed_;
    consumed_ = 0;
    line_ = next_line_;
  }
  /// How long the line end at i is, 0 where there is none.
  std::size_t line_end(std::size_t i) {
    if (has(i) && at(i) == '\n') return 1;
    return has(i + 1) && at(i) == '\r' && at(i + 1) == '\n' ? 2 : 0;
  }

  [[nodiscard]] bool separates(char c) const { return c == delimiter_ || (delimiter_ == ' ' && c == '\t'); }
  /// Goes on behind blanks, where they are the delimiter.
  void pass_blanks(std::size_t& from) {
    while (delimiter_ == ' ' && has(from) && separates(at(from))) ++from;
  }
  /// Where blanks that are no delimiter end.
  std::size_t behind_blanks(std::size_t from) {
    while (has(from) && (at(from) == ' ' || at(from) == '\t') && !separates(at(from))) ++from;
    return from;
  }
  /// How long an empty line at the beginning is, with its end; 0 where there is none.
  std::size_t empty_line() {
    std::size_t blanks = 0;
    pass_blanks(blanks);
    const std::size_t end = line_end(blanks);
    return end > 0 ? blanks + end : !has(blanks) ? blanks : 0;
  }

  bool parse() {
    ends_.clear();
    begin_line();
    while (const std::size_t length = empty_line()) {
      consumed_ = length;
      ++next_line_;
      begin_line();
    }
    if (!has(0)) return false;

    // Fields are written over the record, without their quotes: `from` reads it, `to` writes.
    std::size_t from = 0, to = 0;
    pass_blanks(from);
    for (bool more = true; more;) {
      const std::size_t offset = to;
      const Index first_line = next_line_;
      if (const std::size_t quote = behind_blanks(from); has(quote) && at(quote) == '"') {
        from = quote;
        parse_quoted(from, to);
        from = behind_blanks(from);
      } else {
        parse_plain(from, to);
      }
      require_utf8(text(offset, to - offset), first_line);
      ends_.push_back(to);
      more = has(from) && separates(at(from));
      from += more ? 1 : 0;
      pass_blanks(from);
      if (delimiter_ == ' ') more = more && has(from) && line_end(from) == 0;
    }
    const std::size_t end = line_end(from);
    if (end == 0 && has(from))
      fail(
          next_line_,
          at(from) == '\r'
              ? ": there is a carriage return without a line feed; expected lines that end in LF or CRLF, which `tr '\\r' '\\n'` makes of lines that end in CR alone"
              : ": there is text behind a closing quote; a quote inside a field in quotes must be doubled");
    consumed_ = from + end;
    next_line_ += end > 0 ? 1 : 0;
    return true;
  }
  void parse_plain(std::size_t& from, std::size_t& to) {
    for (; has(from) && !separates(at(from)) && at(from) != '\n' && at(from) != '\r'; ++from, ++to) {
      if (at(from) == '"')
        fail(next_line_,
             ": there is a quote inside a field that does not begin with one; put the field in quotes, and double those in it");
      buffer_[begin_ + to] = at(from);
    }
  }
  void parse_quoted(std::size_t& from, std::size_t& to) {
    const Index opened = next_line_;
    for (++from;; ++from, ++to) {
      require(has(from), "'", path_, "', line ", opened, ": the quote that begins here is never closed");
      if (at(from) == '"') {
        ++from;
        if (!has(from) || at(from) != '"') return;
      }
      if (at(from) == '\n') ++next_line_;
      buffer_[begin_ + to] = at(from);
    }
  }

  /// A NUL byte is refused as well: UTF-16 without a byte order mark is valid UTF-8, full of them.
  void require_utf8(std::string_view part, Index first_line) const {
    const std::size_t nul = part.find('\0');
    const std::size_t valid = std::min(invalid_utf8(part).value_or(part.size()), nul);
    if (valid >= part.size()) return;
    const auto line = first_line + std::count(part.begin(), part.begin() + static_cast<std::ptrdiff_t>(valid), '\n');
    throw Error(concat("'", path_, "', line ", line,
                       valid == nul
                           ? ": there is a NUL byte; expected UTF-8 text. Is it UTF-16, which `iconv -f UTF-16 -t UTF-8` "
                             "converts, or no text at all?"
                           : concat(": the text is not valid UTF-8", detail::conversion_advice)));
  }

  /// What helps where the record has another number of fields than the first.
  [[nodiscard]] std::string fields_advice() const {
    if (size() == 1) return "a line that is no row, such as a rule, a comment or a count of rows at the end, must be removed";
    if (columns_ == 1)
      return concat("pass over a title, and other lines before the rows, by ", option_text(wording_, "header", "--header"));
    return "a field that holds the delimiter must be in quotes";
  }

  template <class... Parts>
  [[noreturn]] void fail(Index line, const Parts&... what) const {
    throw Error(concat("'", path_, "', line ", line, what..., detail::delimiter_advice(path_, delimiter_, wording_)));
  }

  std::string path_;
  char delimiter_;
  Wording wording_;
  GzipReader file_;
  std::string buffer_;        // what was read, and not yet dropped
  std::size_t begin_ = 0;     // where the record begins in buffer_
  std::size_t passed_ = 0;    // length of the line passed over
  std::size_t consumed_ = 0;  // how much of buffer_ from begin_ on is done with when the reader goes on
  bool ended_ = false;        // whether the file has nothing beyond buffer_
  Index line_ = 0, next_line_ = 1, first_line_ = 0;
  Index columns_ = 0;
  std::vector<std::size_t> ends_;  // ends of the record's fields, counted from begin_
};

}  // namespace lmc
