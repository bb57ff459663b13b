// SPDX-License-Identifier: BSD-3-Clause
// Counts what the test program's own files allocate, Eigen's memory, too: it is linked with --wrap=malloc.
#include <atomic>
#include <cstdlib>
#include <new>
#include <support/allocations.hpp>

static std::atomic<std::size_t> count = 0;

std::size_t testing::allocations() { return count; }

extern "C" {
void* __real_malloc(std::size_t size);   // NOLINT: the linker's names
void* __wrap_malloc(std::size_t size) {  // NOLINT
  ++count;
  return __real_malloc(size);
}
}

void* operator new(std::size_t size) {
  if (void* p = std::malloc(size)) return p;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept { return std::malloc(size); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
