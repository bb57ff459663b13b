// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <lmc/core/digest.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/data/read_report.hpp>
#include <lmc/data/sources/detail/center_square.hpp>
#include <lmc/data/sources/detail/image_cache.hpp>
#include <lmc/data/sources/detail/image_tree.hpp>
#include <lmc/data/sources/detail/pixel_buffer.hpp>
#include <lmc/data/sources/detail/read_notes.hpp>
#include <lmc/io/detail/small_file_reader.hpp>
#include <lmc/io/image.hpp>
#include <lmc/io/image_file.hpp>
#include <lmc/io/jpeg.hpp>
#include <lmc/parallel/thread_team.hpp>

namespace lmc::detail {

struct LoadImagesOptions {
  Index channels = 3;
  Index size = 0;  // 0: as they are
  bool cache = true;
  std::function<void(Index, Index)> progress = {};
  std::string one_size = {};     // how a user brings images to one size, for messages
  std::string one_channel = {};  // how a user takes gray images as such; nothing where that cannot be chosen
};

/// What is counted of a data set's images: each of image_oddities, those stored as gray and as color, and copies with what they are
/// copies of: test images of training images, and images of those of another class.
inline constexpr std::size_t gray_images = image_oddities.size(), color_images = gray_images + 1,
                             test_copies = color_images + 1, test_originals = test_copies + 1,
                             class_copies = test_originals + 1, class_originals = class_copies + 1,
                             image_findings = class_originals + 1;

/// The images of a list on their way into memory.
class ImageLoader {
 public:
  ImageLoader(std::string directory, ImageList list, LoadImagesOptions options, const ThreadTeam& team)
      : directory_(std::move(directory)),
        list_(std::move(list)),
        o_(std::move(options)),
        team_(team),
        decoders_(static_cast<std::size_t>(team.size())),
        all_(static_cast<Index>(list_.train.size() + list_.test.size())),
        sums_(static_cast<std::size_t>(all_)) {}

