// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include <lmc/core/error.hpp>
#include <lmc/io/detail/safetensors_header.hpp>
#include <lmc/io/detail/text_kind.hpp>
#include <lmc/io/input_file.hpp>

// The index of a model in several files: {"metadata": {"total_size": BYTES}, "weight_map": {TENSOR: FILE, …}}. Source:
// https://huggingface.co/docs/safetensors, "Metadata Parsing", sharded models.

namespace lmc::detail {

/// In which file each tensor of a model lies.
struct SafetensorsIndex {
  std::map<std::string, std::string> file_of;  // by tensor
  std::optional<std::uint64_t> total_size;     // of all values, bytes; where the index says it

  [[nodiscard]] std::set<std::string> files() const {
    std::set<std::string> names;
    for (const auto& [tensor, file] : file_of) names.insert(file);
    return names;
  }
};

/// Whether a file begins as the index of a model does; not where it cannot be opened, which who reads it says better.
inline bool is_safetensors_index(const std::filesystem::path& path) {
  InputFile file = open_input_file(path);
  std::string start(64, '\0');
  file.stream.read(start.data(), static_cast<std::streamsize>(start.size()));
  start.resize(static_cast<std::size_t>(file.stream.gcount()));
  const TextKind kind = text_kind(start);
  const bool is_json = kind == TextKind::json || kind == TextKind::model_index;
  return is_json && start.find('\0') == std::string::npos;  // a header of 8827 bytes has a length that begins as JSON does
}

/// Whether a name is that of a file in the same folder or below it.
inline bool stays_in_folder(const std::filesystem::path& name) {
  return !name.empty() && name.is_relative() &&
         std::none_of(name.begin(), name.end(), [](const auto& part) { return part == ".."; });
}

/// Throws: Error that names the index when it is not as above, or files are missing (all of them) or would lie outside its folder.
inline SafetensorsIndex read_safetensors_index(const std::filesystem::path& path) {
  const auto check = [&](bool ok, const auto&... parts) {
    if (!ok) throw Error(concat("load_safetensors: '", path.string(), "': ", parts...));
  };
  InputFile file = open_input_file(path);
  constexpr std::uintmax_t longest = 100'000'000;
  check(file.size <= longest, "the JSON text has ", file.size, " bytes; expected the index of a model, of at most ", longest);
  std::string text(static_cast<std::size_t>(file.size), ' ');
  file.stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  check(text.find('\0') == std::string::npos, "the JSON text has a byte 0");
  nlohmann::json json;
  try {
    json = parse_json_without_duplicates("the index", text);
  } catch (const Error& e) {
    check(false, e.what());
  }
  check(
      json.is_object() && json.contains("weight_map") && json["weight_map"].is_object() && !json["weight_map"].empty(),
      "this is a JSON text without a 'weight_map'; expected a safetensors file, or the index of a model in several, which says in "
      "which file each tensor is");
  SafetensorsIndex index;
  for (const auto& [tensor, name] : json["weight_map"].items()) {
    check(name.is_string(), "the file of the tensor '", tensor, "' is no text");
    const auto shard = name.get<std::string>();
    check(stays_in_folder(shard), "the tensor '", tensor, "' is said to be in '", shard,
          "'; expected a file in the folder of the index");
    index.file_of[tensor] = shard;
  }
  if (json.contains("metadata") && json["metadata"].is_object() && json["metadata"].contains("total_size")) {
    const nlohmann::json& size = json["metadata"]["total_size"];
    const bool whole = size.is_number_unsigned() || (size.is_number_float() && size.get<double>() >= 0 &&
                                                     size.get<double>() < 9e15);  // 8.0, as some write it
    check(whole, "total_size is no number of bytes");
    index.total_size = size.is_number_unsigned() ? size.get<std::uint64_t>() : static_cast<std::uint64_t>(size.get<double>());
  }
  std::string missing;
  for (const std::string& name : index.files())
    if (!std::filesystem::exists(path.parent_path() / name)) missing += concat(missing.empty() ? "" : ", ", "'", name, "'");
  check(missing.empty(), "the model's files ", missing, " are missing; fetch them into the folder of the index");
  return index;
}

}  // namespace lmc::detail
