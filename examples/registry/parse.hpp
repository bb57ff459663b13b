// SPDX-License-Identifier: BSD-3-Clause
// The command line of a program. What is wrong with it is thrown like all else that a user gets wrong, so that the program says it in
// the same way, under its name.
#pragma once
#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <concepts>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/names.hpp>

namespace registry {

/// A number as it is typed. Throws: lmc::Error for anything else, and what T cannot hold.
template <class T>
T typed_number(const std::string& option, const std::string& text) {
  T number{};
  const char* const end = text.data() + text.size();
  const auto [rest, failure] = std::from_chars(text.data(), end, number);
  const bool is_number = rest == end && !text.empty();
  if constexpr (std::floating_point<T>) {
    lmc::require(is_number && failure == std::errc(), option, " '", text, "'; expected a number");
  } else {
    constexpr std::string_view least = std::unsigned_integral<T> ? ", at least 0" : "";
    lmc::require(!is_number || failure == std::errc(), option, ' ', text, "; expected a whole number", least, ", at most ",
                 std::numeric_limits<T>::max());
    lmc::require(is_number, option, " '", text, "'; expected a whole number", least);
  }
  return number;
}

/// Has the numbers among the app's options read by typed_number: CLI11 itself takes −1 without a sign for 2⁶⁴ − 1, numbers that are too
/// large for the largest, and 010 for 8.
inline void check_numbers(CLI::App& app) {
  for (CLI::Option* const option : app.get_options()) {
    const std::string type = option->get_type_name(), name = option->get_name();
    if (type == "INT")
      option->transform([name](const std::string& text) { return std::to_string(typed_number<std::int64_t>(name, text)); });
    if (type == "UINT")
      option->transform([name](const std::string& text) { return std::to_string(typed_number<std::uint64_t>(name, text)); });
    if (type == "FLOAT") option->transform([name](const std::string& text) { return typed_number<double>(name, text), text; });
  }
  for (CLI::App* const command : app.get_subcommands([](const CLI::App*) { return true; })) check_numbers(*command);
}

/// Has the option, which names a file, refuse an empty name, as a variable of a shell that is not set gives it.
inline void require_name(CLI::Option* option) {
  option->check([name = option->get_name()](const std::string& text) {
    lmc::require(!text.empty(), name, " '': expected a name; leave the option out for none");
    return std::string();
  });
}

/// Throws: lmc::Error that names an argument which no option takes, and for an option the one that is spelled most like it.
[[noreturn]] inline void refuse_extra_arguments(const CLI::App& app) {
  std::vector<std::string> known;
  const auto add = [&](const CLI::App& of) {
    for (const CLI::Option* const option : of.get_options())
      for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  };
  add(app);
  for (const CLI::App* const command : app.get_subcommands()) add(*command);
  const std::vector<std::string> extra = app.remaining(true);
  for (const std::string& argument : extra) {
    if (!argument.starts_with("--")) continue;
    const std::string name = argument.substr(0, argument.find('='));
    const std::string nearest =
        *std::ranges::min_element(known, {}, [&](const std::string& other) { return lmc::detail::edit_distance(name, other); });
    throw lmc::Error(lmc::concat("unknown option ", name, "; did you mean ", nearest, "? --help lists all"));
  }
  throw lmc::Error(lmc::concat("unexpected argument '", extra.empty() ? "" : extra.front(),
                               "'; options begin with --, and a value stands behind its option; --help lists all"));
}

/// Parses. Returns false where help was asked for, which has been shown. Throws: lmc::Error for what cannot be parsed.
[[nodiscard]] inline bool parse_or_help(CLI::App& app, int argc, char** argv) {
  check_numbers(app);
  try {
    app.parse(argc, argv);
    return true;
  } catch (const CLI::Success& help) {
    app.exit(help);
    return false;
  } catch (const CLI::ExtrasError&) {
    refuse_extra_arguments(app);
  } catch (const CLI::ParseError& e) {
    throw lmc::Error(lmc::concat(e.what(), "\nRun with --help for more information."));
  }
}

/// Parses; ends the program with 0 where help was asked for. Throws: as parse_or_help.
inline void parse(CLI::App& app, int argc, char** argv) {
  if (!parse_or_help(app, argc, argv)) std::exit(0);
}

}  // namespace registry
