// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/read_report.hpp>

namespace lmc::detail {

/// How many words two sorted lists, in which each stands once, have in common.
inline Index count_shared(std::span<const std::string> a, std::span<const std::string> b) {
  Index shared = 0;
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    const int order = a[i].compare(b[j]);
    shared += order == 0 ? 1 : 0;
    i += order <= 0 ? 1 : 0;
    j += order >= 0 ? 1 : 0;
  }
  return shared;
}

/// Notes two languages where more than half of the words of the smaller list are in the larger. `lists`: the words of each language,
/// sorted, each once; `option`: how messages call the languages. Throws: Error when two lists are equal.
inline void note_shared_words(std::span<const std::string> languages, std::span<const std::vector<std::string>> lists,
                              std::string_view option, std::vector<ReadNote>& notes) {
  for (std::size_t l = 0; l < lists.size(); ++l)
    for (std::size_t k = 0; k < l; ++k) {
      const auto [smaller, larger] = lists[l].size() < lists[k].size() ? std::pair(l, k) : std::pair(k, l);
      const auto words = static_cast<Index>(lists[smaller].size());
      const Index shared = count_shared(lists[smaller], lists[larger]);
      require(words == 0 || shared < words || lists[larger].size() > lists[smaller].size(), option, ": '", languages[k],
              "' and '", languages[l], "' have the same words; expected a list of its own for each language; leave one out");
      if (2 * shared > words)
        notes.push_back({concat("words of '", languages[smaller], "', more than half of them, are words of '",
                                languages[larger], "', too, and do not tell the two apart"),
                         shared, ""});
    }
}

}  // namespace lmc::detail
