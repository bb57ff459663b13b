// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/data/sources/detail/image_cache.hpp>

#include <cstring>
#include <vector>

#include "fuzz.hpp"

namespace {

// A cache is never wrong, only not to be used.
void read(fuzz::Bytes bytes) {
  static const lmc::ThreadTeam one_thread(1);
  const auto path = fuzz::in_memory_file(bytes);
  const bool returned = fuzz::accepts(fuzz::file_reader_limit(bytes), [&] {
    const auto images = lmc::detail::read_image_cache(path, "0123456789abcdef", one_thread);
    if (!images) return;
    const auto channels = static_cast<std::size_t>(images->shape[2]);
    fuzz::check(images->train.size() + images->test.size() + sizeof(lmc::detail::ImageCacheHeader) +
                        8 * images->findings.numbers().size() ==
                    bytes.size(),
                "the images and what was found are as large as the file");
    fuzz::check(
        images->standardization.mean.size() == channels && images->standardization.standard_deviation.size() == channels,
        "there is a standardization of each channel");
  });
  fuzz::check(returned, "a damaged cache is passed over");
}

// Puts right the check sums, which hardly a mutation meets.
std::vector<std::uint8_t> with_check_sums(fuzz::Bytes bytes) {
  using lmc::detail::check_sum;
  lmc::detail::ImageCacheHeader header;
  std::vector<std::uint8_t> file(bytes.begin(), bytes.end());
  if (file.size() < sizeof header) return file;
  std::memcpy(&header, file.data(), sizeof header);
  // One chunk per part, since the inputs are shorter than a chunk.
  const std::size_t findings =
      std::min((file.size() - sizeof header) / 8, static_cast<std::size_t>(header.findings & 0xff)) * 8;
  const fuzz::Bytes pixels = fuzz::Bytes(file).subspan(sizeof header, file.size() - sizeof header - findings);
  header.findings_sum = check_sum(fuzz::Bytes(file).last(findings));
  const std::size_t train = static_cast<std::size_t>(static_cast<std::uint64_t>(header.images[0]) *
                                                     static_cast<std::uint64_t>(header.shape[0] & 0xff) *
                                                     static_cast<std::uint64_t>(header.shape[1] & 0xff) *
                                                     static_cast<std::uint64_t>(header.shape[2] & 0xff)) %
                            (pixels.size() + 1);
  const std::uint64_t sums[] = {check_sum(pixels.first(train)), check_sum(pixels.subspan(train))};
  header.pixels = check_sum({reinterpret_cast<const std::uint8_t*>(sums), sizeof sums});
  header.header = lmc::detail::check_sum_of(header);
  std::memcpy(file.data(), &header, sizeof header);
  return file;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Bytes bytes(data, size);
  read(bytes);
  read(with_check_sums(bytes));
  return 0;
}
