// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>

#include <lmc/core/shape.hpp>

namespace lmc::detail {

/// What an observer keeps of each run, by the run's number. Runs are seen by several threads at the same time; what is kept of one run
/// is touched by its thread alone. Copies share it.
template <class T>
class PerRun {
 public:
  /// What is kept of a run that has made so many updates, at least 1. Where it has not made more than when it was last seen, it is another
  /// training with the same number, of which nothing is kept yet. To be called at every update.
  [[nodiscard]] T& at(std::size_t run, Index step) const {
    const std::lock_guard lock(shared_->mutex);
    Entry& entry = shared_->entries[run];
    if (step <= entry.step) entry.kept = T();
    entry.step = step;
    return entry.kept;
  }
  /// Nothing where the run was not seen.
  [[nodiscard]] const T* find(std::size_t run) const {
    const std::lock_guard lock(shared_->mutex);
    const auto found = shared_->entries.find(run);
    return found == shared_->entries.end() ? nullptr : &found->second.kept;
  }

 private:
  struct Entry {
    Index step = 0;
    T kept = {};
  };
  struct Shared {
    std::mutex mutex;
    std::map<std::size_t, Entry> entries;
  };
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

}  // namespace lmc::detail
