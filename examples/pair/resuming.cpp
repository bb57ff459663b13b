// SPDX-License-Identifier: BSD-3-Clause
#include "pair/resuming.hpp"

#include <charconv>
#include <string>
#include <system_error>

#include <lmc/core/error.hpp>
#include <lmc/core/text.hpp>

lmc::SaveEveryOptions parse_save_every(const Options& o) {
  if (o.save_every == "epoch") return {.epochs = 1};
  Index updates = 0;
  const char* const end = o.save_every.data() + o.save_every.size();
  const auto read = std::from_chars(o.save_every.data(), end, updates);
  lmc::require(read.ec == std::errc() && read.ptr == end && updates > 0, "--every ", o.save_every,
               "; expected epoch, or a number of updates");
  return {.updates = updates};
}

ResumeFolder::ResumeFolder(const Options& o)
    : folder_(o.resume_folder.value_or("")), runs_(static_cast<std::size_t>(o.pairs * o.runs)) {
  if (!o.resume_folder) return;
  lmc::require(!folder_.empty(), "--checkpoint '': expected the name of a folder");
  std::error_code failure;
  std::filesystem::create_directories(folder_, failure);
  lmc::require(std::filesystem::is_directory(folder_), "--checkpoint: cannot make the folder '", folder_.string(), "'",
               failure ? ": " + failure.message() : "; there is a file of that name");
  lock_.emplace(folder_ / "lock", lmc::concat("the folder '", folder_.string(), "' of --checkpoint"),
                "; wait for it, or give another folder");
}

std::filesystem::path ResumeFolder::file(std::size_t run) const { return folder_ / lmc::concat("run", run, ".safetensors"); }

std::vector<std::pair<const char*, std::filesystem::path>> ResumeFolder::outputs() const {
  std::vector<std::pair<const char*, std::filesystem::path>> all;
  if (lock_) all.emplace_back("--checkpoint", folder_ / "lock");
  for (std::size_t run = 0; lock_ && run < runs_; ++run) all.emplace_back("--checkpoint", file(run));
  return all;
}
