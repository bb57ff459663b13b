// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <array>
#include <charconv>
#include <initializer_list>
#include <locale>
#include <ostream>
#include <sstream>
#include <string>
#include <utility>

#include <lmc/core/detail/supported_machine.hpp>

namespace lmc {

namespace detail {

/// A value that can be printed, whatever its type; it must outlive this. Texts of messages are made by one function from these, not
/// by one instantiation for each list of types: an eighth of what a compiler did with this library were such lists.
class TextPart {
 public:
  template <class T>
  explicit TextPart(const T& value)
      : value_(&value), print_([](std::ostream& out, const void* x) { out << *static_cast<const T*>(x); }) {}
  // All literals alike, whatever their lengths.
  explicit TextPart(const char* text)
      : value_(text), print_([](std::ostream& out, const void* x) { out << static_cast<const char*>(x); }) {}

  friend std::ostream& operator<<(std::ostream& out, const TextPart& part) {
    part.print_(out, part.value_);
    return out;
  }

 private:
  const void* value_;
  void (*print_)(std::ostream&, const void*);
};

[[gnu::noinline]] inline std::string joined(std::initializer_list<TextPart> parts) {
  std::ostringstream text;
  text.imbue(std::locale::classic());
  for (const TextPart& part : parts) text << part;
  return std::move(text).str();
}

}  // namespace detail

/// The parts as operator<< writes them in the classic locale, one behind the other.
template <class... Parts>
std::string concat(const Parts&... parts) {
  return detail::joined({detail::TextPart(parts)...});
}

/// The shortest text that reads back as exactly this number, whatever the locale: 0.1, 1e-20, nan.
inline std::string shortest(double x) {
  std::array<char, 32> text;  // the longest is -2.2250738585072014e-308
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), x).ptr};
}

/// The number with that many digits behind the point, whatever the locale.
inline std::string fixed(double x, int digits) {
  std::array<char, 400> text;  // 309 digits before the point
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), x, std::chars_format::fixed, digits).ptr};
}

}  // namespace lmc
