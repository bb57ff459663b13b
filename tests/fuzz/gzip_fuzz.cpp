// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/io/gzip.hpp>

#include <array>
#include <support/idx_files.hpp>

#include "fuzz.hpp"

namespace {

std::array<std::uint8_t, 65536> buffer;

// Reads a file to its end, some bytes at a time. The reader's memory does not grow with the content.
struct Content {
  bool accepted;
  std::size_t size = 0;
  std::uint64_t hash = 14695981039346656037U;  // FNV-1a
};
Content read(fuzz::Bytes bytes, std::size_t at_once) {
  const auto path = fuzz::in_memory_file(bytes);
  Content content{};
  content.accepted = fuzz::accepts(std::size_t{1} << 18, [&] {
    lmc::GzipReader file(path);
    for (std::size_t count = at_once; count == at_once;) {
      count = file.read(std::span(buffer).first(at_once));
      content.size += count;
      for (std::size_t i = 0; i < count; ++i) content.hash = (content.hash ^ buffer[i]) * 1099511628211U;
    }
    fuzz::check(!file.size() || *file.size() == content.size, "a plain file's content has its length");
  });
  return content;
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
  using testing::operator+;
  const auto half = static_cast<std::ptrdiff_t>(size / 2);
  const auto packed = testing::gzip({bytes.begin(), bytes.begin() + half}) + testing::gzip({bytes.begin() + half, bytes.end()});
  const Content unpacked = read(packed, 509);
  fuzz::check(unpacked.accepted && unpacked.size == size, "what was packed is unpacked");
  return 0;
}
