// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <string_view>

namespace lmc {

/// How the reader of an error message sets options: as fields in code, on a program's command line, or as keys of a file.
enum class Wording { code, command_line, file };

/// What stands before the name of an option outside code: "--" on a command line, nothing in a file.
inline std::string_view option_prefix(Wording wording) { return wording == Wording::command_line ? "--" : ""; }

/// The way to write an option that its reader can use, as in
/// option_text(wording, "missing = MissingValue::impute", "--missing impute"), which is "missing impute" in a file.
inline std::string_view option_text(Wording wording, std::string_view code, std::string_view command_line) {
  if (wording == Wording::code) return code;
  const bool dashes = wording == Wording::file && command_line.starts_with("--");
  return command_line.substr(dashes ? 2 : 0);
}

}  // namespace lmc
