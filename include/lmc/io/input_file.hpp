// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <ios>
#include <system_error>
#include <utility>

#include <lmc/core/error.hpp>

namespace lmc {

/// A regular file opened for reading, and how long it is.
struct InputFile {
  std::filesystem::path path;  // as it was given
  std::uintmax_t size = 0;     // bytes
  std::ifstream stream;        // binary, at the first byte
};

/// Opens a file that has a length to check a header against: neither a directory nor a pipe.
/// Throws: Error that names the path, and what stands in the way.
inline InputFile open_input_file(const std::filesystem::path& path) {
  std::error_code failure;
  const auto status = std::filesystem::status(path, failure);
  require(status.type() != std::filesystem::file_type::not_found, "cannot open '", path.string(), "': there is no such file");
  require(!failure, "cannot open '", path.string(), "': ", failure.message());
  require(!std::filesystem::is_directory(status), "cannot open '", path.string(), "': it is a directory, expected a file");
  require(std::filesystem::is_regular_file(status), "cannot open '", path.string(), "': it is not a regular file");
  const std::uintmax_t size = std::filesystem::file_size(path, failure);
  require(!failure, "cannot open '", path.string(), "': ", failure.message());
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  require(stream.is_open(), "cannot open '", path.string(), "': ", std::strerror(errno));
  return {path, size, std::move(stream)};
}

/// Throws: Error where reading has come to an end that is not the one that the file had when it was opened, so that what was read
/// is not all of it. To be called at the end of the stream.
inline void require_unchanged(InputFile& file) {
  require(!file.stream.bad(), "cannot read '", file.path.string(), "' to its end");
  file.stream.clear();
  const std::streamoff end = file.stream.tellg();
  require(end >= 0 && static_cast<std::uintmax_t>(end) == file.size, "'", file.path.string(),
          "' changed while it was read: it had ", file.size, " bytes, and now ends after ", end,
          "; read it again when nothing writes to it");
}

}  // namespace lmc
