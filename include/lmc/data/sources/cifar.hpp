// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/data/sources/detail/find_file.hpp>
#include <lmc/io/cifar.hpp>
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

/// The records of the training files, and of the test file. The class is label `which` of each.
template <std::floating_point Scalar>
TrainTest<Scalar> load_cifar_format(const std::vector<std::filesystem::path>& train,
                                    const std::vector<std::filesystem::path>& test, std::span<const CifarLabel> labels,
                                    std::size_t which) {
  CifarRecords parts[2];
  ThreadTeam().for_each(2, [&](Index i, int /*worker*/) { parts[i] = read_cifar(i == 0 ? train : test, labels); });
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
  return {dataset(parts[0]), dataset(parts[1])};
}

}  // namespace detail

/// CIFAR-10 from the binary version's data_batch_1.bin … data_batch_5.bin, those that there are, and test_batch.bin, each plain
/// or with .gz: examples of shape [32, 32, 3], ten classes, the pixels of both parts standardized by the training part's mean
/// and standard deviation of each channel. directory holds the files, or cifar-10-batches-bin with them. Throws: Error when
/// there is no data batch or no test batch (and how to get them), or a file is wrong (as read_cifar).
template <std::floating_point Scalar>
TrainTest<Scalar> load_cifar10(const std::filesystem::path& directory) {
  constexpr std::string_view advice = "for CIFAR-10 run `bash examples/get-data.sh cifar10`, which fetches it";
  const auto folder = detail::cifar_folder(directory, "cifar-10-batches-bin");
  detail::require_directory(folder, advice);
  std::vector<std::filesystem::path> train;
  for (int batch = 1; batch <= 5; ++batch)
    if (const auto path = detail::plain_or_gzip(folder, concat("data_batch_", batch, ".bin"))) train.push_back(*path);
  require(!train.empty(), "there is none of 'data_batch_1.bin' to 'data_batch_5.bin', plain or with .gz, in '", folder.string(),
          "'; ", advice);
  return detail::load_cifar_format<Scalar>(train, {detail::find_plain_or_gzip(folder, "test_batch.bin", advice)},
                                           cifar10_labels, 0);
}

/// CIFAR-100 from the binary version's train.bin and test.bin, in the same way; the archive's folder is cifar-100-binary. The
/// classes are the 100 fine or the 20 coarse ones.
template <std::floating_point Scalar>
TrainTest<Scalar> load_cifar100(const std::filesystem::path& directory, Cifar100Labels labels = Cifar100Labels::fine) {
  constexpr std::string_view advice =
      "for CIFAR-100 fetch https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz and unpack it there";
  const auto folder = detail::cifar_folder(directory, "cifar-100-binary");
  const auto train = detail::find_plain_or_gzip(folder, "train.bin", advice);
  const auto test = detail::find_plain_or_gzip(folder, "test.bin", advice);
  return detail::load_cifar_format<Scalar>({train}, {test}, cifar100_labels, labels == Cifar100Labels::coarse ? 0 : 1);
}

}  // namespace lmc
