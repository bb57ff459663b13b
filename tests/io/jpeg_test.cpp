// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/io/jpeg.hpp>

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include <support/image_files.hpp>

namespace io_jpeg_test {

namespace {

using Catch::Matchers::Contains;
using Bytes = std::vector<std::uint8_t>;
using lmc::Index;
using testing::jpeg_file;
using testing::pattern;
using testing::plain;

// The largest difference between values of equally many channels.
int difference(const lmc::Image& a, const lmc::Image& b) {
  REQUIRE(a.pixels.size() == b.pixels.size());
  int most = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) most = std::max(most, std::abs(a.pixels[i] - b.pixels[i]));
  return most;
}

Bytes first(const Bytes& bytes, std::size_t n) { return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n)}; }

// A file whose header declares another size.
Bytes declared(Bytes bytes, Index width, Index height) {
  const Bytes start_of_frame{0xff, 0xc0, 0, 11, 8};
  const auto at = std::search(bytes.begin(), bytes.end(), start_of_frame.begin(), start_of_frame.end()) + 5;
  REQUIRE(at < bytes.end());
  at[0] = static_cast<std::uint8_t>(height >> 8);
  at[1] = static_cast<std::uint8_t>(height);
  at[2] = static_cast<std::uint8_t>(width >> 8);
  at[3] = static_cast<std::uint8_t>(width);
  return bytes;
}

}  // namespace

TEST_CASE("decode_jpeg: gives back what was stored, up to the rounding of quality 100", "[io]") {
  const auto [height, width] = GENERATE(table<Index, Index>({{1, 1}, {8, 8}, {7, 13}, {64, 64}, {33, 100}}));
  const auto progressive = GENERATE(false, true);
  CAPTURE(height, width, progressive);
  const lmc::Image gray = pattern(height, width, 1), color = pattern(height, width, 3);
  // Quantized by 1, a coefficient of the cosine transform is off by at most 1/2, and a value by a few.
  const lmc::Image read = lmc::decode_jpeg(jpeg_file(gray, {.progressive = progressive}), 1);
  CHECK(read.height == height);
  CHECK(read.width == width);
  CHECK(read.channels == 1);
  CHECK(difference(read, gray) <= 2);
  // Stored as red, green, blue, so that no conversion rounds.
  CHECK(difference(lmc::decode_jpeg(jpeg_file(color, {.progressive = progressive, .stored = JCS_RGB}), 3), color) <= 2);
}

TEST_CASE("decode_jpeg: repeats gray where color is asked for, and gives luma where gray is", "[io]") {
  const lmc::Image gray = lmc::decode_jpeg(jpeg_file(pattern(16, 24, 1)), 1);
  const lmc::Image color = lmc::decode_jpeg(jpeg_file(pattern(16, 24, 1)), 3);
  REQUIRE(color.pixels.size() == 3 * gray.pixels.size());
  for (std::size_t i = 0; i < color.pixels.size(); ++i) REQUIRE(color.pixels[i] == gray.pixels[i / 3]);

  // 0.299 R + 0.587 G + 0.114 B of (200, 100, 50) is 124.2.
  CHECK(difference(lmc::decode_jpeg(jpeg_file(plain(8, 8, {200, 100, 50})), 1), plain(8, 8, {124})) <= 1);
  CHECK(difference(lmc::decode_jpeg(jpeg_file(plain(8, 8, {200, 100, 50})), 3), plain(8, 8, {200, 100, 50})) <= 2);
  CHECK_THROWS_WITH(lmc::decode_jpeg(jpeg_file(gray), 2), Contains("channels = 2; expected 1 (gray) or 3 (color)"));
}

TEST_CASE("JpegDecoder: decodes one image after the other, also after a corrupt one", "[io]") {
  const Bytes small = jpeg_file(pattern(8, 8, 3)), large = jpeg_file(pattern(40, 30, 3, 1), {.progressive = true});
  lmc::JpegDecoder decoder;
  lmc::Image image;
  for (int i = 0; i < 3; ++i) {
    decoder.decode(large, 3, image);
    CHECK(image.pixels == lmc::decode_jpeg(large, 3).pixels);
    CHECK_THROWS(decoder.decode(first(large, large.size() / 2), 3, image));
    decoder.decode(small, 1, image);
    CHECK(image.pixels == lmc::decode_jpeg(small, 1).pixels);
  }
}

