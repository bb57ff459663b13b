// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#ifdef __linux__
#include <sys/mman.h>
#endif

#include <cstddef>
#include <cstdint>
#include <vector>

namespace lmc::detail {

/// values.reserve(n), in huge pages (2 MiB each) wherever a whole one lies within n values' room, and the system has them on
/// request. Linux hands memory out page by page as it is first written to, which in small pages can take longer than reading
/// the file that fills it. Throws: what reserve does.
template <class T>
void reserve_large(std::vector<T>& values, std::size_t n) {
  values.reserve(n);
#ifdef __linux__
  constexpr std::size_t huge_page = std::size_t{1} << 21;
  const std::size_t before = -reinterpret_cast<std::uintptr_t>(values.data()) % huge_page, bytes = n * sizeof(T);
  // A hint: where it is refused, the pages stay small.
  if (bytes >= before + huge_page)
    madvise(reinterpret_cast<char*>(values.data()) + before, (bytes - before) / huge_page * huge_page, MADV_HUGEPAGE);
#endif
}

}  // namespace lmc::detail
