// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <lmc/io/cifar.hpp>

#include <algorithm>
#include <array>
#include <filesystem>
#include <span>

#include "fuzz.hpp"

namespace fuzz {

/// Reads the input as a file of CIFAR records with the given labels.
inline void read_cifar(Bytes bytes, std::span<const lmc::CifarLabel> labels) {
  const std::array<std::filesystem::path, 1> paths = {in_memory_file(bytes)};
  accepts(file_reader_limit(bytes), [&] {
    const lmc::CifarRecords records = lmc::read_cifar(paths, labels);
    const std::size_t count = records.labels.size() / labels.size();
    check(count > 0 && records.labels.size() == count * labels.size() && records.pixels.size() == count * 3072,
          "there are labels and pixels of each record");
    for (std::size_t i = 0; i < records.labels.size(); ++i)
      check(records.labels[i] < labels[i % labels.size()].classes, "labels are below the number of classes");
  });
}

}  // namespace fuzz
