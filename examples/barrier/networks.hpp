// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <lmc/connectivity/alpha_grid.hpp>
#include <lmc/data/dataset.hpp>

#include "barrier/recording.hpp"
#include "registry/datasets.hpp"
#include "registry/networks.hpp"

/// What networks in files are, and on which data they are measured.
struct NetworkFileOptions {
  registry::NetworkOptions network;
  registry::DatasetOptions data;
  std::string part = "test";    // of the data set: train or test
  std::filesystem::path names;  // CSV with the columns torch and lmc; none: by order and shape
};

/// Whether a file holds parameters, not what was measured.
bool is_network_file(const std::filesystem::path& path);

/// A network that lmc has and a data set, read once; pairs of files are measured on these.
class NetworkFiles {
 public:
  /// Throws: Error as make_network, load_dataset, when the table of names is none, when one of the files says that it was trained on
  /// another data set, when two pairs are of the same two networks, and when one of several pairs is of one network. Networks are the
  /// same where their parameters are, whatever the files call and how they store them, also rounded to 16 bits.
  NetworkFiles(const NetworkFileOptions& options, const std::vector<std::string>& files);
  ~NetworkFiles();
  NetworkFiles(const NetworkFiles&) = delete;
  NetworkFiles& operator=(const NetworkFiles&) = delete;

  /// The line between the networks in two safetensors files, of lmc or of PyTorch. Running statistics are estimated anew at each α, on
  /// the training part. Throws: Error that names the file, when it is not of this network or says that it is of another, when it has
  /// lmc's names although there is a table of names, and when a parameter or a loss is NaN or infinite.
  [[nodiscard]] Recording measure(const std::filesystem::path& a, const std::filesystem::path& b,
                                  const lmc::AlphaGrid& alphas) const;

  [[nodiscard]] const lmc::TrainTest<float>& data() const;

  /// One number for each pair, equal for pairs that depend on each other: those that have a network in common or, where all files say it,
  /// start from one seed, and those that `given` says, if any. Adds to notes what it took from the files.
  [[nodiscard]] std::vector<lmc::Index> initializations(const std::vector<lmc::Index>& given,
                                                        std::vector<std::string>& notes) const;

 private:
  struct Parts;
  std::unique_ptr<const Parts> parts_;
};
