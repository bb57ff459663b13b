// SPDX-License-Identifier: BSD-3-Clause
// What a program knows by name: the data sets and networks that come with it, and those of its user's own.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include <lmc/core/error.hpp>

#include "registry/datasets.hpp"
#include "registry/networks.hpp"

namespace registry {

class Registry {
 public:
  /// What comes with the programs.
  Registry();

  /// Adds a data set of one's own, which takes the option `data` in any case. Throws: lmc::Error when its name is taken or is none, when it has no `load`, and for an option
  /// that there is not.
  void add_dataset(DatasetKind kind);
  /// Adds a network of one's own. Throws: lmc::Error likewise, and for an option that has no default.
  void add_network(NetworkKind kind);

  [[nodiscard]] const std::vector<DatasetKind>& datasets() const { return datasets_; }
  [[nodiscard]] const std::vector<NetworkKind>& networks() const { return networks_; }
  [[nodiscard]] bool is_own_dataset(std::string_view name) const;
  [[nodiscard]] bool is_own_network(std::string_view name) const;

  /// All names with what they stand for, as the help of a program has them.
  [[nodiscard]] const std::string& dataset_help() const { return dataset_help_; }
  [[nodiscard]] const std::string& network_help() const { return network_help_; }

 private:
  void write_help();

  std::vector<DatasetKind> datasets_;
  std::vector<NetworkKind> networks_;
  std::string dataset_help_, network_help_;
};

/// That of this program. It is added to before anything is looked up, by one thread.
Registry& known();

}  // namespace registry
