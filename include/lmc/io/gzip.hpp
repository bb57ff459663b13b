// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/io/file_kind.hpp>
#include <lmc/io/input_file.hpp>

namespace lmc {

/// The content of a file from beginning to end, decompressed on the way where it is gzip: told by its first two bytes, not by
/// its name. Several gzip members in a row are one content, and bytes 0 behind the last are passed over, as gzip has it. Nothing is
/// read ahead of what is asked for, so that a small file cannot unpack into more memory than its reader gives it.
class GzipReader {
 public:
  /// Throws: Error when the file cannot be opened.
  explicit GzipReader(const std::filesystem::path& path) : file_(open_input_file(path)) {
    char magic[2] = {};
    file_.stream.read(magic, 2);
    compressed_ = file_.stream.gcount() == 2 && magic[0] == '\x1f' && magic[1] == '\x8b';
    file_.stream.clear();
    file_.stream.seekg(0);
    constexpr int gzip_only = 15 + 16;  // the largest window; the gzip header and its check sum, and no other
    if (compressed_ && inflateInit2(&zlib_, gzip_only) != Z_OK) throw std::bad_alloc();
  }
  GzipReader(const GzipReader&) = delete;
  GzipReader& operator=(const GzipReader&) = delete;
  ~GzipReader() {
    if (compressed_) inflateEnd(&zlib_);
  }

  /// Fills bytes; returns how many there were, less than bytes.size() at the end of the content only. A gzip member's check sum
  /// is compared when the read that passes its end is made. Throws: Error when the file cannot be read, is cut or corrupt, changes its
  /// length meanwhile, or other bytes follow its last member.
  std::size_t read(std::span<std::uint8_t> bytes) {
    if (!compressed_) return read_file(bytes);
    std::size_t done = 0;
    while (done < bytes.size()) {
      if (zlib_.avail_in == 0) refill();
      if (zlib_.avail_in == 0) {
        require(member_ended_, "'", file_.path.string(), "' is cut: the file ends inside its gzip data");
        break;
      }
      if (member_ended_) {
        if (*zlib_.next_in != first_byte) {
          require_only_zeros();
          break;
        }
        inflateReset(&zlib_);
        member_ended_ = false;
      }
      const auto room = static_cast<uInt>(std::min<std::size_t>(bytes.size() - done, std::numeric_limits<uInt>::max()));
      zlib_.next_out = bytes.data() + done;
      zlib_.avail_out = room;
      const int result = inflate(&zlib_, Z_NO_FLUSH);
      if (result == Z_MEM_ERROR) throw std::bad_alloc();
      require(result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR, "'", file_.path.string(),
              "' is corrupt gzip (", zlib_.msg != nullptr ? zlib_.msg : "invalid data", "); fetch or compress it again");
      member_ended_ = result == Z_STREAM_END;
      done += room - zlib_.avail_out;
    }
    return done;
  }

  /// Length of the content where the file tells it: not of a gzip file.
  [[nodiscard]] std::optional<std::uintmax_t> size() const { return compressed_ ? std::nullopt : std::optional(file_.size); }
  /// Length of the file.
  [[nodiscard]] std::uintmax_t file_size() const { return file_.size; }

 private:
  static constexpr std::uint8_t first_byte = 0x1f;  // of a gzip member

  void refill() {
    zlib_.avail_in = static_cast<uInt>(read_file(input_));
    zlib_.next_in = input_.data();
  }

  // To the end of the file, which programs fill up to a whole block.
  void require_only_zeros() {
    for (; zlib_.avail_in > 0; refill())
      for (; zlib_.avail_in > 0; --zlib_.avail_in, ++zlib_.next_in)
        require(*zlib_.next_in == 0, "'", file_.path.string(),
                "' has other bytes behind its gzip data; fetch it again, or remove them");
  }

  std::size_t read_file(std::span<std::uint8_t> bytes) {
    file_.stream.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    const auto count = static_cast<std::size_t>(file_.stream.gcount());
    if (count < bytes.size()) require_unchanged(file_);
    return count;
  }

  InputFile file_;
  bool compressed_ = false;
  bool member_ended_ = false;
  std::vector<std::uint8_t> input_ = std::vector<std::uint8_t>(std::size_t{1} << 16);
  z_stream zlib_{};
};

namespace detail {

/// The first bytes of a file's content, for file_kind; fewer where it has fewer. Nothing where they cannot be read.
inline std::string start_of_content(const std::filesystem::path& path) {
  std::string start(file_kind_bytes, '\0');
  try {
    start.resize(GzipReader(path).read({reinterpret_cast<std::uint8_t*>(start.data()), start.size()}));
  } catch (const Error&) {
    start.clear();
  }
  return start;
}

}  // namespace detail

}  // namespace lmc
