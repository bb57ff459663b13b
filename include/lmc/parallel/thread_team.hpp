// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#ifndef _OPENMP
#error "lmc/parallel/thread_team.hpp needs OpenMP: link lmc::lmc, or compile and link with -fopenmp"
#endif
#include <omp.h>

#include <algorithm>
#include <exception>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>

namespace lmc {

/// A number of OpenMP threads for independent pieces of work. Results do not depend on the number.
///
/// Only the outermost team runs in parallel: inside a parallel region, ours or the caller's, a team is serial. The process-wide
/// number of OpenMP threads is read, never set.
class ThreadTeam {
 public:
  /// threads = 0 takes OpenMP's own number (OMP_NUM_THREADS, else all cores). Throws: Error when negative.
  explicit ThreadTeam(int threads = 0) : threads_(threads == 0 ? omp_get_max_threads() : threads) {
    require(threads >= 0, "ThreadTeam: threads = ", threads, "; expected a positive number, or 0 for all cores");
  }

  /// Number of threads that for_each() would use now: 1 inside a parallel region.
  [[nodiscard]] int size() const { return omp_in_parallel() != 0 ? 1 : threads_; }

  /// Calls body(i, worker) once for every i in [0, n), worker < size() being one thread's own number at a time. An exception is
  /// rethrown after all calls; of several, that of the lowest i.
  template <class Body>
  void for_each(Index n, Body body) const {
    const int threads = static_cast<int>(std::min<Index>(size(), n));
    std::exception_ptr failure;
    Index failed = n;
    const auto call = [&](Index i, int worker) noexcept {
      try {
        body(i, worker);
      } catch (...) {
#pragma omp critical(lmc_thread_team_failure)
        if (i < failed) {
          failed = i;
          failure = std::current_exception();
        }
      }
    };
    if (threads <= 1) {
      for (Index i = 0; i < n; ++i) call(i, 0);
    } else {
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
      for (Index i = 0; i < n; ++i) call(i, omp_get_thread_num());
    }
    if (failure) std::rethrow_exception(failure);
  }

  /// start + part(0) + part(1) + …, the sum of part(i, worker) over i in [0, n), added in the order of i, whatever thread
  /// computed which.
  template <class T, class Part>
  T sum_in_order(Index n, T start, Part part) const {
    std::vector<T> parts(static_cast<std::size_t>(n));
    for_each(n, [&](Index i, int worker) { parts[static_cast<std::size_t>(i)] = part(i, worker); });
    for (T& p : parts) start += p;
    return start;
  }

 private:
  int threads_;
};

}  // namespace lmc
