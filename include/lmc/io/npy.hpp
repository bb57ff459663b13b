// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <istream>
#include <limits>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/text.hpp>
#include <lmc/io/detail/array_size.hpp>
#include <lmc/io/input_file.hpp>
#include <lmc/io/output_file.hpp>

// The format: the bytes 93 'NUMPY', a major and a minor version, the length of the header as a little-endian number of 2 bytes
// (version 1) or 4 (2 and 3), the header, and the values. The header is a literal of Python, blanks and a newline behind it:
//   {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
// Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html

namespace lmc {

/// What a .npy file holds, in memory's own order of bytes and the order of C, however the file has it.
struct NpyArray {
  std::string dtype = {};             // b1, i1 to i8, u1 to u8, f2, f4, f8: a kind and the bytes of a value, as NumPy has them
  Shape shape = {};                   // outermost axis first; no axis: a single value
  std::vector<std::byte> bytes = {};  // row-major
  friend bool operator==(const NpyArray&, const NpyArray&) = default;

  /// The values as float, double, Index, or bool (a std::vector<bool> of 0 and 1), row-major. Nothing is rounded. Throws: Error when
  /// a value is not one of T: a double that is asked for as float, a fraction as Index, anything but 0 and 1 as bool.
  template <class T>
  [[nodiscard]] std::vector<T> as() const;
};

namespace detail {

static_assert(std::endian::native == std::endian::little, "npy: values are written as they lie in memory");

inline constexpr std::string_view npy_magic = "\x93NUMPY";

template <class T>
inline constexpr std::string_view npy_dtype = {};
template <>
inline constexpr std::string_view npy_dtype<bool> = "b1";
template <>
inline constexpr std::string_view npy_dtype<std::int8_t> = "i1";
template <>
inline constexpr std::string_view npy_dtype<std::int16_t> = "i2";
template <>
inline constexpr std::string_view npy_dtype<std::int32_t> = "i4";
template <>
inline constexpr std::string_view npy_dtype<std::int64_t> = "i8";
template <>
inline constexpr std::string_view npy_dtype<std::uint8_t> = "u1";
template <>
inline constexpr std::string_view npy_dtype<std::uint16_t> = "u2";
template <>
inline constexpr std::string_view npy_dtype<std::uint32_t> = "u4";
template <>
inline constexpr std::string_view npy_dtype<std::uint64_t> = "u8";
template <>
inline constexpr std::string_view npy_dtype<float> = "f4";
template <>
inline constexpr std::string_view npy_dtype<double> = "f8";

/// A half, which has no type of its own in C++20.
struct NpyHalf {
  std::uint16_t bits = 0;
};

/// The number that a half stands for: a float holds each of them.
inline float widened(NpyHalf half) {
  const std::uint32_t exponent = half.bits >> 10 & 31U, fraction = half.bits & 1023U,
                      sign = std::uint32_t{half.bits} >> 15 << 31;
  if (exponent == 0) {  // zero and subnormal numbers, in steps of 2⁻²⁴
    const float size = std::ldexp(static_cast<float>(fraction), -24);
    return sign != 0 ? -size : size;
  }
  return std::bit_cast<float>(sign | (exponent == 31 ? 255U : exponent + 112) << 23 | fraction << 13);
}

/// Calls visit with a value of the type that a dtype names; false where it names none that can be read.
template <class Visit>
bool with_npy_type(std::string_view dtype, Visit visit) {
  if (dtype == "f2") {
    visit(NpyHalf{});
    return true;
  }
  const auto try_type = [&]<class T>(T zero) {
    if (dtype != npy_dtype<T>) return false;
    visit(zero);
    return true;
  };
  return try_type(bool{}) || try_type(std::int8_t{}) || try_type(std::int16_t{}) || try_type(std::int32_t{}) ||
         try_type(std::int64_t{}) || try_type(std::uint8_t{}) || try_type(std::uint16_t{}) || try_type(std::uint32_t{}) ||
         try_type(std::uint64_t{}) || try_type(float{}) || try_type(double{});
}

/// A value of another type, where it is one of T; nothing where it is not.
template <class T, class From>
std::optional<T> npy_exactly(From value) {
  if constexpr (std::is_same_v<From, NpyHalf>) {
    return npy_exactly<T>(widened(value));
  } else if constexpr (std::is_same_v<T, bool>) {
    if (value == From{0} || value == From{1}) return value == From{1};
    return std::nullopt;
  } else if constexpr (std::is_same_v<From, bool>) {
    return static_cast<T>(value ? 1 : 0);
  } else if constexpr (std::is_floating_point_v<T> && std::is_floating_point_v<From>) {
    if (sizeof(From) > sizeof(T)) return std::nullopt;  // whatever the value: a file is of one type, or of the other
    return static_cast<T>(value);
  } else if constexpr (std::is_floating_point_v<T>) {
    constexpr auto most = std::int64_t{1} << std::numeric_limits<T>::digits;
    const bool below = std::cmp_greater_equal(value, -most), above = std::cmp_less_equal(value, most);
    if (below && above) return static_cast<T>(value);
    return std::nullopt;
  } else if constexpr (std::is_floating_point_v<From>) {
    constexpr double most = 9007199254740992;  // 2⁵³
    if (std::abs(value) <= static_cast<From>(most) && std::trunc(value) == value) return static_cast<T>(value);
    return std::nullopt;
  } else {
    if (std::in_range<T>(value)) return static_cast<T>(value);
    return std::nullopt;
  }
}

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

/// Puts an array whose first axis is the fastest into the order of C. Bytes, `item` for each value.
inline std::vector<std::byte> row_major(const std::vector<std::byte>& bytes, const Shape& shape, std::size_t item) {
  std::vector<std::size_t> strides;
  std::size_t stride = item;
  for (const Index axis : shape.axes()) {
    strides.push_back(stride);
    stride *= static_cast<std::size_t>(axis);
  }
  std::vector<std::byte> ordered(bytes.size());
  std::size_t to = 0;
  for_each_index(shape, [&](std::span<const Index> index) {
    std::size_t from = 0;
    for (std::size_t axis = 0; axis < index.size(); ++axis) from += strides[axis] * static_cast<std::size_t>(index[axis]);
    std::memcpy(ordered.data() + to, bytes.data() + from, item);
    to += item;
  });
  return ordered;
}

/// A file of `size` bytes, at its first.
inline NpyArray read_npy(std::istream& in, std::uintmax_t size) {
  std::array<char, 8> start = {};
  in.read(start.data(), static_cast<std::streamsize>(std::min<std::uintmax_t>(size, start.size())));
  require(size >= start.size() && std::string_view(start.data(), npy_magic.size()) == npy_magic,
          std::string_view(start.data(), 4) == "PK\3\4"
              ? "this is a zip file, as .npz files are; save one array with numpy.save"
              : "this is no .npy file: it does not begin with 93 'NUMPY'; save the array with numpy.save");
  const int major = static_cast<unsigned char>(start[6]), minor = static_cast<unsigned char>(start[7]);
  require(major >= 1 && major <= 3 && minor == 0, "it is of version ", major, ".", minor, "; expected 1.0, 2.0 or 3.0");
  const std::uintmax_t length_size = major == 1 ? 2 : 4;
  std::uintmax_t left = size - start.size();
  require(left >= length_size, "the file is cut inside the length of its header");
  std::uint32_t length = 0;
  in.read(reinterpret_cast<char*>(&length), static_cast<std::streamsize>(length_size));
  left -= length_size;
  require(length <= left, "the file is cut: its header should take ", length, " bytes, and ", left, " follow");
  std::string text(length, ' ');
  in.read(text.data(), static_cast<std::streamsize>(length));
  left -= length;

  const NpyHeader header = NpyHeaderParser(text).parse();
  const auto item = static_cast<std::uintmax_t>(header.dtype.back() - '0');
  const std::optional<Index> entries = array_size(header.shape);
  require(entries && static_cast<std::uintmax_t>(*entries) <= std::numeric_limits<std::ptrdiff_t>::max() / item, "the shape ",
          header.shape, " has more entries than can be addressed");
  const std::uintmax_t wanted = static_cast<std::uintmax_t>(*entries) * item;
  require(left >= wanted, "the file is cut: the shape ", header.shape, " of ", header.dtype, " takes ", wanted,
          " bytes, and there are ", left);
  require(left == wanted, "bytes are left over: the shape ", header.shape, " of ", header.dtype, " takes ", wanted,
          " bytes, and there are ", left, "; expected one array in the file");

  NpyArray array{
      .dtype = header.dtype, .shape = header.shape, .bytes = std::vector<std::byte>(static_cast<std::size_t>(wanted))};
  in.read(reinterpret_cast<char*>(array.bytes.data()), static_cast<std::streamsize>(wanted));
  require(in.good(), "the file could not be read to its end");
  if (header.swapped)
    for (auto value = array.bytes.begin(); value != array.bytes.end(); value += static_cast<std::ptrdiff_t>(item))
      std::reverse(value, value + static_cast<std::ptrdiff_t>(item));
  if (header.fortran_order && header.shape.rank() > 1)
    array.bytes = row_major(array.bytes, array.shape, static_cast<std::size_t>(item));
  return array;
}

/// The header that NumPy writes, padded so that the values begin at a multiple of 64 bytes.
inline void write_npy_header(std::ostream& out, const Shape& shape, std::string_view dtype) {
  std::string text = concat("{'descr': '", dtype.ends_with('1') ? '|' : '<', dtype, "', 'fortran_order': False, 'shape': (");
  for (Index axis = 0; axis < shape.rank(); ++axis) text += concat(axis == 0 ? "" : ", ", shape[axis]);
  text += shape.rank() == 1 ? ",), }" : "), }";
  require(shape.rank() <= 64, "write_npy: the array has ", shape.rank(), " axes; expected at most the 64 that NumPy has");
  text.resize((npy_magic.size() + 4 + text.size() + 1 + 63) / 64 * 64 - npy_magic.size() - 4 - 1, ' ');
  text += '\n';
  const auto length = static_cast<std::uint16_t>(text.size());  // 64 axes of 19 digits stay far below 2¹⁶
  out << npy_magic << '\1' << '\0';
  out.write(reinterpret_cast<const char*>(&length), 2);
  out << text;
}

inline void require_npy_size(const Shape& shape, std::size_t values) {
  const bool counts = std::ranges::all_of(shape.axes(), [](Index axis) { return axis >= 0; });
  const std::optional<Index> size = counts ? array_size(shape) : std::nullopt;
  require(size && static_cast<std::size_t>(*size) == values, "write_npy: ", values, " values for the shape ", shape,
          "; expected one for each entry");
}

}  // namespace detail

template <class T>
std::vector<T> NpyArray::as() const {
  static_assert(std::is_same_v<T, float> || std::is_same_v<T, double> || std::is_same_v<T, Index> || std::is_same_v<T, bool>);
  std::vector<T> values;
  const bool known = detail::with_npy_type(dtype, [&]<class From>(From value) {
    require(bytes.size() % sizeof(From) == 0, "NpyArray: ", bytes.size(), " bytes of the dtype ", dtype);
    values.reserve(bytes.size() / sizeof(From));
    for (std::size_t i = 0; i < bytes.size(); i += sizeof(From)) {
      if constexpr (std::is_same_v<From, bool>) {
        value = bytes[i] != std::byte{0};  // as NumPy has it; the memory of a C++ bool may hold 0 and 1 alone
      } else {
        std::memcpy(&value, bytes.data() + i, sizeof(From));
      }
      const std::optional<T> exact = detail::npy_exactly<T>(value);
      if (!exact) {
        std::string shown = dtype;
        if constexpr (std::is_arithmetic_v<From> && !std::is_same_v<From, bool>) {
          if constexpr (std::is_floating_point_v<From>) {
            shown = shortest(static_cast<double>(value));
          } else {
            shown = std::to_string(value);
          }
        } else if constexpr (std::is_same_v<From, detail::NpyHalf>) {
          shown = shortest(static_cast<double>(detail::widened(value)));
        }
        throw Error(concat("the array of ", dtype, " has the value ", shown, " at position ", i / sizeof(From), "; expected ",
                           std::is_same_v<T, bool>    ? "0 or 1, wrong or right"
                           : std::is_same_v<T, Index> ? "whole numbers"
                           : std::is_same_v<T, float>
                               ? "what a float holds to the bit; read it as double, or convert it with astype('f4')"
                               : "what a double holds to the bit"));
      }
      values.push_back(*exact);
    }
  });
  require(known, "NpyArray: the dtype '", dtype, "'; expected b1, i1 to i8, u1 to u8, f2, f4 or f8");
  return values;
}

/// Reads an array that numpy.save wrote, of version 1.0 to 3.0: bool, integers and floating point, little- or big-endian, in the order
/// of C or Fortran. The header is checked against the file's length before memory is taken for the values. Throws: Error that names the
/// file when it is missing, cut, followed by other bytes, no .npy file, of another dtype, or its header is not what NumPy takes.
inline NpyArray load_npy(const std::filesystem::path& path) {
  InputFile file = open_input_file(path);
  try {
    return detail::read_npy(file.stream, file.size);
  } catch (const Error& e) {
    throw Error(concat("load_npy: '", path.string(), "': ", e.what()));
  }
}

/// Writes values, row-major, as numpy.save does (version 1.0, little-endian). Throws: Error when there is not one value for each entry of
/// the shape. The stream's state is the caller's to check, as OutputFile::commit does.
template <class T>
  requires(!detail::npy_dtype<T>.empty())
void write_npy(std::ostream& out, const Shape& shape, std::span<const T> values) {
  detail::require_npy_size(shape, values.size());
  detail::write_npy_header(out, shape, detail::npy_dtype<T>);
  const auto bytes = std::as_bytes(values);
  out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}
/// The same for outcomes: true and false.
inline void write_npy(std::ostream& out, const Shape& shape, const std::vector<bool>& values) {
  detail::require_npy_size(shape, values.size());
  detail::write_npy_header(out, shape, detail::npy_dtype<bool>);
  for (const bool value : values) out.put(value ? '\1' : '\0');
}

/// write_npy to a file that appears when it is complete. Throws: Error also when the file cannot be written.
template <class T>
  requires(!detail::npy_dtype<T>.empty())
void save_npy(const std::filesystem::path& path, const Shape& shape, std::span<const T> values) {
  OutputFile file(path);
  write_npy(file.stream(), shape, values);
  file.commit();
}
/// The same for outcomes: true and false.
inline void save_npy(const std::filesystem::path& path, const Shape& shape, const std::vector<bool>& values) {
  OutputFile file(path);
  write_npy(file.stream(), shape, values);
  file.commit();
}

}  // namespace lmc
