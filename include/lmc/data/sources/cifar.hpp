// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/data/read_report.hpp>
#include <lmc/data/sources/detail/find_file.hpp>
#include <lmc/data/sources/detail/image_copies.hpp>
#include <lmc/data/sources/detail/read_notes.hpp>
#include <lmc/io/cifar.hpp>
#include <lmc/io/detail/text_kind.hpp>
#include <lmc/parallel/thread_team.hpp>

namespace lmc {

/// Which of a CIFAR-100 record's two labels is the class.
enum class Cifar100Labels {
  fine,   // 100 classes
  coarse  // 20 classes, of five fine ones each
};

namespace detail {

/// The folder as the archive unpacks it, where it is in the directory; else the directory.
inline std::filesystem::path cifar_folder(const std::filesystem::path& directory, const char* unpacked) {
  return std::filesystem::is_directory(directory / unpacked) ? directory / unpacked : directory;
}

/// The names of classes in a file of the archive, one per line; their numbers where it is not there or has others.
inline std::vector<std::string> cifar_class_names(const std::filesystem::path& path, int classes) {
  std::vector<std::string> names, numbers;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    while (!line.empty() && is_blank(line.back())) line.pop_back();
    if (!line.empty()) names.push_back(line);
  }
  for (int k = 0; k < classes; ++k) numbers.push_back(std::to_string(k));
  return names.size() == numbers.size() ? names : numbers;
}

/// Throws: Error where two files have the same images.
inline void require_different_files(const std::vector<std::filesystem::path>& paths, const CifarRecords& records) {
  std::vector<std::span<const std::uint8_t>> pixels;
  for (std::size_t first = 0; const std::size_t count : records.files) {
    pixels.push_back(std::span(records.pixels).subspan(first * 3 * cifar_plane, count * 3 * cifar_plane));
    first += count;
    for (std::size_t k = 0; k + 1 < pixels.size(); ++k)
      require(!std::ranges::equal(pixels[k], pixels.back()), "'", paths[k].string(), "' and '",
              paths[pixels.size() - 1].string(),
              "' have the same images; expected others in each; fetch the files again, or remove one of the two");
  }
}

/// The records of the training files, and of the test file. The class is label `which` of each. names: the file of the classes' names
/// beside them.
template <std::floating_point Scalar>
TrainTest<Scalar> load_cifar_format(const std::vector<std::filesystem::path>& train,
                                    const std::vector<std::filesystem::path>& test, std::span<const CifarLabel> labels,
                                    std::size_t which, const char* names) {
  CifarRecords parts[2];
  ThreadTeam().for_each(2, [&](Index i, int /*worker*/) { parts[i] = read_cifar(i == 0 ? train : test, labels); });
  require_different_files(train, parts[0]);
  std::vector<ReadNote> notes;
  note_image_copies(parts[0].pixels, parts[1].pixels, 3 * cifar_plane, test[0].string(), notes);
  const Standardization standardization = standardization_of(parts[0].pixels, 3);
  const auto dataset = [&](CifarRecords& records) {
    std::vector<std::int32_t> classes;
    for (std::size_t i = which; i < records.labels.size(); i += labels.size()) classes.push_back(records.labels[i]);
    return Dataset<Scalar>({.shape = {32, 32, 3},
                            .classes = labels[which].classes,
                            .labels = std::move(classes),
                            .features = std::move(records.pixels),
                            .standardization = standardization});
  };
  TrainTest<Scalar> data{dataset(parts[0]), dataset(parts[1])};
  const auto folder = train[0].parent_path();
  data.report = {.classes = count_classes(cifar_class_names(folder / names, labels[which].classes), data.train.labels(),
                                          data.test.labels()),
                 .columns = {},
                 .missing = {},
                 .sizes = {{.height = 32, .width = 32, .count = data.train.size() + data.test.size()}},
                 .notes = std::move(notes)};
  require_trainable("'" + folder.string() + "'", data.report.classes);
  return data;
}

/// Throws: Error that says how to unpack an archive of CIFAR that lies in a folder. fetch: how to get the right one.
inline void require_unpacked_cifar(const std::filesystem::path& folder, const std::string& fetch) {
  namespace fs = std::filesystem;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    const bool packed = name.find(".tar") != name.npos || name.ends_with(".tgz") || name.ends_with(".zip");
    if (!packed || name.find("cifar") == name.npos) continue;
    require(name.find("python") == name.npos && name.find("matlab") == name.npos, "'", entry.path().string(),
            "' is another version than the binary one: ", fetch);
    throw Error(concat("'", entry.path().string(), "' is not unpacked; unpack it with `",
                       name.ends_with(".zip") ? "unzip " : "tar -xf ", entry.path().string(),
                       name.ends_with(".zip") ? " -d " : " -C ", folder.string(), "`"));
  }
}

