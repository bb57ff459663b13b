// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <lmc/core/error.hpp>
#include <lmc/core/wording.hpp>
#include <lmc/io/gzip.hpp>

namespace lmc::detail {

/// How many fields a line has, but for what stands in quotes; of blanks and tabs, if the delimiter is ' ', a run is one.
inline std::size_t count_fields(std::string_view line, char delimiter) {
  const auto separates = [&](char c) { return c == delimiter || (delimiter == ' ' && c == '\t'); };
  if (delimiter == ' ') {
    while (!line.empty() && separates(line.front())) line.remove_prefix(1);
    while (!line.empty() && separates(line.back())) line.remove_suffix(1);
  }
  std::size_t fields = 1;
  bool quoted = false, before = false;
  for (const char c : line) {
    if (c == '"') quoted = !quoted;
    const bool here = !quoted && separates(c);
    if (here && !(delimiter == ' ' && before)) ++fields;
    before = here;
  }
  return fields;
}

/// The delimiter that cuts the first 20 lines of a file, but for rules such as ---+---, into one number of fields, two at least; the
/// first line may have a number of its own, but not 1. Nothing where `delimiter` does, or none of the others.
inline std::optional<char> other_delimiter(const std::filesystem::path& path, char delimiter) {
  std::string text(std::size_t{1} << 16, '\0');
  text.resize(GzipReader(path).read({reinterpret_cast<std::uint8_t*>(text.data()), text.size()}));
  const auto fields = [&](char candidate) -> std::size_t {
    std::size_t common = 0, lines = 0;
    for (std::string_view rest = text; lines < 20;) {
      const std::size_t end = rest.find('\n');
      std::string_view line = rest.substr(0, end);
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (line.empty() && end == std::string_view::npos) break;
      const bool rule = line.find('-') != std::string_view::npos && line.find_first_not_of("-+|= ") == std::string_view::npos;
      if (!line.empty() && !rule) {
        const std::size_t here = count_fields(line, candidate);
        if (here == 1 || (lines > 1 && here != common)) return 0;
        common = here;
        ++lines;
      }
      if (end == std::string_view::npos) break;
      rest.remove_prefix(end + 1);
    }
    return lines > 1 ? common : 0;
  };
  if (fields(delimiter) > 0) return std::nullopt;
  for (const char candidate : {';', '\t', '|', ',', ' '})
    if (candidate != delimiter && fields(candidate) > 0) return candidate;
  return std::nullopt;
}

/// The same as the end of a message, empty where there is none.
inline std::string delimiter_advice(const std::filesystem::path& path, char delimiter, Wording wording) {
  const auto other = other_delimiter(path, delimiter);
  if (!other) return {};
  const bool code = wording == Wording::code;
  const std::string text = *other == '\t'  ? std::string(code ? "delimiter = '\\t'" : "--delimiter tab")
                           : *other == ' ' ? std::string(code ? "delimiter = ' '" : "--delimiter blank")
                                           : concat(code ? "delimiter = '" : "--delimiter '", *other, "'");
  return concat("; the lines look as if fields were separated by another: ", option_text(wording, text, text));
}

}  // namespace lmc::detail
