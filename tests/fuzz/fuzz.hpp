// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include <lmc/core/error.hpp>

// What the fuzz targets share. A finding ends the process: by an exception that leaves the target, by abort, or by a sanitizer.

namespace fuzz {

using Bytes = std::span<const std::uint8_t>;

/// A file in memory that holds the bytes, at a path below a temporary folder that ends in the given one. There is one content
/// at a time: the next call's is then that of all paths.
std::filesystem::path in_memory_file(Bytes bytes, const std::string& name = "input");

/// Number of bytes that the input's gzip members unpack to, up to where they are cut or corrupt; 0 when it is no gzip.
std::size_t unpacked_size(Bytes bytes);

/// While it lives, the process ends when more than `limit` bytes beyond those at its beginning are allocated with new at one
/// time. What C libraries allocate is not counted; libFuzzer limits it.
class AllocationLimit {
 public:
  explicit AllocationLimit(std::size_t limit);
  AllocationLimit(const AllocationLimit&) = delete;
  AllocationLimit& operator=(const AllocationLimit&) = delete;
  ~AllocationLimit();
};

/// What a reader of whole files may allocate: 2 MiB, of which buffers and the smallest step of a growing array are part; 64
/// bytes for each of the input, which is what JSON takes in its worst case; and, as gzip legitimately unpacks to 1032 times its
/// length, four times what the input really unpacks to: two copies of an array of up to twice the length needed, while it
/// grows.
inline std::size_t file_reader_limit(Bytes bytes) {
  return (std::size_t{2} << 20) + 64 * bytes.size() + 4 * unpacked_size(bytes);
}

/// Calls parse(). Returns whether it accepted its input; lmc::Error is the one way to refuse it. Everything else, also a
/// message without text, is a finding.
template <class F>
bool accepts(std::size_t allocation_limit, F parse) {
  const AllocationLimit limit(allocation_limit);
  try {
    parse();
    return true;
  } catch (const lmc::Error& e) {
    if (*e.what() == '\0') throw;
    return false;
  }
}

/// Ends the process unless ok.
void check(bool ok, const char* what);

}  // namespace fuzz
