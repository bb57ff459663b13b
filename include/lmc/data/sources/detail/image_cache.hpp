// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/hash.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/shared_bytes.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/data/read_report.hpp>
#include <lmc/io/detail/array_size.hpp>
#include <lmc/io/mapped_file.hpp>
#include <lmc/io/output_file.hpp>
#include <lmc/parallel/thread_team.hpp>

// The format: a header of 144 bytes, the training images' pixels, the test images' pixels, and what decoding found, as numbers of 8
// bytes. Little-endian. What the examples are called, their order and their labels are in the tree that the pixels are of, and here
// only as its digest.

namespace lmc::detail {

/// What decoding found about the files.
struct ImageFindings {
  /// Images with something odd.
  struct Odd {
    Index count = 0;
    Index first = 0;  // place of the first among the training and then the test images
    friend bool operator==(const Odd&, const Odd&) = default;
  };
  std::vector<ReadSize> sizes;  // of the files, the most frequent first
  std::vector<Odd> odd;         // for each kind that the decoder tells apart

  /// As numbers: how many sizes and kinds, then their members.
  [[nodiscard]] std::vector<std::int64_t> numbers() const {
    std::vector<std::int64_t> all{static_cast<Index>(sizes.size()), static_cast<Index>(odd.size())};
    for (const ReadSize& size : sizes) all.insert(all.end(), {size.height, size.width, size.count});
    for (const Odd& some : odd) all.insert(all.end(), {some.count, some.first});
    return all;
  }
  /// Reads findings from numbers; nothing where these cannot be findings on so many images.
  static std::optional<ImageFindings> of(std::span<const std::int64_t> numbers, Index images) {
    const auto is_count = [&](std::int64_t n) { return n >= 0 && n <= images; };
    if (numbers.size() < 2 || !is_count(numbers[0]) || numbers[1] < 0 || numbers[1] > 100) return std::nullopt;
    const auto sizes = static_cast<std::size_t>(numbers[0]), kinds = static_cast<std::size_t>(numbers[1]);
    if (numbers.size() != 2 + 3 * sizes + 2 * kinds) return std::nullopt;
    ImageFindings found;
    auto rest = numbers.subspan(2);
    for (std::size_t i = 0; i < sizes; ++i, rest = rest.subspan(3)) {
      if (rest[0] <= 0 || rest[1] <= 0 || !is_count(rest[2])) return std::nullopt;
      found.sizes.push_back({.height = rest[0], .width = rest[1], .count = rest[2]});
    }
    for (std::size_t i = 0; i < kinds; ++i, rest = rest.subspan(2)) {
      if (!is_count(rest[0]) || rest[1] < 0 || rest[1] >= images) return std::nullopt;
      found.odd.push_back({.count = rest[0], .first = rest[1]});
    }
    return found;
  }
};

/// Decoded images, all of one shape.
struct DecodedImages {
  Shape shape;  // shape of one image, channels last
  SharedBytes train, test;
  Standardization standardization;  // computed from the training images
  ImageFindings findings;
};

struct ImageCacheHeader {
  static constexpr std::array<char, 8> expected_magic{'l', 'm', 'c', 'p', 'i', 'x', '0', '2'};  // the version at its end

