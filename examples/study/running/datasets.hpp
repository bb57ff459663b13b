// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/dataset.hpp>

#include "registry/datasets.hpp"
#include "study/specification/run_spec.hpp"
#include "study/store/rows.hpp"

namespace lmc::study {

/// A data set that a specification may name: one of the registry's with options of its own, and its sizes, with which plans are
/// made before anything is loaded.
struct DataKind {
  std::string_view name;
  registry::DatasetOptions source;  // but for the place of its files
  std::string_view folder;          // below that of all data; empty where it is computed
  std::string_view file;            // in the folder, as it is or with .gz behind its name; empty: the folder alone
  Shape shape;
  Index classes, train, test;
};

/// All of them. mixture and mixture-hard are ten Gaussians of 64 dimensions in the form of images, 4 and 2 standard deviations
/// apart; words-K are samples of three words from K languages, as counts of character n-grams.
const std::vector<DataKind>& data_kinds();

/// Throws: Error that names the nearest.
const DataKind& data_kind(const DataSpec& spec);

/// What a complete data set becomes by its preparation: what a plan needs. Throws: Error for an unknown name.
DataKind prepared_kind(const DataSpec& spec);

/// A prepared data set in memory, and its row in the store.
struct LoadedData {
  TrainTest<float> data;
  DataRow row;
};

/// The data sets of a folder, one subfolder each; loaded when they are first asked for, and shared by all threads.
class DataSets {
 public:
  explicit DataSets(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// Whether the data set is computed, or its files seem to be there. Throws: Error for an unknown name.
  [[nodiscard]] bool present(const DataSpec& spec) const;

  /// Throws: Error as the loaders do, and when a preparation does not fit the data.
  const LoadedData& get(const DataSpec& spec);

 private:
  std::filesystem::path folder_;
  std::mutex mutex_;
  std::map<std::string, std::optional<TrainTest<float>>> whole_;
  std::map<std::string, std::unique_ptr<const LoadedData>> loaded_;
};

}  // namespace lmc::study
