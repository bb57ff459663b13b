// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <lmc/core/detail/reserve_large.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/io/detail/array_size.hpp>
#include <lmc/io/gzip.hpp>

namespace lmc {

/// An array of unsigned bytes, as MNIST's files hold it.
struct IdxArray {
  Shape shape;                       // as in the header of the file
  std::vector<std::uint8_t> values;  // row-major
};

namespace detail {

/// What an IDX type code means.
inline std::string idx_type_name(std::uint8_t code) {
  switch (code) {
    case 0x08:
      return "unsigned bytes";
    case 0x09:
      return "signed bytes";
    case 0x0b:
      return "16-bit integers";
    case 0x0c:
      return "32-bit integers";
    case 0x0d:
      return "32-bit floats";
    case 0x0e:
      return "64-bit floats";
    default:
      return "an unknown type";
  }
}

}  // namespace detail

/// Reads an IDX file of unsigned bytes, plain or gzip: 00 00, the type code 08, the number of axes, each axis' length as a
/// big-endian 32-bit number, then the values, row-major.
///
/// A plain file's length is compared with the header before memory is taken for the values; of a gzip file the memory grows
/// with what was unpacked, and unpacking stops one byte past what the header declares. Throws: Error that names the file when
/// it is missing, no IDX file, of another type, cut, followed by other bytes, corrupt gzip, or declares more than can be
/// addressed. Source: http://yann.lecun.com/exdb/mnist/, "the IDX file format".
inline IdxArray read_idx(const std::filesystem::path& path) {
  GzipReader file(path);
  const std::string who = "read_idx: '" + path.string() + "'";
  std::uintmax_t header_size = 4;
  const auto read_header = [&](std::span<std::uint8_t> bytes) {
    const std::size_t count = file.read(bytes);
    require(count == bytes.size(), who, " is cut inside its header: it holds ", header_size - bytes.size() + count, " of ",
            header_size, " bytes");
  };

  std::uint8_t magic[4];
  read_header(magic);
  if (magic[0] != 0 || magic[1] != 0)
    throw Error(concat(who, " is no IDX file, which begins with the bytes 00 00 and a type: ",
                       describe_start(detail::start_of_content(path))));
  require(magic[2] == 8, who, " holds ", detail::idx_type_name(magic[2]), " (IDX type code ", int{magic[2]},
          "); expected unsigned bytes (8)");
  require(magic[3] > 0, who, " declares an array without axes");

  std::vector<std::uint8_t> lengths(std::size_t{4} * magic[3]);
  header_size += lengths.size();
  read_header(lengths);
  std::vector<Index> axes;
  for (std::size_t i = 0; i < lengths.size(); i += 4)
    axes.push_back(Index{lengths[i]} << 24 | Index{lengths[i + 1]} << 16 | Index{lengths[i + 2]} << 8 | Index{lengths[i + 3]});
  IdxArray array{Shape(std::move(axes)), {}};
  const std::optional<Index> size = detail::array_size(array.shape);
  require(size.has_value(), who, " declares the shape ", array.shape, ", more bytes than can be addressed");

  const auto declared = static_cast<std::uintmax_t>(*size);
  const auto require_length = [&](std::uintmax_t found, const char* or_more) {
    require(found >= declared, who, " is cut: its shape ", array.shape, " takes ", declared, " bytes, and there are ", found);
    require(found == declared, who, " has bytes left over: its shape ", array.shape, " takes ", declared,
            " bytes, and there are ", found, or_more);
  };
  if (file.size()) require_length(*file.size() - header_size, "");
  // Images compress less than 16 times as a rule: one allocation, and still a small multiple of the file.
  detail::reserve_large(array.values, std::min(declared, 16 * file.file_size()));
  constexpr std::size_t chunk = std::size_t{1} << 20;
  std::size_t done = 0;
  for (std::size_t wanted = 0; done == wanted && done < declared;) {
    wanted = done + static_cast<std::size_t>(std::min<std::uintmax_t>(chunk, declared - done));
    array.values.resize(wanted);
    done += file.read(std::span(array.values).subspan(done));
  }
  std::uint8_t beyond;
  require_length(done + (done == declared ? file.read({&beyond, 1}) : 0), " or more");
  return array;
}

}  // namespace lmc
