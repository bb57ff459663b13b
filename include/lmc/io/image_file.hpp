// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/io/detail/small_file_reader.hpp>
#include <lmc/io/file_kind.hpp>
#include <lmc/io/image.hpp>
#include <lmc/io/jpeg.hpp>
#include <lmc/io/png.hpp>

namespace lmc {

/// A phrase about images for each JpegOddity, in their order, and for what PngFindings has of transparency and depth.
inline constexpr std::array<std::string_view, jpeg_oddities.size() + 2> image_oddities = [] {
  std::array<std::string_view, jpeg_oddities.size() + 2> all{};
  std::copy(jpeg_oddities.begin(), jpeg_oddities.end(), all.begin());
  all[jpeg_oddities.size()] = "PNG images with transparency, which was dropped: a pixel keeps the color that is stored with it";
  all[jpeg_oddities.size() + 1] = "PNG images of 16 bits, which were reduced to 8";
  return all;
}();

/// Decodes JPEG and PNG files one after the other, told by their first bytes, not by their names; one for each thread.
class ImageDecoder {
 public:
  /// Overwrites image, its memory reused. Throws: Error as JpegDecoder::decode and decode_png do, and when the bytes begin as
  /// neither.
  void decode(std::span<const std::uint8_t> bytes, Index channels, Image& image) {
    constexpr std::array<std::uint8_t, 2> jpeg{0xff, 0xd8};
    constexpr std::array<std::uint8_t, 4> png{0x89, 'P', 'N', 'G'};
    const auto begins_with = [&](std::span<const std::uint8_t> magic) {
      return bytes.size() >= magic.size() && std::equal(magic.begin(), magic.end(), bytes.begin());
    };
    require(!bytes.empty(), "the file is empty; expected a JPEG or PNG image");
    if (begins_with(jpeg)) {
      is_jpeg_ = true;
      jpeg_.decode(bytes, channels, image);
    } else {
      if (!begins_with(png)) {
        const auto start = bytes.first(std::min(bytes.size(), file_kind_bytes));
        throw Error(concat("it is neither JPEG nor PNG: ",
                           describe_start({reinterpret_cast<const char*>(start.data()), start.size()})));
      }
      is_jpeg_ = false;
      png_ = decode_png(bytes, channels, image);
    }
  }

  /// The same of a file. Throws: Error that names it, also when it cannot be read.
  void load(const std::string& path, Index channels, Image& image) {
    file_ = reader_.read(path);
    try {
      decode(file_, channels, image);
    } catch (const Error& e) {
      throw Error(concat("cannot decode '", path, "': ", e.what()));
    }
  }

  /// Whether the image that was decoded last has each of image_oddities, in their order.
  [[nodiscard]] std::array<bool, image_oddities.size()> odd() const {
    std::array<bool, image_oddities.size()> all{};
    if (is_jpeg_) {
      const auto of_jpeg = jpeg_.odd();
      std::copy(of_jpeg.begin(), of_jpeg.end(), all.begin());
    } else {
      all[jpeg_oddities.size()] = png_.transparency;
      all[jpeg_oddities.size() + 1] = png_.deep;
    }
    return all;
  }
  /// Whether it is stored without colors.
  [[nodiscard]] bool is_gray() const { return is_jpeg_ ? jpeg_.is_gray() : png_.gray; }
  /// The bytes of the file that was loaded last, valid until the next.
  [[nodiscard]] std::span<const std::uint8_t> file() const { return file_; }

 private:
  JpegDecoder jpeg_;
  PngFindings png_ = {};
  bool is_jpeg_ = false;
  std::span<const std::uint8_t> file_;
  detail::SmallFileReader reader_;
};

/// One JPEG or PNG file as 8-bit pixels, channels = 1 (gray) or 3 (color). Throws: Error that names the file, as
/// ImageDecoder::load.
inline Image load_image(const std::filesystem::path& path, Index channels) {
  Image image;
  ImageDecoder().load(path.string(), channels, image);
  return image;
}

}  // namespace lmc
