// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <new>
#include <span>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/io/image.hpp>

namespace lmc {

/// What decode_png found in a file and does not give back.
struct PngFindings {
  bool transparency = false;  // an alpha channel, or colors that are transparent: dropped
  bool deep = false;          // 16 bits for each value: brought to 8
  bool gray = false;          // stored without colors
  friend bool operator==(const PngFindings&, const PngFindings&) = default;
};

namespace detail {

/// libpng's reader of one file's bytes.
class PngReader {
 public:
  explicit PngReader(std::span<const std::uint8_t> bytes)
      : png_(png_create_read_struct(
            PNG_LIBPNG_VER_STRING, this, [](png_structp png, png_const_charp text) { leave(png, text); },
            [](png_structp, png_const_charp) {})),  // warnings are of what lies beside the pixels, such as color profiles
        info_(png_ != nullptr ? png_create_info_struct(png_) : nullptr),
        rest_(bytes) {
    if (info_ == nullptr) {
      png_destroy_read_struct(&png_, &info_, nullptr);
      throw std::bad_alloc();
    }
  }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }

  PngFindings read(Index channels, Image& image) {
    const std::size_t bytes = rest_.size();
    guarded([](PngReader& r) {
      png_set_read_fn(r.png_, &r, [](png_structp png, png_bytep to, std::size_t n) { take(png, to, n); });
      // Everything but the pixels and the palette is passed over.
      png_set_keep_unknown_chunks(r.png_, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
      png_set_user_limits(r.png_, PNG_UINT_31_MAX, PNG_UINT_31_MAX);  // require_plausible_size knows better
      png_read_info(r.png_, r.info_);
    });
    const bool color = (png_get_color_type(png_, info_) & PNG_COLOR_MASK_COLOR) != 0;
    // Deflate packs 1032 bytes into one at most, and a pixel takes a bit or more.
    const std::uint64_t pixel_bits = std::uint64_t{png_get_bit_depth(png_, info_)} * png_get_channels(png_, info_);
    require_plausible_size(png_get_image_width(png_, info_), png_get_image_height(png_, info_), bytes,
                           std::uint64_t{1032} * 8 * bytes / pixel_bits);
    stored_channels_ = color ? 3 : channels;
    const PngFindings found{.transparency = (png_get_color_type(png_, info_) & PNG_COLOR_MASK_ALPHA) != 0 ||
                                            png_get_valid(png_, info_, PNG_INFO_tRNS) != 0,
                            .deep = png_get_bit_depth(png_, info_) == 16,
                            .gray = !color};
    guarded([](PngReader& r) {
      const int type = png_get_color_type(r.png_, r.info_);
      if (png_get_bit_depth(r.png_, r.info_) == 16) png_set_scale_16(r.png_);
      if (type == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(r.png_);
      if (type == PNG_COLOR_TYPE_GRAY) png_set_expand_gray_1_2_4_to_8(r.png_);
      if ((type & PNG_COLOR_MASK_COLOR) == 0 && r.stored_channels_ == 3) png_set_gray_to_rgb(r.png_);
      png_set_strip_alpha(r.png_);
      r.passes_ = png_set_interlace_handling(r.png_);
      png_read_update_info(r.png_, r.info_);
    });

    image.height = static_cast<Index>(png_get_image_height(png_, info_));
    image.width = static_cast<Index>(png_get_image_width(png_, info_));
    image.channels = channels;
    row_size_ = static_cast<std::size_t>(image.width * stored_channels_);
    require(png_get_rowbytes(png_, info_) == row_size_, "libpng: a row has ", png_get_rowbytes(png_, info_),
            " bytes; expected ", row_size_);
    image.pixels.resize(row_size_ * static_cast<std::size_t>(image.height));
    pixels_ = image.pixels.data();
    guarded([](PngReader& r) {
      const png_uint_32 height = png_get_image_height(r.png_, r.info_);
      for (int pass = 0; pass < r.passes_; ++pass)
        for (png_uint_32 y = 0; y < height; ++y) png_read_row(r.png_, r.pixels_ + r.row_size_ * y, nullptr);
      png_read_end(r.png_, nullptr);  // compares the last check sums, and looks for the end
    });
    if (stored_channels_ > channels) {
      const auto size = static_cast<std::size_t>(image.height * image.width);
      color_to_gray(image.pixels.data(), size);
      image.pixels.resize(size);
    }
    return found;
  }

 private:
  [[noreturn]] static void leave(png_structp png, png_const_charp text) {
    auto* reader = static_cast<PngReader*>(png_get_error_ptr(png));
    std::snprintf(reader->message_, sizeof reader->message_, "%s", text);
    std::longjmp(reader->failed_, 1);
  }
  static void take(png_structp png, png_bytep to, std::size_t n) {
    auto* reader = static_cast<PngReader*>(png_get_io_ptr(png));
    if (n > reader->rest_.size()) png_error(png, "the file is cut");
    std::memcpy(to, reader->rest_.data(), n);
    reader->rest_ = reader->rest_.subspan(n);
  }

  // Calls f(*this), out of which libpng's errors jump: neither f nor this function may hold an object with a destructor.
  template <class F>
  void guarded(F f) {
    if (setjmp(failed_) == 0) {
      f(*this);
      return;
    }
    throw_message();
  }
  [[noreturn]] void throw_message() const { throw Error(concat("libpng: ", message_)); }

  std::jmp_buf failed_{};
  char message_[200] = {};
  png_structp png_;
  png_infop info_;
  std::span<const std::uint8_t> rest_;  // rest of the file
  Index stored_channels_ = 0;
  int passes_ = 1;
  std::uint8_t* pixels_ = nullptr;
  std::size_t row_size_ = 0;  // bytes
};

}  // namespace detail

/// Overwrites image with what a PNG file's bytes hold, its memory reused. channels = 3: color, a gray image three times;
/// channels = 1: gray, of a color image the luma 0.299 R + 0.587 G + 0.114 B. Palettes are looked up, 16 bits become 8 by
/// rounding v / 257, fewer are stretched to 0 to 255. Transparency is dropped: a pixel keeps the color that is stored with it.
/// Gamma and color profiles are not applied. Returns what was dropped or reduced.
/// Throws: Error with libpng's own message when the bytes are no PNG file, cut, or corrupt; when the declared size is
/// implausible for their number (max_image_side).
inline PngFindings decode_png(std::span<const std::uint8_t> bytes, Index channels, Image& image) {
  detail::require_channels("decode_png", channels);
  return detail::PngReader(bytes).read(channels, image);
}

/// The same as a new image.
inline Image decode_png(std::span<const std::uint8_t> bytes, Index channels) {
  Image image;
  decode_png(bytes, channels, image);
  return image;
}

}  // namespace lmc
