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

/// What a plan needs to know of a data set.
struct DataSizes {
  Shape shape;
  Index classes, train, test;
};

/// A data set that a specification may name: one of the registry's with options of its own.
struct DataKind {
  std::string name;
  registry::DatasetOptions source;      // but for the place of its files
  std::string folder = {};              // below that of all data; empty where there is none
  std::string file = {};                // in the folder, as it is or with .gz behind its name; empty: the folder alone
  std::optional<DataSizes> sizes = {};  // of one that is known before it is loaded; else it is loaded to make a plan
};

/// All that have a name. mixture and mixture-hard are ten Gaussians of 64 dimensions in the form of images, 4 and 2 standard
/// deviations apart; words-K are samples of three words from K languages, as counts of character n-grams. Those of one's own come
/// last. Throws: Error when one of one's own is called as another.
const std::vector<DataKind>& data_kinds();

/// That of a name, or a table by its path. Throws: Error that names the nearest.
DataKind data_kind(const DataSpec& spec);

/// A prepared data set in memory, and its row in the store.
struct LoadedData {
  TrainTest<float> data;
  DataRow row;
};

/// The data sets of a folder, one subfolder each, and tables by their paths in it; loaded when they are first asked for, and shared by
/// all threads.
class DataSets {
 public:
  explicit DataSets(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// Whether the data set is computed or one's own, or its files seem to be there. Throws: Error for an unknown name.
  [[nodiscard]] bool present(const DataSpec& spec) const;

  /// The sizes that the data set has when it is prepared. Throws: Error for an unknown name, and as get() for a data set whose sizes only
  /// its files tell.
  DataSizes sizes(const DataSpec& spec);

  /// Throws: Error as the loaders do, and when a preparation does not fit the data.
  const LoadedData& get(const DataSpec& spec);

 private:
  std::filesystem::path folder_;
  std::mutex mutex_;
  std::map<std::string, std::optional<TrainTest<float>>> whole_;
  std::map<std::string, std::unique_ptr<const LoadedData>> loaded_;
};

}  // namespace lmc::study
