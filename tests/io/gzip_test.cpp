// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/io/gzip.hpp>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <random>

#include <support/idx_files.hpp>
#include <support/skip.hpp>
#include <support/temporary_directory.hpp>

namespace io_gzip_test {

namespace {

using Catch::Matchers::Contains;
using testing::Bytes;
using testing::gzip;
using testing::operator+;

Bytes read_all(const std::filesystem::path& path, std::size_t piece) {
  lmc::GzipReader file(path);
  Bytes all;
  for (std::size_t count = piece; count == piece;) {
    all.resize(all.size() + piece);
    count = file.read(std::span(all).last(piece));
    all.resize(all.size() - piece + count);
  }
  return all;
}

// Does not compress: the compressed file is longer than the reader's buffer.
Bytes noise(std::size_t size) {
  std::mt19937 generator(1);
  Bytes bytes(size);
  for (auto& b : bytes) b = static_cast<std::uint8_t>(generator());
  return bytes;
}

}  // namespace

TEST_CASE("GzipReader: gives the same content of a plain and of a compressed file, in pieces of any size", "[io]") {
  const testing::TemporaryDirectory directory;
  const Bytes bytes = noise(300'000);
  // The name does not decide.
  const auto plain = directory.write("plain.gz", bytes), compressed = directory.write("compressed", gzip(bytes));
  const auto piece = GENERATE(as<std::size_t>{}, 1000, 65536, 300'000, 1'000'000);
  CAPTURE(piece);
  CHECK(read_all(plain, piece) == bytes);
  CHECK(read_all(compressed, piece) == bytes);
}

TEST_CASE("GzipReader: knows the length of plain content only", "[io]") {
  const testing::TemporaryDirectory directory;
  const Bytes compressed = gzip(Bytes(1000));
  CHECK(lmc::GzipReader(directory.write("plain", Bytes(1000))).size() == 1000);
  const lmc::GzipReader reader(directory.write("compressed", compressed));
  CHECK(!reader.size());
  CHECK(reader.file_size() == compressed.size());
}

TEST_CASE("GzipReader: takes several members as one content", "[io]") {
  const testing::TemporaryDirectory directory;
  const Bytes a = noise(100), b = noise(70'000);
  const auto path = directory.write("two", gzip(a) + gzip({}) + gzip(b));
  CHECK(read_all(path, 64) == a + b);
  CHECK(read_all(path, 1'000'000) == a + b);
}

TEST_CASE("GzipReader: takes files of fewer than two bytes for plain ones", "[io]") {
  const testing::TemporaryDirectory directory;
  CHECK(read_all(directory.write("empty", Bytes{}), 10).empty());
  CHECK(read_all(directory.write("one", Bytes{0x1f}), 10) == Bytes{0x1f});
}

TEST_CASE("GzipReader: takes files for plain ones whose first two bytes are not both gzip's", "[io]") {
  const testing::TemporaryDirectory directory;
  for (const Bytes& bytes : {Bytes{0x1f, 0x9d, 1}, Bytes{0, 0x8b, 1}})
    CHECK(read_all(directory.write("plain", bytes), 10) == bytes);
}

TEST_CASE("GzipReader: refuses cut files, wherever they are cut", "[io]") {
  const testing::TemporaryDirectory directory;
  const Bytes compressed = gzip(noise(50));
  for (std::size_t n = 2; n < compressed.size(); ++n) {
    CAPTURE(n);
    const auto path = directory.write("cut", testing::first(compressed, n));
    CHECK_THROWS_WITH(read_all(path, 1000), Contains("cut' is cut: the file ends inside its gzip data"));
  }
}

TEST_CASE("GzipReader: refuses corrupt data, a wrong check sum, a wrong length, and bytes behind the last member", "[io]") {
  const testing::TemporaryDirectory directory;
  const Bytes compressed = gzip(noise(50));
  const auto broken = [&](std::size_t from_end) {
    Bytes copy = compressed;
    copy[copy.size() - from_end] ^= 1;
    return directory.write("broken", copy);
  };
  CHECK_THROWS_WITH(read_all(broken(8), 1000),
                    Contains("broken' is corrupt gzip (incorrect data check); fetch or compress it again"));
  CHECK_THROWS_WITH(read_all(broken(4), 1000), Contains("corrupt gzip (incorrect length check)"));
  CHECK_THROWS_WITH(read_all(broken(20), 1000), Contains("corrupt gzip (incorrect data check)"));
  CHECK_THROWS_WITH(read_all(directory.write("more", compressed + Bytes{'x', 'y', 'z'}), 1000),
                    Contains("more' has other bytes behind its gzip data"));
  CHECK_THROWS_WITH(read_all(directory.write("more", compressed + Bytes(100'000, 0) + Bytes{1}), 1000),
                    Contains("has other bytes behind its gzip data; fetch it again, or remove them"));
  CHECK_THROWS_WITH(read_all(directory.write("no deflate", Bytes{0x1f, 0x8b, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0}), 1000),
                    Contains("corrupt gzip (unknown compression method)"));
}

TEST_CASE("GzipReader: passes over bytes 0 behind the last member, however many", "[io]") {
  const testing::TemporaryDirectory directory;
  const Bytes content = noise(50);
  for (const std::size_t zeros : {1U, 512U, 200'000U})
    CHECK(read_all(directory.write("padded", gzip(content) + gzip(content) + Bytes(zeros, 0)), 1000) == content + content);
}

TEST_CASE("GzipReader: refuses a file that is cut while it is read, at whatever byte", "[io]") {
  const testing::TemporaryDirectory directory;
  const std::string content(100000, 'x');
  for (const std::size_t left : std::vector<std::size_t>{0, 1, 20000, 65536, 99999}) {
    const auto path = directory.write("plain", content);
    lmc::GzipReader file(path);
    std::vector<std::uint8_t> bytes(10);
    REQUIRE(file.read(bytes) == bytes.size());
    std::filesystem::resize_file(path, left);
    bytes.resize(content.size());
    CHECK_THROWS_WITH(file.read(bytes), Contains("plain' changed while it was read: it had 100000 bytes"));
  }
}

TEST_CASE("GzipReader: reads a real archive", "[io][real]") {
  const char* const folder = std::getenv("LMC_TEST_DATA");
  if (folder == nullptr) return testing::skip("LMC_TEST_DATA is not set");
  // CIFAR-10's binary format: 2,500 records of a label below 10 and 3,072 bytes.
  const Bytes records = read_all(std::filesystem::path(folder) / "cifar-10-batches-bin" / "data_batch_1.bin.gz", 1 << 20);
  REQUIRE(records.size() == 2500 * 3073);
  for (std::size_t i = 0; i < records.size(); i += 3073) REQUIRE(records[i] < 10);
}

}  // namespace io_gzip_test
