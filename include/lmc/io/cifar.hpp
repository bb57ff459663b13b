// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <array>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <lmc/core/detail/reserve_large.hpp>
#include <lmc/core/error.hpp>
#include <lmc/io/file_kind.hpp>
#include <lmc/io/gzip.hpp>

namespace lmc {

/// One of the bytes that a record begins with.
struct CifarLabel {
  std::string_view name;  // for messages
  int classes;            // the byte is below it
};

/// The label of a record of CIFAR-10.
inline constexpr std::array<CifarLabel, 1> cifar10_labels = {{{"label", 10}}};
/// The labels of a record of CIFAR-100.
inline constexpr std::array<CifarLabel, 2> cifar100_labels = {{{"coarse label", 20}, {"fine label", 100}}};

/// Records in CIFAR's binary format.
struct CifarRecords {
  std::vector<std::uint8_t> labels;  // [records, labels of a record]
  std::vector<std::uint8_t> pixels;  // [records, 32, 32, 3]
  std::vector<std::size_t> files;    // how many records each file has
};

namespace detail {

constexpr std::size_t cifar_plane = std::size_t{32} * 32;

/// The planes of red, green and blue as pixels of three channels.
inline void interleave_cifar_planes(const std::uint8_t* planes, std::uint8_t* pixels) {
  for (std::size_t i = 0; i < cifar_plane; ++i) {
    pixels[3 * i] = planes[i];
    pixels[3 * i + 1] = planes[i + cifar_plane];
    pixels[3 * i + 2] = planes[i + 2 * cifar_plane];
  }
}

}  // namespace detail

/// Reads files of records, each plain or gzip, one after the other: of each record the given labels, a byte each, then the
/// planes of red, green and blue, each 32 × 32 bytes, row-major.
///
/// The lengths of plain files are checked before memory is taken for the records; of gzip files the memory grows with what was
/// unpacked. Throws: Error that names the file when it is missing, empty, ends inside a record (how many bytes are too many),
/// is corrupt gzip, of another format (file_kind), or has a label out of range (which record's). Source: https://www.cs.toronto.edu/~kriz/cifar.html, "binary
/// version".
inline CifarRecords read_cifar(std::span<const std::filesystem::path> paths, std::span<const CifarLabel> labels) {
  constexpr std::size_t image_size = 3 * detail::cifar_plane;
  const std::size_t record_size = labels.size() + image_size;
  const auto who = [](const std::filesystem::path& path) { return "read_cifar: '" + path.string() + "'"; };
  const auto require_no_other_format = [&](const std::filesystem::path& path) {
    const auto kind = file_kind(detail::start_of_content(path));
    if (kind) throw Error(concat(who(path), " is no file of CIFAR's binary version: it is ", kind->name, "; ", kind->advice));
  };
  const auto require_whole_records = [&](const std::filesystem::path& path, std::uintmax_t size) {
    require(size > 0, who(path), " is empty; expected records of ", record_size, " bytes");
    if (size % record_size == 0) return;
    require_no_other_format(path);
    constexpr std::size_t ten = 1 + image_size, hundred = 2 + image_size;
    const std::size_t other = record_size == ten ? hundred : ten;
    require(size % other != 0, who(path), " has records of ", other, " bytes, as CIFAR-", other == ten ? "10" : "100",
            " has; expected ", record_size, " bytes: is it the other data set's file?");
    throw Error(concat(who(path), " is cut, or of another format: its ", size, " bytes are ", size / record_size,
                       " records of ", record_size, " bytes and ", size % record_size, " bytes more"));
  };

  std::deque<GzipReader> files;
  std::uintmax_t expected = 0;  // records
  for (const auto& path : paths) {
    const GzipReader& file = files.emplace_back(path);
    if (file.size()) require_whole_records(path, *file.size());
    // Photographs hardly compress: as a rule one allocation, and still a small multiple of the file.
    expected += (file.size() ? 1 : 2) * file.file_size() / record_size;
  }
  CifarRecords records;
  records.labels.reserve(expected * labels.size());
  detail::reserve_large(records.pixels, expected * image_size);

  constexpr std::size_t chunk = 64;  // records that stay in a core's cache until they are stored
  std::vector<std::uint8_t> bytes(chunk * record_size), pixels(chunk * image_size);
  for (std::size_t f = 0; f < paths.size(); ++f) {
    const std::size_t before = records.labels.size();
    std::size_t first = 0;  // record of the chunk
    for (std::size_t count = bytes.size(); count == bytes.size(); first += chunk) {
      count = files[f].read(bytes);
      const std::size_t whole = count / record_size;
      for (std::size_t i = 0; i < whole; ++i) {
        const std::uint8_t* record = bytes.data() + i * record_size;
        for (std::size_t k = 0; k < labels.size(); ++k) {
          if (first + i == 0 && record[k] >= labels[k].classes) require_no_other_format(paths[f]);
          require(record[k] < labels[k].classes, who(paths[f]), ": record ", first + i, " has the ", labels[k].name, " ",
                  int{record[k]}, "; expected 0 to ", labels[k].classes - 1);
        }
        records.labels.insert(records.labels.end(), record, record + labels.size());
        detail::interleave_cifar_planes(record + labels.size(), pixels.data() + i * image_size);
      }
      records.pixels.insert(records.pixels.end(), pixels.data(), pixels.data() + whole * image_size);
      if (count < bytes.size()) require_whole_records(paths[f], first * record_size + count);
    }
    records.files.push_back((records.labels.size() - before) / labels.size());
  }
  return records;
}

}  // namespace lmc