  std::array<char, 8> magic = expected_magic;
  std::array<char, 16> tree{};           // digest of the tree
  std::array<std::int64_t, 3> shape{};   // height, width, channels
  std::array<std::int64_t, 2> images{};  // training, test
  std::array<double, 3> mean{}, standard_deviation{};
  std::int64_t findings = 0;       // how many numbers
  std::uint64_t findings_sum = 0;  // check sum
  std::uint64_t pixels = 0;        // check sum
  std::uint64_t header = 0;        // check sum of everything before
};
static_assert(sizeof(ImageCacheHeader) == 144 && std::is_trivially_copyable_v<ImageCacheHeader>);

/// A check sum of bytes, for damage, not for intent: FNV-1a over words of 8 bytes in eight lanes, as fast as memory. The
/// shift brings high bits down, which the product alone does not.
inline std::uint64_t check_sum(std::span<const std::uint8_t> bytes) {
  const auto mix = [](std::uint64_t hash, std::uint64_t word) {
    hash = (hash ^ word) * fnv1a_prime;
    return hash ^ hash >> 32;
  };
  std::array<std::uint64_t, 8> lanes;
  lanes.fill(fnv1a_basis);
  std::size_t i = 0;
  for (; i + sizeof lanes <= bytes.size(); i += sizeof lanes) {
    std::array<std::uint64_t, 8> words;
    std::memcpy(words.data(), bytes.data() + i, sizeof words);
    for (std::size_t lane = 0; lane < lanes.size(); ++lane) lanes[lane] = mix(lanes[lane], words[lane]);
  }
  std::uint64_t hash = mix(fnv1a_basis, bytes.size());
  for (const std::uint64_t lane : lanes) hash = mix(hash, lane);
  for (; i < bytes.size(); ++i) hash = mix(hash, bytes[i]);
  return hash;
}

/// The check sum of a header, excluding the field at its end that stores it.
inline std::uint64_t check_sum_of(const ImageCacheHeader& header) {
  return check_sum({reinterpret_cast<const std::uint8_t*>(&header), offsetof(ImageCacheHeader, header)});
}

/// Check sums of the chunks of the parts, in their order. A chunk is what a thread reads or writes at a time.
class ChunkSums {
 public:
  /// Calls fill(begin, size) for each chunk of a part, on the threads of a team, and adds the check sums of what it returns.
  template <class Fill>
  void add(const ThreadTeam& team, std::size_t part_size, Fill fill) {
    constexpr std::size_t chunk_size = std::size_t{1} << 18;  // stays in a cache until it has been summed up
    const std::size_t first = sums_.size(), chunks = (part_size + chunk_size - 1) / chunk_size;
    sums_.resize(first + chunks);
    team.for_each(static_cast<Index>(chunks), [&](Index c, int) {
      const auto chunk = static_cast<std::size_t>(c), begin = chunk * chunk_size;
      sums_[first + chunk] = check_sum(fill(begin, std::min(chunk_size, part_size - begin)));
    });
  }
  [[nodiscard]] std::uint64_t total() const {
    return check_sum({reinterpret_cast<const std::uint8_t*>(sums_.data()), sums_.size() * sizeof(std::uint64_t)});
  }

