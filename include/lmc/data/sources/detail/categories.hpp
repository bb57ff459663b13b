// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <lmc/core/shape.hpp>
#include <lmc/io/csv.hpp>

namespace lmc::detail {

/// The whole number that text is, also "3.0", below 2⁵³.
inline std::optional<std::int64_t> whole_number(std::string_view text) {
  const auto number = parse_number(text);
  if (!number || !(std::abs(*number) < 0x1p53) || std::floor(*number) != *number) return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

/// Distinct texts, numbered in order from 0. Where all of them are whole numbers, they are told apart and ordered by value,
/// unless that is not wanted; else by their bytes.
class Categories {
 public:
  explicit Categories(const std::set<std::string_view>& texts, bool by_text = false) {
    std::set<std::int64_t> numbers;
    if (by_text) {
      names_.assign(texts.begin(), texts.end());
      return;
    }
    for (const std::string_view text : texts) {
      const auto number = whole_number(text);
      if (!number) {
        names_.assign(texts.begin(), texts.end());
        return;
      }
      numbers.insert(*number);
    }
    numbers_.assign(numbers.begin(), numbers.end());
    for (const std::int64_t number : numbers_) names_.push_back(std::to_string(number));
  }

  [[nodiscard]] Index size() const { return static_cast<Index>(names_.size()); }
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  /// The number of a text; nothing where it is none of the categories.
  [[nodiscard]] std::optional<Index> find(std::string_view text) const {
    if (numbers_.empty()) return position(names_, text);
    const auto number = whole_number(text);
    return number ? position(numbers_, *number) : std::nullopt;
  }

 private:
  template <class Sorted, class Value>
  static std::optional<Index> position(const Sorted& sorted, const Value& value) {
    const auto found = std::lower_bound(sorted.begin(), sorted.end(), value);
    if (found == sorted.end() || *found != value) return std::nullopt;
    return std::distance(sorted.begin(), found);
  }

  std::vector<std::string> names_;
  std::vector<std::int64_t> numbers_;  // as many, where all are whole numbers; else none
};

}  // namespace lmc::detail
