// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/io/png.hpp>

#include <zlib.h>

#include <catch2/catch.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include <support/image_files.hpp>

namespace io_png_test {

namespace {

using Catch::Matchers::Contains;
using Bytes = std::vector<std::uint8_t>;
using lmc::decode_png;
using lmc::Index;
using testing::pattern;
using testing::png_file;

Bytes first(const Bytes& bytes, std::size_t n) { return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n)}; }

void write_number(Bytes& bytes, std::size_t at, std::uint64_t number) {
  for (const int shift : {24, 16, 8, 0}) bytes[at++] = static_cast<std::uint8_t>(number >> shift);
}

// A file whose header declares another size, with its check sum.
Bytes declared(Bytes bytes, std::uint32_t width, std::uint32_t height) {
  write_number(bytes, 16, width);
  write_number(bytes, 20, height);
  write_number(bytes, 29, crc32(0, bytes.data() + 12, 17));
  return bytes;
}

}  // namespace

TEST_CASE("decode_png: gives back what was stored", "[io]") {
  const auto [height, width] = GENERATE(table<Index, Index>({{1, 1}, {7, 13}, {64, 64}}));
  const auto interlaced = GENERATE(false, true);
  CAPTURE(height, width, interlaced);
  for (const Index channels : {1, 3}) {
    const lmc::Image image = pattern(height, width, channels);
    const lmc::Image read = decode_png(png_file({.height = static_cast<std::uint32_t>(height),
                                                 .width = static_cast<std::uint32_t>(width),
                                                 .color_type = channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB,
                                                 .rows = image.pixels,
                                                 .interlaced = interlaced}),
                                       channels);
    CHECK(read.height == height);
    CHECK(read.width == width);
    CHECK(read.channels == channels);
    CHECK(read.pixels == image.pixels);
  }
}

TEST_CASE("decode_png: repeats gray where color is asked for, and gives luma where gray is", "[io]") {
  CHECK(decode_png(png_file({.height = 1, .width = 2, .rows = {7, 200}}), 3).pixels == Bytes{7, 7, 7, 200, 200, 200});
  // By hand, as Pillow's convert("L"): red 76, green 150, blue 29, and 0.299 · 200 + 0.587 · 100 + 0.114 · 50 = 124.2.
  const Bytes colors = png_file({.height = 2,
                                 .width = 3,
                                 .color_type = PNG_COLOR_TYPE_RGB,
                                 .rows = {255, 0, 0, 0, 255, 0, 0, 0, 255, 200, 100, 50, 255, 255, 255, 0, 0, 0}});
  CHECK(decode_png(colors, 1).pixels == Bytes{76, 150, 29, 124, 255, 0});
  CHECK_THROWS_WITH(decode_png(colors, 4), Contains("channels = 4; expected 1 (gray) or 3 (color)"));
}

TEST_CASE("decode_png: brings every kind to 8 bits, and drops transparency", "[io]") {
  using File = testing::PngFile;
  const auto decode = [](const File& file, Index channels) { return decode_png(png_file(file), channels).pixels; };
  // v / 257, rounded: 0x0080 = 128 and 0x0081 = 129 lie on both sides of one half.
  CHECK(decode({.height = 1, .width = 4, .bit_depth = 16, .rows = {0, 0x80, 0, 0x81, 0xff, 0xff, 0x12, 0x12}}, 1) ==
        Bytes{0, 1, 255, 0x12});
  CHECK(decode({.height = 1, .width = 8, .bit_depth = 1, .rows = {0b10110001}}, 1) == Bytes{255, 0, 255, 255, 0, 0, 0, 255});
  CHECK(decode({.height = 1, .width = 4, .bit_depth = 2, .rows = {0b00011011}}, 1) == Bytes{0, 85, 170, 255});
  CHECK(decode({.height = 1, .width = 2, .bit_depth = 4, .rows = {0x1f}}, 3) == Bytes{17, 17, 17, 255, 255, 255});
  CHECK(decode({.height = 1, .width = 2, .color_type = PNG_COLOR_TYPE_GRAY_ALPHA, .rows = {10, 0, 20, 128}}, 1) ==
        Bytes{10, 20});
  CHECK(decode({.height = 1, .width = 2, .color_type = PNG_COLOR_TYPE_RGB_ALPHA, .rows = {1, 2, 3, 0, 4, 5, 6, 9}}, 3) ==
        Bytes{1, 2, 3, 4, 5, 6});
  CHECK(decode({.height = 1,
                .width = 2,
                .color_type = PNG_COLOR_TYPE_PALETTE,
                .rows = {1, 0},
                .palette = {{1, 2, 3}, {40, 50, 60}},
                .palette_alpha = {0, 128}},
               3) == Bytes{40, 50, 60, 1, 2, 3});
  CHECK(decode({.height = 1, .width = 2, .color_type = PNG_COLOR_TYPE_PALETTE, .rows = {0, 0}, .palette = {{255, 0, 0}}}, 1) ==
        Bytes{76, 76});
  CHECK(decode({.height = 1, .width = 1, .rows = {100}, .gamma = 0.2}, 1) == Bytes{100});
}

