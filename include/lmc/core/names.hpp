// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <lmc/core/error.hpp>

namespace lmc {
namespace detail {

/// Levenshtein distance: insertions, deletions and replacements of single bytes.
inline std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, replaced});
    }
  }
  return row.back();
}

}  // namespace detail

/// The position of name in known. Throws: Error that lists the known names, the first 40 of them, and points at the nearest one. `what` says what is
/// being named, as in "optimizer".
inline std::size_t find_name(std::string_view what, std::string_view name, std::span<const std::string_view> known) {
  const auto found = std::find(known.begin(), known.end(), name);
  if (found != known.end()) return static_cast<std::size_t>(found - known.begin());
  const auto nearest = std::min_element(known.begin(), known.end(), [&](std::string_view a, std::string_view b) {
    return detail::edit_distance(name, a) < detail::edit_distance(name, b);
  });
  constexpr std::size_t most = 40;
  std::string list;
  for (const std::string_view k : known.first(std::min(most, known.size()))) (list += list.empty() ? "" : ", ") += k;
  if (known.size() > most) list += concat(", … (", known.size(), " in all)");
  throw Error(concat("unknown ", what, " '", name, "'; did you mean '", *nearest, "'? Known: ", list));
}

}  // namespace lmc
