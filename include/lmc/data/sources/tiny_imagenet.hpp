// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/data/sources/detail/find_file.hpp>
#include <lmc/data/sources/detail/image_tree.hpp>
#include <lmc/data/sources/detail/load_images.hpp>
#include <lmc/io/image.hpp>
#include <lmc/io/input_file.hpp>
#include <lmc/parallel/thread_team.hpp>

namespace lmc {

/// How load_tiny_imagenet() reads the images.
struct TinyImagenetOptions {
  Index channels = 3;                                        // 1: gray; 3: red, green, blue
  int threads = 0;                                           // 0: all cores
  bool cache = true;                                         // keep decoded images in the directory
  std::function<void(Index done, Index all)> progress = {};  // called now and then, by one thread at a time
};

namespace detail {

/// The lines of a text file that are not empty, without their ends (LF or CR LF), and with their numbers.
inline std::vector<std::pair<Index, std::string>> read_lines(const std::filesystem::path& path) {
  InputFile file = open_input_file(path);
  std::vector<std::pair<Index, std::string>> lines;
  std::string line;
  for (Index number = 1; std::getline(file.stream, line); ++number) {
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) lines.emplace_back(number, line);
  }
  require(!file.stream.bad(), "cannot read '", path.string(), "' to its end");
  return lines;
}

/// The label of each WordNet id of wnids.txt.
inline std::map<std::string, std::int32_t> read_wnids(const std::string& path) {
  std::map<std::string, std::int32_t> labels;
  for (const auto& [number, wnid] : read_lines(path)) {
    require(labels.emplace(wnid, static_cast<std::int32_t>(labels.size())).second, "'", path, "', line ", number, ": '", wnid,
            "' is there twice");
  }
  require(!labels.empty(), "'", path, "' is empty; expected the classes' WordNet ids, one per line");
  return labels;
}

inline std::vector<ImageFile> list_tiny_imagenet_train(const std::string& root,
                                                       const std::map<std::string, std::int32_t>& labels,
                                                       const ThreadTeam& team) {
  std::vector<std::string> wnids(labels.size());
  for (const auto& [wnid, label] : labels) wnids[static_cast<std::size_t>(label)] = wnid;
  for (const std::string& folder : list_folder(root + "/train").folders)
    require(labels.contains(folder), "the folder '", root, "/train/", folder, "' is no class: wnids.txt does not have it");
  std::vector<std::vector<ImageFile>> of_class(wnids.size());
  team.for_each(static_cast<Index>(wnids.size()), [&](Index i, int) {
    const auto c = static_cast<std::size_t>(i);
    const std::string folder = "train/" + wnids[c] + "/images";
    for (const std::string& name : list_folder(root + "/" + folder).images)
      of_class[c].push_back({.path = folder + "/" + name, .label = static_cast<std::int32_t>(i)});
    require(!of_class[c].empty(), "the folder '", root, "/", folder, "' has no images; was the archive unpacked to its end?");
  });
  std::vector<ImageFile> images;
  for (auto& some : of_class) std::move(some.begin(), some.end(), std::back_inserter(images));
  return images;
}

/// In the order of val_annotations.txt.
inline std::vector<ImageFile> list_tiny_imagenet_val(const std::string& root,
                                                     const std::map<std::string, std::int32_t>& labels) {
  const std::string annotations = root + "/val/val_annotations.txt";
  const std::vector<std::string> found = list_folder(root + "/val/images").images;
  std::vector<bool> annotated(found.size());
  std::vector<ImageFile> images;
  for (const auto& numbered : read_lines(annotations)) {
    const Index number = numbered.first;  // no structured binding: clang 16 cannot capture those with OpenMP
    const std::string& line = numbered.second;
    const auto at = [&] { return concat("'", annotations, "', line ", number, ": "); };
    const std::size_t tab = line.find('\t');
    require(tab != std::string::npos, at(), "there is no tab; expected the image's name, its WordNet id and its box");
    const std::string name = line.substr(0, tab), wnid = line.substr(tab + 1, line.find('\t', tab + 1) - (tab + 1));
    const auto label = labels.find(wnid);
    require(label != labels.end(), at(), "'", name, "' has the WordNet id '", wnid, "', which is not in wnids.txt");
    const auto image = std::lower_bound(found.begin(), found.end(), name);
    require(image != found.end() && *image == name, at(), "there is no image '", name, "' in '", root, "/val/images'");
    const auto position = static_cast<std::size_t>(image - found.begin());
    require(!annotated[position], at(), "'", name, "' is there twice");
    annotated[position] = true;
    images.push_back({.path = "val/images/" + name, .label = label->second});
  }
  const auto forgotten = std::find(annotated.begin(), annotated.end(), false);
  require(forgotten == annotated.end(), "the image '", root, "/val/images/",
          forgotten == annotated.end() ? "" : found[static_cast<std::size_t>(forgotten - annotated.begin())], "' is not in '",
          annotations, "'");
  require(!images.empty(), "'", annotations, "' is empty; expected the images' names and WordNet ids");
  return images;
}

}  // namespace detail

/// Tiny ImageNet from its original tree: examples of shape [64, 64, 3], 200 classes (or whatever the files hold). Labels are
/// the places in wnids.txt, which is not sorted. The training part is the images in `train/WNID/images`, class by class in the
/// order of labels, by name in each; the test part is the validation set, `val/images`, in the order of `val/val_annotations.txt`,
/// since the official test set has no labels. Gray images, one in sixty, have three equal channels. Pixels stay 8-bit; both
/// parts are standardized by the training part's mean and standard deviation.
///
/// Decoding runs on all threads, with the same bytes for any number; decoded images are kept in a cache, as load_image_folder
/// does. Throws: Error when a file or folder is missing, is of no class, or has no image; when an image of val/images is not
/// annotated or an annotation has no image or an unknown WordNet id; when an image cannot be read or decoded, or is of another
/// size than the first: the first such, in order, is named.
template <std::floating_point Scalar>
TrainTest<Scalar> load_tiny_imagenet(const std::filesystem::path& directory, const TinyImagenetOptions& options = {}) {
  const auto& o = options;
  detail::require_channels("load_tiny_imagenet", o.channels);
  detail::require_directory(directory, "for Tiny ImageNet unpack http://cs231n.stanford.edu/tiny-imagenet-200.zip");
  const ThreadTeam team(o.threads);
  const std::string root = directory.string();
  const auto labels = detail::read_wnids(root + "/wnids.txt");
  detail::ImageList list{.classes = static_cast<Index>(labels.size()),
                         .train = detail::list_tiny_imagenet_train(root, labels, team),
                         .test = detail::list_tiny_imagenet_val(root, labels)};
  return detail::load_images<Scalar>(directory, std::move(list),
                                     {.channels = o.channels, .cache = o.cache, .progress = o.progress}, team);
}

}  // namespace lmc
