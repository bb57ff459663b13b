// SPDX-License-Identifier: BSD-3-Clause
#include <zlib.h>
#include <lmc/io/png.hpp>

#include <vector>

#include "image.hpp"

namespace {

void decode(fuzz::Bytes bytes) {
  for (const lmc::Index channels : {1, 3})
    fuzz::decoded(bytes, channels, [](fuzz::Bytes b, lmc::Index n, lmc::Image& image) { lmc::decode_png(b, n, image); });
}

// Puts right the check sums of chunks, which hardly a mutation meets: 8 bytes; then length, type, content, check sum of each.
std::vector<std::uint8_t> with_check_sums(fuzz::Bytes bytes) {
  std::vector<std::uint8_t> file(bytes.begin(), bytes.end());
  for (std::size_t at = 8; at + 12 <= file.size();) {
    std::uint32_t length = 0;
    for (std::size_t i = 0; i < 4; ++i) length = length << 8 | file[at + i];
    if (length > file.size() - at - 12) break;
    const auto sum = static_cast<std::uint32_t>(crc32(0, &file[at + 4], length + 4));
    at += 8 + std::size_t{length};
    for (const int shift : {24, 16, 8, 0}) file[at++] = static_cast<std::uint8_t>(sum >> shift);
  }
  return file;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Bytes bytes(data, size);
  decode(bytes);
  decode(with_check_sums(bytes));
  return 0;
}
