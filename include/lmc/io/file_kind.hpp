// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include <lmc/core/error.hpp>
#include <lmc/io/detail/text_kind.hpp>

namespace lmc {

/// What a file is, and what to do with it.
struct FileKind {
  std::string_view name;    // with its article, as in "a Git LFS pointer"
  std::string_view advice;  // a phrase, as in "run `git lfs pull`"
};

/// So many bytes of a file's beginning, or the whole of a shorter file, are what file_kind wants.
inline constexpr std::size_t file_kind_bytes = 4096;

namespace detail {

using namespace std::string_view_literals;  // for bytes that are 0

inline constexpr std::string_view convert_image = "convert it to PNG or JPEG";
inline constexpr std::string_view unpack_first = "unpack it first";
inline constexpr std::string_view save_as_csv = "save the table as CSV, in UTF-8";
inline constexpr std::string_view save_safetensors_advice =
    "in Python, load it with torch.load, and save its tensors with safetensors.torch.save_file";

/// Bytes that every file of a kind begins with.
struct Magic {
  std::string_view bytes;
  FileKind kind;
};

/// No text begins with any of these.
inline constexpr std::array magics = {
    Magic{"\x89PNG\r\n\x1a\n"sv, {"a PNG image", "load_image_folder reads folders of those, `--dataset images`"}},
    Magic{"\xff\xd8\xff"sv, {"a JPEG image", "load_image_folder reads folders of those, `--dataset images`"}},
    Magic{"GIF87a"sv, {"a GIF image", convert_image}},
    Magic{"GIF89a"sv, {"a GIF image", convert_image}},
    Magic{"II*\0"sv, {"a TIFF image", convert_image}},
    Magic{"MM\0*"sv, {"a TIFF image", convert_image}},
    Magic{"II+\0"sv, {"a TIFF image", convert_image}},
    Magic{"\0\0\0\x0cjP  \r\n\x87\n"sv, {"a JPEG 2000 image", convert_image}},
    Magic{"\xff\x4f\xff\x51"sv, {"a JPEG 2000 image", convert_image}},
    Magic{"\0\0\0\x0cJXL \r\n\x87\n"sv, {"a JPEG XL image", convert_image}},
    Magic{"\xff\x0a"sv, {"a JPEG XL image", convert_image}},
    Magic{"8BPS\0"sv, {"a Photoshop image", convert_image}},
    Magic{"\0\0\x01\0"sv, {"an icon (.ico)", convert_image}},
    Magic{"%PDF-"sv, {"a PDF document", "take its tables or images out of it"}},
    Magic{"\x93NUMPY"sv,
          {"a NumPy array (.npy)",
           "load_npy reads those; a table is made by numpy.savetxt(\"NAME.csv\", numpy.load(…), delimiter=\",\")"}},
    Magic{"\x89HDF\r\n\x1a\n"sv,
          {"an HDF5 file", "write what it holds in the format that is expected, as with h5py in Python"}},
    Magic{"\x1f\x8b"sv, {"a gzip file", "unpack it with gunzip, once for each time that it was compressed"}},
    Magic{"\xfd"
          "7zXZ\0"sv,
          {"an xz file", "unpack it with unxz, or tar -xf where it holds files"}},
    Magic{"\x28\xb5\x2f\xfd"sv, {"a zstd file", "unpack it with unzstd"}},
    Magic{"\x04\x22\x4d\x18"sv, {"an lz4 file", "unpack it with unlz4"}},
    Magic{"\x1f\x9d"sv, {"a file of compress (.Z)", "unpack it with gunzip"}},
    Magic{"7z\xbc\xaf\x27\x1c"sv, {"a 7z archive", unpack_first}},
    Magic{"Rar!\x1a\x07"sv, {"a RAR archive", unpack_first}},
    Magic{"PK\5\6"sv, {"a zip archive without files", "fetch it again"}},
    Magic{"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"sv, {"an old Office file, as .xls files are", save_as_csv}},
    Magic{"ARROW1\0"sv, {"an Arrow (Feather) file", "in Python, pandas.read_feather(…).to_csv(…, index=False) makes it CSV"}},
    Magic{"SQLite format 3\0"sv, {"an SQLite database", save_as_csv}},
    Magic{"MATLAB 5.0 MAT-file"sv, {"a MATLAB file", "write what it holds in the format that is expected"}},
    Magic{"RDX3\n"sv, {"an R data file", save_as_csv}},
    Magic{"RDX2\n"sv, {"an R data file", save_as_csv}},
    Magic{"GGUF\2\0"sv, {"a GGUF model", "fetch the model as safetensors"}},
    Magic{"GGUF\3\0"sv, {"a GGUF model", "fetch the model as safetensors"}},
    Magic{"\x80\x02\x8a\x0al\xfc\x9c\x46\xf9 j\xa8P\x19."sv, {"a PyTorch file", save_safetensors_advice}},
    Magic{"\xff\xfe\0\0"sv, {"a text in UTF-32", "convert it, as by `iconv -f UTF-32 -t UTF-8`"}},
    Magic{"\0\0\xfe\xff"sv, {"a text in UTF-32", "convert it, as by `iconv -f UTF-32 -t UTF-8`"}},
    Magic{"\xff\xfe"sv, {"a text in UTF-16", "convert it, as by `iconv -f UTF-16 -t UTF-8`"}},
    Magic{"\xfe\xff"sv, {"a text in UTF-16", "convert it, as by `iconv -f UTF-16 -t UTF-8`"}},
};

/// A number as it lies in a file, its lowest byte first. start holds all its bytes.
inline std::uint64_t little_endian(std::string_view start, std::size_t at, std::size_t bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes; i-- > 0;) value = value << 8 | static_cast<std::uint8_t>(start[at + i]);
  return value;
}

/// By the name of the first file in the archive.
inline FileKind zip_kind(std::string_view start) {
  const std::size_t length = start.size() >= 30 ? static_cast<std::size_t>(little_endian(start, 26, 2)) : 0;
  const std::string_view first = start.substr(std::min<std::size_t>(30, start.size()), length);
  const auto begins = [&](auto... names) { return (first.starts_with(names) || ...); };
  if (begins("[Content_Types].xml", "_rels/", "docProps/", "xl/", "word/") || start.find("opendocument") != start.npos)
    return {"an Office file, as .xlsx and .ods files are", save_as_csv};
  if (first.ends_with("/data.pkl") || first.ends_with("/version") || first.find("/code/") != first.npos)
    return {"a PyTorch file", save_safetensors_advice};
  if (first.ends_with(".npy")) return {"a zip file of NumPy arrays (.npz)", "save one array with numpy.save"};
  return {"a zip archive", "unpack it with unzip"};
}

/// What more than fixed bytes at the beginning tell.
inline std::optional<FileKind> structured_kind(std::string_view start) {
  const auto at = [&](std::size_t offset, std::string_view bytes) {
    return start.size() >= offset + bytes.size() && start.substr(offset, bytes.size()) == bytes;
  };
  const auto byte = [&](std::size_t i) { return i < start.size() ? static_cast<std::uint8_t>(start[i]) : std::uint8_t{0}; };
  if (at(0, "PK\3\4")) return zip_kind(start);
  if (at(0, "PAR1") && byte(4) < ' ' && !is_blank(static_cast<char>(byte(4))))
    return FileKind{"a Parquet file", "in Python, pandas.read_parquet(…).to_csv(…, index=False) makes it CSV"};
  if (at(0, "BZh") && (at(4, "1AY&SY") || at(4, "\x17rE8P\x90")))
    return FileKind{"a bzip2 file", "unpack it with bunzip2, or tar -xf where it holds files"};
  if (at(257, "ustar")) return FileKind{"a tar archive", "unpack it with tar -xf"};
  if (at(0, "RIFF") && at(8, "WEBP")) return FileKind{"a WebP image", convert_image};
  // The length of the first box comes before: below 2²⁹, as no text begins.
  if (at(4, "ftyp") && byte(0) < ' ') {
    if (at(8, "avi")) return FileKind{"an AVIF image", convert_image};
    const bool heif = at(8, "he") || at(8, "mif1") || at(8, "msf1");
    return heif ? FileKind{"a HEIC image", convert_image} : FileKind{"a film (MP4)", "take its images out, as with ffmpeg"};
  }
  // The length of the header behind the file's own header; BM alone may begin a text.
  if (at(0, "BM") && start.size() >= 18 && little_endian(start, 6, 4) == 0 && little_endian(start, 14, 4) >= 12 &&
      little_endian(start, 14, 4) <= 124)
    return FileKind{"a BMP image", convert_image};
  if (byte(0) == 0x80 && byte(1) >= 2 && byte(1) <= 5)
    return FileKind{"a Python pickle", "load it in Python, and write what it holds in the format that is expected"};
  if (byte(0) == 0 && byte(1) == 0 && byte(2) >= 8 && byte(2) <= 14 && byte(3) >= 1 && byte(3) <= 8)
    return FileKind{"an IDX file, as MNIST's are", "load_mnist reads folders of those, `--dataset mnist`"};
  if (start.size() > 9 && little_endian(start, 0, 8) <= 100'000'000 && at(8, "{\""))
    return FileKind{"a safetensors file", "load_safetensors reads those"};
  return std::nullopt;
}

}  // namespace detail

