// SPDX-License-Identifier: BSD-3-Clause
#include "fuzz.hpp"

#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <new>

namespace {

constexpr auto no_limit = std::numeric_limits<std::ptrdiff_t>::max();
std::atomic<std::ptrdiff_t> alive = 0;        // bytes
std::atomic<std::ptrdiff_t> most = no_limit;  // that may be alive
std::atomic<std::ptrdiff_t> beginning = 0;    // bytes that were alive when the limit began to count

void* count(void* p) {
  const std::ptrdiff_t now = alive += static_cast<std::ptrdiff_t>(malloc_usable_size(p));
  if (now > most) {
    std::fprintf(stderr, "fuzz: %td bytes are allocated, and %td are the limit\n", now - beginning, most - beginning);
    std::abort();
  }
  return p;
}

}  // namespace

// All of them: the sanitizers' own would not end up in these, and complain where the two meet.
void* operator new(std::size_t size) {
  if (void* p = std::malloc(size)) return count(p);
  throw std::bad_alloc();
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  const auto a = static_cast<std::size_t>(alignment);
  if (void* p = std::aligned_alloc(a, (size + a - 1) / a * a)) return count(p);
  throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
  void* p = std::malloc(size);
  return p == nullptr ? p : count(p);
}
void* operator new[](std::size_t size) { return operator new(size); }
void* operator new[](std::size_t size, std::align_val_t alignment) { return operator new(size, alignment); }
void* operator new[](std::size_t size, const std::nothrow_t& tag) noexcept { return operator new(size, tag); }
void operator delete(void* p) noexcept {
  if (p == nullptr) return;
  alive -= static_cast<std::ptrdiff_t>(malloc_usable_size(p));
  std::free(p);
}
void operator delete(void* p, std::size_t) noexcept { operator delete(p); }
void operator delete(void* p, std::align_val_t) noexcept { operator delete(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { operator delete(p); }
void operator delete(void* p, const std::nothrow_t&) noexcept { operator delete(p); }
void operator delete[](void* p) noexcept { operator delete(p); }
void operator delete[](void* p, std::size_t) noexcept { operator delete(p); }
void operator delete[](void* p, std::align_val_t) noexcept { operator delete(p); }
void operator delete[](void* p, std::size_t, std::align_val_t) noexcept { operator delete(p); }
void operator delete[](void* p, const std::nothrow_t&) noexcept { operator delete(p); }

namespace fuzz {

AllocationLimit::AllocationLimit(std::size_t limit) {
  beginning = alive.load();
  most = beginning + static_cast<std::ptrdiff_t>(limit);
}
AllocationLimit::~AllocationLimit() { most = no_limit; }

void check(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "fuzz: not so: %s\n", what);
  std::abort();
}

std::filesystem::path in_memory_file(Bytes bytes, const std::string& name) {
  static const int file = ::memfd_create("fuzz", MFD_CLOEXEC);
  static const std::filesystem::path folder = [] {
    std::string path = (std::filesystem::temp_directory_path() / "lmc-fuzz-XXXXXX").string();
    check(::mkdtemp(path.data()) != nullptr, "there is a temporary folder");
    static const std::filesystem::path made = path;
    std::atexit([] {
      std::error_code ignored;
      std::filesystem::remove_all(made, ignored);
    });
    return made;
  }();
  check(::ftruncate(file, 0) == 0 && ::pwrite(file, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()),
        "the file in memory can be written");
  std::filesystem::path path = folder / name;
  if (!std::filesystem::is_symlink(path)) {
    std::filesystem::create_directories(path.parent_path());
    std::filesystem::create_symlink("/proc/self/fd/" + std::to_string(file), path);
  }
  return path;
}

std::size_t unpacked_size(Bytes bytes) {
  if (bytes.size() < 2 || bytes[0] != 0x1f || bytes[1] != 0x8b) return 0;
  z_stream zlib{};
  check(inflateInit2(&zlib, 15 + 16) == Z_OK, "zlib has memory");
  static std::array<std::uint8_t, std::size_t{1} << 16> output;
  zlib.next_in = const_cast<Bytef*>(bytes.data());
  zlib.avail_in = static_cast<uInt>(bytes.size());
  std::size_t size = 0;
  for (int result = Z_OK; result == Z_OK || (result == Z_STREAM_END && zlib.avail_in > 0);) {
    if (result == Z_STREAM_END) inflateReset(&zlib);
    zlib.next_out = output.data();
    zlib.avail_out = static_cast<uInt>(output.size());
    result = inflate(&zlib, Z_NO_FLUSH);
    size += output.size() - zlib.avail_out;
  }
  inflateEnd(&zlib);
  return size;
}

}  // namespace fuzz
