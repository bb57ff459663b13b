// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/io/cifar.hpp>

#include <catch2/catch.hpp>
#include <cstddef>
#include <numeric>

#include <support/cifar_files.hpp>
#include <support/idx_files.hpp>
#include <support/temporary_directory.hpp>

namespace io_cifar_test {

namespace {

using Catch::Matchers::Contains;
using lmc::cifar100_labels;
using lmc::cifar10_labels;
using testing::Bytes;
using testing::cifar_pixel;
using testing::cifar_records;
using testing::gzip;
using testing::operator+;

lmc::CifarRecords read(const std::filesystem::path& path, std::span<const lmc::CifarLabel> labels) {
  return lmc::read_cifar(std::vector{path}, labels);
}

}  // namespace

TEST_CASE("read_cifar: gives labels, and the planes as pixels of three channels, of plain and compressed files", "[io]") {
  const testing::TemporaryDirectory directory;
  // One record, the longest that is read at once, one more, and several times as many.
  const auto count = GENERATE(as<std::size_t>{}, 1, 64, 65, 200);
  const bool compressed = GENERATE(false, true);
  CAPTURE(count, compressed);
  std::vector<Bytes> labels;
  for (std::size_t i = 0; i < count; ++i) labels.push_back({static_cast<std::uint8_t>(i * 7 % 10)});
  const Bytes bytes = cifar_records(labels, 5);
  const lmc::CifarRecords records = read(directory.write("file", compressed ? gzip(bytes) : bytes), cifar10_labels);
  REQUIRE(records.labels.size() == count);
  REQUIRE(records.pixels.size() == count * 3072);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < count; ++i) {
    wrong += records.labels[i] != i * 7 % 10;
    for (std::size_t pixel = 0; pixel < 1024; ++pixel)
      for (std::size_t channel = 0; channel < 3; ++channel)
        wrong += records.pixels[(i * 1024 + pixel) * 3 + channel] != cifar_pixel(5 + i, channel, pixel);
  }
  CHECK(wrong == 0);
}

TEST_CASE("read_cifar: reads files one after the other, and all labels of a record", "[io]") {
  const testing::TemporaryDirectory directory;
  const std::vector paths = {directory.write("a", cifar_records({{19, 99}, {0, 3}}, 0)),
                             directory.write("b", gzip(cifar_records({{4, 5}}, 2))),
                             directory.write("c", cifar_records({{6, 0}}, 3))};
  const lmc::CifarRecords records = lmc::read_cifar(paths, cifar100_labels);
  CHECK(std::accumulate(records.files.begin(), records.files.end(), std::size_t{0}) == records.labels.size() / 2);
  CHECK(records.files.size() == paths.size());
  CHECK(records.labels == Bytes{19, 99, 0, 3, 4, 5, 6, 0});
  CHECK(records.pixels == read(directory.write("all", cifar_records({{0}, {0}, {0}, {0}}, 0)), cifar10_labels).pixels);
}

