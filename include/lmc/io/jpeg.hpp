// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <cstdio>  // jpeglib.h needs it, and does not include it
#include <span>

#include <jpeglib.h>

#include <jerror.h>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/io/image.hpp>

namespace lmc {

/// Decodes JPEG files one after the other: one for each thread. What an image becomes does not depend on those before.
///
/// Slow integer transform and smooth upsampling, libjpeg's defaults, which Pillow and torchvision take as well. Baseline and
/// progressive; gray and color. Orientation tags are not looked at.
class JpegDecoder {
 public:
  JpegDecoder() {
    codec_.err = jpeg_std_error(&errors_);
    codec_.client_data = this;
    errors_.error_exit = [](j_common_ptr codec) { leave(codec); };
    // A level below 0 is a warning: data are missing or corrupt, and libjpeg would go on with gray in their place.
    errors_.emit_message = [](j_common_ptr codec, int level) {
      if (level < 0) leave(codec);
    };
    progress_.progress_monitor = [](j_common_ptr codec) {
      if (reinterpret_cast<j_decompress_ptr>(codec)->input_scan_number > max_scans) {
        std::snprintf(static_cast<JpegDecoder*>(codec->client_data)->message_, JMSG_LENGTH_MAX, "it has more than %d scans",
                      max_scans);
        std::longjmp(static_cast<JpegDecoder*>(codec->client_data)->failed_, 1);
      }
    };
    guarded([](JpegDecoder& d) { jpeg_create_decompress(&d.codec_); });
  }
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;
  ~JpegDecoder() { jpeg_destroy_decompress(&codec_); }

  /// Overwrites image with what a JPEG file's bytes hold, its memory reused. channels = 3: color, a gray image three times;
  /// channels = 1: gray, of a color image the luma that it stores. What follows the end of the image is not looked at.
  /// Throws: Error with libjpeg's own message when the bytes are no JPEG file, cut, or corrupt, also where libjpeg only warns;
  /// when the declared size is implausible for their number (max_image_side); when the colors are neither gray nor RGB (CMYK).
  void decode(std::span<const std::uint8_t> bytes, Index channels, Image& image) {
    detail::require_channels("JpegDecoder", channels);
    bytes_ = bytes;
    guarded([](JpegDecoder& d) {
      // Made anew for each image: libjpeg keeps tables, and would decode a file that lacks some with those of the one before.
      jpeg_destroy_decompress(&d.codec_);
      jpeg_create_decompress(&d.codec_);
      d.codec_.progress = &d.progress_;
      jpeg_mem_src(&d.codec_, d.bytes_.data(), d.bytes_.size());
      jpeg_read_header(&d.codec_, TRUE);
    });
    detail::require_plausible_size(codec_.image_width, codec_.image_height, bytes.size());
    codec_.out_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    image.height = static_cast<Index>(codec_.image_height);
    image.width = static_cast<Index>(codec_.image_width);
    image.channels = channels;
    row_size_ = static_cast<std::size_t>(image.width * channels);
    image.pixels.resize(row_size_ * codec_.image_height);
    pixels_ = image.pixels.data();
    guarded([](JpegDecoder& d) {
      jpeg_start_decompress(&d.codec_);
      while (d.codec_.output_scanline < d.codec_.output_height) {
        // All rows at once: libjpeg gives back as many as it has ready.
        JSAMPROW rows[rows_at_once];
        JDIMENSION n = 0;
        for (; n < rows_at_once && d.codec_.output_scanline + n < d.codec_.output_height; ++n)
          rows[n] = d.pixels_ + d.row_size_ * (d.codec_.output_scanline + n);
        jpeg_read_scanlines(&d.codec_, rows, n);
      }
      jpeg_finish_decompress(&d.codec_);  // looks for the end marker
    });
  }

 private:
  static constexpr int max_scans = 500;  // a progressive image has some ten; a small file of thousands would take minutes
  static constexpr JDIMENSION rows_at_once = 16;

  [[noreturn]] static void leave(j_common_ptr codec) {
    auto* decoder = static_cast<JpegDecoder*>(codec->client_data);
    codec->err->format_message(codec, decoder->message_);
    std::longjmp(decoder->failed_, 1);
  }

  // Calls f(*this), out of which libjpeg's errors jump: neither f nor this function may hold an object with a destructor.
  template <class F>
  void guarded(F f) {
    if (setjmp(failed_) == 0) {  // NOLINT(modernize-avoid-setjmp-longjmp,cert-err52-cpp): libjpeg knows no other way
      f(*this);
      return;
    }
    throw_message();
  }
  [[noreturn]] void throw_message() const { throw Error(concat("libjpeg: ", message_)); }

  jpeg_decompress_struct codec_{};
  jpeg_error_mgr errors_{};
  jpeg_progress_mgr progress_{};
  std::jmp_buf failed_{};
  char message_[JMSG_LENGTH_MAX] = {};
  std::span<const std::uint8_t> bytes_;
  std::uint8_t* pixels_ = nullptr;
  std::size_t row_size_ = 0;  // bytes
};

/// One JPEG file's bytes, as JpegDecoder::decode.
inline Image decode_jpeg(std::span<const std::uint8_t> bytes, Index channels) {
  Image image;
  JpegDecoder().decode(bytes, channels, image);
  return image;
}

}  // namespace lmc