TEST_CASE("JpegDecoder: does not decode a file without tables by those of the image before", "[io]") {
  // Segments FF C4 of Huffman tables and FF DB of quantization are taken out.
  const auto without = [](Bytes bytes, std::uint8_t marker) {
    for (std::size_t at = 2; bytes[at] == 0xff && bytes[at + 1] != 0xda;) {
      const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(at);
      const std::size_t length = std::size_t{2} + (std::size_t{bytes[at + 2]} << 8) + bytes[at + 3];
      if (bytes[at + 1] == marker)
        bytes.erase(begin, begin + static_cast<std::ptrdiff_t>(length));
      else
        at += length;
    }
    return bytes;
  };
  // Progressive files have Huffman tables of their own, made for the image.
  const Bytes first_image = jpeg_file(pattern(16, 16, 1), {.progressive = true});
  const Bytes plain_image = jpeg_file(pattern(16, 16, 1));
  lmc::JpegDecoder decoder;
  lmc::Image image;
  decoder.decode(first_image, 1, image);
  CHECK_THROWS_AS(decoder.decode(without(plain_image, 0xdb), 1, image), lmc::Error);
  // Without Huffman tables, as in Motion JPEG, those of the standard are meant.
  decoder.decode(first_image, 1, image);
  decoder.decode(without(plain_image, 0xc4), 1, image);
  CHECK(image.pixels == lmc::decode_jpeg(plain_image, 1).pixels);
}

TEST_CASE("decode_jpeg: refuses a cut file, wherever it is cut", "[io]") {
  const auto progressive = GENERATE(false, true);
  const Bytes whole = jpeg_file(pattern(20, 20, 3), {.progressive = progressive});
  CHECK_NOTHROW(lmc::decode_jpeg(whole, 3));
  lmc::JpegDecoder decoder;
  lmc::Image image;
  for (std::size_t n = 0; n < whole.size(); ++n) {
    CAPTURE(n);
    REQUIRE_THROWS_WITH(decoder.decode(first(whole, n), 3, image), Contains("libjpeg: "));
  }
  CHECK_THROWS_WITH(lmc::decode_jpeg({}, 3), Contains("libjpeg: Empty input file"));
  CHECK_THROWS_WITH(lmc::decode_jpeg(first(whole, whole.size() - 2), 3), Contains("Premature end of JPEG file"));
}

TEST_CASE("decode_jpeg: refuses corrupt data, of which libjpeg would only warn", "[io]") {
  Bytes bytes = jpeg_file(pattern(64, 64, 1), {.restarts = true});
  const Bytes marker{0xff, 0xd3};  // the fourth restart marker becomes the first
  const auto at = std::search(bytes.begin(), bytes.end(), marker.begin(), marker.end());
  REQUIRE(at != bytes.end());
  at[1] = 0xd0;
  CHECK_THROWS_WITH(lmc::decode_jpeg(bytes, 1), Contains("libjpeg: Corrupt JPEG data"));
}

TEST_CASE("JpegDecoder: gives the same pixels where a file is odd before its image data, and says so", "[io]") {
  const Bytes whole = jpeg_file(pattern(16, 16, 3));
  const lmc::Image image = lmc::decode_jpeg(whole, 3);
  const auto decoded = [&](const Bytes& bytes, std::array<bool, 5> odd) {
    lmc::JpegDecoder decoder;
    lmc::Image result;
    for (int i = 0; i < 2; ++i) {
      decoder.decode(bytes, 3, result);
      CHECK(result.pixels == image.pixels);
      CHECK(decoder.odd() == odd);
    }
    decoder.decode(whole, 3, result);
    CHECK(decoder.odd() == std::array{false, false, false, false, false});
  };
  const auto marker = [&](std::uint8_t code) {
    const Bytes bytes{0xff, code};
    return std::search(whole.begin(), whole.end(), bytes.begin(), bytes.end()) - whole.begin();
  };
  for (const std::uint8_t code : Bytes{0xdb, 0xc0, 0xc4, 0xda}) {
    CAPTURE(int{code});
    Bytes bytes = whole;
    bytes.insert(bytes.begin() + marker(code), {1, 2, 3});
    decoded(bytes, {true, false, false, false, false});
  }
  // Its first segment is JFIF's: FF E0, length, "JFIF", 0, and the version.
  Bytes version = whole;
  REQUIRE(Bytes(version.begin() + 2, version.begin() + 4) == Bytes{0xff, 0xe0});
  version[11] = 2;
  decoded(version, {false, true, false, false, false});
  version[11] = 0;
  decoded(version, {false, true, false, false, false});
  version.insert(version.begin() + marker(0xdb), 9);
  decoded(version, {true, true, false, false, false});
  // FF DA, length of 2 bytes, 3 channels of 2 bytes each; then the first and the last coefficient of the scan.
  Bytes scan = whole;
  const auto last_coefficient = static_cast<std::size_t>(marker(0xda)) + 12;
  REQUIRE(Bytes(scan.begin() + marker(0xda) + 11, scan.begin() + marker(0xda) + 14) == Bytes{0, 63, 0});
  scan[last_coefficient] = 0;
  decoded(scan, {false, false, false, true, false});
}

