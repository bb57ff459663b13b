// SPDX-License-Identifier: BSD-3-Clause
// The runs of a pair are saved while they are trained, and the same command goes on from what a process before it has saved.
#pragma once
#include <cstddef>
#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include <lmc/train/save_every.hpp>

#include "pair/options.hpp"
#include "registry/file_lock.hpp"

/// When runs are saved. Throws: lmc::Error with the option as it was typed.
lmc::SaveEveryOptions parse_save_every(const Options& o);

/// The folder of --checkpoint, which this process alone writes to.
class ResumeFolder {
 public:
  /// Makes the folder. Throws: lmc::Error when that cannot be done, or another process has it.
  explicit ResumeFolder(const Options& o);

  /// The file of a run, by its position among all that are trained.
  [[nodiscard]] std::filesystem::path file(std::size_t run) const;
  /// All files, with the option that asks for them.
  [[nodiscard]] std::vector<std::pair<const char*, std::filesystem::path>> outputs() const;

 private:
  std::filesystem::path folder_;
  std::size_t runs_;
  std::optional<registry::FileLock> lock_;
};
