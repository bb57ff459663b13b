// SPDX-License-Identifier: BSD-3-Clause
#include <omp.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace parallel_thread_team_test {

using lmc::Index;
using lmc::ThreadTeam;

TEST_CASE("ThreadTeam: calls each index once, with a worker of its own", "[core][threads]") {
  const int threads = GENERATE(1, 2, 5);
  std::vector<std::atomic<int>> calls(100), busy(static_cast<std::size_t>(threads));
  std::atomic<bool> shared = false;
  ThreadTeam(threads).for_each(100, [&](Index i, int worker) {
    if (busy.at(static_cast<std::size_t>(worker))++ != 0) shared = true;
    ++calls[static_cast<std::size_t>(i)];
    --busy[static_cast<std::size_t>(worker)];
  });
  for (const auto& count : calls) CHECK(count == 1);
  CHECK_FALSE(shared);
}

TEST_CASE("ThreadTeam: uses all its threads", "[core][threads]") {
  // Each of two calls waits for the other: one thread alone would never end.
  std::atomic<int> arrived = 0;
  ThreadTeam(2).for_each(2, [&](Index, int) {
    ++arrived;
    while (arrived < 2) {
    }
  });
  CHECK(arrived == 2);
}

TEST_CASE("ThreadTeam: sums in order, so that the bits do not depend on the number of threads", "[core][threads]") {
  const auto part = [](Index i, int) { return 1.0 / static_cast<double>(3 * i + 1); };
  double expected = 0.5;
  for (Index i = 0; i < 1000; ++i) expected += part(i, 0);
  for (const int threads : {1, 2, 3, 8}) CHECK(ThreadTeam(threads).sum_in_order(1000, 0.5, part) == expected);
}

TEST_CASE("ThreadTeam: rethrows the exception of the lowest index, after all calls", "[core][threads]") {
  const int threads = GENERATE(1, 2, 4);
  std::atomic<int> calls = 0;
  std::string message;
  try {
    ThreadTeam(threads).for_each(50, [&](Index i, int) {
      ++calls;
      if (i % 20 == 7) throw std::runtime_error("index " + std::to_string(i));
    });
  } catch (const std::runtime_error& e) {
    message = e.what();
  }
  CHECK(message == "index 7");
  CHECK(calls == 50);
}

TEST_CASE("ThreadTeam: is serial inside a parallel region, and leaves OpenMP's settings alone", "[core][threads]") {
  const int before = omp_get_max_threads();
  std::atomic<int> largest = 0;
  ThreadTeam(2).for_each(2, [&](Index, int) {
    const int size = ThreadTeam(4).size();
    if (size > largest) largest = size;
  });
  CHECK(largest == 1);
  CHECK(ThreadTeam().size() == before);
  CHECK(omp_get_max_threads() == before);
}

TEST_CASE("ThreadTeam: refuses a negative number of threads", "[core][threads][errors]") {
  CHECK_THROWS_WITH(ThreadTeam(-2), "ThreadTeam: threads = -2; expected a positive number, or 0 for all cores");
}

}  // namespace parallel_thread_team_test
