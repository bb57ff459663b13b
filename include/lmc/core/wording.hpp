// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <string_view>

namespace lmc {

/// How the reader of an error message sets options: as fields in code, or on a program's command line.
enum class Wording { code, command_line };

/// The one of two ways to write an option that its reader can use, as in
/// option_text(wording, "missing = MissingValue::impute", "--missing impute").
inline std::string_view option_text(Wording wording, std::string_view code, std::string_view command_line) {
  return wording == Wording::code ? code : command_line;
}

}  // namespace lmc