TEST_CASE("decode_jpeg: refuses bytes behind the image data, which damaged data leave as well", "[io]") {
  Bytes bytes = jpeg_file(pattern(16, 16, 3));
  const Bytes more(10, 1);  // some of which are taken for image data that nobody asks for
  bytes.insert(bytes.end() - 2, more.begin(), more.end());
  CHECK_THROWS_WITH(lmc::decode_jpeg(bytes, 3),
                    Contains("libjpeg: Corrupt JPEG data: ") &&
                        Contains(" extraneous bytes before marker 0xd9, behind image data, as where"));
}

TEST_CASE("JpegDecoder: says where EXIF data turn or mirror an image, and keeps the pixels where they are stored", "[io]") {
  const Bytes whole = jpeg_file(pattern(16, 12, 3));
  const lmc::Image image = lmc::decode_jpeg(whole, 3);
  // Behind the first two bytes: FF E1, its length, "Exif", and a TIFF header with a directory of two entries, the second with the tag.
  const auto with = [&](bool little, std::uint8_t orientation) {
    const auto number = [&](std::uint32_t value, int bytes) {
      Bytes result;
      for (int i = 0; i < bytes; ++i) result.push_back(static_cast<std::uint8_t>(value >> 8 * (little ? i : bytes - 1 - i)));
      return result;
    };
    Bytes segment{'E', 'x', 'i', 'f', 0, 0};
    const auto add = [&](const Bytes& bytes) { segment.insert(segment.end(), bytes.begin(), bytes.end()); };
    add(Bytes(2, little ? 'I' : 'M')), add(number(42, 2)), add(number(8, 4)), add(number(2, 2));
    add(number(0x0100, 2)), add(number(4, 2)), add(number(1, 4)), add(number(640, 4));
    add(number(0x0112, 2)), add(number(3, 2)), add(number(1, 4)), add(number(orientation, 2)), add({0, 0}), add(number(0, 4));
    return segment;
  };
  const auto says = [&](const Bytes& segment) {
    Bytes bytes = whole;
    const std::size_t length = segment.size() + 2;
    Bytes marked{0xff, 0xe1, static_cast<std::uint8_t>(length >> 8), static_cast<std::uint8_t>(length)};
    marked.insert(marked.end(), segment.begin(), segment.end());
    bytes.insert(bytes.begin() + 2, marked.begin(), marked.end());
    lmc::JpegDecoder decoder;
    lmc::Image result;
    decoder.decode(bytes, 3, result);
    CHECK(result.pixels == image.pixels);
    CHECK(result.height == 16);
    return decoder.odd()[static_cast<std::size_t>(lmc::JpegOddity::orientation)];
  };
  for (const bool little : {false, true}) {
    for (const std::uint8_t orientation : Bytes{2, 3, 4, 5, 6, 7, 8}) CHECK(says(with(little, orientation)));
    for (const std::uint8_t orientation : Bytes{0, 1, 9}) CHECK_FALSE(says(with(little, orientation)));
    const Bytes segment = with(little, 6);
    for (std::size_t n = 0; n < 38; ++n) CHECK_FALSE(says(first(segment, n)));  // cut in front of the value
  }
  CHECK_FALSE(says({'h', 't', 't', 'p', ':', '/', '/'}));  // XMP
  Bytes endless = with(true, 6);
  endless[14] = endless[15] = 0xff;  // 65,535 entries, none of them with the tag
  endless[28] = 0;
  CHECK_FALSE(says(endless));
}