/// Throws: Error that says what is in a folder instead of the binary version of one of the two data sets, as far as it is another form
/// or the other data set, or in which folder below it lies. `ten`: whether CIFAR-10 was asked for.
inline void require_no_other_cifar(const std::filesystem::path& folder, bool ten) {
  namespace fs = std::filesystem;
  const auto there = [&](auto... names) { return (fs::exists(folder / names) || ...); };
  const auto file = [&](auto... names) { return (fs::is_regular_file(folder / names) || ...); };
  const auto any = [&](const char* name) { return plain_or_gzip(folder, name).has_value(); };
  const std::string archive = ten ? "cifar-10-binary.tar.gz" : "cifar-100-binary.tar.gz";
  const std::string fetch = concat("fetch https://www.cs.toronto.edu/~kriz/", archive, " and unpack it");
  const bool python =
      ten ? file("data_batch_1") || there("cifar-10-batches-py") : file("train", "meta") || there("cifar-100-python");
  require(!python, "'", folder.string(),
          "' has CIFAR's Python version, which is pickles; expected the binary version: ", fetch);
  const bool other =
      ten ? any("train.bin") || there("cifar-100-binary") : any("data_batch_1.bin") || there("cifar-10-batches-bin");
  require(!other, "'", folder.string(), "' has the files of CIFAR-", ten ? "100" : "10", "; read them with ",
          ten ? "load_cifar100, `--dataset cifar100`" : "load_cifar10, `--dataset cifar10`");
  require(!there("data_batch_1.mat", "train.mat"), "'", folder.string(),
          "' has CIFAR's MATLAB version; expected the binary version: ", fetch);
  require_unpacked_cifar(folder, fetch);
  const auto below = find_folder_below(folder, [&](const fs::path& path) {
    return plain_or_gzip(path, ten ? "data_batch_1.bin" : "train.bin") &&
           plain_or_gzip(path, ten ? "test_batch.bin" : "test.bin");
  });
  require(!below, "there are no files of CIFAR-", ten ? "10" : "100", " in '", folder.string(), "', but in '",
          below ? below->string() : "", "'; give that");
}

}  // namespace detail

/// CIFAR-10 from the binary version's data_batch_1.bin … data_batch_5.bin, those that there are, and test_batch.bin, each plain
/// or with .gz: examples of shape [32, 32, 3], ten classes, the pixels of both parts standardized by the training part's mean
/// and standard deviation of each channel. directory holds the files, or cifar-10-batches-bin with them. Throws: Error when
/// there is no data batch or no test batch (and how to get them, or what the folder has instead: the Python version, an archive that is
/// not unpacked, CIFAR-100), a file is wrong (as read_cifar), two data batches have the same images, all training examples are of one
/// class, or a class has test examples alone. The report has the classes' names of batches.meta.txt, or their numbers, the batches that are missing, and test images half of
/// which are training images, too.
template <std::floating_point Scalar>
TrainTest<Scalar> load_cifar10(const std::filesystem::path& directory) {
  constexpr std::string_view advice = "for CIFAR-10 run `bash examples/get-data.sh cifar10`, which fetches it";
  const auto folder = detail::cifar_folder(directory, "cifar-10-batches-bin");
  if (!std::filesystem::is_directory(folder) && std::filesystem::is_directory(folder.parent_path()))
    detail::require_unpacked_cifar(folder.parent_path(), std::string(advice));
  detail::require_directory(folder, advice);
  std::vector<std::filesystem::path> train;
  std::vector<ReadNote> notes;
  for (int batch = 1; batch <= 5; ++batch) {
    const std::string name = concat("data_batch_", batch, ".bin");
    if (const auto path = detail::plain_or_gzip(folder, name))
      train.push_back(*path);
    else
      detail::add_note(notes, "training files of the five are missing", name);
  }
  if (train.empty()) detail::require_no_other_cifar(folder, true);
  require(!train.empty(), "there is none of 'data_batch_1.bin' to 'data_batch_5.bin', plain or with .gz, in '", folder.string(),
          "'; ", advice);
  TrainTest<Scalar> data = detail::load_cifar_format<Scalar>(
      train, {detail::find_plain_or_gzip(folder, "test_batch.bin", advice)}, cifar10_labels, 0, "batches.meta.txt");
  detail::add_notes(data.report.notes, notes);
  return data;
}

/// CIFAR-100 from the binary version's train.bin and test.bin, in the same way; the archive's folder is cifar-100-binary. The
/// classes are the 100 fine or the 20 coarse ones.
template <std::floating_point Scalar>
TrainTest<Scalar> load_cifar100(const std::filesystem::path& directory, Cifar100Labels labels = Cifar100Labels::fine) {
  constexpr std::string_view advice =
      "for CIFAR-100 fetch https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz and unpack it there";
  const auto folder = detail::cifar_folder(directory, "cifar-100-binary");
  if (!std::filesystem::is_directory(folder) && std::filesystem::is_directory(folder.parent_path()))
    detail::require_unpacked_cifar(folder.parent_path(), std::string(advice));
  detail::require_directory(folder, advice);
  if (!detail::plain_or_gzip(folder, "train.bin")) detail::require_no_other_cifar(folder, false);
  const auto train = detail::find_plain_or_gzip(folder, "train.bin", advice);
  const auto test = detail::find_plain_or_gzip(folder, "test.bin", advice);
  const bool coarse = labels == Cifar100Labels::coarse;
  return detail::load_cifar_format<Scalar>({train}, {test}, cifar100_labels, coarse ? 0 : 1,
                                           coarse ? "coarse_label_names.txt" : "fine_label_names.txt");
}

}  // namespace lmc
