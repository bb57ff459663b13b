// SPDX-License-Identifier: BSD-3-Clause
// A table of permutation groups as its user writes it, in JSON; docs/alignment-files.md describes the format.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include <lmc/align/layout_from_table.hpp>

/// The table in a file. Throws: lmc::Error that names the file, when it cannot be read or is not of the format. Nothing is compared
/// with tensors: layout_from_table does that.
std::vector<lmc::TableEntry> read_group_table(const std::filesystem::path& path);