 private:
  std::vector<std::uint64_t> sums_;
};

/// Writes the images to a file that appears when it is complete. tree: 16 characters. Throws: Error when it cannot be written.
inline void write_image_cache(const std::filesystem::path& path, std::string_view tree, const DecodedImages& images,
                              const ThreadTeam& team) {
  OutputFile file(path);
  ImageCacheHeader header;
  const auto channels = static_cast<std::size_t>(images.shape[2]);
  assert(tree.size() == header.tree.size() && images.standardization.mean.size() == channels);
  std::copy(tree.begin(), tree.end(), header.tree.begin());
  std::copy_n(images.shape.axes().begin(), 3, header.shape.begin());
  header.images = {static_cast<Index>(images.train.size()) / images.shape.size(),
                   static_cast<Index>(images.test.size()) / images.shape.size()};
  std::copy_n(images.standardization.mean.begin(), channels, header.mean.begin());
  std::copy_n(images.standardization.standard_deviation.begin(), channels, header.standard_deviation.begin());
  ChunkSums sums;
  for (const auto* part : {&images.train, &images.test})
    sums.add(team, part->size(), [&](std::size_t begin, std::size_t size) { return std::span(part->data() + begin, size); });
  header.pixels = sums.total();
  const std::vector<std::int64_t> findings = images.findings.numbers();
  const std::span findings_bytes(reinterpret_cast<const std::uint8_t*>(findings.data()), findings.size() * sizeof findings[0]);
  header.findings = static_cast<std::int64_t>(findings.size());
  header.findings_sum = check_sum(findings_bytes);
  header.header = check_sum_of(header);
  file.stream().write(reinterpret_cast<const char*>(&header), sizeof header);
  for (const auto* part : {&images.train, &images.test})
    file.stream().write(reinterpret_cast<const char*>(part->data()), static_cast<std::streamsize>(part->size()));
  file.stream().write(reinterpret_cast<const char*>(findings_bytes.data()),
                      static_cast<std::streamsize>(findings_bytes.size()));
  file.commit();
}

/// Whether the numbers of a header make sense, and a file of so many bytes is what it describes.
inline bool is_plausible(const ImageCacheHeader& header, std::uint64_t file_size) {
  const auto in_file = [&](std::int64_t n) { return n > 0 && static_cast<std::uint64_t>(n) <= file_size; };
  const auto& [height, width, channels] = header.shape;
  const auto& [train, test] = header.images;
  if (header.magic != ImageCacheHeader::expected_magic || header.header != check_sum_of(header)) return false;
  if (!in_file(height) || !in_file(width) || !in_file(train) || !in_file(test) || !in_file(header.findings) ||
      (channels != 1 && channels != 3))
    return false;
  for (std::size_t c = 0; c < static_cast<std::size_t>(channels); ++c) {
    if (!std::isfinite(header.mean[c]) || !std::isfinite(header.standard_deviation[c]) || header.standard_deviation[c] <= 0)
      return false;
  }
  const std::optional<Index> pixels = array_size({train + test, height, width, channels});
  const std::uint64_t rest = file_size - sizeof header,
                      findings = sizeof(std::int64_t) * static_cast<std::uint64_t>(header.findings);
  return pixels && findings <= rest && static_cast<std::uint64_t>(*pixels) == rest - findings;
}

/// The images of that tree, mapped where they lie in the file and compared with its check sums on the threads of a team;
/// nothing where the file is missing, of another tree, cut or damaged. The file's length is compared with its header before.
inline std::optional<DecodedImages> read_image_cache(const std::filesystem::path& path, std::string_view tree,
                                                     const ThreadTeam& team) {
  try {
    const SharedBytes file = map_file(path.string());
    ImageCacheHeader header;
    if (file.size() < sizeof header) return std::nullopt;
    std::memcpy(&header, file.data(), sizeof header);
    if (!is_plausible(header, file.size()) || !std::equal(tree.begin(), tree.end(), header.tree.begin(), header.tree.end()))
      return std::nullopt;
    DecodedImages images{.shape = {header.shape[0], header.shape[1], header.shape[2]},
                         .train = {},
                         .test = {},
                         .standardization = {},
                         .findings = {}};
    ChunkSums sums;
    std::size_t offset = sizeof header;
    const auto part = [&](std::int64_t count) {
      SharedBytes pixels = file.part(offset, static_cast<std::size_t>(count * images.shape.size()));
      sums.add(team, pixels.size(), [&](std::size_t begin, std::size_t size) {
        const std::span chunk(pixels.data() + begin, size);
        populate(chunk);
        return chunk;
      });
      offset += pixels.size();
      return pixels;
    };
    images.train = part(header.images[0]);
    images.test = part(header.images[1]);
    if (sums.total() != header.pixels) return std::nullopt;
    const std::span findings_bytes = std::span(file.data(), file.size()).subspan(offset);
    std::vector<std::int64_t> findings(static_cast<std::size_t>(header.findings));
    std::memcpy(findings.data(), findings_bytes.data(), findings_bytes.size());
    std::optional<ImageFindings> found = ImageFindings::of(findings, header.images[0] + header.images[1]);
    if (check_sum(findings_bytes) != header.findings_sum || !found) return std::nullopt;
    images.findings = *std::move(found);
    images.standardization.mean.assign(header.mean.begin(), header.mean.begin() + header.shape[2]);
    images.standardization.standard_deviation.assign(header.standard_deviation.begin(),
                                                     header.standard_deviation.begin() + header.shape[2]);
    return images;
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace lmc::detail
