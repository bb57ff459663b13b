// SPDX-License-Identifier: BSD-3-Clause
// Lists in the texts of options: 32,64 or 3x5,3.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <lmc/core/shape.hpp>
#include <lmc/core/window.hpp>

namespace registry {

/// "a,b" as texts, "a," as "a" and "", "" as none.
std::vector<std::string> split_list(const std::string& text);

/// "a, b or c": the names that an option takes, for its help.
std::string one_of(std::span<const std::string_view> names);

/// "512,256" as numbers; "" as none. Throws: OptionError.
std::vector<double> parse_list(std::string_view option, const std::string& text);

/// "32,64" as sizes of layers; `what` names one of them in errors. Throws: OptionError.
std::vector<lmc::Index> parse_sizes(std::string_view option, std::string_view what, const std::string& text);

/// "3" or "3x5", or a list of them, as rows and columns of each layer. Throws: OptionError.
std::vector<lmc::Extent> parse_extents(std::string_view option, const std::string& text, lmc::Index least);

}  // namespace registry
