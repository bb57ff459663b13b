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
#include <map>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/random.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/wording.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/data/read_report.hpp>
#include <lmc/data/sources/detail/alike_texts.hpp>
#include <lmc/data/sources/detail/categories.hpp>
#include <lmc/data/sources/detail/find_file.hpp>
#include <lmc/data/sources/detail/image_domains.hpp>
#include <lmc/data/sources/detail/image_layout.hpp>
#include <lmc/data/sources/detail/image_pairs.hpp>
#include <lmc/data/sources/detail/image_tree.hpp>
#include <lmc/data/sources/detail/load_images.hpp>
#include <lmc/data/sources/detail/other_file.hpp>
#include <lmc/data/sources/detail/read_notes.hpp>
#include <lmc/data/sources/detail/same_file.hpp>
#include <lmc/data/sources/detail/unicode_form.hpp>
#include <lmc/io/image.hpp>
#include <lmc/parallel/thread_team.hpp>

namespace lmc {

/// How load_image_folder() reads the images.
struct ImageFolderOptions {
  Index channels = 3;  // 1: gray; 3: red, green, blue
  Index size = 0;      // side of the square that each image is brought to; 0: they are of one size, and stay as they are
  std::optional<double> test_share = {};  // of all images, in (0, 1), put aside where the tree has no test part; nothing: 0.2
  std::optional<std::uint64_t> split_seed = {};              // which are put aside; nothing: 0
  int threads = 0;                                           // 0: all cores
  bool cache = true;                                         // keep decoded images in the directory
  std::function<void(Index done, Index all)> progress = {};  // called now and then, by one thread at a time
  Wording wording = Wording::code;                           // how errors write these options
};

namespace detail {

/// Throws: Error unless the class folders at a path can be told apart, and hold neither parts nor classes.
inline void require_classes_apart(const std::string& root, const std::string& prefix, const std::vector<std::string>& classes) {
  if (const auto codes = codes_of_one_value({classes.begin(), classes.end()}))
    throw Error(concat("the class folders '", codes->first, "' and '", codes->second, "' in '", root, "/", prefix,
                       "' are one number; move their images together, or rename one"));
  std::vector<InnerFolders> inner_of_class;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k)
      require(!differ_in_unicode_form(classes[i], classes[k]), "the class folders '", classes[k], "' and '", classes[i],
              "' in '", root, "/", prefix, "' look alike and are written in two Unicode forms; move their images together");
    bool train = false, test = false;
    FolderContent content = list_folder(root + "/" + prefix + classes[i]);
    for (const std::string& inner : content.folders) {
      train = train || part_name(inner) == PartName::train;
      test = test || part_name(inner) == PartName::test || part_name(inner) == PartName::validation;
    }
    require(!train || !test, "the class folder '", root, "/", prefix, classes[i],
            "' holds a training and a test part; expected the parts outside, as in train/", classes[i], " and test/",
            classes[i]);
    inner_of_class.push_back(inner_folders(root, prefix + classes[i], std::move(content)));
  }
  require_no_domains(root, inner_of_class);
}

/// Adds the images below the class folders `prefix` + class to a part, class after class.
inline void list_classes(const std::string& root, const std::string& prefix, const std::vector<std::string>& classes,
                         const std::vector<std::int32_t>& labels, const ThreadTeam& team, std::vector<ImageFile>& part,
                         std::vector<ReadNote>& notes) {
  std::vector<std::vector<ImageFile>> of_class(classes.size());
  std::vector<std::vector<ReadNote>> notes_of_class(classes.size());
  team.for_each(static_cast<Index>(classes.size()), [&](Index i, int) {
    const auto c = static_cast<std::size_t>(i);
    list_images_below(root, prefix + classes[c], labels[c], of_class[c], notes_of_class[c]);
    const auto passed = std::find_if(notes_of_class[c].begin(), notes_of_class[c].end(),
                                     [](const ReadNote& note) { return note.what.starts_with("files with"); });
    const bool other_files = passed != notes_of_class[c].end();
    require(!of_class[c].empty(), "the class folder '", root, "/", prefix, classes[c], "' has no image (.jpg, .jpeg or .png)",
            other_files ? ", but other files, as '" + passed->first + "'" : "", "; remove it, or ",
            other_files ? "convert them to PNG or JPEG" : "add images");
  });
  for (auto& some : of_class) std::move(some.begin(), some.end(), std::back_inserter(part));
  for (const auto& some : notes_of_class) add_notes(notes, some);
}

