// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/text.hpp>
#include <lmc/io/detail/npy_types.hpp>

namespace lmc::detail {

/// What a dtype that cannot be read is called.
inline std::string_view npy_kind(std::string_view descr) {
  const std::size_t kind = descr.find_first_not_of("<>|=");
  switch (kind == std::string_view::npos ? '\0' : descr[kind]) {
    case 'O':
      return " (Python objects, which are pickled)";
    case 'c':
      return " (complex numbers)";
    case 'f':
      return " (floating point of a size that machines differ in)";
    case 'S':
    case 'a':
    case 'U':
      return " (texts)";
    case 'V':
      return " (raw bytes; a bfloat16 is written so, too)";
    case 'M':
    case 'm':
      return " (times)";
    default:
      return "";
  }
}

/// What the header of a .npy file says.
struct NpyHeader {
  std::string dtype;  // without the order of bytes
  bool swapped = false;
  bool fortran_order = false;
  Shape shape;
};

/// Reads the one literal that a header is. Nothing else of Python is understood.
class NpyHeaderParser {
 public:
  explicit NpyHeaderParser(std::string_view text) : text_(text) {}

  NpyHeader parse() {
    NpyHeader header;
    bool descr = false, order = false, shape = false;
    expect('{', "the header is no dictionary");
    while (!take('}')) {
      const std::string key(string("a key"));
      expect(':', "there is no ':' behind a key");
      bool* seen = key == "descr" ? &descr : key == "fortran_order" ? &order : key == "shape" ? &shape : nullptr;
      require(seen != nullptr, "the header has the key '", key, "'; expected descr, fortran_order and shape alone");
      require(!*seen, "the key '", key, "' appears twice in the header");
      *seen = true;
      if (seen == &descr) {
        read_descr(header);
      } else if (seen == &order) {
        header.fortran_order = boolean();
      } else {
        header.shape = tuple();
      }
      if (!take(',')) {
        expect('}', "there is neither ',' nor '}' behind a value of the header");
        break;
      }
    }
    require(descr && order && shape, "the header lacks ",
            !descr   ? "descr"
            : !order ? "fortran_order"
                     : "shape",
            "; expected descr, fortran_order and shape");
    skip_blanks();
    require(place_ == text_.size(), "there is more than one dictionary in the header");
    return header;
  }

 private:
  void skip_blanks() {
    while (place_ < text_.size() && (text_[place_] == ' ' || (text_[place_] >= '\t' && text_[place_] <= '\r'))) ++place_;
  }
  bool take(char wanted) {
    skip_blanks();
    if (place_ == text_.size() || text_[place_] != wanted) return false;
    ++place_;
    return true;
  }
  void expect(char wanted, std::string_view otherwise) { require(take(wanted), otherwise, " (byte ", place_, " of it)"); }

  std::string_view string(std::string_view what) {
    skip_blanks();
    const char quote = place_ < text_.size() ? text_[place_] : '\0';
    require(quote == '\'' || quote == '"', what, " of the header is no text in quotes (byte ", place_, " of it)");
    const std::size_t first = ++place_, end = text_.find(quote, first);
    require(end != std::string_view::npos, "a text of the header is not closed");
    place_ = end + 1;
    return text_.substr(first, end - first);
  }
  bool boolean() {
    skip_blanks();
    for (const auto& [word, value] : {std::pair<std::string_view, bool>{"True", true}, {"False", false}}) {
      if (!text_.substr(place_).starts_with(word)) continue;
      place_ += word.size();
      return value;
    }
    throw Error("fortran_order is neither True nor False");
  }
  // (), (3,), (3, 4), (3, 4,); with Python 2's 3L.
  Shape tuple() {
    std::vector<Index> axes;
    expect('(', "shape is no tuple");
    bool comma = true;
    while (!take(')')) {
      require(comma, "shape is no tuple of numbers that are not negative");
      axes.push_back(number());
      comma = take(',');
    }
    require(axes.size() != 1 || comma, "shape is a number in brackets; expected a tuple, with a comma");
    require(axes.size() <= 64, "shape has ", axes.size(), " axes; expected at most the 64 that NumPy has");
    return Shape(std::move(axes));
  }
  Index number() {
    skip_blanks();
    const std::size_t first = place_;
    Index value = 0;
    for (; place_ < text_.size() && text_[place_] >= '0' && text_[place_] <= '9'; ++place_) {
      const Index digit = text_[place_] - '0';
      require(value <= (std::numeric_limits<Index>::max() - digit) / 10, "shape has a length that cannot be addressed");
      value = 10 * value + digit;
    }
    require(place_ > first, "shape is no tuple of numbers that are not negative");
    if (place_ < text_.size() && text_[place_] == 'L') ++place_;
    return value;
  }
  void read_descr(NpyHeader& header) {
    skip_blanks();
    require(place_ == text_.size() || text_[place_] != '[',
            "the values are records of several fields; save each field by itself");
    const std::string descr(string("descr"));
    const char order = descr.empty() ? '\0' : descr.front();
    header.swapped = order == '>';
    header.dtype = descr.substr(order == '<' || order == '>' || order == '|' || order == '=' ? 1 : 0);
    const bool known = with_npy_type(header.dtype, [](auto) {});
    const bool one_byte = known && header.dtype.back() == '1';
    require(known && (one_byte || order == '<' || order == '>' || order == '='), "the values are of the dtype '", descr, "'",
            known ? "; expected < or > before it, for the order of bytes"
                  : concat(npy_kind(descr), "; expected bool, integers, or f2, f4, f8: convert the array, as with astype"));
  }

  std::string_view text_;
  std::size_t place_ = 0;
};

}  // namespace lmc::detail