/// What a file is by its first bytes, of the formats that others of its name are taken for: archives, compressed files, images,
/// tables, models and pages of servers. Nothing where it is none of these, such as a table in UTF-8.
inline std::optional<FileKind> file_kind(std::string_view start) {
  for (const detail::Magic& magic : detail::magics)
    if (start.starts_with(magic.bytes)) return magic.kind;
  if (const auto kind = detail::structured_kind(start)) return kind;
  using detail::TextKind;
  switch (detail::text_kind(start)) {
    case TextKind::lfs_pointer:
      return FileKind{"a Git LFS pointer", "run `git lfs pull`, which puts the file in its place"};
    case TextKind::annex_pointer:
      return FileKind{"a git-annex pointer", "run `git annex get`, which puts the file in its place"};
    case TextKind::html:
      return FileKind{"an HTML page, as a server sends instead of a file that it lacks", "fetch the file again"};
    case TextKind::xml:
      return FileKind{"an XML text, as a server sends instead of a file that it lacks", "fetch the file again"};
    case TextKind::model_index:
      return FileKind{"the index of a model in several files", "load_safetensors reads all of them by it"};
    case TextKind::json:
      return FileKind{"a JSON text", "write what it holds in the format that is expected"};
    case TextKind::arff:
      return FileKind{"an ARFF table, as of Weka", detail::save_as_csv};
    case TextKind::libsvm:
      return FileKind{"a table in libsvm's format", detail::save_as_csv};
    case TextKind::netpbm:
      return FileKind{"a PPM, PGM or PBM image", detail::convert_image};
    case TextKind::utf16_big_endian:
      return FileKind{"a text in UTF-16", "convert it, as by `iconv -f UTF-16BE -t UTF-8`"};
    case TextKind::utf16_little_endian:
      return FileKind{"a text in UTF-16", "convert it, as by `iconv -f UTF-16LE -t UTF-8`"};
    case TextKind::other:
      return std::nullopt;
  }
  return std::nullopt;
}

/// A sentence for an error about a file that is not of the expected format, without its end: what it is and what to do, as far
/// as the first bytes tell; else the bytes or the text that it begins with.
inline std::string describe_start(std::string_view start) {
  if (start.empty()) return "it is empty; fetch it again";
  if (const auto kind = file_kind(start)) return concat("it is ", kind->name, "; ", kind->advice);
  const std::string text = detail::printable_start(start);
  return text.empty() ? "it begins with the bytes " + detail::hexadecimal(start.substr(0, 8))
                      : "it begins with the text '" + text + "'";
}

/// Throws: Error when the beginning of a table or a text tells that it is neither, but of another format (file_kind).
inline void require_text_start(const std::filesystem::path& path, std::string_view start) {
  const auto kind = file_kind(start);
  if (kind) throw Error(concat("cannot read '", path.string(), "': it is ", kind->name, "; ", kind->advice));
}

}  // namespace lmc
