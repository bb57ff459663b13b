// SPDX-License-Identifier: BSD-3-Clause
// Two networks of another trainer, in safetensors files.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include <lmc/align/layout_from_table.hpp>
#include <lmc/align/permutations.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/io/safetensors.hpp>

/// Two files of the same tensors, and the layout that a table gives them.
class NetworkPair {
 public:
  /// Throws: lmc::Error when a file cannot be read, the two differ in names, shapes or types of tensors (which are named), or the
  /// table does not fit them.
  NetworkPair(const std::filesystem::path& path_a, const std::filesystem::path& path_b,
              const std::vector<lmc::TableEntry>& table);

  [[nodiscard]] const lmc::ParameterLayout& layout() const { return layout_; }
  [[nodiscard]] const lmc::ModelState<double>& a() const { return a_; }
  [[nodiscard]] const lmc::ModelState<double>& b() const { return b_; }
  /// What the table does not mention, with its type where that is none of floating-point numbers: it stays as it is.
  [[nodiscard]] const std::vector<std::string>& fixed() const { return fixed_; }
  /// Tensors that the table does not mention although they have one entry for each unit of a group: forgotten, perhaps.
  [[nodiscard]] std::vector<std::string> suspects() const;
  /// The second file with its units in that order; each value as it was, to the bit.
  [[nodiscard]] lmc::Safetensors permuted_b(const lmc::Permutations& permutations) const;

 private:
  lmc::Safetensors file_b_;
  lmc::ParameterLayout layout_;
  lmc::ModelState<double> a_, b_;
  std::vector<std::string> unmentioned_;  // by the table, of floating-point numbers
  std::vector<std::string> fixed_;
};