/// Moves a share of the training images to the test images; both keep their order. Throws: Error when a class loses all of its images.
inline void put_aside(ImageList& list, const ImageFolderOptions& o) {
  const double share = o.test_share.value_or(default_test_share);
  const std::uint64_t seed = o.split_seed.value_or(0);
  require(share > 0 && share < 1, option_text(o.wording, "load_image_folder: test_share = ", "--test-share "), share,
          "; expected a number between 0 and 1");
  const std::size_t n = list.train.size();
  const auto count = std::clamp<std::size_t>(static_cast<std::size_t>(std::llround(share * static_cast<double>(n))), 1, n - 1);
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  shuffle(Stream{.seed = seed, .purpose = Purpose::split}, std::span(order));
  std::vector<bool> aside(n);
  for (std::size_t i = 0; i < count; ++i) aside[order[i]] = true;
  std::vector<ImageFile> all = std::move(list.train);
  list.train.clear();
  std::vector<bool> trained(list.classes.size());
  for (std::size_t i = 0; i < n; ++i) {
    if (!aside[i]) trained[static_cast<std::size_t>(all[i].label)] = true;
    (aside[i] ? list.test : list.train).push_back(std::move(all[i]));
  }
  const auto lost = std::find(trained.begin(), trained.end(), false);
  require(lost == trained.end(), "all images of the class '",
          lost == trained.end() ? "" : list.classes[static_cast<std::size_t>(lost - trained.begin())],
          "' were put aside to test with (", option_text(o.wording, "test_share = ", "--test-share "), share,
          option_text(o.wording, ", split_seed = ", ", --split-seed "), seed,
          "); expected training images of every class: add some, or choose a smaller share or another seed");
}

/// The label of each class folder of the test part.
inline std::vector<std::int32_t> test_labels(const std::string& root, const ImageLayout& layout,
                                             const std::vector<std::string>& classes,
                                             const std::vector<std::string>& test_classes) {
  std::vector<std::int32_t> labels;
  for (const std::string& name : test_classes) {
    const auto found = std::lower_bound(classes.begin(), classes.end(), name);
    const bool known = found != classes.end() && *found == name;
    const auto alike = known ? found : std::find_if(classes.begin(), classes.end(), [&](const std::string& c) {
      return differ_in_unicode_form(c, name);
    });
    require(
        known || alike == classes.end(), "the class folders '", root, "/", layout.test, name, "' and '", root, "/",
        layout.train, alike == classes.end() ? "" : *alike,
        "' look alike and are written in two Unicode forms (NFC and NFD); bring the names to one, as by `convmv -r -f utf8 -t utf8 "
        "--nfc --notest ",
        root, "`");
    require(known, "there is a class folder '", root, "/", layout.test, name, "', but no '", root, "/", layout.train, name,
            "'; expected the test part's classes among those of the training part");
    labels.push_back(static_cast<std::int32_t>(found - classes.begin()));
  }
  return labels;
}

/// Throws: Error when options say what to put aside although there is a test part.
inline void require_nothing_aside(const std::string& test, const ImageFolderOptions& o) {
  const std::string_view given = o.test_share   ? option_text(o.wording, "test_share", "--test-share")
                                 : o.split_seed ? option_text(o.wording, "split_seed", "--split-seed")
                                                : "";
  require(given.empty(), given, " says what to put aside to test with, and '", test.substr(0, test.size() - 1),
          "' is the test part; leave the option out, or load the folder of the training part alone");
}

