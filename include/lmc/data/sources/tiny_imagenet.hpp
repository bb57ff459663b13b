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
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/wording.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/data/read_report.hpp>
#include <lmc/data/sources/detail/find_file.hpp>
#include <lmc/data/sources/detail/image_tree.hpp>
#include <lmc/data/sources/detail/load_images.hpp>
#include <lmc/data/sources/detail/read_notes.hpp>
#include <lmc/data/sources/detail/same_file.hpp>
#include <lmc/io/detail/text_kind.hpp>
#include <lmc/io/file_kind.hpp>
#include <lmc/io/image.hpp>
#include <lmc/io/input_file.hpp>
#include <lmc/io/utf8.hpp>
#include <lmc/parallel/thread_team.hpp>

namespace lmc {

/// How load_tiny_imagenet() reads the images.
struct TinyImagenetOptions {
  Index channels = 3;                                        // 1: gray; 3: red, green, blue
  int threads = 0;                                           // 0: all cores
  bool cache = true;                                         // keep decoded images in the directory
  std::function<void(Index done, Index all)> progress = {};  // called now and then, by one thread at a time
  Wording wording = Wording::code;                           // how errors write what to do instead
};

namespace detail {

/// The lines of a text file that are not empty, without a byte order mark, their ends (LF or CR LF) and blanks around them, and with
/// their numbers.
inline std::vector<std::pair<Index, std::string>> read_lines(const std::filesystem::path& path) {
  InputFile file = open_input_file(path);
  std::vector<std::pair<Index, std::string>> lines;
  std::string line;
  for (Index number = 1; std::getline(file.stream, line); ++number) {
    std::string_view text = line;
    if (number == 1) require_text_start(path, text.substr(0, file_kind_bytes));
    if (number == 1 && text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    text = without_blanks_before(text);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    if (!text.empty()) lines.emplace_back(number, text);
  }
  require_unchanged(file);
  return lines;
}

/// The WordNet ids of wnids.txt, in the order of their labels.
inline std::vector<std::string> read_wnids(const std::string& path) {
  std::vector<std::string> wnids;
  std::set<std::string> seen;
  for (const auto& [number, wnid] : read_lines(path)) {
    require(seen.insert(wnid).second, "'", path, "', line ", number, ": '", wnid, "' is there twice");
    wnids.push_back(wnid);
  }
  require(!wnids.empty(), "'", path, "' is empty; expected the classes' WordNet ids, one per line");
  return wnids;
}

/// The paths below root of the images in a folder, or in the folder `images` in it, by name. Notes say what was passed over; own: a file
/// beside them that belongs there. Throws: Error when there are none, or images in both.
inline std::vector<std::string> list_flat_or_inner(const std::string& root, const std::string& folder, const std::string& own,
                                                   std::vector<ReadNote>& notes) {
  const FolderContent outer = list_folder(root + "/" + folder);
  const bool has_inner = std::find(outer.folders.begin(), outer.folders.end(), "images") != outer.folders.end();
  const std::string inside = folder + "/images";
  const FolderContent inner = has_inner ? list_folder(root + "/" + inside) : FolderContent{};
  require(!outer.images.empty() || !inner.images.empty(), "the folder '", root, "/", has_inner ? inside : folder,
          "' has no images; was the archive unpacked to its end?");
  require(outer.images.empty() || inner.images.empty(), "there are images in '", root, "/", folder, "', as '",
          outer.images.empty() ? "" : outer.images[0], "', and in '", root, "/", inside, "', as '",
          inner.images.empty() ? "" : inner.images[0], "'",
          "; expected a class's images in one of the two: move them together, or remove those that do not belong to it");
  for (const std::string& name : outer.others)
    if (name != own) add_note(notes, passed_over(name), folder + "/" + name);
  for (const std::string& name : inner.others) add_note(notes, passed_over(name), inside + "/" + name);
  const char* const folders = "folders beside or below a class's images were passed over";
  for (const std::string& name : outer.folders)
    if (name != "images") add_note(notes, folders, folder + "/" + name);
  for (const std::string& name : inner.folders) add_note(notes, folders, inside + "/" + name);
  std::vector<std::string> paths;
  for (const std::string& name : outer.images) paths.push_back(folder + "/" + name);
  for (const std::string& name : inner.images) paths.push_back(inside + "/" + name);
  return paths;
}

/// Notes the files of a part that lie beside its folders; own: one that belongs there.
inline void note_beside(const std::string& part, const FolderContent& content, const std::string& own,
                        std::vector<ReadNote>& notes) {
  for (const std::string& name : content.images)
    add_note(notes, "images outside the class folders were passed over", part + "/" + name);
  for (const std::string& name : content.others)
    if (name != own) add_note(notes, passed_over(name), part + "/" + name);
}

/// The images of a part that has a folder for each class, `part/WNID/images` or `part/WNID`, class by class.
inline std::vector<ImageFile> list_tiny_imagenet_classes(const std::string& root, const std::string& part,
                                                         const std::vector<std::string>& wnids, const ThreadTeam& team,
                                                         std::vector<ReadNote>& notes) {
  for (const std::string& folder : list_folder(root + "/" + part).folders)
    require(std::find(wnids.begin(), wnids.end(), folder) != wnids.end(), "the folder '", root, "/", part, "/", folder,
            "' is no class: wnids.txt does not have it");
  std::vector<std::vector<ImageFile>> of_class(wnids.size());
  std::vector<std::vector<ReadNote>> notes_of_class(wnids.size());
  team.for_each(static_cast<Index>(wnids.size()), [&](Index i, int) {
    const auto c = static_cast<std::size_t>(i);
    const std::string folder = part + "/" + wnids[c];
    require(std::filesystem::is_directory(root + "/" + folder), "there is no folder '", root, "/", folder,
            "'; was the archive unpacked to its end?");
    for (std::string& path : list_flat_or_inner(root, folder, wnids[c] + "_boxes.txt", notes_of_class[c]))
      of_class[c].push_back({.path = std::move(path), .label = static_cast<std::int32_t>(i)});
  });
  std::vector<ImageFile> images;
  for (auto& some : of_class) std::move(some.begin(), some.end(), std::back_inserter(images));
  for (const auto& some : notes_of_class) add_notes(notes, some);
  return images;
}

/// The images of val_annotations.txt in its order. listed: those that there are, with the labels of the folders of their classes, or
/// -1 where they lie in none; `place` is where, in messages.
inline std::vector<ImageFile> list_annotated(const std::string& root, const std::vector<std::string>& wnids,
                                             const std::vector<ImageFile>& listed, const std::string& place) {
  const std::string annotations = root + "/val/val_annotations.txt";
  std::map<std::string, ImageFile> found;
  for (const ImageFile& file : listed) {
    const auto [other, first] = found.emplace(std::filesystem::path(file.path).filename().string(), file);
    require(first, "'", root, "/", other->second.path, "' and '", root, "/", file.path, "' have one name, by which '",
            annotations, "' gives the class; expected each image once: remove the other");
  }
  std::vector<ImageFile> images;
  std::set<std::string> annotated;
  for (const auto& numbered : read_lines(annotations)) {
    const Index number = numbered.first;  // no structured binding: clang 16 cannot capture those with OpenMP
    const std::string& line = numbered.second;
    const auto at = [&] { return concat("'", annotations, "', line ", number, ": "); };
    const std::size_t tab = line.find('\t');
    require(tab != std::string::npos, at(), "there is no tab; expected the image's name, its WordNet id and its box");
    const std::string name = line.substr(0, tab);
    std::string wnid = line.substr(tab + 1, line.find('\t', tab + 1) - (tab + 1));
    while (wnid.ends_with(' ')) wnid.pop_back();
    const auto label = std::find(wnids.begin(), wnids.end(), wnid);
    require(label != wnids.end(), at(), "'", name, "' has the WordNet id '", wnid, "', which is not in wnids.txt");
    const auto image = found.find(name);
    require(image != found.end(), at(), "there is no image '", name, "' in '", root, "/", place, "'");
    require(annotated.insert(name).second, at(), "'", name, "' is there twice");
    ImageFile file = image->second;
    const auto number_of_class = static_cast<std::int32_t>(label - wnids.begin());
    require(file.label == -1 || file.label == number_of_class, at(), "'", name, "' has the WordNet id '", wnid, "', and is '",
            file.path, "'");
    file.label = number_of_class;
    images.push_back(std::move(file));
  }
  for (const auto& [name, file] : found)
    require(annotated.contains(name), "the image '", root, "/", file.path, "' is not in '", annotations, "'");
  require(!images.empty(), "'", annotations, "' is empty; expected the images' names and WordNet ids");
  return images;
}

/// The validation images: annotated, or in folders of their classes, or both.
inline std::vector<ImageFile> list_tiny_imagenet_val(const std::string& root, const std::vector<std::string>& wnids,
                                                     const ThreadTeam& team, std::vector<ReadNote>& notes) {
  require(std::filesystem::is_directory(root + "/val"), "there is no folder '", root,
          "/val'; was the archive unpacked to its end?");
  const std::string annotations = "val_annotations.txt";
  const FolderContent content = list_folder(root + "/val");
  note_beside("val", content, annotations, notes);
  const bool together = std::filesystem::is_directory(root + "/val/images");
  const bool annotated = std::filesystem::exists(root + "/val/" + annotations);
  require(!together || annotated, "there are images in '", root, "/val/images', but no '", root,
          "/val/val_annotations.txt', which says what they are; was the archive unpacked to its end?");
  if (!together) {
    const std::vector<ImageFile> in_folders = list_tiny_imagenet_classes(root, "val", wnids, team, notes);
    return annotated ? list_annotated(root, wnids, in_folders, "val") : in_folders;
  }
  require(content.folders.size() == 1, "there are '", root, "/val/", content.folders[0], "' and '", root, "/val/",
          content.folders.back(),
          "'; expected the validation images in 'val/images' or in a folder for each class, not both: "
          "move them together, or remove the others");
  const FolderContent images = list_folder(root + "/val/images");
  note_beside("val/images", {.images = {}, .folders = {}, .others = images.others, .identity = {}}, "", notes);
  std::vector<ImageFile> listed;
  for (const std::string& name : images.images) listed.push_back({.path = "val/images/" + name, .label = -1});
  return list_annotated(root, wnids, listed, "val/images");
}

}  // namespace detail

/// Tiny ImageNet from its original tree: examples of shape [64, 64, 3], 200 classes (or whatever the files hold). Labels are
/// the places in wnids.txt, which is not sorted. The training part is the images in `train/WNID/images`, class by class in the
/// order of labels, by name in each; the test part is the validation set, `val/images`, in the order of `val/val_annotations.txt`,
/// since the official test set has no labels. Trees that others made of it are read as well: images in `train/WNID`, and in `val/WNID`
/// or `val/WNID/images`, class by class where there are no annotations; the whole tree in a folder `tiny-imagenet-200`. Gray images,
/// one in sixty, have three equal channels. Pixels stay 8-bit; both parts are standardized by the training part's mean and standard
/// deviation.
///
/// The report notes other files and folders, which are passed over. Decoding runs on all threads, with the same bytes for any number;
/// decoded images are kept in a cache, and the report is filled, as load_image_folder does.
///
/// Throws: Error when a file or folder is missing, is of no class, or has no image; when images lie both in a folder and in the folder
/// `images` in it, or val has `images` beside other folders; when two images of val have one name, an image of val is not annotated, or
/// an annotation has no image, an unknown WordNet id, or another than the image's folder; when there is one class; when links make one
/// file an image of two classes or of both parts; when images cannot be read or decoded (the first ten are listed), or are of another
/// size than the first.
template <std::floating_point Scalar>
TrainTest<Scalar> load_tiny_imagenet(const std::filesystem::path& directory, const TinyImagenetOptions& options = {}) {
  const auto& o = options;
  detail::require_channels("load_tiny_imagenet", o.channels);
  const std::string advice = "for Tiny ImageNet unpack http://cs231n.stanford.edu/tiny-imagenet-200.zip";
  detail::require_directory(directory, advice);
  const ThreadTeam team(o.threads);
  const auto inner = directory / "tiny-imagenet-200";
  const std::string root = (std::filesystem::exists(inner / "wnids.txt") ? inner : directory).string();
  require(std::filesystem::exists(root + "/wnids.txt"), "cannot open '", root, "/wnids.txt': there is no such file; ", advice,
          ", or read a folder for each class with ", option_text(o.wording, "load_image_folder", "--dataset images"));
  detail::ImageList list{.classes = detail::read_wnids(root + "/wnids.txt"), .train = {}, .test = {}, .notes = {}};
  require(list.classes.size() > 1, "'", root, "/wnids.txt' has one class, '", list.classes[0], "'; expected two or more");
  require(std::filesystem::is_directory(root + "/train"), "there is no folder '", root,
          "/train'; was the archive unpacked to its end?");
  detail::note_beside("train", detail::list_folder(root + "/train"), "", list.notes);
  list.train = detail::list_tiny_imagenet_classes(root, "train", list.classes, team, list.notes);
  list.test = detail::list_tiny_imagenet_val(root, list.classes, team, list.notes);
  detail::look_up_files(root, list, team);
  detail::take_each_file_once(root, list);
  return detail::load_images<Scalar>(
      root, std::move(list),
      {.channels = o.channels, .cache = o.cache, .progress = o.progress, .one_size = "those of Tiny ImageNet are 64×64"}, team);
}

}  // namespace lmc
