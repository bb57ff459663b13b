// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <cstdio>  // jpeglib.h needs it, and does not include it
#include <limits>
#include <span>
#include <string_view>

#include <jpeglib.h>

#include <jerror.h>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/io/detail/exif_orientation.hpp>
#include <lmc/io/image.hpp>

namespace lmc {

/// What is odd about a JPEG file and changes no pixel that other decoders give.
enum class JpegOddity {
  extraneous_bytes,  // between the segments before the image data
  jfif_revision,     // a version of the header that no standard has
  color_transform,   // a code of Adobe's that no standard has: taken for YCbCr, as others do
  scan_parameters,   // of a sequential image, which needs none of those that are there
  orientation        // EXIF data say that the image is to be mirrored or turned, which is not done
};

/// A phrase about images for each JpegOddity, in their order.
inline constexpr std::array<std::string_view, 5> jpeg_oddities = {
    "JPEG images with extraneous bytes before their image data", "JPEG images of an unknown JFIF revision",
    "JPEG images with an unknown color transform of Adobe's, taken for YCbCr",
    "sequential JPEG images with parameters of progressive ones",
    "JPEG images that their EXIF data mirror or turn, taken as they are stored"};

/// Decodes JPEG files one after the other: one for each thread. What an image becomes does not depend on those before.
///
/// Slow integer transform and smooth upsampling, libjpeg's defaults, which Pillow and torchvision take as well. Baseline and
/// progressive; gray and color. Pixels stay where they are stored, whatever EXIF data say of the image's orientation.
class JpegDecoder {
 public:
  JpegDecoder() {
    codec_.err = jpeg_std_error(&errors_);
    codec_.client_data = this;
    errors_.error_exit = [](j_common_ptr codec) { leave(codec); };
    // A level below 0 is a warning. Most say that data are missing or corrupt, and libjpeg would go on with gray in their place.
    errors_.emit_message = [](j_common_ptr codec, int level) {
      if (level < 0 && !static_cast<JpegDecoder*>(codec->client_data)->is_harmless(codec->err->msg_code)) leave(codec);
    };
    progress_.progress_monitor = [](j_common_ptr codec) {
      const auto* image = reinterpret_cast<j_decompress_ptr>(codec);
      const int most = max_scans(std::uint64_t{image->image_width} * image->image_height);
      if (image->input_scan_number > most) {
        auto* decoder = static_cast<JpegDecoder*>(codec->client_data);
        std::snprintf(decoder->message_, JMSG_LENGTH_MAX, "it has more than %d scans", most);
        decoder->advice_ = "";
        std::longjmp(decoder->failed_, 1);
      }
    };
    guarded([](JpegDecoder& d) { jpeg_create_decompress(&d.codec_); });
  }
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;
  ~JpegDecoder() { jpeg_destroy_decompress(&codec_); }

  /// Overwrites image with what a JPEG file's bytes hold, its memory reused. channels = 3: color, a gray image three times;
  /// channels = 1: gray, of a color image the luma that it stores. What follows the end of the image is not looked at.
  /// Throws: Error with libjpeg's own message when the bytes are no JPEG file, cut, or corrupt, also where libjpeg only warns, unless
  /// the warning is a JpegOddity; when the declared size is implausible for their number (max_image_side); when the colors are neither
  /// gray nor RGB (CMYK), or the image has 12 bits or is lossless.
  void decode(std::span<const std::uint8_t> bytes, Index channels, Image& image) {
    detail::require_channels("JpegDecoder", channels);
    bytes_ = bytes;
    odd_ = {};
    in_header_ = true;
    guarded([](JpegDecoder& d) {
      // Made anew for each image: libjpeg keeps tables, and would decode a file that lacks some with those of the one before.
      jpeg_destroy_decompress(&d.codec_);
      jpeg_create_decompress(&d.codec_);
      d.codec_.progress = &d.progress_;
      jpeg_mem_src(&d.codec_, d.bytes_.data(), d.bytes_.size());
      jpeg_save_markers(&d.codec_, exif_marker, 0xffff);
      jpeg_read_header(&d.codec_, TRUE);
    });
    in_header_ = false;
    for (const jpeg_marker_struct* m = codec_.marker_list; m != nullptr; m = m->next)
      if (m->marker == exif_marker && detail::exif_orientation({m->data, m->data_length}) != 1)
        odd_[static_cast<std::size_t>(JpegOddity::orientation)] = true;
    // An image of one color takes next to nothing where it is progressive: the format itself sets no limit.
    detail::require_plausible_size(codec_.image_width, codec_.image_height, bytes.size(),
                                   std::numeric_limits<std::uint64_t>::max());
    const J_COLOR_SPACE colors = codec_.jpeg_color_space;
    require(colors != JCS_CMYK && colors != JCS_YCCK, "the colors are ", colors == JCS_CMYK ? "CMYK" : "YCCK (CMYK)",
            ", as for print; expected gray or RGB: convert the image, as by `convert IN.jpg -colorspace sRGB OUT.jpg`");
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

  /// Whether the image that was decoded last has each JpegOddity, in their order.
  [[nodiscard]] const std::array<bool, jpeg_oddities.size()>& odd() const { return odd_; }
  /// Whether it is stored without colors.
  [[nodiscard]] bool is_gray() const { return codec_.jpeg_color_space == JCS_GRAYSCALE; }

 private:
  // A progressive image has some ten; a small file of thousands would take minutes, and so would one of hundreds for many pixels.
  static constexpr int max_scans(std::uint64_t pixels) {
    return static_cast<int>(std::clamp<std::uint64_t>(2'000'000'000 / std::max<std::uint64_t>(pixels, 1), 20, 500));
  }
  static constexpr JDIMENSION rows_at_once = 16;
  static constexpr int exif_marker = JPEG_APP0 + 1;

  // Notes a warning that is a JpegOddity. Bytes behind the first image data are none: a damaged image has them, too.
  bool is_harmless(int warning) {
    const auto note = [&](JpegOddity oddity) { return odd_[static_cast<std::size_t>(oddity)] = true; };
    if (warning == JWRN_EXTRANEOUS_DATA) return in_header_ && note(JpegOddity::extraneous_bytes);
    if (warning == JWRN_JFIF_MAJOR) return note(JpegOddity::jfif_revision);
    if (warning == JWRN_NOT_SEQUENTIAL) return note(JpegOddity::scan_parameters);
    return warning == JWRN_ADOBE_XFORM && note(JpegOddity::color_transform);
  }

  [[noreturn]] static void leave(j_common_ptr codec) {
    auto* decoder = static_cast<JpegDecoder*>(codec->client_data);
    codec->err->format_message(codec, decoder->message_);
    const int code = codec->err->msg_code;
    decoder->advice_ =
        code == JERR_BAD_PRECISION     ? "; convert the image to 8 bits"
        : code == JERR_SOF_UNSUPPORTED ? " (a lossless or hierarchical JPEG); convert the image to baseline JPEG or PNG"
        : code == JWRN_EXTRANEOUS_DATA ? ", behind image data, as where they are damaged; save the image anew, or remove it"
                                       : "";
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
  [[noreturn]] void throw_message() const { throw Error(concat("libjpeg: ", message_, advice_)); }

  jpeg_decompress_struct codec_{};
  jpeg_error_mgr errors_{};
  jpeg_progress_mgr progress_{};
  std::jmp_buf failed_{};
  char message_[JMSG_LENGTH_MAX] = {};
  const char* advice_ = "";
  std::array<bool, jpeg_oddities.size()> odd_{};
  bool in_header_ = false;
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
