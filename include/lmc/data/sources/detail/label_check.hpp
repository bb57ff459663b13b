// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/read_report.hpp>
#include <lmc/data/sources/detail/alike_texts.hpp>
#include <lmc/data/sources/detail/number_text.hpp>
#include <lmc/io/csv.hpp>

namespace lmc::detail {

/// Throws: Error where labels look like no classes: decimals, more than ten of them, or more classes than half of the examples.
/// `where` begins the message, and `advice` ends it. Notes decimals, classes of few examples or of one, and labels that differ in
/// case, in blanks or in Unicode's forms alone.
inline void check_labels(std::string_view where, const std::map<std::string_view, Index>& counts, std::string_view advice,
                         std::vector<ReadNote>& notes) {
  const auto classes = static_cast<Index>(counts.size());
  Index examples = 0, decimals = 0, few = 0, singles = 0;
  bool numbers = true;
  std::string_view decimal, rare, single;
  for (const auto& [label, count] : counts) {
    examples += count;
    const auto number = parse_number(label);
    const bool other = !number && may_be_number(label);  // 1,5
    numbers = numbers && (other || (number && std::isfinite(*number)));
    if (other || (number && std::isfinite(*number) && std::floor(*number) != *number)) {
      ++decimals;
      decimal = label;
    }
    if (count == 1) {
      ++singles;
      single = label;
    }
    if (count < 5) {
      ++few;
      rare = label;
    }
  }
  require(!numbers || decimals == 0 || classes <= 10, where, ": the labels are ", classes, " different numbers, such as ",
          decimal, "; this looks like a regression target, expected classes; ", advice);
  require(classes <= 10 || 2 * classes <= examples, where, ": there are ", classes, " different labels, '",
          counts.begin()->first, "' among them, in ", examples,
          " rows; this looks like a regression target or an identifier, expected classes; ", advice);
  if (numbers && decimals == 0 && classes > 30) {
    const auto [least, greatest] = std::minmax_element(counts.begin(), counts.end(), [](const auto& a, const auto& b) {
      return *parse_number(a.first) < *parse_number(b.first);
    });
    const double from = *parse_number(least->first), to = *parse_number(greatest->first);
    const bool counted = (from == 0 || from == 1) && to - from == static_cast<double>(classes - 1);
    if (!counted && examples < 20 * classes)
      notes.push_back({concat("labels are ", classes, " whole numbers from ", least->first, " to ", greatest->first, ", ",
                              examples / classes,
                              " examples of each on average; this looks like a regression target, and they "
                              "are taken for classes; ",
                              advice),
                       classes, ""});
  }
  if (numbers && decimals > 0)
    notes.push_back({concat("labels are decimals, such as ", decimal, ", taken for classes"), decimals, ""});
  if (few > 0 && classes > 10)
    notes.push_back({concat("classes have less than five training examples, '", rare, "' among them"), few, ""});
  else if (singles > 0 && examples >= 20 * singles)
    notes.push_back(
        {concat("a class has one training example, as '", single, "'; is its row one of the examples?"), singles, ""});
  note_case(counts, "the labels", "classes", notes);
  note_unicode_forms(counts, "the labels", "classes", notes);
}

}  // namespace lmc::detail