  DecodedImages load() {
    if (!o_.cache) return decode();
    const std::string cache = directory_ + "/" + cache_name();
    const std::string tree = digest_of_tree();
    std::optional<DecodedImages> cached = read_image_cache(cache, tree, team_);
    if (cached && cached->findings.odd.size() == image_findings) {  // one of an earlier version may have fewer
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
  [[nodiscard]] const LoadImagesOptions& options() const { return o_; }

 private:
  static constexpr std::size_t images_at_once = 16;

  // What one thread decodes with, and what it found.
  struct Decoder {
    ImageDecoder decoder = {};
    Image image = {};
    std::map<std::pair<Index, Index>, ImageFindings::Odd> sizes = {};  // by height and width
    std::array<ImageFindings::Odd, image_findings> odd = {};
    std::vector<std::pair<Index, std::string>> failures = {};  // by place
  };
  static void count(ImageFindings::Odd& some, Index place) { count(some, {.count = 1, .first = place}); }
  static void count(ImageFindings::Odd& some, const ImageFindings::Odd& more) {
    if (more.count == 0) return;
    some.first = some.count == 0 ? more.first : std::min(some.first, more.first);
    some.count += more.count;
  }

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

  [[nodiscard]] std::string digest_of_tree() const {
    std::string text;
    const auto add = [&](std::int64_t number) { text.append(reinterpret_cast<const char*>(&number), sizeof number); };
    for (const auto* part : {&list_.train, &list_.test}) {
      add(static_cast<std::int64_t>(part->size()));
      for (const ImageFile& file : *part) {
        add(static_cast<std::int64_t>(file.path.size()));
        text += file.path;
        for (const std::int64_t n : {std::int64_t{file.label}, file.size, file.modified, file.changed}) add(n);
      }
    }
    return digest(std::span<const char>(text));
  }

  [[nodiscard]] const ImageFile& file_at(Index place) const {
    const auto i = static_cast<std::size_t>(place);
    return i < list_.train.size() ? list_.train[i] : list_.test[i - list_.train.size()];
  }

  // The image at a place, and whether it could be decoded.
  bool load_one(Decoder& d, Index place) {
    try {
      d.decoder.load(path_of(file_at(place)), o_.channels, d.image);
    } catch (const Error& e) {
      d.failures.emplace_back(place, e.what());
      return false;
    }
    sums_[static_cast<std::size_t>(place)] = check_sum(d.decoder.file());
    count(d.sizes[{d.image.height, d.image.width}], place);
    const auto odd = d.decoder.odd();
    for (std::size_t kind = 0; kind < odd.size(); ++kind)
      if (odd[kind]) count(d.odd[kind], place);
    count(d.odd[d.decoder.is_gray() ? gray_images : color_images], place);
    if (o_.size > 0) center_square(d.image, o_.size);
    return true;
  }

  // Images of another shape are left out: their sizes say so at the end.
  void decode_few(Index first, Index number, std::span<std::uint8_t> pixels, const Shape& shape, Decoder& d) {
    const auto image_size = static_cast<std::size_t>(shape.size());
    for (Index i = 0; i < number; ++i)
      if (load_one(d, first + i) && d.image.height == shape[0] && d.image.width == shape[1])
        std::copy(d.image.pixels.begin(), d.image.pixels.end(),
                  pixels.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(i) * image_size));
  }

  // The shape of the first image that can be decoded.
  [[nodiscard]] Shape first_shape() const {
    Decoder d;
    for (Index place = 0; place < all_; ++place)
      if (ImageLoader::load_shape(d, path_of(file_at(place)), o_)) return {d.image.height, d.image.width, o_.channels};
    return {1, 1, o_.channels};  // of none: every image is a failure
  }
  static bool load_shape(Decoder& d, const std::string& path, const LoadImagesOptions& o) {
    try {
      d.decoder.load(path, o.channels, d.image);
      if (o.size > 0) d.image.height = d.image.width = o.size;
      return true;
    } catch (const Error&) {
      return false;
    }
  }

  DecodedImages decode() {
    DecodedImages result{.shape = first_shape(), .train = {}, .test = {}, .standardization = {}, .findings = {}};
    const auto image_size = static_cast<std::size_t>(result.shape.size());
    std::vector<ChannelSums> sums(decoders_.size(), ChannelSums(o_.channels));
    const auto decode_part = [&](std::vector<ImageFile>& part, Index first_place, bool sum_up) {
      PixelBuffer pixels(part.size() * image_size);
      for_each_few(part, [&](std::size_t begin, std::span<const ImageFile> files, std::size_t worker) {
        const std::span<std::uint8_t> chunk = pixels.chunk(begin * image_size, files.size() * image_size);
        decode_few(first_place + static_cast<Index>(begin), static_cast<Index>(files.size()), chunk, result.shape,
                   decoders_[worker]);
        if (sum_up) sums[worker].add(chunk);
        report(files.size());
      });
      return pixels.take();
    };
    result.train = decode_part(list_.train, 0, true);
    result.test = decode_part(list_.test, static_cast<Index>(list_.train.size()), false);
    require_decoded();
    result.findings = findings(result.shape);
    find_copies(result.findings);
    for (std::size_t i = 1; i < sums.size(); ++i) sums[0] += sums[i];
    result.standardization = sums[0].standardization();
    return result;
  }

  // Throws: Error that lists the images that could not be decoded.
  void require_decoded() const {
    constexpr std::size_t listed = 10;
    std::vector<std::pair<Index, std::string>> failures;
    for (const Decoder& d : decoders_) failures.insert(failures.end(), d.failures.begin(), d.failures.end());
    if (failures.empty()) return;
    std::sort(failures.begin(), failures.end());
    if (failures.size() == 1) throw Error(failures[0].second);
    std::string text = concat(failures.size(), " of ", all_, " images cannot be read; repair or remove them:");
    for (std::size_t i = 0; i < std::min(listed, failures.size()); ++i) text += "\n  " + failures[i].second;
    if (failures.size() > listed) text += concat("\n  and ", failures.size() - listed, " more");
    throw Error(text);
  }

  // What all threads found. Throws: Error when images that stay as they are differ in size.
  [[nodiscard]] ImageFindings findings(const Shape& shape) const {
    std::map<std::pair<Index, Index>, ImageFindings::Odd> sizes;
    ImageFindings found{.sizes = {}, .odd = std::vector<ImageFindings::Odd>(image_findings)};
    for (const Decoder& d : decoders_) {
      for (const auto& [size, some] : d.sizes) count(sizes[size], some);
      for (std::size_t kind = 0; kind < d.odd.size(); ++kind) count(found.odd[kind], d.odd[kind]);
    }
    ImageFindings::Odd others;
    for (const auto& [size, some] : sizes) {
      found.sizes.push_back({.height = size.first, .width = size.second, .count = some.count});
      if (size != std::pair(shape[0], shape[1])) count(others, some);
    }
    if (o_.size == 0 && others.count > 0) {
      const auto differs =
          std::find_if(sizes.begin(), sizes.end(), [&](const auto& s) { return s.second.first == others.first; });
      const auto same = sizes.find({shape[0], shape[1]});
      throw Error(concat("'", path_of(file_at(others.first)), "' has ", differs->first.second, "×", differs->first.first,
                         " pixels, and '", file_at(same->second.first).path, "' has ", shape[1], "×", shape[0], "; ",
                         others.count, " of ", all_,
                         " images differ from that one; expected images of one size: ", o_.one_size));
    }
    std::stable_sort(found.sizes.begin(), found.sizes.end(),
                     [](const ReadSize& a, const ReadSize& b) { return a.count > b.count; });
    return found;
  }

  // Counts files of equal content, which are looked at once more where their check sums are equal.
  void find_copies(ImageFindings& found) const {
    std::vector<Index> order(static_cast<std::size_t>(all_));
    std::iota(order.begin(), order.end(), Index{0});
    const auto key = [&](Index place) {
      return std::tuple(sums_[static_cast<std::size_t>(place)], file_at(place).size, place);
    };
    std::sort(order.begin(), order.end(), [&](Index a, Index b) { return key(a) < key(b); });
    const auto alike = [&](Index a, Index b) {
      return sums_[static_cast<std::size_t>(a)] == sums_[static_cast<std::size_t>(b)] && file_at(a).size == file_at(b).size;
    };
    SmallFileReader original_reader, reader;
    for (std::size_t begin = 0, end = 1; begin < order.size(); begin = end++) {
      while (end < order.size() && alike(order[begin], order[end])) ++end;
      if (end - begin == 1) continue;
      const Index original = order[begin];
      const std::span<const std::uint8_t> content = original_reader.read(path_of(file_at(original)));
      for (std::size_t i = begin + 1; i < end; ++i) {
        if (!std::ranges::equal(content, reader.read(path_of(file_at(order[i]))))) continue;
        const auto trained = static_cast<Index>(list_.train.size());
        if (original < trained && order[i] >= trained) count_copy(found, test_copies, order[i], original);
        if (file_at(original).label != file_at(order[i]).label) count_copy(found, class_copies, order[i], original);
      }
    }
  }
  // The first copy stands with its own original.
  static void count_copy(ImageFindings& found, std::size_t kind, Index copy, Index original) {
    ImageFindings::Odd &copies = found.odd[kind], &originals = found.odd[kind + 1];
    if (copies.count == 0 || copy < copies.first) originals.first = original;
    originals.count += 1;
    count(copies, copy);
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
  std::vector<std::uint64_t> sums_;  // of the files' bytes, by place
  std::mutex progress_mutex_;
};

/// The labels of some images.
inline std::vector<std::int32_t> labels_of(const std::vector<ImageFile>& files) {
  std::vector<std::int32_t> labels;
  labels.reserve(files.size());
  for (const ImageFile& file : files) labels.push_back(file.label);
  return labels;
}

/// Notes images that lose what lies beyond their middle square.
inline void note_cut_images(std::span<const ReadSize> sizes, std::vector<ReadNote>& notes) {
  const auto loss = [](const ReadSize& s) {  // the share of its pixels
    return 1 - static_cast<double>(std::min(s.height, s.width)) / static_cast<double>(std::max(s.height, s.width));
  };
  Index cut = 0;
  for (const ReadSize& s : sizes) cut += s.height == s.width ? 0 : s.count;
  if (cut == 0) return;
  const ReadSize& most =
      *std::max_element(sizes.begin(), sizes.end(), [&](const ReadSize& a, const ReadSize& b) { return loss(a) < loss(b); });
  notes.push_back({concat("images are not square: what lies beyond the middle square is cut off, at most ",
                          std::llround(100 * loss(most)), " % of the pixels, in images of ", most.width, "×", most.height),
                   cut, ""});
}

/// Notes classes of one training image, where the others have five or more on average.
inline void note_single_images(const std::vector<ReadClass>& classes, std::vector<ReadNote>& notes) {
  Index singles = 0, images = 0;
  std::string first;
  for (const ReadClass& c : classes) {
    images += c.train;
    if (c.train == 1 && singles++ == 0) first = c.name;
  }
  const Index others = static_cast<Index>(classes.size()) - singles;
  if (singles > 0 && others > 0 && images - singles >= 5 * others)
    notes.push_back({"classes have one training image", singles, first});
}

/// What was found in the files of a list, which were read with these options.
inline ReadReport image_report(const ImageList& list, const ImageFindings& findings, const LoadImagesOptions& o) {
  ReadReport report{.classes = count_classes(list.classes, labels_of(list.train), labels_of(list.test)),
                    .columns = {},
                    .missing = {},
                    .sizes = findings.sizes,
                    .notes = list.notes};
  const auto path = [&](Index place) -> const std::string& {
    const auto i = static_cast<std::size_t>(place);
    return i < list.train.size() ? list.train[i].path : list.test[i - list.train.size()].path;
  };
  const auto note = [&](const ImageFindings::Odd& some, std::string_view what) {
    if (some.count > 0) add_note(report.notes, std::string(what), path(some.first), some.count);
  };
  for (std::size_t kind = 0; kind < image_oddities.size(); ++kind) note(findings.odd[kind], image_oddities[kind]);
  const ImageFindings::Odd &gray = findings.odd[gray_images], &color = findings.odd[color_images];
  if (o.channels == 3 && gray.count > 0 && color.count == 0 && !o.one_channel.empty())
    note(gray, concat("images are gray, all of them, and their values stand for red, green and blue alike; for one channel: ",
                      o.one_channel));
  if (o.channels == 3 && gray.count > 0 && color.count > 0) {
    if (gray.count <= color.count)
      note(gray, "gray images among color ones: their values stand for red, green and blue alike");
    else
      note(color, "color images among gray ones");
  }
  const auto note_copies = [&](std::size_t kind, const char* what) {
    const ImageFindings::Odd &copies = findings.odd[kind], &originals = findings.odd[kind + 1];
    if (copies.count > 0) add_note(report.notes, what, concat(path(copies.first), " = ", path(originals.first)), copies.count);
  };
  note_copies(test_copies, "test images that are training images, too, byte for byte: they say nothing of new images");
  note_copies(class_copies, "images that are of another class, too, byte for byte: no network can tell which");
  if (o.size > 0) note_cut_images(report.sizes, report.notes);
  note_single_images(report.classes, report.notes);
  note_untested_classes(report.classes, report.notes);
  return report;
}

/// Decodes the images of a list that were looked up, or takes them from the cache in the directory. Throws: Error that names the images that cannot be read
/// or decoded, or are of another size than the first.
template <std::floating_point Scalar>
TrainTest<Scalar> load_images(const std::string& directory, ImageList list, LoadImagesOptions options, const ThreadTeam& team) {
  ImageLoader loader(directory, std::move(list), std::move(options), team);
  DecodedImages images = loader.load();
  const auto dataset = [&](const std::vector<ImageFile>& files, const SharedBytes& pixels) {
    return Dataset<Scalar>({.shape = images.shape,
                            .classes = static_cast<Index>(loader.list().classes.size()),
                            .labels = labels_of(files),
                            .features = pixels,
                            .standardization = images.standardization});
  };
  return {dataset(loader.list().train, images.train), dataset(loader.list().test, images.test),
          image_report(loader.list(), images.findings, loader.options())};
}

}  // namespace lmc::detail
