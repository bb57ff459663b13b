// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <cctype>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/io/csv.hpp>
#include <lmc/io/utf8.hpp>

namespace lmc {

/// A way to write numbers that parse_number() does not read.
enum class NumberMark {
  decimal_comma,         // 1,5
  thousands_comma,       // 1,234
  thousands_point,       // 1.234
  thousands_apostrophe,  // 1'234, also with U+2019
  thousands_blank,       // 1 234, also with a no-break or thin blank
  percent,               // 25 %, read as 25
  currency,              // $25, 25 € or USD 25, read as 25
  unicode                // blanks and invisible characters beside ASCII's, the minus U+2212, full-width digits
};

/// The name of each mark on a command line.
inline constexpr std::array<std::pair<std::string_view, NumberMark>, 8> number_mark_names{
    {{"decimal-comma", NumberMark::decimal_comma},
     {"thousands-comma", NumberMark::thousands_comma},
     {"thousands-point", NumberMark::thousands_point},
     {"thousands-apostrophe", NumberMark::thousands_apostrophe},
     {"thousands-blank", NumberMark::thousands_blank},
     {"percent", NumberMark::percent},
     {"currency", NumberMark::currency},
     {"unicode", NumberMark::unicode}}};

namespace detail {

using NumberMarks = std::span<const NumberMark>;

inline bool is_unicode_blank(char32_t c) {
  return c == U'\u00A0' || (c >= U'\u2000' && c <= U'\u200A') || c == U'\u202F' || c == U'\u205F' || c == U'\u3000';
}
/// Soft hyphen, zero-width characters, directions of writing, byte order mark.
inline bool is_invisible(char32_t c) {
  return c == U'\u00AD' || (c >= U'\u200B' && c <= U'\u200F') || (c >= U'\u202A' && c <= U'\u202E') || c == U'\u2060' ||
         (c >= U'\u2066' && c <= U'\u2069') || c == U'\uFEFF';
}

inline void append_utf8(std::string& text, char32_t c) {
  const auto last = [&](int shift) { text += static_cast<char>(0x80 | (c >> shift & 0x3F)); };
  if (c < 0x80) {
    text += static_cast<char>(c);
  } else if (c < 0x800) {
    text += static_cast<char>(0xC0 | c >> 6);
    last(0);
  } else if (c < 0x10000) {
    text += static_cast<char>(0xE0 | c >> 12);
    last(6);
    last(0);
  } else {
    text += static_cast<char>(0xF0 | c >> 18);
    last(12);
    last(6);
    last(0);
  }
}

/// Text without the blanks around it.
inline std::string_view trim(std::string_view text) {
  constexpr std::string_view blanks = " \t";
  const std::size_t first = text.find_first_not_of(blanks);
  return first == std::string_view::npos ? "" : text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// Text without invisible characters, and with ASCII's blanks, minus and digits for Unicode's others; without blanks around it.
inline std::string ascii_spelling(std::string_view text) {
  std::string result;
  for_each_code_point(text, [&](char32_t c) {
    if (is_invisible(c)) return;
    if (is_unicode_blank(c))
      result += ' ';
    else if (c == U'\u2212')
      result += '-';
    else if (c >= U'\uFF10' && c <= U'\uFF19')
      result += static_cast<char>('0' + (c - U'\uFF10'));
    else if (c == U'\uFF0E')
      result += '.';
    else
      append_utf8(result, c);
  });
  return std::string(trim(result));
}

/// The sign or code of a currency that text, without blanks and a minus in front, begins or ends with; nothing where there is none.
inline std::string_view currency_of(std::string_view text) {
  constexpr std::array<std::string_view, 16> signs{"US$", "$",   "€",   "£",   "¥",   "₹",   "₩",   "USD",
                                                   "EUR", "GBP", "JPY", "CHF", "CNY", "INR", "SEK", "kr"};
  const auto found =
      std::find_if(signs.begin(), signs.end(), [&](std::string_view s) { return text.starts_with(s) || text.ends_with(s); });
  return found == signs.end() ? std::string_view() : *found;
}

/// Text without a sign or code of a currency in front, behind a minus maybe, or at its end.
inline std::string without_currency(std::string_view text) {
  const bool negative = text.starts_with('-');
  std::string_view rest = trim(text.substr(negative ? 1 : 0));
  const std::string_view sign = currency_of(rest);
  if (sign.empty()) return std::string(text);
  if (rest.starts_with(sign))
    rest.remove_prefix(sign.size());
  else
    rest.remove_suffix(sign.size());
  return (negative ? "-" : "") + std::string(trim(rest));
}

/// Text without `separator` between groups of three digits before `point`; nothing where it stands elsewhere, or behind a group
/// that begins with 0: 0,125 has decimals.
inline std::optional<std::string> without_thousands(std::string_view text, std::string_view separator, char point) {
  if (text.find(separator) == std::string_view::npos) return std::string(text);
  const std::size_t begin = text.starts_with('-') || text.starts_with('+') ? 1 : 0;
  const bool whole_alone = separator == std::string_view(&point, 1);  // 1.234 is 1234: there is no decimal part
  const std::size_t end = whole_alone ? text.size() : std::min(text.find(point, begin), text.size());
  std::string result(text.substr(0, begin));
  std::string_view whole = text.substr(begin, end - begin);
  for (bool first = true, more = true; more; first = false) {
    const std::size_t at = whole.find(separator);
    more = at != std::string_view::npos;
    const std::string_view group = whole.substr(0, at);
    const bool digits = std::all_of(group.begin(), group.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!digits || group.empty() || group.size() > 3 || (!first && group.size() != 3)) return std::nullopt;
    if (first && more && group[0] == '0') return std::nullopt;
    result += group;
    if (more) whole.remove_prefix(at + separator.size());
  }
  return result.append(text.substr(end));
}

/// Whether marks give a comma or a point two meanings: between thousands and before decimals, or both of them between thousands.
inline bool contradict(NumberMarks marks) {
  const auto has = [&](NumberMark mark) { return std::find(marks.begin(), marks.end(), mark) != marks.end(); };
  return has(NumberMark::thousands_comma) && (has(NumberMark::decimal_comma) || has(NumberMark::thousands_point));
}

/// The number that text is where it may have these marks; NaN and nothing as parse_number().
inline std::optional<double> parse_marked_number(std::string_view text, NumberMarks marks) {
  if (marks.empty()) return parse_number(text);
  const auto has = [&](NumberMark mark) { return std::find(marks.begin(), marks.end(), mark) != marks.end(); };
  std::string plain = has(NumberMark::unicode) ? ascii_spelling(text) : std::string(text);
  if (has(NumberMark::percent) && plain.ends_with('%')) plain = trim(std::string_view(plain).substr(0, plain.size() - 1));
  if (has(NumberMark::currency)) plain = without_currency(plain);
  const char point = has(NumberMark::decimal_comma) ? ',' : '.';
  const auto remove = [&](NumberMark mark, std::initializer_list<std::string_view> separators) {
    if (!has(mark)) return true;
    for (const std::string_view separator : separators) {
      auto shorter = without_thousands(plain, separator, point);
      if (!shorter) return false;
      plain = *std::move(shorter);
    }
    return true;
  };
  if (!remove(NumberMark::thousands_comma, {","}) || !remove(NumberMark::thousands_point, {"."}) ||
      !remove(NumberMark::thousands_apostrophe, {"'", "\u2019"}) ||
      !remove(NumberMark::thousands_blank, {" ", "\u00A0", "\u202F", "\u2009"}))
    return std::nullopt;
  if (has(NumberMark::decimal_comma)) {
    if (plain.find('.') != std::string::npos) return std::nullopt;
    std::replace(plain.begin(), plain.end(), ',', '.');
  }
  return parse_number(plain);
}

/// The fewest marks with which text is a number, those of the first such choice in the order of NumberMark; none where it is
/// none with up to three. A decimal comma goes before a comma between thousands.
inline std::vector<NumberMark> marks_of(std::string_view text) {
  const auto mark = [](std::size_t i) { return number_mark_names[i].second; };
  const std::size_t all = number_mark_names.size();
  std::vector<std::vector<NumberMark>> choices;
  for (std::size_t i = 0; i < all; ++i) choices.push_back({mark(i)});
  for (std::size_t i = 0; i < all; ++i)
    for (std::size_t j = i + 1; j < all; ++j) choices.push_back({mark(i), mark(j)});
  for (std::size_t i = 0; i < all; ++i)
    for (std::size_t j = i + 1; j < all; ++j)
      for (std::size_t k = j + 1; k < all; ++k) choices.push_back({mark(i), mark(j), mark(k)});
  for (auto& choice : choices)
    if (!contradict(choice) && parse_marked_number(text, choice)) return std::move(choice);
  return {};
}

/// Whether text begins with 0x, a sign before it maybe, and goes on in hexadecimal digits.
inline bool is_hexadecimal(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  if (text.size() < 3 || (!text.starts_with("0x") && !text.starts_with("0X"))) return false;
  return text.find_first_not_of("0123456789abcdefABCDEF", 2) == std::string_view::npos;
}

/// Whether text is a number with Fortran's D for the exponent.
inline bool has_fortran_exponent(std::string_view text) {
  std::string other(text);
  const std::size_t at = other.find_first_of("dD");
  if (at == std::string::npos || at == 0) return false;
  other[at] = 'e';
  return parse_number(other).has_value();
}

/// Whether text stands in quotes that CSV does not know: single or curly ones.
inline bool stands_in_quotes(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 5> quotes{
      {{"'", "'"}, {"\u201C", "\u201D"}, {"\u2018", "\u2019"}, {"\u201E", "\u201C"}, {"\u00AB", "\u00BB"}}};
  return std::any_of(quotes.begin(), quotes.end(), [&](const auto& pair) {
    return text.size() >= pair.first.size() + pair.second.size() && text.starts_with(pair.first) && text.ends_with(pair.second);
  });
}

/// Whether text is a date in digits, with a time behind it maybe: 2024-01-31, 31.1.2024, 1/31/24.
inline bool is_date(std::string_view text) {
  std::array<std::size_t, 3> digits{};
  char separator = 0;
  std::size_t part = 0, i = 0;
  for (; i < text.size(); ++i) {
    if (text[i] >= '0' && text[i] <= '9') {
      ++digits[part];
    } else if (part < 2 && (text[i] == '-' || text[i] == '.' || text[i] == '/') && (part == 0 || text[i] == separator)) {
      separator = text[i];
      ++part;
    } else {
      break;
    }
  }
  const bool time_follows = i == text.size() || text[i] == 'T' || text[i] == ' ';
  const auto is_short = [](std::size_t n) { return n == 1 || n == 2; };
  const bool year_first = digits[0] == 4 && is_short(digits[1]) && is_short(digits[2]);
  const bool year_last = is_short(digits[0]) && is_short(digits[1]) && (digits[2] == 2 || digits[2] == 4);
  return part == 2 && time_follows && (year_first || year_last);
}

/// Whether somebody may mean a number by text, although parse_number() reads none.
inline bool may_be_number(std::string_view text) {
  using enum NumberMark;
  // No number without a digit: most texts are done with here.
  const bool digit = std::any_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || c == '\xEF'; });
  if (!digit) return false;
  constexpr std::array english{thousands_comma, thousands_apostrophe, thousands_blank, percent, currency, unicode};
  constexpr std::array other{decimal_comma, thousands_point, thousands_apostrophe, thousands_blank, percent, currency, unicode};
  return parse_marked_number(text, english) || parse_marked_number(text, other) || is_hexadecimal(text) ||
         has_fortran_exponent(text);
}

/// Whether a text is a number but for a minus behind it, brackets around it, also around the sign of a currency, a blank inside,
/// underscores between thousands, other groups than thousands, as in 17,50,000, or digits of another script.
inline bool is_nearly_number(std::string_view text) {
  if (parse_number(text)) return false;
  const bool ascii_digits = text.find_first_of("0123456789") != std::string_view::npos;
  bool digits = false, others = false;
  for_each_code_point(text, [&](char32_t c) {
    // Arabic, Persian, Devanagari and Bengali
    const bool digit = (c >= 0x0660 && c <= 0x0669) || (c >= 0x06F0 && c <= 0x06F9) || (c >= 0x0966 && c <= 0x096F) ||
                       (c >= 0x09E6 && c <= 0x09EF);
    digits = digits || digit;
    others = others || !(digit || c == U'.' || c == U',' || c == U'-' || c == 0x066B || c == 0x066C);
  });
  if (digits && !others) return true;
  if (const auto whole = without_thousands(text, "_", '.'); whole && parse_number(*whole)) return true;
  if (ascii_digits && text.find(',') != std::string_view::npos &&
      text.find_first_not_of("0123456789,.-") == std::string_view::npos)
    return true;
  std::string plain;
  for (const char c : text)
    if (c != ' ') plain += c;
  const bool minus_behind = plain.ends_with('-'), brackets = plain.starts_with('(') && plain.ends_with(')');
  if (minus_behind) plain.pop_back();
  if (brackets) plain = plain.substr(1, plain.size() - 2);
  return parse_number(plain) || ((minus_behind || brackets) && may_be_number(plain));
}

/// How to write a text that is nearly a number.
inline std::string_view plain_number_advice(std::string_view text) {
  return text.starts_with('(') ? "brackets are read as no minus; if it is a negative number, write it as -5"
                               : "if it is a number, write it as -5 or 1234";
}

/// Whether text is what Visual C++ writes for infinity or no number: -1.#IND, 1.#QNAN.
inline bool is_windows_nan(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return text.starts_with("1.#");
}

/// Whether text is two whole numbers with a slash between, as 3/5.
inline bool is_fraction(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto digits = [](std::string_view part) {
    return !part.empty() && part.find_first_not_of("0123456789") == std::string_view::npos;
  };
  return slash != std::string_view::npos && digits(text.substr(0, slash)) && digits(text.substr(slash + 1));
}

/// What stands behind the number that a text begins with, such as kg; nothing where it begins with none.
inline std::optional<std::string_view> unit_of(std::string_view text) {
  const std::size_t end = text.find_first_not_of("0123456789.,-");
  if (end == 0 || end == std::string_view::npos || !parse_number(text.substr(0, end))) return std::nullopt;
  return text.substr(end);
}

/// What stands before the number that a text ends with, where it has the sign of a currency or of a comparison, or is an abbreviation:
/// R$, Rs., ~, >; nothing where it has none.
inline std::optional<std::string_view> sign_before(std::string_view text) {
  const std::size_t begin = text.find_first_of("0123456789");
  if (begin == 0 || begin == std::string_view::npos) return std::nullopt;
  if (parse_number(text) || (!parse_number(text.substr(begin)) && !may_be_number(text.substr(begin)))) return std::nullopt;
  const std::string_view before = text.substr(0, begin);
  bool sign = trim(before).ends_with('.') && before.size() > 2;
  for_each_code_point(before, [&](char32_t c) {
    sign = sign || c == U'$' || c == U'~' || c == U'<' || c == U'>' || c == U'=' || (c >= 0xA2 && c <= 0xA5) ||
           (c >= 0x20A0 && c <= 0x20CF) || c == 0x2248 || c == 0x2264 || c == 0x2265;
  });
  return sign ? std::optional(before) : std::nullopt;
}

}  // namespace detail
}  // namespace lmc
