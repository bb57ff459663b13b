// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/io/output_file.hpp>

#include "output_claims.hpp"
#include "pair/options.hpp"

/// The figure that stands beside another one: curve-layers.png for curve.png and layers.
std::filesystem::path figure_beside(const std::filesystem::path& figure, std::string_view name);

// Every file that will be written. They are opened before training, so that one that cannot be written is an error at once.
class Outputs {
 public:
  /// `program` begins its messages; `figures` are the names of those beside the figure, `further` the files that the program opens by
  /// itself, each with the option that asks for it. Throws: lmc::Error that names the option.
  Outputs(std::string_view program, const Options& o, const std::vector<std::string_view>& figures,
          const std::vector<std::pair<const char*, std::filesystem::path>>& further = {});

  /// Each by itself: what cannot be measured is named, and costs no other result.
  void measure(const std::function<void()>& work);
  /// The same for what cannot be written. A folder that was removed since it was there is made again.
  void write(const std::function<void()>& work);
  void write(std::optional<lmc::OutputFile>& file, const std::function<void(std::ostream&)>& write_to);

  /// The file for that run of an initialization; none where checkpoints are not asked for.
  [[nodiscard]] std::optional<lmc::OutputFile>& checkpoint(std::size_t initialization, std::size_t run) {
    return checkpoints_[initialization * runs_ + run];
  }

  std::optional<lmc::OutputFile> json, csv;
  std::optional<std::string> figure;
  bool measured = true, written = true;  // all so far

 private:
  void attempt(const std::function<void()>& work, bool& done);
  void open(std::optional<lmc::OutputFile>& file, const char* option, const std::filesystem::path& path);
  void claim(const char* option, const std::filesystem::path& path);
  void restore_folders() const;

  std::string program_;
  OutputClaims claims_;
  std::set<std::filesystem::path> folders_;  // of all outputs
  std::size_t runs_;                         // from each initialization
  std::vector<std::optional<lmc::OutputFile>> checkpoints_;
};
