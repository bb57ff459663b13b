// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <sys/mman.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>

#include <lmc/core/error.hpp>
#include <lmc/core/shared_bytes.hpp>
#include <lmc/io/detail/small_file_reader.hpp>
#include <lmc/io/input_file.hpp>

namespace lmc {

/// The bytes of a regular file where the system has them in memory, not copied: processes that map the same file share them,
/// and the system can drop and reread them. Only for files that are replaced and never shortened: reading beyond a new end ends
/// the process. Throws: Error that names the path when it is no regular file, is empty, or cannot be mapped.
inline SharedBytes map_file(const std::string& path) {
  const std::size_t size = open_input_file(path).size;
  require(size > 0, "cannot map '", path, "': it is empty");
  const detail::FileDescriptor file(path);
  void* const begin = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file.number(), 0);
  require(begin != MAP_FAILED, "cannot map '", path, "': ", std::strerror(errno));
  return {{static_cast<const std::uint8_t*>(begin), size},
          std::shared_ptr<void>(begin, [size](void* mapped) { ::munmap(mapped, size); })};
}

namespace detail {

/// Looks up the pages of bytes of a mapped file at once, where Linux knows how; one by one, as they are touched, takes longer
/// than reading them.
inline void populate(std::span<const std::uint8_t> bytes) {
#ifdef MADV_POPULATE_READ
  constexpr std::size_t page = 4096;
  const std::size_t before = reinterpret_cast<std::uintptr_t>(bytes.data()) % page;
  ::madvise(const_cast<std::uint8_t*>(bytes.data()) - before, bytes.size() + before, MADV_POPULATE_READ);  // a hint
#else
  (void)bytes;
#endif
}

}  // namespace detail

}  // namespace lmc
