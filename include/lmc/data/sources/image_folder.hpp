// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <iterator>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/random.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/data/sources/detail/image_tree.hpp>
#include <lmc/data/sources/detail/load_images.hpp>
#include <lmc/io/image.hpp>
#include <lmc/parallel/thread_team.hpp>

namespace lmc {

/// How load_image_folder() reads the images.
struct ImageFolderOptions {
  Index channels = 3;       // 1: gray; 3: red, green, blue
  Index size = 0;           // side of the square that each image is brought to; 0: they are of one size, and stay as they are
  double test_share = 0.2;  // share of all images, in (0, 1), put aside where the tree has no test part
  std::uint64_t split_seed = 0;                              // which are put aside
  int threads = 0;                                           // 0: all cores
  bool cache = true;                                         // keep decoded images in the directory
  std::function<void(Index done, Index all)> progress = {};  // called now and then, by one thread at a time
};

namespace detail {

/// The images below the class folders `prefix` + class, class after class.
inline std::vector<ImageFile> list_classes(const std::string& root, const std::string& prefix,
                                           const std::vector<std::string>& classes, const std::vector<std::int32_t>& labels,
                                           const ThreadTeam& team) {
  std::vector<std::vector<ImageFile>> of_class(classes.size());
  team.for_each(static_cast<Index>(classes.size()), [&](Index i, int) {
    const auto c = static_cast<std::size_t>(i);
    list_images_below(root, prefix + classes[c], labels[c], of_class[c]);
    require(!of_class[c].empty(), "the class folder '", root, "/", prefix, classes[c],
            "' has no image (.jpg, .jpeg or .png); remove it, or add images");
  });
  std::vector<ImageFile> images;
  for (auto& some : of_class) std::move(some.begin(), some.end(), std::back_inserter(images));
  return images;
}

/// Moves a share of the training images to the test images; both keep their order.
inline void put_aside(ImageList& list, double share, std::uint64_t seed) {
  require(share > 0 && share < 1, "load_image_folder: test_share = ", share, "; expected a number between 0 and 1");
  const std::size_t n = list.train.size();
  require(n > 1, "load_image_folder: there is one image; expected one to train on and one to test with");
  const auto count = std::clamp<std::size_t>(static_cast<std::size_t>(std::llround(share * static_cast<double>(n))), 1, n - 1);
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  shuffle(Stream{.seed = seed, .purpose = Purpose::split}, std::span(order));
  std::vector<bool> aside(n);
  for (std::size_t i = 0; i < count; ++i) aside[order[i]] = true;
  std::vector<ImageFile> all = std::move(list.train);
  list.train.clear();
  for (std::size_t i = 0; i < n; ++i) (aside[i] ? list.test : list.train).push_back(std::move(all[i]));
}

inline ImageList list_image_folder(const std::string& root, const ImageFolderOptions& o, const ThreadTeam& team) {
  const auto labels_up_to = [](std::size_t n) {
    std::vector<std::int32_t> labels(n);
    std::iota(labels.begin(), labels.end(), 0);
    return labels;
  };
  const auto require_classes = [](const std::vector<std::string>& classes, const std::string& folder) {
    require(!classes.empty(), "there is no folder in '", folder, "'; expected one folder per class, with its images in it");
  };
  const std::vector<std::string> top = list_folder(root).folders;
  const auto has = [&](const std::string& name) { return std::binary_search(top.begin(), top.end(), name); };
  ImageList list;
  if (!has("train")) {
    require_classes(top, root);
    list.classes = static_cast<Index>(top.size());
    list.train = list_classes(root, "", top, labels_up_to(top.size()), team);
    put_aside(list, o.test_share, o.split_seed);
    return list;
  }

  require(has("test") || has("val"), "'", root, "' has a folder 'train', but neither 'test' nor 'val'; load '", root,
          "/train' to put a share of its images aside");
  const std::string test = has("test") ? "test" : "val";
  const std::vector<std::string> classes = list_folder(root + "/train").folders;
  const std::vector<std::string> test_classes = list_folder(root + "/" + test).folders;
  require_classes(classes, root + "/train");
  require_classes(test_classes, root + "/" + test);
  std::vector<std::int32_t> test_labels;
  for (const std::string& name : test_classes) {
    const auto found = std::lower_bound(classes.begin(), classes.end(), name);
    require(found != classes.end() && *found == name, "there is a class folder '", root, "/", test, "/", name, "', but no '",
            root, "/train/", name, "'; expected the test part's classes among those of the training part");
    test_labels.push_back(static_cast<std::int32_t>(found - classes.begin()));
  }
  list.classes = static_cast<Index>(classes.size());
  list.train = list_classes(root, "train/", classes, labels_up_to(classes.size()), team);
  list.test = list_classes(root, test + "/", test_classes, test_labels, team);
  return list;
}

}  // namespace detail

/// Images from one folder per class: label k is the k-th folder by name, and its examples are the JPEG and PNG files (.jpg,
/// .jpeg, .png, in any case) anywhere below it, in the order of torchvision's ImageFolder. Hidden names, which begin with a
/// dot, and other files are passed over; symbolic links are followed.
///
/// `directory/train` and `directory/test`, or else `directory/val`, hold the class folders of the two parts. Without a folder
/// `train`, the class folders lie in the directory itself, and a share of the images is put aside at random as the test part.
/// Pixels stay 8-bit; both parts are standardized by the training part's mean and standard deviation.
///
/// With the option size, the largest square in the middle of each image is taken and brought to size × size by area: each pixel
/// is the mean of what lies under it. Decoding (JpegDecoder, decode_png) runs on all threads; the same bytes for any number.
///
/// Decoded images are kept in the directory, as `.lmc-images-….cache`, for the next time: as large as the data set in memory.
/// They are decoded again when a file was added, removed, renamed or changed (size or time of modification), or the options
/// differ, or the cache is damaged. Where it cannot be written there is none, and no error.
///
/// Throws: Error when a folder is missing, has no images, or belongs to a class of the test part alone; when an image cannot be
/// read or decoded, or is of another size than the first while size is 0: the first such, in order, is named.
template <std::floating_point Scalar>
TrainTest<Scalar> load_image_folder(const std::filesystem::path& directory, const ImageFolderOptions& options = {}) {
  const auto& o = options;
  detail::require_channels("load_image_folder", o.channels);
  require(o.size >= 0 && o.size <= max_image_side, "load_image_folder: size = ", o.size, "; expected at most ", max_image_side,
          ", or 0 for images of one size");
  require(std::filesystem::is_directory(directory), "there is no directory '", directory.string(), "'");
  const ThreadTeam team(o.threads);
  const std::string root = directory.string();
  return detail::load_images<Scalar>(root, detail::list_image_folder(root, o, team),
                                     {.channels = o.channels, .size = o.size, .cache = o.cache, .progress = o.progress}, team);
}

}  // namespace lmc
