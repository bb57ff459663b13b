// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>

namespace lmc::detail {

/// What an observer keeps of each run, made when the run is first seen. Runs are seen by several threads at the same time; what is kept
/// of one run is touched by its thread alone. Copies share it.
template <class T>
class PerRun {
 public:
  [[nodiscard]] T& operator[](std::size_t run) const {
    const std::lock_guard lock(shared_->mutex);
    return shared_->kept[run];
  }
  /// Nothing where the run was not seen.
  [[nodiscard]] const T* find(std::size_t run) const {
    const std::lock_guard lock(shared_->mutex);
    const auto found = shared_->kept.find(run);
    return found == shared_->kept.end() ? nullptr : &found->second;
  }

 private:
  struct Shared {
    std::mutex mutex;
    std::map<std::size_t, T> kept;
  };
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

}  // namespace lmc::detail
