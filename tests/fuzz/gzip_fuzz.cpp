// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/core/hash.hpp>
#include <lmc/io/gzip.hpp>

#include <array>
#include <vector>

#include "fuzz.hpp"

namespace {

std::array<std::uint8_t, 65536> buffer;

// Reads a file to its end, some bytes at a time. The reader's memory does not grow with the content.
struct Content {
  bool accepted;
  std::size_t size = 0;
  std::uint64_t hash = lmc::fnv1a_basis;
};
Content read(fuzz::Bytes bytes, std::size_t at_once) {
  const auto path = fuzz::in_memory_file(bytes);
  Content content{};
  content.accepted = fuzz::accepts(std::size_t{1} << 18, [&] {
    lmc::GzipReader file(path);
    for (std::size_t count = at_once; count == at_once;) {
      count = file.read(std::span(buffer).first(at_once));
      content.size += count;
      content.hash = lmc::fnv1a(std::as_bytes(std::span(buffer).first(count)), content.hash);
    }
    fuzz::check(!file.size() || *file.size() == content.size, "a plain file's content has its length");
  });
  return content;
}

// Bytes as a gzip member that stores them; deflating would take most of the time.
void append_stored(fuzz::Bytes bytes, std::vector<std::uint8_t>& file) {
  const auto little_endian = [&](std::uint64_t x, int count) {
    for (int i = 0; i < count; ++i) file.push_back(static_cast<std::uint8_t>(x >> 8 * i));
  };
  file.insert(file.end(), {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1});
  little_endian(bytes.size(), 2);
  little_endian(~bytes.size(), 2);
  file.insert(file.end(), bytes.begin(), bytes.end());
  little_endian(crc32(0, bytes.data(), static_cast<uInt>(bytes.size())), 4);
  little_endian(bytes.size(), 4);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Bytes bytes(data, size);
  const Content whole = read(bytes, buffer.size());
  const Content parts = read(bytes, 509);
  fuzz::check(whole.accepted == parts.accepted, "a file is right or wrong however it is read");
  if (whole.accepted)
    fuzz::check(whole.size == parts.size && whole.hash == parts.hash, "the content is one however it is read");

  // Two members are read as what they were made of.
  std::vector<std::uint8_t> packed;
  append_stored(bytes.first(size / 2), packed);
  append_stored(bytes.subspan(size / 2), packed);
  const Content unpacked = read(packed, 509);
  fuzz::check(unpacked.accepted && unpacked.size == size, "what was packed is unpacked");
  return 0;
}