inline ImageList list_image_folder(const std::string& root, const ImageFolderOptions& o, const ThreadTeam& team) {
  ImageLayout layout = ImageLayoutFinder(root).find();
  ImageList list{
      .classes = list_folder(root + "/" + layout.train).folders, .train = {}, .test = {}, .notes = std::move(layout.notes)};
  require(list.classes.size() > 1, "'", root, "/", layout.train, "' has one class, '", list.classes[0],
          "'; expected two or more, a folder for each");
  require_no_translation(root, list.classes);
  require_classes_apart(root, layout.train, list.classes);
  std::map<std::string_view, Index> names;
  for (const std::string& name : list.classes) names.emplace(name, 1);
  note_case(names, "the folders", "classes", list.notes);
  std::vector<std::int32_t> labels(list.classes.size());
  std::iota(labels.begin(), labels.end(), 0);
  list_classes(root, layout.train, list.classes, labels, team, list.train, list.notes);
  require_no_pair(root + (layout.train.empty() ? "" : "/") + layout.train, list.classes, list.train);
  if (layout.has_test) {
    require_nothing_aside(root + "/" + layout.test, o);
    const std::vector<std::string> classes = list_folder(root + "/" + layout.test).folders;
    list_classes(root, layout.test, classes, test_labels(root, layout, list.classes, classes), team, list.test, list.notes);
  }
  look_up_files(root, list, team);
  take_each_file_once(root, list);
  if (!layout.has_test) put_aside(list, o);
  return list;
}

}  // namespace detail

/// Images from one folder per class: label k is the k-th folder by name, and its examples are the JPEG and PNG files (.jpg,
/// .jpeg, .png, in any case) anywhere below it, in the order of torchvision's ImageFolder. Hidden names, which begin with a
/// dot, those of systems such as `__MACOSX`, and other files are passed over; symbolic links are followed, and a folder or a file that
/// several of a class lead to is read once.
///
/// `directory/train` and `directory/test`, or else `directory/val`, hold the class folders of the two parts; their names may also be
/// Train, training, seg_train, valid, validation, testing, …. A test part without class folders has no labels: then it is `val`. Without
/// a folder `train`, the class folders lie in the directory itself, and a share of the images is put aside at random as the test part.
/// One folder around all others is opened. Pixels stay 8-bit; both parts are standardized by the training part's mean and standard
/// deviation.
///
/// With the option size, the largest square in the middle of each image is taken and brought to size × size by area: each pixel
/// is the mean of what lies under it. Decoding (JpegDecoder, decode_png) runs on all threads; the same bytes for any number.
///
/// The report has the classes, how many images there are of each size, and notes on what was passed over, is odd or was
/// dropped (image_oddities), on images that lose what lies beyond their middle square, on gray images among color ones,
/// on files of equal content in both parts or in two classes, and on classes of one training image or of no test image.
///
/// Decoded images are kept in the directory, as `.lmc-images-….cache`, for the next time: as large as the data set in memory.
/// They are decoded again when a file was added, removed, renamed or changed (its size, or when it was modified or its entry was changed), or the options
/// differ, or the cache is damaged. Where it cannot be written there is none, and no error.
///
/// Throws: Error when a folder is missing, has no images, or belongs to a class of the test part alone; when there is one class, or
/// folders are no classes by their names (images, labels), hold masks, are one number (`1`, `01`), are inputs and outputs (input, target),
/// or are domains that have the same classes in them; when test_share or split_seed are given, and there is a test part; when links make one file an image of two classes or of both parts; when a class has no training images; when images cannot be read or decoded
/// (how many, and the first ten with their reasons), or are of other sizes than the first while size is 0.
template <std::floating_point Scalar>
TrainTest<Scalar> load_image_folder(const std::filesystem::path& directory, const ImageFolderOptions& options = {}) {
  const auto& o = options;
  detail::require_channels("load_image_folder", o.channels);
  require(o.size >= 0 && o.size <= max_image_side, option_text(o.wording, "load_image_folder: size = ", "--image-size "),
          o.size, "; expected at most ", max_image_side, ", or 0 for images of one size");
  detail::require_directory(directory, "give the folder that has a folder of images for each class");
  const ThreadTeam team(o.threads);
  const std::string root = directory.string();
  return detail::load_images<Scalar>(
      root, detail::list_image_folder(root, o, team),
      {.channels = o.channels,
       .size = o.size,
       .cache = o.cache,
       .progress = o.progress,
       .one_size =
           concat("bring them to one with ", option_text(o.wording, "the option size, as in size = 64", "--image-size 64")),
       .one_channel = std::string(option_text(o.wording, "channels = 1", "--gray"))},
      team);
}

}  // namespace lmc
