// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/data/sources/detail/image_cache.hpp>

#include <catch2/catch.hpp>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <sys/stat.h>

#include <support/image_files.hpp>
#include <support/temporary_directory.hpp>

namespace data_image_cache_test {

namespace {

using lmc::detail::DecodedImages;
using lmc::detail::ImageCacheHeader;
using lmc::detail::read_image_cache;

const std::string tree = "0123456789abcdef";
const lmc::ThreadTeam team(2);

DecodedImages images_of(lmc::Index height, lmc::Index train, lmc::Index test) {
  return {.shape = {height, 5, 3},
          .train = testing::pattern(train * height, 5, 3).pixels,
          .test = testing::pattern(test * height, 5, 3, 1).pixels,
          .standardization = {.mean = {0.1, 0.2, 0.3}, .standard_deviation = {1, 2, 3}},
          .findings = {.sizes = {{.height = 7, .width = 5, .count = train}, {.height = 1, .width = 2, .count = test}},
                       .odd = {{.count = 0, .first = 0}, {.count = 2, .first = train}}}};
}

// A header changed by `change`, with the check sum that belongs to it.
template <class Change>
std::string with_header(std::string file, Change change) {
  ImageCacheHeader header;
  std::memcpy(&header, file.data(), sizeof header);
  change(header);
  header.header = lmc::detail::check_sum_of(header);
  std::memcpy(file.data(), &header, sizeof header);
  return file;
}

}  // namespace

TEST_CASE("image cache: gives back what was written, on any number of threads", "[data]") {
  const testing::TemporaryDirectory directory;
  const auto height = GENERATE(as<lmc::Index>{}, 1, 4, 60'000);  // below, and above what is read at a time
  const DecodedImages images = images_of(height, 3, 2);
  lmc::detail::write_image_cache(directory / "cache", tree, images, team);
  for (const int threads : {1, 2, 5}) {
    const auto read = read_image_cache(directory / "cache", tree, lmc::ThreadTeam(threads));
    REQUIRE(read);
    CHECK(read->shape == images.shape);
    CHECK(read->train == images.train);
    CHECK(read->test == images.test);
    CHECK(read->standardization == images.standardization);
    CHECK(read->findings.numbers() == images.findings.numbers());
    CHECK(read->findings.odd == images.findings.odd);
  }
  CHECK(!read_image_cache(directory / "cache", "0123456789abcdeF", team));
}

TEST_CASE("image cache: is not taken with a changed byte, cut or followed by others, wherever that is", "[data][long]") {
  const testing::TemporaryDirectory directory;
  const auto path = directory / "cache";
  lmc::detail::write_image_cache(path, tree, images_of(2, 2, 1), team);
  const std::string whole = testing::content(path);
  REQUIRE(whole.size() == sizeof(ImageCacheHeader) + 3 * 2 * 5 * 3 + (2 + 2 * 3 + 2 * 2) * 8);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    CAPTURE(i);
    for (const char change : {'\x01', '\x80'}) {
      std::string bytes = whole;
      bytes[i] = static_cast<char>(bytes[i] ^ change);
      REQUIRE(!read_image_cache(directory.write("cache", bytes), tree, team));
    }
    REQUIRE(!read_image_cache(directory.write("cache", whole.substr(0, i)), tree, team));
  }
  CHECK(!read_image_cache(directory.write("cache", whole + "x"), tree, team));
  CHECK(read_image_cache(directory.write("cache", whole), tree, team));
}

TEST_CASE("image cache: believes no header whose numbers do not fit the file, whatever its check sum", "[data]") {
  const testing::TemporaryDirectory directory;
  lmc::detail::write_image_cache(directory / "cache", tree, images_of(2, 2, 1), team);
  const std::string whole = testing::content(directory / "cache");
  const auto taken = [&](auto change) {
    return read_image_cache(directory.write("cache", with_header(whole, change)), tree, team).has_value();
  };
  CHECK(taken([](ImageCacheHeader&) {}));
  CHECK(!taken([](ImageCacheHeader& h) { h.magic[7] = '1'; }));
  CHECK(!taken([](ImageCacheHeader& h) { h.shape[0] = 3; }));
  CHECK(!taken([](ImageCacheHeader& h) { h.shape = {std::int64_t{1} << 40, std::int64_t{1} << 40, 3}; }));
  CHECK(!taken([](ImageCacheHeader& h) { h.shape = {-2, -5, 3}; }));
  CHECK(!taken([](ImageCacheHeader& h) { h.shape = {2, 3, 5}; }));
  CHECK(!taken([](ImageCacheHeader& h) { h.images = {3, 0}; }));
  CHECK(!taken([](ImageCacheHeader& h) { h.images = {4, -1}; }));
  CHECK(!taken([](ImageCacheHeader& h) { h.findings = 11; }));
  CHECK(!taken([](ImageCacheHeader& h) { h.findings = std::int64_t{1} << 60; }));
  CHECK(!taken([](ImageCacheHeader& h) { h.standard_deviation[1] = 0; }));
  CHECK(!taken([](ImageCacheHeader& h) { h.mean[2] = std::nan(""); }));
}

TEST_CASE("ImageFindings: are none of numbers that do not fit each other or the images", "[data]") {
  using lmc::detail::ImageFindings;
  const std::vector<std::int64_t> good{1, 1, 8, 8, 5, 2, 4};
  REQUIRE(ImageFindings::of(good, 5));
  CHECK(ImageFindings::of(good, 5)->numbers() == good);
  CHECK(ImageFindings::of(std::vector<std::int64_t>{0, 0}, 5));
  const auto changed = [&](std::size_t i, std::int64_t value) {
    std::vector<std::int64_t> numbers = good;
    numbers[i] = value;
    return ImageFindings::of(numbers, 5).has_value();
  };
  for (std::size_t i = 0; i < good.size(); ++i) {
    CHECK(!changed(i, -1));
    CHECK((i == 2 || i == 3 || !changed(i, 6)));
  }
  for (std::size_t n = 0; n < good.size(); ++n) CHECK(!ImageFindings::of(std::span(good).first(n), 5));
  CHECK(!changed(6, 5));
}

TEST_CASE("image cache: is not there where the path is no file", "[data]") {
  const testing::TemporaryDirectory directory;
  CHECK(!read_image_cache(directory / "absent", tree, team));
  CHECK(!read_image_cache(directory.path(), tree, team));
  CHECK(!read_image_cache("/dev/zero", tree, team));
  REQUIRE(::mkfifo((directory / "pipe").c_str(), 0600) == 0);
  CHECK(!read_image_cache(directory / "pipe", tree, team));
}

}  // namespace data_image_cache_test
