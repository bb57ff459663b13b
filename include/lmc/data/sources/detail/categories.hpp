// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
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

/// Whether a number is written as codes are: 01, 1E2.
inline bool looks_like_code(std::string_view text) {
  const bool zero = text.size() > 1 && text[0] == '0' && std::isdigit(static_cast<unsigned char>(text[1])) != 0;
  const std::size_t exponent = text.find_first_of("eE");
  return zero || (exponent != std::string_view::npos && text.find('.') == std::string_view::npos &&
                  text.find_first_of("+-") == std::string_view::npos);
}

/// Texts of whole numbers by their value; none where a text is no whole number.
inline std::map<std::int64_t, std::vector<std::string_view>> texts_by_value(const std::set<std::string_view>& texts) {
  std::map<std::int64_t, std::vector<std::string_view>> of_value;
  for (const std::string_view text : texts) {
    const auto number = whole_number(text);
    if (!number) return {};
    of_value[*number].push_back(text);
  }
  return of_value;
}

/// Whether one whole number stands there in two ways, as 1 and 1.0.
inline bool has_value_twice(const std::set<std::string_view>& texts) {
  const auto of_value = texts_by_value(texts);
  return std::any_of(of_value.begin(), of_value.end(), [](const auto& value) { return value.second.size() > 1; });
}

/// Two texts of one whole number, one of which looks like a code; nothing where there are none.
inline std::optional<std::pair<std::string_view, std::string_view>> codes_of_one_value(
    const std::set<std::string_view>& texts) {
  for (const auto& [value, all] : texts_by_value(texts))
    if (all.size() > 1 && std::any_of(all.begin(), all.end(), looks_like_code)) return std::pair(all[0], all[1]);
  return std::nullopt;
}

}  // namespace lmc::detail