TEST_CASE("read_cifar: takes what photographs do not do, a file that unpacks into a hundred times its size", "[io]") {
  const testing::TemporaryDirectory directory;
  const auto path = directory.write("black", gzip(Bytes(std::size_t{1000} * 3073)));
  REQUIRE(std::filesystem::file_size(path) < 30'000);
  CHECK(read(path, cifar10_labels).pixels == Bytes(std::size_t{1000} * 3072));
}

TEST_CASE("read_cifar: takes no more memory at first than twice a compressed file's size", "[io]") {
  const testing::TemporaryDirectory directory;
  const Bytes bytes = cifar_records(std::vector<Bytes>(100, {1}), 0), compressed = gzip(bytes);
  CHECK(read(directory.write("plain", bytes), cifar10_labels).pixels.capacity() == std::size_t{100} * 3072);
  // Grown by doubling, from less than the content at first.
  const lmc::CifarRecords records = read(directory.write("compressed", compressed), cifar10_labels);
  CHECK(records.pixels.capacity() <= std::max(2 * compressed.size(), 2 * records.pixels.size()));
}

TEST_CASE("read_cifar: refuses files that end inside a record, plain or compressed", "[io]") {
  const testing::TemporaryDirectory directory;
  const Bytes bytes = cifar_records(std::vector<Bytes>(66, {1}), 0);
  const bool compressed = GENERATE(false, true);
  CAPTURE(compressed);
  const auto write = [&](const Bytes& content) { return directory.write("file", compressed ? gzip(content) : content); };
  const auto first = [&](std::size_t n) { return write(testing::first(bytes, n)); };
  CHECK_THROWS_WITH(read(first(0), cifar10_labels), Contains("file' is empty; expected records of 3073 bytes"));
  CHECK_THROWS_WITH(read(first(1), cifar10_labels), Contains("0 records of 3073 bytes and 1 bytes more"));
  CHECK_THROWS_WITH(read(first(3072), cifar10_labels), Contains("0 records of 3073 bytes and 3072 bytes more"));
  CHECK_THROWS_WITH(read(first(65 * 3073 + 17), cifar10_labels),
                    Contains("file' is cut, or of another format: its 199762 bytes are 65 records of 3073 bytes and 17 bytes"));
  CHECK_THROWS_WITH(read(first(64 * 3073 + 1), cifar10_labels), Contains("64 records of 3073 bytes and 1 bytes more"));
  CHECK_THROWS_WITH(read(write(bytes + Bytes{1, 2}), cifar10_labels), Contains("66 records of 3073 bytes and 2 bytes more"));
  // CIFAR-10 taken for CIFAR-100; of a compressed file, whose length is not known, the labels are noticed first.
  CHECK_THROWS_WITH(
      read(write(bytes), cifar100_labels),
      Contains(compressed ? "record 1 has the coarse label " : "records of 3073 bytes, as CIFAR-10 has; expected 3074 bytes"));
}

TEST_CASE("read_cifar: checks all plain files before it reads the first", "[io]") {
  const testing::TemporaryDirectory directory;
  const std::vector paths = {directory.write("wrong label", cifar_records({{10}}, 0)), directory.write("cut", Bytes(5))};
  CHECK_THROWS_WITH(lmc::read_cifar(paths, cifar10_labels), Contains("cut' is cut"));
}

TEST_CASE("read_cifar: names file, record and label that is out of range", "[io]") {
  const testing::TemporaryDirectory directory;
  std::vector<Bytes> labels(70, {9});
  labels[67] = {10};
  CHECK_THROWS_WITH(read(directory.write("file", cifar_records(labels, 0)), cifar10_labels),
                    Contains("file': record 67 has the label 10; expected 0 to 9"));
  const auto hundred = [&](const Bytes& record) {
    return read(directory.write("file", cifar_records({{0, 0}, record}, 0)), cifar100_labels);
  };
  CHECK_THROWS_WITH(hundred({20, 0}), Contains("file': record 1 has the coarse label 20; expected 0 to 19"));
  CHECK_THROWS_WITH(hundred({0, 100}), Contains("file': record 1 has the fine label 100; expected 0 to 99"));
  // In the second file, counted from its own beginning.
  const std::vector paths = {directory.write("a", cifar_records({{0}, {0}}, 0)),
                             directory.write("b", cifar_records({{0}, {255}}, 0))};
  CHECK_THROWS_WITH(lmc::read_cifar(paths, cifar10_labels), Contains("b': record 1 has the label 255"));
}

TEST_CASE("read_cifar: names what a file is that is none, and the other data set's records", "[io]") {
  const testing::TemporaryDirectory directory;
  CHECK_THROWS_WITH(read(directory.write("file", "<!DOCTYPE html>\n<html></html>"), cifar10_labels),
                    Contains("file' is no file of CIFAR's binary version: it is an HTML page"));
  Bytes pickle(3073);  // a whole record by its length
  pickle[0] = 0x80;
  pickle[1] = 2;
  CHECK_THROWS_WITH(read(directory.write("file", pickle), cifar10_labels),
                    Contains("it is a Python pickle; load it in Python"));
  CHECK_THROWS_WITH(
      read(directory.write("file", cifar_records({{0, 0}, {1, 1}}, 0)), cifar10_labels),
      Contains("file' has records of 3074 bytes, as CIFAR-100 has; expected 3073 bytes: is it the other data set's file?"));
  CHECK_THROWS_WITH(read(directory.write("file", gzip(cifar_records({{0}, {1}}, 0))), cifar100_labels),
                    Contains("file' has records of 3073 bytes, as CIFAR-10 has; expected 3074 bytes"));
}

TEST_CASE("read_cifar: refuses missing files, directories and corrupt gzip", "[io]") {
  const testing::TemporaryDirectory directory;
  CHECK_THROWS_WITH(read(directory / "absent", cifar10_labels), Contains("absent': there is no such file"));
  CHECK_THROWS_WITH(read(directory.path(), cifar10_labels), Contains("it is a directory, expected a file"));
  Bytes compressed = gzip(cifar_records({{1}, {2}}, 0));
  CHECK_THROWS_WITH(read(directory.write("cut", testing::first(compressed, compressed.size() - 3)), cifar10_labels),
                    Contains("cut' is cut: the file ends inside its gzip data"));
  CHECK_THROWS_WITH(read(directory.write("more", compressed + Bytes{'x', 'y'}), cifar10_labels),
                    Contains("more' has other bytes behind its gzip data"));
  compressed[compressed.size() - 8] ^= 1;
  CHECK_THROWS_WITH(read(directory.write("broken", compressed), cifar10_labels),
                    Contains("broken' is corrupt gzip (incorrect data check)"));
}

}  // namespace io_cifar_test
