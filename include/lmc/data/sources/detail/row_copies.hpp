// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <lmc/core/hash.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/read_report.hpp>

namespace lmc::detail {

// Rows of a table or lines of text that are equal, by hashes of them: they themselves would take as much memory as the file.

/// A row of these fields in addition to those in `hash`.
inline std::uint64_t hash_field(std::string_view field, std::uint64_t hash = fnv1a_basis) {
  return fnv1a(std::as_bytes(std::span("\n", 1)), fnv1a(std::as_bytes(std::span(field)), hash));
}

/// Notes test rows that are training rows, where half of them are, and two at least: one may be chance; or one in a hundred, ten at
/// least, where training rows repeat others less than a quarter as often, in number and in share: rows of few different values meet by
/// nature. `what` begins the note, where(i) says where test row i stands.
template <class Where>
void note_copies(std::span<const std::uint64_t> train, std::span<const std::uint64_t> test, std::string what, Where where,
                 std::vector<ReadNote>& notes) {
  const std::unordered_set<std::uint64_t> known(train.begin(), train.end());
  std::size_t copies = 0;
  std::string first;
  for (std::size_t i = 0; i < test.size(); ++i)
    if (known.contains(test[i]) && copies++ == 0) first = where(i);
  const std::size_t repeats = train.size() - known.size();
  const bool half = copies > 1 && 2 * copies >= test.size();
  const bool some =
      copies >= 10 && 100 * copies >= test.size() && copies > 4 * repeats && copies * train.size() > 4 * repeats * test.size();
  if (half || some) notes.push_back({std::move(what), static_cast<Index>(copies), std::move(first)});
}

/// Notes rows that are equal, but for their labels, where one in twenty is: few meet by chance. `what` is the note, where(i) says
/// where row i stands.
template <class Where>
void note_conflicts(std::span<const std::uint64_t> rows, std::span<const std::string_view> labels, std::string what,
                    Where where, std::vector<ReadNote>& notes) {
  std::unordered_map<std::uint64_t, std::string_view> label_of;
  std::unordered_set<std::uint64_t> of_several;
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (const auto [known, added] = label_of.emplace(rows[i], labels[i]); !added && known->second != labels[i])
      of_several.insert(rows[i]);
  Index count = 0;
  std::string first;
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (of_several.contains(rows[i]) && count++ == 0) first = where(i);
  if (count > 0 && 20 * count >= static_cast<Index>(rows.size())) notes.push_back({std::move(what), count, std::move(first)});
}

}  // namespace lmc::detail