TEST_CASE("decode_png: says what it drops, and whether there are colors", "[io]") {
  using File = testing::PngFile;
  const auto found = [](const File& file) {
    lmc::Image image;
    return decode_png(png_file(file), 3, image);
  };
  CHECK(found({.height = 1, .width = 1, .rows = {1}}) == lmc::PngFindings{.gray = true});
  CHECK(found({.height = 1, .width = 1, .color_type = PNG_COLOR_TYPE_RGB, .rows = {1, 2, 3}}) == lmc::PngFindings{});
  CHECK(found({.height = 1, .width = 1, .color_type = PNG_COLOR_TYPE_GRAY_ALPHA, .rows = {1, 2}}) ==
        lmc::PngFindings{.transparency = true, .gray = true});
  CHECK(found({.height = 1, .width = 1, .color_type = PNG_COLOR_TYPE_RGB_ALPHA, .bit_depth = 16, .rows = Bytes(8)}) ==
        lmc::PngFindings{.transparency = true, .deep = true});
  CHECK(found({.height = 1,
               .width = 1,
               .color_type = PNG_COLOR_TYPE_PALETTE,
               .rows = {0},
               .palette = {{1, 2, 3}},
               .palette_alpha = {0}}) == lmc::PngFindings{.transparency = true});
}

TEST_CASE("decode_png: refuses a cut file, wherever it is cut, and an index beyond the palette never crashes", "[io]") {
  const Bytes whole = png_file(pattern(20, 20, 3));
  CHECK_NOTHROW(decode_png(whole, 3));
  for (std::size_t n = 0; n < whole.size(); ++n) {
    CAPTURE(n);
    REQUIRE_THROWS_WITH(decode_png(first(whole, n), 3), Contains("libpng: "));
  }
  CHECK_THROWS_WITH(decode_png(first(whole, whole.size() - 1), 3), Contains("libpng: the file is cut"));
  Bytes few_colors =
      png_file({.height = 1, .width = 1, .color_type = PNG_COLOR_TYPE_PALETTE, .rows = {9}, .palette = {{1, 2, 3}}});
  try {
    CHECK(decode_png(few_colors, 3).pixels.size() == 3);
  } catch (const lmc::Error&) {
  }
}

TEST_CASE("decode_png: refuses a changed byte anywhere in the pixels, and never crashes", "[io]") {
  const Bytes whole = png_file(pattern(12, 12, 3));
  for (std::size_t i = 0; i < whole.size(); ++i) {
    CAPTURE(i);
    Bytes bytes = whole;
    bytes[i] ^= 0x10;
    // The whole file is signature, header, pixels and end, all with check sums.
    REQUIRE_THROWS_WITH(decode_png(bytes, 3), Contains("libpng: ") || Contains("the image is declared"));
  }
}

TEST_CASE("decode_png: refuses what is declared too large", "[io][long]") {
  const Bytes small = png_file(pattern(8, 8, 1));
  CHECK_THROWS_WITH(decode_png(declared(small, 16385, 1), 1), Contains("declared as 16385×1; expected sides of at most 16384"));
  CHECK_THROWS_WITH(decode_png(declared(small, 16384, 16384), 1),
                    Contains("268435456 pixels in a file of " + std::to_string(small.size()) + " bytes; expected at most " +
                             std::to_string(1032 * small.size())));
  CHECK_THROWS_WITH(decode_png(declared(small, 0x7fffffff, 0x7fffffff), 1), Contains("expected sides of at most 16384"));
  CHECK_THROWS_WITH(decode_png(declared(small, 0, 8), 1), Contains("libpng: Invalid IHDR data"));
  // All of one color: a thousandth of its size, which is as much as can be packed.
  const Bytes dense = png_file(testing::plain(4000, 4000, {0}));
  REQUIRE(dense.size() < 20'000);
  CHECK(decode_png(dense, 1).pixels == Bytes(16'000'000, 0));
  CHECK_THROWS_WITH(decode_png(declared(dense, 5000, 4000), 1),
                    Contains("declared as 5000×4000, 20000000 pixels in a file of"));
}

}  // namespace io_png_test