TEST_CASE("decode_jpeg: reads a large image of one color, which takes few bytes", "[io]") {
  const Bytes bytes = jpeg_file(plain(2500, 2500, {255}), {.progressive = true});
  REQUIRE(bytes.size() * 100 < 2500 * 2500 - 1'000'000);
  CHECK(lmc::decode_jpeg(bytes, 1).pixels == Bytes(2500 * 2500, 255));
}

TEST_CASE("decode_jpeg: never crashes on a changed byte", "[io]") {
  const auto progressive = GENERATE(false, true);
  const Bytes whole = jpeg_file(pattern(16, 16, 3), {.quality = 80, .progressive = progressive});
  lmc::JpegDecoder decoder;
  lmc::Image image;
  int refused = 0;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (const int change : {0x01, 0x80, 0xff}) {
      Bytes bytes = whole;
      bytes[i] = static_cast<std::uint8_t>(bytes[i] ^ change);
      try {
        decoder.decode(bytes, 3, image);
        REQUIRE(static_cast<Index>(image.pixels.size()) == image.height * image.width * 3);
      } catch (const lmc::Error&) {
        ++refused;
      }
    }
  }
  CHECK(refused > static_cast<int>(whole.size()));  // a third
}

TEST_CASE("decode_jpeg: refuses what is declared too large, and other colors", "[io]") {
  const Bytes small = jpeg_file(pattern(8, 8, 1));
  CHECK_NOTHROW(lmc::decode_jpeg(declared(small, 8, 8), 1));
  CHECK_THROWS_WITH(lmc::decode_jpeg(declared(small, 16385, 8), 1),
                    Contains("the image is declared as 16385×8; expected sides of at most 16384 pixels"));
  CHECK_THROWS_WITH(lmc::decode_jpeg(declared(small, 8, 40000), 1), Contains("declared as 8×40000; expected sides"));
  CHECK_THROWS_WITH(lmc::decode_jpeg(declared(small, 16384, 16384), 1),
                    Contains("the image is declared as 16384×16384, 268435456 pixels in a file of " +
                             std::to_string(small.size()) + " bytes; expected at most "));
  CHECK_THROWS_WITH(lmc::decode_jpeg(declared(small, 0, 8), 1), Contains("libjpeg: Empty JPEG image"));
  lmc::Image inks = pattern(8, 8, 4);
  CHECK_THROWS_WITH(lmc::decode_jpeg(jpeg_file(inks), 3),
                    Contains("the colors are CMYK, as for print; expected gray or RGB: convert the image"));
  CHECK_THROWS_WITH(lmc::decode_jpeg(jpeg_file(inks, {.stored = JCS_YCCK}), 1), Contains("the colors are YCCK (CMYK)"));
  Bytes twelve_bits = small;
  const Bytes start_of_frame{0xff, 0xc0, 0, 11, 8};
  std::search(twelve_bits.begin(), twelve_bits.end(), start_of_frame.begin(), start_of_frame.end())[4] = 12;
  CHECK_THROWS_WITH(lmc::decode_jpeg(twelve_bits, 1),
                    Contains("libjpeg: Unsupported JPEG data precision 12; convert the image to 8 bits"));
  Bytes lossless = small;
  std::search(lossless.begin(), lossless.end(), start_of_frame.begin(), start_of_frame.end())[1] = 0xc3;
  CHECK_THROWS_WITH(lmc::decode_jpeg(lossless, 1), Contains("SOF type 0xc3 (a lossless or hierarchical JPEG); convert"));
  CHECK_THROWS_WITH(lmc::decode_jpeg(Bytes{'n', 'o'}, 3), Contains("libjpeg: Not a JPEG file"));
}

TEST_CASE("decode_jpeg: refuses a file of thousands of scans", "[io]") {
  // The last scan of a progressive file, again and again; a scan that refines another could not be repeated.
  const Bytes whole = jpeg_file(pattern(16, 16, 1), {.two_scans = true});
  const Bytes start_of_scan{0xff, 0xda};
  const auto last = std::find_end(whole.begin(), whole.end(), start_of_scan.begin(), start_of_scan.end());
  const Bytes scan(last, whole.end() - 2);
  Bytes bytes(whole.begin(), whole.end() - 2);
  for (int i = 0; i < 2000; ++i) bytes.insert(bytes.end(), scan.begin(), scan.end());
  bytes.insert(bytes.end(), whole.end() - 2, whole.end());
  CHECK_THROWS_WITH(lmc::decode_jpeg(bytes, 1), Contains("libjpeg: it has more than 500 scans"));
}

}  // namespace io_jpeg_test
