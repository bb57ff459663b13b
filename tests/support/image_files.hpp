// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <png.h>

#include <cstdint>
#include <cstdio>  // jpeglib.h needs it, and does not include it
#include <cstdlib>
#include <vector>

#include <jpeglib.h>

#include <lmc/io/image.hpp>

namespace testing {

/// An image whose values all differ from their neighbors', and with the seed.
inline lmc::Image pattern(lmc::Index height, lmc::Index width, lmc::Index channels, int seed = 0) {
  lmc::Image image{.height = height, .width = width, .channels = channels, .pixels = {}};
  for (lmc::Index i = 0; i < height * width * channels; ++i)
    image.pixels.push_back(static_cast<std::uint8_t>(37 * i + i * i / 7 + 61 * seed));
  return image;
}

/// An image of one color.
inline lmc::Image plain(lmc::Index height, lmc::Index width, const std::vector<std::uint8_t>& color) {
  lmc::Image image{.height = height, .width = width, .channels = static_cast<lmc::Index>(color.size()), .pixels = {}};
  for (lmc::Index i = 0; i < height * width; ++i) image.pixels.insert(image.pixels.end(), color.begin(), color.end());
  return image;
}

struct JpegFileOptions {
  int quality = 100;
  bool progressive = false;
  bool two_scans = false;              // progressive, of one channel: all means, then all the rest; neither is refined later
  bool restarts = false;               // a restart marker after each row of blocks
  J_COLOR_SPACE stored = JCS_UNKNOWN;  // as libjpeg chooses
};

/// An image of 1, 3 or (CMYK) 4 channels as a JPEG file.
inline std::vector<std::uint8_t> jpeg_file(const lmc::Image& image, const JpegFileOptions& options = {}) {
  jpeg_compress_struct codec;
  jpeg_error_mgr errors;
  codec.err = jpeg_std_error(&errors);
  jpeg_create_compress(&codec);
  unsigned char* memory = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&codec, &memory, &size);
  codec.image_width = static_cast<JDIMENSION>(image.width);
  codec.image_height = static_cast<JDIMENSION>(image.height);
  codec.input_components = static_cast<int>(image.channels);
  codec.in_color_space = image.channels == 1 ? JCS_GRAYSCALE : image.channels == 3 ? JCS_RGB : JCS_CMYK;
  jpeg_set_defaults(&codec);
  if (options.stored != JCS_UNKNOWN) jpeg_set_colorspace(&codec, options.stored);
  jpeg_set_quality(&codec, options.quality, TRUE);
  for (int c = 0; c < codec.num_components; ++c) codec.comp_info[c].h_samp_factor = codec.comp_info[c].v_samp_factor = 1;
  if (options.progressive) jpeg_simple_progression(&codec);
  const jpeg_scan_info scans[2] = {{1, {0}, 0, 0, 0, 0}, {1, {0}, 1, 63, 0, 0}};
  if (options.two_scans) {
    codec.scan_info = scans;
    codec.num_scans = 2;
  }
  if (options.restarts) codec.restart_in_rows = 1;
  jpeg_start_compress(&codec, TRUE);
  while (codec.next_scanline < codec.image_height) {
    auto* row =
        const_cast<JSAMPROW>(image.pixels.data() + image.width * image.channels * static_cast<int>(codec.next_scanline));
    jpeg_write_scanlines(&codec, &row, 1);
  }
  jpeg_finish_compress(&codec);
  std::vector<std::uint8_t> bytes(memory, memory + size);
  jpeg_destroy_compress(&codec);
  std::free(memory);
  return bytes;
}

struct PngFile {
  std::uint32_t height = 0, width = 0;
  int color_type = PNG_COLOR_TYPE_GRAY;
  int bit_depth = 8;
  std::vector<std::uint8_t> rows;  // as they are stored, without filters
  bool interlaced = false;
  std::vector<png_color> palette = {};
  std::vector<std::uint8_t> palette_alpha = {};
  double gamma = 0;  // 0: none is stored
};

inline std::vector<std::uint8_t> png_file(const PngFile& file) {
  std::vector<std::uint8_t> bytes;
  png_structp png = png_create_write_struct(
      PNG_LIBPNG_VER_STRING, nullptr, [](png_structp, png_const_charp) { std::abort(); }, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(
      png, &bytes,
      [](png_structp p, png_bytep data, std::size_t n) {
        auto* out = static_cast<std::vector<std::uint8_t>*>(png_get_io_ptr(p));
        out->insert(out->end(), data, data + n);
      },
      nullptr);
  png_set_IHDR(png, info, file.width, file.height, file.bit_depth, file.color_type,
               file.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  if (!file.palette.empty()) png_set_PLTE(png, info, file.palette.data(), static_cast<int>(file.palette.size()));
  if (!file.palette_alpha.empty())
    png_set_tRNS(png, info, file.palette_alpha.data(), static_cast<int>(file.palette_alpha.size()), nullptr);
  if (file.gamma > 0) png_set_gAMA(png, info, file.gamma);
  png_write_info(png, info);
  const std::size_t row_size = file.rows.size() / file.height;
  std::vector<png_bytep> rows;
  for (std::size_t y = 0; y < file.height; ++y) rows.push_back(const_cast<png_bytep>(file.rows.data() + y * row_size));
  png_write_image(png, rows.data());
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return bytes;
}

/// An image of 1 or 3 channels as a PNG file.
inline std::vector<std::uint8_t> png_file(const lmc::Image& image) {
  return png_file({.height = static_cast<std::uint32_t>(image.height),
                   .width = static_cast<std::uint32_t>(image.width),
                   .color_type = image.channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB,
                   .rows = image.pixels});
}

}  // namespace testing
