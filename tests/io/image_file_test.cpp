// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/io/image_file.hpp>

#include <catch2/catch.hpp>
#include <cstdint>
#include <vector>

#include <sys/stat.h>

#include <lmc/core/random.hpp>
#include <support/image_files.hpp>
#include <support/temporary_directory.hpp>

namespace io_image_file_test {

using Catch::Matchers::Contains;

TEST_CASE("load_image: tells the format by the content, not by the name", "[io]") {
  const testing::TemporaryDirectory directory;
  const lmc::Image image = testing::pattern(9, 5, 3);
  const auto jpeg = testing::jpeg_file(image), png = testing::png_file(image);
  CHECK(lmc::load_image(directory.write("a.png", jpeg), 3).pixels == lmc::decode_jpeg(jpeg, 3).pixels);
  CHECK(lmc::load_image(directory.write("a.jpg", png), 3).pixels == image.pixels);
  CHECK(lmc::load_image(directory.write("a", png), 1).channels == 1);
}

TEST_CASE("load_image: reads files of every length around its buffer", "[io]") {
  const testing::TemporaryDirectory directory;
  const lmc::Image image = testing::pattern(3, 3, 3);
  for (const std::size_t size : {1U << 16U, (1U << 16U) - 1, (1U << 16U) + 1, 3U << 16U}) {
    CAPTURE(size);
    auto bytes = testing::jpeg_file(image);
    bytes.resize(size);  // what follows the image is not looked at
    CHECK(lmc::load_image(directory.write("a.jpg", bytes), 3).pixels == lmc::decode_jpeg(bytes, 3).pixels);
  }
  lmc::Image large = testing::plain(300, 200, {0, 0, 0});
  // Bytes that cannot be compressed.
  for (std::uint64_t i = 0; auto& value : large.pixels)
    value = static_cast<std::uint8_t>(lmc::random_bits({.seed = 1}, i++)[0]);
  const auto bytes = testing::png_file(large);
  REQUIRE(bytes.size() > 1U << 17U);
  CHECK(lmc::load_image(directory.write("large.png", bytes), 3).pixels == large.pixels);
}

TEST_CASE("load_image: names the file, and says what is wrong with it", "[io]") {
  const testing::TemporaryDirectory directory;
  const auto load = [&](const char* name, std::vector<std::uint8_t> bytes) {
    return lmc::load_image(directory.write(name, bytes), 3);
  };
  CHECK_THROWS_WITH(load("empty.jpg", {}), Contains("cannot decode '") && Contains("empty.jpg': the file is empty"));
  CHECK_THROWS_WITH(load("text.png", {'t', 'e', 'x', 't'}),
                    Contains("text.png': it is neither JPEG nor PNG: it begins with the text 'text'"));
  CHECK_THROWS_WITH(load("a.jpg", {'G', 'I', 'F', '8', '9', 'a', 8, 0}),
                    Contains("a.jpg': it is neither JPEG nor PNG: it is a GIF image; convert it to PNG or JPEG"));
  auto jpeg = testing::jpeg_file(testing::pattern(16, 16, 3));
  jpeg.resize(jpeg.size() / 2);
  CHECK_THROWS_WITH(load("cut.jpg", jpeg), Contains("cut.jpg': libjpeg: Premature end of JPEG file"));
  CHECK_THROWS_WITH(load("cut.png", {0x89, 'P', 'N', 'G'}), Contains("cut.png': libpng: the file is cut"));
  CHECK_THROWS_WITH(lmc::load_image(directory / "absent.jpg", 3), Contains("absent.jpg': there is no such file"));
  CHECK_THROWS_WITH(lmc::load_image(directory.path(), 3), Contains("Is a directory"));
  CHECK_THROWS_WITH(lmc::load_image("/dev/zero", 3), Contains("cannot read '/dev/zero': it is not a regular file"));
  const auto pipe = directory / "pipe.jpg";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK_THROWS_WITH(lmc::load_image(pipe, 3), Contains("pipe.jpg': the file is empty"));
}

}  // namespace io_image_file_test
