// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <zlib.h>

#include <cstdint>
#include <initializer_list>
#include <stdexcept>
#include <vector>

namespace testing {

using Bytes = std::vector<std::uint8_t>;

inline Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

/// The first n bytes.
inline Bytes first(const Bytes& bytes, std::size_t n) {
  return Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n));
}

/// An IDX file's header: magic number and the lengths of the axes.
inline Bytes idx_header(std::initializer_list<std::uint32_t> axes, std::uint8_t type = 8) {
  Bytes header{0, 0, type, static_cast<std::uint8_t>(axes.size())};
  for (const std::uint32_t n : axes)
    for (const int shift : {24, 16, 8, 0}) header.push_back(static_cast<std::uint8_t>(n >> shift));
  return header;
}

/// Bytes as one gzip member.
inline Bytes gzip(const Bytes& bytes) {
  z_stream z{};
  if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::runtime_error("deflateInit2");
  Bytes result(deflateBound(&z, bytes.size()));
  z.next_in = const_cast<Bytef*>(bytes.data());
  z.avail_in = static_cast<uInt>(bytes.size());
  z.next_out = result.data();
  z.avail_out = static_cast<uInt>(result.size());
  if (deflate(&z, Z_FINISH) != Z_STREAM_END) throw std::runtime_error("deflate");
  result.resize(z.total_out);
  deflateEnd(&z);
  return result;
}

}  // namespace testing
