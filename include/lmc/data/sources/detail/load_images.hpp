// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <lmc/core/digest.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/data/sources/detail/center_square.hpp>
#include <lmc/data/sources/detail/image_cache.hpp>
#include <lmc/data/sources/detail/image_tree.hpp>
#include <lmc/data/sources/detail/pixel_buffer.hpp>
#include <lmc/io/image.hpp>
#include <lmc/io/image_file.hpp>
#include <lmc/parallel/thread_team.hpp>

namespace lmc::detail {

struct LoadImagesOptions {
  Index channels = 3;
  Index size = 0;  // 0: as they are
  bool cache = true;
  std::function<void(Index, Index)> progress = {};
};

/// The images of a list on their way into memory.
class ImageLoader {
 public:
  ImageLoader(std::string directory, ImageList list, LoadImagesOptions options, const ThreadTeam& team)
      : directory_(std::move(directory)),
        list_(std::move(list)),
        o_(std::move(options)),
        team_(team),
        decoders_(static_cast<std::size_t>(team.size())),
        all_(static_cast<Index>(list_.train.size() + list_.test.size())) {}

  DecodedImages load() {
    if (!o_.cache) return decode();
    look_up_files();
    const std::string cache = directory_ + "/" + cache_name();
    const std::string tree = digest_of_tree();
    if (std::optional<DecodedImages> cached = read_image_cache(cache, tree, team_)) {
      if (o_.progress) o_.progress(all_, all_);
      return *std::move(cached);
    }
    DecodedImages images = decode();
    try {
      write_image_cache(cache, tree, images, team_);
    } catch (const Error&) {  // NOLINT(bugprone-empty-catch): a folder or a disk that takes no file has no cache
    }
    return images;
  }

  [[nodiscard]] const ImageList& list() const { return list_; }

 private:
  static constexpr std::size_t images_at_once = 16;

  struct Decoder {
    ImageDecoder decoder;
    Image image;
  };

  [[nodiscard]] std::string path_of(const ImageFile& file) const { return directory_ + "/" + file.path; }

  [[nodiscard]] std::string cache_name() const {
    return o_.size == 0 ? concat(".lmc-images-", o_.channels, ".cache")
                        : concat(".lmc-images-", o_.size, "x", o_.size, "x", o_.channels, ".cache");
  }

  // Calls use(files, decoder) for a few files of a part at a time, on the threads of the team.
  template <class Use>
  void for_each_few(std::vector<ImageFile>& part, Use use) {
    const auto chunks = static_cast<Index>((part.size() + images_at_once - 1) / images_at_once);
    team_.for_each(chunks, [&](Index c, int worker) {
      const std::size_t first = static_cast<std::size_t>(c) * images_at_once;
      use(first, std::span(part).subspan(first, std::min(images_at_once, part.size() - first)),
          static_cast<std::size_t>(worker));
    });
  }

  // Called before the images are read, so that an image that changes meanwhile has another time than the cache says.
  void look_up_files() {
    for (auto* part : {&list_.train, &list_.test}) {
      for_each_few(*part, [&](std::size_t, std::span<ImageFile> files, std::size_t) {
        for (ImageFile& file : files) {
          const std::string path = path_of(file);
          struct stat status {};
          const bool found = ::stat(path.c_str(), &status) == 0;
          require(found, "cannot open '", path, "': ", std::strerror(errno));
          file.size = status.st_size;
          file.modified = std::int64_t{1'000'000'000} * status.st_mtim.tv_sec + status.st_mtim.tv_nsec;
        }
      });
    }
  }

  [[nodiscard]] std::string digest_of_tree() const {
    std::string text;
    const auto add = [&](std::int64_t number) { text.append(reinterpret_cast<const char*>(&number), sizeof number); };
    for (const auto* part : {&list_.train, &list_.test}) {
      add(static_cast<std::int64_t>(part->size()));
      for (const ImageFile& file : *part) {
        add(static_cast<std::int64_t>(file.path.size()));
        text += file.path;
        for (const std::int64_t n : {std::int64_t{file.label}, file.size, file.modified}) add(n);
      }
    }
    return digest(std::span<const char>(text));
  }

  const Image& load_one(Decoder& decoder, const ImageFile& file) {
    decoder.decoder.load(path_of(file), o_.channels, decoder.image);
    if (o_.size > 0) center_square(decoder.image, o_.size);
    return decoder.image;
  }

  void decode_few(std::span<const ImageFile> files, std::span<std::uint8_t> pixels, const Shape& shape, Decoder& decoder) {
    auto to = pixels.begin();
    for (const ImageFile& file : files) {
      const Image& image = load_one(decoder, file);
      require(image.height == shape[0] && image.width == shape[1], "'", path_of(file), "' has ", image.width, "×", image.height,
              " pixels, and '", list_.train[0].path, "' has ", shape[1], "×", shape[0],
              "; expected images of one size: load_image_folder brings them to one with the option size");
      to = std::copy(image.pixels.begin(), image.pixels.end(), to);
    }
  }

  DecodedImages decode() {
    const Image& first = load_one(decoders_[0], list_.train[0]);
    DecodedImages result{.shape = {first.height, first.width, o_.channels}, .train = {}, .test = {}, .standardization = {}};
    const auto image_size = static_cast<std::size_t>(result.shape.size());
    std::vector<ChannelSums> sums(decoders_.size(), ChannelSums(o_.channels));
    const auto decode_part = [&](std::vector<ImageFile>& part, bool sum_up) {
      PixelBuffer pixels(part.size() * image_size);
      for_each_few(part, [&](std::size_t begin, std::span<const ImageFile> files, std::size_t worker) {
        const std::span<std::uint8_t> chunk = pixels.chunk(begin * image_size, files.size() * image_size);
        decode_few(files, chunk, result.shape, decoders_[worker]);
        if (sum_up) sums[worker].add(chunk);
        report(files.size());
      });
      return pixels.take();
    };
    result.train = decode_part(list_.train, true);
    result.test = decode_part(list_.test, false);
    for (std::size_t i = 1; i < sums.size(); ++i) sums[0] += sums[i];
    result.standardization = sums[0].standardization();
    return result;
  }

  void report(std::size_t images) {
    if (!o_.progress) return;
    const std::lock_guard lock(progress_mutex_);
    done_ += static_cast<Index>(images);
    o_.progress(done_, all_);
  }

  std::string directory_;
  ImageList list_;
  LoadImagesOptions o_;
  const ThreadTeam& team_;
  std::vector<Decoder> decoders_;  // one per thread
  Index all_, done_ = 0;
  std::mutex progress_mutex_;
};

/// Decodes the images of a list, or takes them from the cache in the directory. Throws: Error that names the first image that
/// cannot be read or decoded, or is of another size than the first.
template <std::floating_point Scalar>
TrainTest<Scalar> load_images(const std::string& directory, ImageList list, LoadImagesOptions options, const ThreadTeam& team) {
  ImageLoader loader(directory, std::move(list), std::move(options), team);
  DecodedImages images = loader.load();
  const auto dataset = [&](const std::vector<ImageFile>& files, const SharedBytes& pixels) {
    std::vector<std::int32_t> labels;
    labels.reserve(files.size());
    for (const ImageFile& file : files) labels.push_back(file.label);
    return Dataset<Scalar>({.shape = images.shape,
                            .classes = loader.list().classes,
                            .labels = std::move(labels),
                            .features = pixels,
                            .standardization = images.standardization});
  };
  return {dataset(loader.list().train, images.train), dataset(loader.list().test, images.test)};
}

}  // namespace lmc::detail
