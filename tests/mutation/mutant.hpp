// SPDX-License-Identifier: BSD-3-Clause
// The choice among the faults of a header, included before everything else: the environment variable LMC_MUTANT is the number of the
// one that the program is to have. Where LMC_MUTANTS_REACHED names a file, the numbers of those that it came past are added to it.
#pragma once
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <type_traits>

namespace lmc_mutation {

inline const long chosen = std::getenv("LMC_MUTANT") != nullptr ? std::atol(std::getenv("LMC_MUTANT")) : -1;
inline std::atomic<bool> reached[1 << 20];

struct AtExit {
  ~AtExit() {
    if (const char* path = std::getenv("LMC_MUTANTS_REACHED")) {
      std::FILE* file = std::fopen(path, "a");
      for (int id = 0; id < 1 << 20; ++id)
        if (reached[id]) std::fprintf(file, "%d\n", id);
      std::fclose(file);
    }
  }
};
inline const AtExit at_exit;

inline bool is_chosen(int id) {
  if (!reached[id].load(std::memory_order_relaxed)) reached[id].store(true, std::memory_order_relaxed);
  return id == chosen;
}

}  // namespace lmc_mutation

/// Never while the compiler evaluates.
constexpr bool lmc_mutant(int id) { return !std::is_constant_evaluated() && lmc_mutation::is_chosen(id); }

/// For an expression whose type must stay what it is without the fault.
template <class Either, class Right>
constexpr bool lmc_mutant(int id) {
  static_assert(std::is_same_v<std::remove_cvref_t<Either>, std::remove_cvref_t<Right>>);
  return lmc_mutant(id);
}
