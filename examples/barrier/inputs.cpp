// SPDX-License-Identifier: BSD-3-Clause
#include "barrier/inputs.hpp"

#include <cstddef>
#include <filesystem>
#include <optional>
#include <system_error>

#include <lmc/core/error.hpp>
#include <lmc/io/detail/safetensors_index.hpp>
#include <lmc/io/file_kind.hpp>
#include <lmc/io/input_file.hpp>

#include "barrier/networks.hpp"

namespace {

namespace fs = std::filesystem;

// Which file of a folder is meant.
std::string advice_for_folder(const fs::path& folder) {
  std::error_code none;
  std::string index, file;
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator(folder, none)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(".safetensors.index.json") && (index.empty() || name < index)) index = name;
    if (!name.ends_with(".safetensors")) continue;
    ++files;
    if (file.empty() || name < file) file = name;
  }
  if (!index.empty()) return lmc::concat("give the index of its network, '", (folder / index).string(), "'");
  if (files == 1) return lmc::concat("give the file in it, '", (folder / file).string(), "'");
  return files == 0 ? std::string("give files") : lmc::concat("give files in it, as '", (folder / file).string(), "'");
}

// Whether a name is one that networks of PyTorch have, which before 1.6 wrote plain pickles.
bool has_torch_name(const fs::path& path) {
  const fs::path suffix = path.extension();
  return suffix == ".pt" || suffix == ".pth" || suffix == ".bin" || suffix == ".ckpt";
}

std::string start_of(const fs::path& path) {
  lmc::InputFile file = lmc::open_input_file(path);
  std::string start(lmc::file_kind_bytes, '\0');
  file.stream.read(start.data(), static_cast<std::streamsize>(start.size()));
  start.resize(static_cast<std::size_t>(file.stream.gcount()));
  return start;
}

}  // namespace

void require_readable_kinds(const std::vector<std::string>& files) {
  for (const std::string& file : files) {
    if (fs::is_directory(file)) throw lmc::Error(lmc::concat("'", file, "' is a folder; ", advice_for_folder(file)));
    if (is_network_file(file) || fs::path(file).extension() == ".npy") continue;  // whose readers look for themselves
    if (!fs::is_regular_file(file)) continue;                                     // a pipe can be read once
    const auto kind = lmc::file_kind(start_of(file));
    if (!kind) continue;
    const bool is_network = kind->name == "a safetensors file", is_array = kind->name == "a NumPy array (.npy)";
    const bool is_index = kind->name == "the index of a model in several files";
    const bool is_old_torch = kind->name == "a Python pickle" && has_torch_name(file);
    throw lmc::Error(lmc::concat("'", file, "' is ", kind->name, "; ",
                                 is_network     ? "give it a name that ends in .safetensors"
                                 : is_array     ? "give it a name that ends in .npy"
                                 : is_index     ? "give it a name that ends in .safetensors.index.json"
                                 : is_old_torch ? lmc::detail::save_safetensors_advice
                                                : kind->advice));
  }
}

void require_each_once(const std::vector<std::string>& files) {
  for (std::size_t i = 0; i < files.size(); ++i)
    for (std::size_t k = 0; k < i; ++k) {
      std::error_code none;
      lmc::require(files[k] != files[i], "'", files[i], "' is given twice; a pair counts once: leave one out");
      lmc::require(!fs::equivalent(files[k], files[i], none), "'", files[k], "' and '", files[i],
                   "' are one file; a pair counts once: leave one out");
    }
}

std::vector<std::string> files_of_index(const std::string& file) {
  std::vector<std::string> files;
  if (!is_network_file(file)) return files;
  try {
    if (lmc::detail::is_safetensors_index(file))
      for (const std::string& name : lmc::detail::read_safetensors_index(file).files())
        files.push_back((fs::path(file).parent_path() / name).string());
  } catch (const lmc::Error&) {
    return {};
  }
  return files;
}
