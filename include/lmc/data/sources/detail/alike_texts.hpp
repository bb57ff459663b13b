// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/read_report.hpp>
#include <lmc/data/sources/detail/lower_case.hpp>
#include <lmc/data/sources/detail/number_text.hpp>
#include <lmc/data/sources/detail/unicode_form.hpp>

namespace lmc::detail {

// Texts that are told apart although somebody may mean one by them. `what` they are begins a note, `kind` they are taken for ends it.

/// Notes texts that differ in case or in blanks alone.
inline void note_case(const std::map<std::string_view, Index>& counts, std::string_view what, std::string_view kind,
                      std::vector<ReadNote>& notes) {
  std::map<std::string, std::string_view> known;
  for (const auto& [text, count] : counts)
    if (const auto [same, added] = known.emplace(lower_case(ascii_spelling(text)), text); !added)
      notes.push_back({concat(what, " '", same->second, "' and '", text, "' are two ", kind), 2, ""});
}

/// Notes texts that look alike, and differ in Unicode's forms.
inline void note_unicode_forms(const std::map<std::string_view, Index>& counts, std::string_view what, std::string_view kind,
                               std::vector<ReadNote>& notes) {
  std::map<std::u32string, std::string_view> known;
  for (const auto& [text, count] : counts) {
    // ASCII is the same in both forms.
    if (std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; })) continue;
    const auto [same, added] = known.emplace(bare_text(text).letters, text);
    if (!added && differ_in_unicode_form(same->second, text))
      notes.push_back({concat(what, " '", same->second, "' and '", text, "' look alike and are two ", kind,
                              ": they differ in Unicode's forms, NFC and NFD"),
                       2, ""});
  }
}

}  // namespace lmc::detail
