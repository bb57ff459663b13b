// SPDX-License-Identifier: BSD-3-Clause
// What the files of a command line are, before they are read.
#pragma once
#include <string>
#include <vector>

/// Throws: Error when a file is a folder, or by its content of another format than its name and the program have: which, and what to
/// do.
void require_readable_kinds(const std::vector<std::string>& files);

/// Throws: Error when a file is given twice, also under another name that leads to it.
void require_each_once(const std::vector<std::string>& files);

/// The files that an index of a network names, beside it; none where it is no index, or cannot be read, which its reader says.
std::vector<std::string> files_of_index(const std::string& file);
