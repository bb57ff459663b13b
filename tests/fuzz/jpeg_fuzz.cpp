// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/io/jpeg.hpp>

#include "image.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Bytes bytes(data, size);
  static lmc::JpegDecoder reused;
  for (const lmc::Index channels : {1, 3}) {
    const auto alone =
        fuzz::decoded(bytes, channels, [](fuzz::Bytes b, lmc::Index n, lmc::Image& image) { image = lmc::decode_jpeg(b, n); });
    const auto after_others =
        fuzz::decoded(bytes, channels, [](fuzz::Bytes b, lmc::Index n, lmc::Image& image) { reused.decode(b, n, image); });
    fuzz::check(alone.has_value() == after_others.has_value() && (!alone || alone->pixels == after_others->pixels),
                "an image is the same after any others");
  }
  return 0;
}
