// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/io/idx.hpp>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <numeric>

#include <support/idx_files.hpp>
#include <support/temporary_directory.hpp>

namespace io_idx_test {

namespace {

using Catch::Matchers::Contains;
using testing::Bytes;
using testing::gzip;
using testing::idx_header;
using testing::operator+;

const Bytes two_by_three = idx_header({2, 3}) + Bytes{1, 2, 3, 4, 5, 255};

}  // namespace

TEST_CASE("read_idx: gives shape and values of plain and compressed files", "[io]") {
  const testing::TemporaryDirectory directory;
  for (const Bytes& file :
       {two_by_three, gzip(two_by_three),
        gzip(testing::first(two_by_three, 7)) + gzip(Bytes(two_by_three.begin() + 7, two_by_three.end()))}) {
    const lmc::IdxArray array = lmc::read_idx(directory.write("file", file));
    CHECK(array.shape == lmc::Shape{2, 3});
    CHECK(array.values == Bytes{1, 2, 3, 4, 5, 255});
  }
}

TEST_CASE("read_idx: reads lengths as big-endian numbers, and more values than one piece", "[io]") {
  const testing::TemporaryDirectory directory;
  Bytes values(0x10203 * 19);
  std::iota(values.begin(), values.end(), std::uint8_t{0});
  const Bytes file = idx_header({0x10203, 19}) + values;
  REQUIRE(testing::first(file, 8) == Bytes{0, 0, 8, 2, 0, 1, 2, 3});
  for (const Bytes& form : {file, gzip(file)}) {
    const lmc::IdxArray array = lmc::read_idx(directory.write("file", form));
    CHECK(array.shape == lmc::Shape{0x10203, 19});
    CHECK(array.values == values);
  }
}

TEST_CASE("read_idx: reads an array of no entries, and one of 255 axes", "[io]") {
  const testing::TemporaryDirectory directory;
  CHECK(lmc::read_idx(directory.write("none", idx_header({0, 28, 28}))).shape == lmc::Shape{0, 28, 28});
  Bytes many{0, 0, 8, 255};
  for (int i = 0; i < 255; ++i) many = many + Bytes{0, 0, 0, 1};
  const lmc::IdxArray array = lmc::read_idx(directory.write("many", many + Bytes{7}));
  CHECK(array.shape.rank() == 255);
  CHECK(array.values == Bytes{7});
}

TEST_CASE("read_idx: unpacks a file that grows more than was reserved for it", "[io]") {
  const testing::TemporaryDirectory directory;
  const Bytes file = gzip(idx_header({5'000'000}) + Bytes(5'000'000, 3));
  REQUIRE(file.size() * 100 < 5'000'000);
  const lmc::IdxArray array = lmc::read_idx(directory.write("file", file));
  CHECK(array.values.size() == 5'000'000);
  CHECK(std::count(array.values.begin(), array.values.end(), 3) == 5'000'000);
}

TEST_CASE("read_idx: names a file that is missing, a directory, or empty", "[io]") {
  const testing::TemporaryDirectory directory;
  CHECK_THROWS_WITH(lmc::read_idx(directory / "absent"), Contains("absent': there is no such file"));
  CHECK_THROWS_WITH(lmc::read_idx(directory.path()), Contains("is a directory"));
  CHECK_THROWS_WITH(lmc::read_idx(directory.write("empty", "")),
                    Contains("empty' is cut inside its header: it holds 0 of 4 bytes"));
}

TEST_CASE("read_idx: refuses what is no IDX file of unsigned bytes", "[io]") {
  const testing::TemporaryDirectory directory;
  const auto read = [&](const Bytes& bytes) { return lmc::read_idx(directory.write("file", bytes)); };
  CHECK_THROWS_WITH(
      read({0x89, 'P', 'N', 'G', 13, 10}),
      Contains(
          "file' is no IDX file, which begins with the bytes 00 00 and a type: it begins with the bytes 89 50 4e 47 0d 0a"));
  CHECK_THROWS_WITH(
      read({0, 1, 8, 1, 0, 0, 0, 0}),
      Contains(
          "is no IDX file, which begins with the bytes 00 00 and a type: it begins with the bytes 00 01 08 01 00 00 00 00"));
  CHECK_THROWS_WITH(
      lmc::read_idx(directory.write("file", "<!DOCTYPE html><html>")),
      Contains("is no IDX file, which begins with the bytes 00 00 and a type: it is an HTML page, as a server sends"));
  CHECK_THROWS_WITH(
      lmc::read_idx(directory.write("file", gzip(gzip(two_by_three)))),
      Contains(
          "is no IDX file, which begins with the bytes 00 00 and a type: it is a gzip file; unpack it with gunzip, once for each time"));
  CHECK_THROWS_WITH(read(idx_header({1}, 0x09) + Bytes(1)),
                    Contains("holds signed bytes (IDX type code 9); expected unsigned bytes (8)"));
  CHECK_THROWS_WITH(read(idx_header({1}, 0x0b) + Bytes(2)), Contains("holds 16-bit integers"));
  CHECK_THROWS_WITH(read(idx_header({1}, 0x0c) + Bytes(4)), Contains("holds 32-bit integers"));
  CHECK_THROWS_WITH(read(idx_header({1}, 0x0d) + Bytes(4)), Contains("holds 32-bit floats (IDX type code 13)"));
  CHECK_THROWS_WITH(read(idx_header({1}, 0x0e) + Bytes(8)), Contains("holds 64-bit floats"));
  CHECK_THROWS_WITH(read(idx_header({1}, 0x07) + Bytes(1)), Contains("holds an unknown type (IDX type code 7)"));
  CHECK_THROWS_WITH(read({0, 0, 8, 0, 5}), Contains("declares an array without axes"));
}

TEST_CASE("read_idx: refuses a cut file, plain or compressed, wherever it is cut", "[io]") {
  const testing::TemporaryDirectory directory;
  for (std::size_t n = 0; n < two_by_three.size(); ++n) {
    CAPTURE(n);
    const Bytes cut = testing::first(two_by_three, n);
    for (const Bytes& file : {cut, gzip(cut)}) {
      const auto path = directory.write("file", file);
      if (n < 4) {
        CHECK_THROWS_WITH(lmc::read_idx(path),
                          Contains("is cut inside its header: it holds " + std::to_string(n) + " of 4 bytes"));
      } else if (n < 12) {
        CHECK_THROWS_WITH(lmc::read_idx(path),
                          Contains("is cut inside its header: it holds " + std::to_string(n) + " of 12 bytes"));
      } else {
        CHECK_THROWS_WITH(lmc::read_idx(path),
                          Contains("is cut: its shape [2, 3] takes 6 bytes, and there are " + std::to_string(n - 12)));
      }
    }
  }
  const Bytes compressed = gzip(two_by_three);
  for (std::size_t n = 2; n < compressed.size(); ++n) {
    CAPTURE(n);
    CHECK_THROWS_WITH(lmc::read_idx(directory.write("file", testing::first(compressed, n))), Contains("cut"));
  }
}

TEST_CASE("read_idx: refuses bytes that are left over", "[io]") {
  const testing::TemporaryDirectory directory;
  const Bytes longer = two_by_three + Bytes{0, 0};
  CHECK_THROWS_WITH(lmc::read_idx(directory.write("file", longer)),
                    Contains("has bytes left over: its shape [2, 3] takes 6 bytes, and there are 8"));
  CHECK_THROWS_WITH(lmc::read_idx(directory.write("file", gzip(longer))),
                    Contains("has bytes left over: its shape [2, 3] takes 6 bytes, and there are 7 or more"));
  CHECK_THROWS_WITH(lmc::read_idx(directory.write("file", idx_header({0}) + Bytes{1})), Contains("has bytes left over"));
}

TEST_CASE("read_idx: refuses sizes that a file cannot justify before it takes memory for them", "[io]") {
  const testing::TemporaryDirectory directory;
  constexpr std::uint32_t most = 0xffffffff;
  const auto read = [&](const Bytes& bytes) { return lmc::read_idx(directory.write("file", bytes)); };
  for (const Bytes& overflow : {idx_header({most, most, most}) + Bytes(16), idx_header({1u << 31, 1u << 31, 2}) + Bytes(16),
                                idx_header({most, most, most, 0})}) {
    CHECK_THROWS_WITH(read(overflow), Contains("declares the shape [") && Contains("more bytes than can be addressed"));
    CHECK_THROWS_WITH(read(gzip(overflow)), Contains("more bytes than can be addressed"));
  }
  // 4 EiB fit an Index, and would fail as std::bad_alloc or std::length_error.
  const Bytes huge = idx_header({1u << 31, 1u << 31}) + Bytes(16);
  CHECK_THROWS_WITH(read(huge), Contains("takes 4611686018427387904 bytes, and there are 16"));
  CHECK_THROWS_WITH(read(gzip(huge)), Contains("takes 4611686018427387904 bytes, and there are 16"));
}

TEST_CASE("read_idx: refuses corrupt gzip, although as many bytes came as were declared", "[io]") {
  const testing::TemporaryDirectory directory;
  Bytes compressed = gzip(two_by_three);
  compressed[compressed.size() - 8] ^= 1;  // in the check sum
  CHECK_THROWS_WITH(lmc::read_idx(directory.write("file", compressed)), Contains("is corrupt gzip (incorrect data check)"));
}

}  // namespace io_idx_test
