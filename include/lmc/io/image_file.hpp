// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/io/detail/small_file_reader.hpp>
#include <lmc/io/file_kind.hpp>
#include <lmc/io/image.hpp>
#include <lmc/io/jpeg.hpp>
#include <lmc/io/png.hpp>

namespace lmc {

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
      decode_png(bytes, channels, image);
    }
  }

  /// The same of a file. Throws: Error that names it, also when it cannot be read.
  void load(const std::string& path, Index channels, Image& image) {
    const std::span<const std::uint8_t> bytes = reader_.read(path);
    try {
      decode(bytes, channels, image);
    } catch (const Error& e) {
      throw Error(concat("cannot decode '", path, "': ", e.what()));
    }
  }

  /// Whether the image that was decoded last has each JpegOddity, in their order.
  [[nodiscard]] std::array<bool, jpeg_oddities.size()> odd() const {
    return is_jpeg_ ? jpeg_.odd() : std::array<bool, jpeg_oddities.size()>{};
  }

 private:
  JpegDecoder jpeg_;
  bool is_jpeg_ = false;
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
