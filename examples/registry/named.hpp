// SPDX-License-Identifier: BSD-3-Clause
// Options in messages, as their reader typed them. `prefix` is what stands before a name: "--" on a command line, nothing in a file.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include <lmc/core/error.hpp>

namespace registry {

/// Whether an option was given: whether its field is not empty, 0 or false.
template <class Field>
bool is_given(const Field& field) {
  return field != Field();
}

template <class Value>
std::string typed(std::string_view prefix, std::string_view name, const std::optional<Value>& value);

/// `--hidden 4,4`, `--hidden ''`, `--gray`, `--no-nesterov`; without a prefix `hidden 4,4`, `gray = true`.
template <class Value>
std::string typed(std::string_view prefix, std::string_view name, const Value& value) {
  if constexpr (std::is_same_v<Value, bool>) {
    if (prefix.empty()) return lmc::concat(name, value ? " = true" : " = false");
    return lmc::concat(prefix, value ? "" : "no-", name);
  } else if constexpr (std::is_same_v<Value, std::string>) {
    return lmc::concat(prefix, name, ' ', value.empty() ? "''" : value);
  } else {
    return lmc::concat(prefix, name, ' ', value);
  }
}
template <class Value>
std::string typed(std::string_view prefix, std::string_view name, const std::optional<Value>& value) {
  return value ? typed(prefix, name, *value) : lmc::concat(prefix, name);
}

/// All options that were given: `--network cnn --kernel 99`. for_each calls what it is given with (name, help, field) of every option.
template <class ForEach>
std::string all_typed(std::string_view prefix, const ForEach& for_each) {
  std::string text;
  for_each([&](std::string_view name, const char*, const auto& field) {
    if (is_given(field)) text += lmc::concat(text.empty() ? "" : prefix.empty() ? ", " : " ", typed(prefix, name, field));
  });
  return text;
}

/// work(), whose errors begin with what was typed: `--subset 9: `.
template <class Work>
auto named(const std::string& what, const Work& work) {
  try {
    return work();
  } catch (const lmc::Error& e) {
    throw lmc::Error(lmc::concat(what, ": ", e.what()));
  }
}

/// An error that begins with the name of the option that is wrong.
class OptionError : public lmc::Error {
 public:
  using Error::Error;
};

/// Throws: OptionError with these parts unless ok.
template <class... Parts>
void require_option(bool ok, const Parts&... parts) {
  if (!ok) throw OptionError(lmc::concat(parts...));
}

}  // namespace registry
