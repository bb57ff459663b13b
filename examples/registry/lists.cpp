// SPDX-License-Identifier: BSD-3-Clause
#include "registry/lists.hpp"

#include <cmath>
#include <cstddef>
#include <exception>
#include <sstream>

#include "registry/named.hpp"

namespace registry {

std::vector<std::string> split_list(const std::string& text) {
  std::vector<std::string> parts;
  if (text.empty()) return parts;
  for (std::size_t begin = 0;;) {
    const std::size_t comma = text.find(',', begin);
    parts.push_back(text.substr(begin, comma - begin));
    if (comma == std::string::npos) return parts;
    begin = comma + 1;
  }
}

std::string one_of(std::span<const std::string_view> names) {
  std::string list;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) list += i + 1 < names.size() ? ", " : " or ";
    list += names[i];
  }
  return list;
}

std::vector<double> parse_list(std::string_view option, const std::string& text) {
  std::vector<double> numbers;
  require_option(!text.ends_with(','), option, " ", text,
                 ": no number follows the last comma; expected numbers with commas between");
  for (const std::string& part : split_list(text)) {
    std::size_t used = 0;
    double number = 0;
    try {
      number = std::stod(part, &used);
    } catch (const std::exception&) {
    }
    require_option(used == part.size() && used > 0 && std::isfinite(number), option, " ", text, ": '", part,
                   "' is not a number; expected numbers with commas between");
    numbers.push_back(number);
  }
  return numbers;
}

std::vector<lmc::Index> parse_sizes(std::string_view option, std::string_view what, const std::string& text) {
  std::vector<lmc::Index> sizes;
  const std::vector<double> numbers = parse_list(option, text);
  const std::vector<std::string> parts = split_list(text);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    require_option(numbers[i] >= 1 && numbers[i] <= 1e6 && numbers[i] == std::floor(numbers[i]), option, " ", text,
                   ": a layer of ", parts[i], " ", what, "; expected whole numbers from 1 to 1000000");
    sizes.push_back(static_cast<lmc::Index>(numbers[i]));
  }
  return sizes;
}

std::vector<lmc::Extent> parse_extents(std::string_view option, const std::string& text, lmc::Index least) {
  std::vector<lmc::Extent> extents;
  for (const std::string& part : split_list(text)) {
    std::vector<lmc::Index> lengths;
    std::istringstream numbers(part);
    bool good = true;
    for (std::string number; std::getline(numbers, number, 'x');) {
      good = good && !number.empty() && number.size() < 7 && number.find_first_not_of("0123456789") == std::string::npos;
      lengths.push_back(good ? std::stol(number) : 0);
      good = good && lengths.back() >= least;
    }
    require_option(good && !part.empty() && part.back() != 'x' && (lengths.size() == 1 || lengths.size() == 2), option, " ",
                   text, ": '", part, "'; expected a whole number from ", least,
                   " to 999999, or rows and columns as in 3x5, with commas between layers");
    extents.emplace_back(lengths.front(), lengths.back());
  }
  require_option(!extents.empty(), option, " is empty; expected a number, as in 3, or one for each layer, as in 5,3");
  return extents;
}

}  // namespace registry
