// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
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
#include <lmc/io/detail/npy_header.hpp>
#include <lmc/io/detail/npy_types.hpp>
#include <lmc/io/file_kind.hpp>
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

inline constexpr std::string_view npy_magic = "\x93NUMPY";

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
  std::string start(8, '\0');
  in.read(start.data(), static_cast<std::streamsize>(std::min<std::uintmax_t>(size, start.size())));
  if (size < start.size() || !start.starts_with(npy_magic)) {
    start.resize(static_cast<std::size_t>(std::min<std::uintmax_t>(size, file_kind_bytes)));
    in.seekg(0);
    in.read(start.data(), static_cast<std::streamsize>(start.size()));
    throw Error(concat("this is no .npy file: ", describe_start(start), "; expected what numpy.save writes"));
  }
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
